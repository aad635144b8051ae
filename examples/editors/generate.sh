#!/bin/sh
# SPDX-License-Identifier: MPL-2.0
# Writes the editors' files from the language's own tables: the keywords of
# compiler/lang/lang.c and the attributes of compiler/input/source.c.
#
# usage: generate.sh SOURCE DIR
set -eu
src=${1:?usage: generate.sh SOURCE DIR}
dir=${2:?usage: generate.sh SOURCE DIR}
LC_ALL=C
export LC_ALL

keywords=$(sed -n '/^const char \*const lang_keyword\[\]/,/^};/p' "$src/compiler/lang/lang.c" |
    grep -o '"[a-z0-9]*"' | tr -d '"' | tr '\n' ' ')
attributes=$(sed -n 's/.*slice_is(l->name, "\([a-z_]*\)").*/\1/p;s/.*|| slice_is(l->name, "\([a-z_]*\)").*/\1/p' \
    "$src/compiler/input/source.c" | sort -u | tr '\n' ' ')
[ -n "$keywords" ] && [ -n "$attributes" ] || { echo "the tables were not found" >&2; exit 1; }

# What kind of word each is; one that is not here is an error, so that none is forgotten.
class_of()
{
	case $1 in
	from | to | or | and | priority) echo structure ;;
	allow | block) echo action ;;
	any | all | vms | ip | subnet | tag | vm) echo target ;;
	ah | esp | icmp | icmp6 | tcp | udp) echo protocol ;;
	port | ports | type | code) echo item ;;
	*) echo "no class for the keyword $1" >&2; return 1 ;;
	esac
}

# words CLASS SEPARATOR: its keywords, each in lower and in upper case.
words()
{
	out=
	for k in $keywords; do
		class=$(class_of "$k")
		[ "$class" = "$1" ] || continue
		out=$out${out:+$2}$k$2$(echo "$k" | tr a-z A-Z)
	done
	echo "$out"
}

made='Made by examples/editors/generate.sh from the tables of the language; do not edit.'

# Puts the words where a template has @CLASS@; between them stands $1.
fill()
{
	sed -e "s#@MADE@#$made#" \
	    -e "s#@structure@#$(words structure "$1")#" -e "s#@action@#$(words action "$1")#" \
	    -e "s#@target@#$(words target "$1")#" -e "s#@protocol@#$(words protocol "$1")#" \
	    -e "s#@item@#$(words item "$1")#" -e "s#@attributes@#$2#"
}

mkdir -p "$dir/vim/syntax" "$dir/vim/ftdetect" "$dir/vscode/syntaxes"

echo "autocmd BufNewFile,BufRead *.fwrule setfiletype fwrule" >"$dir/vim/ftdetect/fwrule.vim"

fill ' ' "$(echo $attributes | sed 's/ /\\\\|/g')" >"$dir/vim/syntax/fwrule.vim" <<'END'
" Vim syntax file: firewall rules of SmartOS and Triton (*.fwrule).
" @MADE@
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
syntax keyword fwruleStructure @structure@
syntax keyword fwruleAction    @action@
syntax keyword fwruleTarget    @target@
syntax keyword fwruleProtocol  @protocol@
syntax keyword fwruleItem      @item@
syntax match   fwruleEscape    /\\\(["\\\/()bfnrt]\|u\x\{4}\)/ contained
syntax region  fwruleString    start=/"/ skip=/\\./ end=/"/ contains=fwruleEscape,@Spell
syntax match   fwruleComment   /#.*$/ contains=fwruleTodo,fwrulePragma,@Spell
syntax keyword fwruleTodo      TODO FIXME XXX contained
syntax match   fwrulePragma    /fwrule:\s*ignore\>.*/ contained
syntax match   fwruleLine      /@.*$/ contains=fwruleAttribute,fwruleUuid,fwruleString,fwruleRemark
syntax match   fwruleAttribute /@\s*\(@attributes@\)\>/ contained
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
END

fill '|' "$(echo $attributes | sed 's/ /|/g')" >"$dir/vscode/syntaxes/fwrule.tmLanguage.json" <<'END'
{
  "comment": "@MADE@ SPDX-License-Identifier: MPL-2.0",
  "name": "fwrule",
  "scopeName": "source.fwrule",
  "fileTypes": ["fwrule"],
  "patterns": [
    { "include": "#attribute" },
    { "include": "#comment" },
    { "include": "#string" },
    { "include": "#value" },
    { "include": "#word" }
  ],
  "repository": {
    "comment": {
      "name": "comment.line.number-sign.fwrule",
      "match": "#.*$"
    },
    "attribute": {
      "begin": "@",
      "beginCaptures": { "0": { "name": "punctuation.definition.annotation.fwrule" } },
      "end": "$",
      "name": "meta.annotation.fwrule",
      "patterns": [
        { "name": "comment.line.number-sign.fwrule", "match": "(?<=\\s)#.*$" },
        { "name": "keyword.other.annotation.fwrule", "match": "(?<=@)\\s*(?:@attributes@)(?![^\\s])" },
        { "include": "#string" },
        { "include": "#value" }
      ]
    },
    "string": {
      "name": "string.quoted.double.fwrule",
      "begin": "\"",
      "end": "\"",
      "patterns": [
        { "name": "constant.character.escape.fwrule", "match": "\\\\(?:[\"\\\\/()bfnrt]|u[0-9A-Fa-f]{4})" },
        { "name": "invalid.illegal.escape.fwrule", "match": "\\\\." }
      ]
    },
    "value": {
      "patterns": [
        { "name": "constant.other.uuid.fwrule", "match": "\\b[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}\\b" },
        { "name": "constant.other.address.fwrule", "match": "\\b[0-9]{1,3}(?:\\.[0-9]{1,3}){3}(?:\\s*/[0-9]{1,3})?" },
        { "name": "constant.other.address.fwrule", "match": "(?<![A-Za-z0-9_])[0-9A-Fa-f]*:[0-9A-Fa-f]*:[0-9A-Fa-f:]*(?:\\s*/[0-9]{1,3})?" },
        { "name": "constant.numeric.fwrule", "match": "(?<![A-Za-z0-9_])[0-9]+(?![A-Za-z0-9_])" }
      ]
    },
    "word": {
      "patterns": [
        { "name": "keyword.control.fwrule", "match": "(?<![A-Za-z0-9_-])(?:@structure@)(?![A-Za-z0-9_])" },
        { "name": "keyword.other.action.fwrule", "match": "(?<![A-Za-z0-9_-])(?:@action@)(?![A-Za-z0-9_])" },
        { "name": "storage.type.target.fwrule", "match": "(?<![A-Za-z0-9_-])(?:@target@)(?![A-Za-z0-9_])" },
        { "name": "support.type.protocol.fwrule", "match": "(?<![A-Za-z0-9_-])(?:@protocol@)(?![A-Za-z0-9_])" },
        { "name": "keyword.other.item.fwrule", "match": "(?<![A-Za-z0-9_-])(?:@item@)(?![A-Za-z0-9_])" },
        { "name": "string.unquoted.fwrule", "match": "[A-Za-z0-9_][A-Za-z0-9_-]*" }
      ]
    }
  }
}
END
