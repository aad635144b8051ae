" Vim syntax file: firewall rules of SmartOS and Triton (*.fwrule).
" Made by examples/editors/generate.sh from the tables of the language; do not edit.
" SPDX-License-Identifier: MPL-2.0
if exists('b:current_syntax')
  finish
endif

syntax case match
syntax iskeyword @,48-57,_
syntax sync fromstart

" A hyphen ends a keyword; a word that only ends like one is a word.
syntax match   fwruleWord      /\<[A-Za-z0-9_]\+\(-[A-Za-z0-9_]*\)\+/
syntax match   fwruleNumber    /\<\d\+\>/
syntax match   fwruleAddress   /\<\d\{1,3}\(\.\d\{1,3}\)\{3}\(\s*\/\d\{1,3}\)\?/
syntax match   fwruleAddress   /\x*:\x*:[0-9A-Fa-f:]*\(\s*\/\d\{1,3}\)\?/
syntax match   fwruleUuid      /\<\x\{8}-\x\{4}-\x\{4}-\x\{4}-\x\{12}\>/
syntax keyword fwruleStructure and AND from FROM or OR priority PRIORITY to TO
syntax keyword fwruleAction    allow ALLOW block BLOCK
syntax keyword fwruleTarget    all ALL any ANY ip IP subnet SUBNET tag TAG vm VM vms VMS
syntax keyword fwruleProtocol  ah AH esp ESP icmp ICMP icmp6 ICMP6 tcp TCP udp UDP
syntax keyword fwruleItem      code CODE port PORT ports PORTS type TYPE
syntax match   fwruleEscape    /\\\(["\\\/()bfnrt]\|u\x\{4}\)/ contained
syntax region  fwruleString    start=/"/ skip=/\\./ end=/"/ contains=fwruleEscape,@Spell
syntax match   fwruleComment   /#.*$/ contains=fwruleTodo,fwrulePragma,@Spell
syntax keyword fwruleTodo      TODO FIXME XXX contained
syntax match   fwrulePragma    /fwrule:\s*ignore\>.*/ contained
syntax match   fwruleLine      /@.*$/ contains=fwruleAttribute,fwruleUuid,fwruleString,fwruleRemark
syntax match   fwruleAttribute /@\s*\(created_by\|default\|description\|disabled\|enabled\|global\|log\|owner\|uuid\|version\)\>/ contained
syntax match   fwruleRemark    /\s\zs#.*$/ contained contains=fwruleTodo,@Spell

highlight default link fwruleStructure Statement
highlight default link fwruleAction    Keyword
highlight default link fwruleTarget    Type
highlight default link fwruleProtocol  Identifier
highlight default link fwruleItem      Label
highlight default link fwruleNumber    Number
highlight default link fwruleAddress   Constant
highlight default link fwruleUuid      Constant
highlight default link fwruleString    String
highlight default link fwruleEscape    SpecialChar
highlight default link fwruleComment   Comment
highlight default link fwruleRemark    Comment
highlight default link fwruleTodo      Todo
highlight default link fwrulePragma    SpecialComment
highlight default link fwruleAttribute PreProc

let b:current_syntax = 'fwrule'
