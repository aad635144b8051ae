" Vim syntax file: tests of firewall rules of SmartOS and Triton (*.fwtest).
" Made by examples/editors/generate.sh from the tables of the language; do not edit.
" SPDX-License-Identifier: MPL-2.0
if exists('b:current_syntax')
  finish
endif

syntax case match
syntax iskeyword @,48-57,_,-

" A hyphen is a part of words, and of ranges of ports.  A line that begins with what else
" is a keyword is a line of files: so all are matches, and the last one counts.
syntax match   fwtestNumber    /\<\d\+\(-\d\+\)\?\>/
syntax match   fwtestAddress   /\<\d\{1,3}\(\.\d\{1,3}\)\{3}\(\s*\/\d\{1,3}\)\?/
syntax match   fwtestAddress   /\x*:\x*:[0-9A-Fa-f:]*\(\s*\/\d\{1,3}\)\?/
syntax match   fwtestUuid      /\<\x\{8}-\x\{4}-\x\{4}-\x\{4}-\x\{12}\>/
syntax match   fwtestStructure /\v<(from|FROM|or|OR|to|TO)>/
syntax match   fwtestAction    /\v<(allow|ALLOW|block|BLOCK)>/
syntax match   fwtestDirection /\v<(in|IN|out|OUT)>/
syntax match   fwtestTarget    /\v<(all|ALL|any|ANY|ip|IP|subnet|SUBNET|tag|TAG|vm|VM|vms|VMS)>/
syntax match   fwtestProtocol  /\v<(ah|AH|esp|ESP|icmp|ICMP|icmp6|ICMP6|tcp|TCP|udp|UDP)>/
syntax match   fwtestItem      /\v<(code|CODE|port|PORT|ports|PORTS|type|TYPE)>/
syntax match   fwtestEscape    /\\\(["\\\/()bfnrt]\|u\x\{4}\)/ contained
syntax region  fwtestString    start=/"/ skip=/\\./ end=/"/ oneline contains=fwtestEscape,@Spell
syntax match   fwtestStatement /^\s*expect\>/
syntax match   fwtestFiles     /^\s*\(rules\|vms\|remote-vms\)\%(\s.*\)\?$/ contains=fwtestKind,fwtestPath,fwtestPathName,fwtestComment
syntax match   fwtestPath      /[^ \t"#]\+/ contained
syntax match   fwtestPathName  /"[^"]*"/ contained
syntax match   fwtestKind      /^\s*\(rules\|vms\|remote-vms\)\ze\(\s\|$\)/ contained
syntax match   fwtestComment   /#.*$/ contains=fwtestTodo,@Spell
syntax keyword fwtestTodo      TODO FIXME XXX contained

highlight default link fwtestStatement PreProc
highlight default link fwtestKind      PreProc
highlight default link fwtestPath      String
highlight default link fwtestPathName  String
highlight default link fwtestStructure Statement
highlight default link fwtestAction    Keyword
highlight default link fwtestDirection StorageClass
highlight default link fwtestTarget    Type
highlight default link fwtestProtocol  Identifier
highlight default link fwtestItem      Label
highlight default link fwtestNumber    Number
highlight default link fwtestAddress   Constant
highlight default link fwtestUuid      Constant
highlight default link fwtestString    String
highlight default link fwtestEscape    SpecialChar
highlight default link fwtestComment   Comment
highlight default link fwtestTodo      Todo

let b:current_syntax = 'fwtest'
