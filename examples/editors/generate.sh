#!/bin/sh
# SPDX-License-Identifier: MPL-2.0
# Writes the editors' files from the language's own tables: for rules the keywords of
# compiler/lang/lang.c and the attributes of compiler/input/source.c, for policy tests
# the words of grammar/ptest.l.
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
test_words=$(sed -n 's/^\([a-z0-9]*|[A-Za-z0-9|]*\) .*/\1/p' "$src/grammar/ptest.l" | tr '|' '\n' |
    grep '[a-z]' | sort | tr '\n' ' ')
files=$(sed -n 's/^<START>\([a-z-]*\) .*BEGIN(PATHS).*/\1/p' "$src/grammar/ptest.l" | tr '\n' ' ')
[ -n "$keywords" ] && [ -n "$attributes" ] && [ -n "$test_words" ] && [ -n "$files" ] || { echo "the tables were not found" >&2; exit 1; }

# What kind of word each is; one that is not here is an error, so that none is forgotten.
class_of()
{
	case $1 in
	from | to | or | and | priority) echo structure ;;
	allow | block) echo action ;;
	in | out) echo direction ;;
	any | all | vms | ip | subnet | tag | vm) echo target ;;
	ah | esp | icmp | icmp6 | tcp | udp) echo protocol ;;
	port | ports | type | code) echo item ;;
	*) echo "no class for the keyword $1" >&2; return 1 ;;
	esac
}

# words CLASS SEPARATOR: those of $keywords, each in lower and in upper case.
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
	for k in $keywords; do
		class_of "$k" >/dev/null || exit 1
	done
	sed -e "s#@MADE@#$made#" \
	    -e "s#@structure@#$(words structure "$1")#" -e "s#@action@#$(words action "$1")#" \
	    -e "s#@target@#$(words target "$1")#" -e "s#@protocol@#$(words protocol "$1")#" \
	    -e "s#@item@#$(words item "$1")#" -e "s#@direction@#$(words direction "$1")#" \
	    -e "s#@attributes@#$2#" -e "s#@files@#$2#"
}

mkdir -p "$dir/vim/syntax" "$dir/vim/ftdetect" "$dir/vscode/syntaxes"

for type in fwrule fwtest; do
	echo "autocmd BufNewFile,BufRead *.$type setfiletype $type" >"$dir/vim/ftdetect/$type.vim"
done

# --- rules ------------------------------------------------------------------------

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

# --- policy tests -----------------------------------------------------------------

keywords=$test_words

fill '|' "$(echo $files | sed 's/ /\\\\|/g')" >"$dir/vim/syntax/fwtest.vim" <<'END'
" Vim syntax file: tests of firewall rules of SmartOS and Triton (*.fwtest).
" @MADE@
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
syntax match   fwtestStructure /\v<(@structure@)>/
syntax match   fwtestAction    /\v<(@action@)>/
syntax match   fwtestDirection /\v<(@direction@)>/
syntax match   fwtestTarget    /\v<(@target@)>/
syntax match   fwtestProtocol  /\v<(@protocol@)>/
syntax match   fwtestItem      /\v<(@item@)>/
syntax match   fwtestEscape    /\\\(["\\\/()bfnrt]\|u\x\{4}\)/ contained
syntax region  fwtestString    start=/"/ skip=/\\./ end=/"/ oneline contains=fwtestEscape,@Spell
syntax match   fwtestStatement /^\s*expect\>/
syntax match   fwtestFiles     /^\s*\(@files@\)\%(\s.*\)\?$/ contains=fwtestKind,fwtestPath,fwtestPathName,fwtestComment
syntax match   fwtestPath      /[^ \t"#]\+/ contained
syntax match   fwtestPathName  /"[^"]*"/ contained
syntax match   fwtestKind      /^\s*\(@files@\)\ze\(\s\|$\)/ contained
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
END

fill '|' "$(echo $files | sed 's/ /|/g')" >"$dir/vscode/syntaxes/fwtest.tmLanguage.json" <<'END'
{
  "comment": "@MADE@ SPDX-License-Identifier: MPL-2.0",
  "name": "fwtest",
  "scopeName": "source.fwtest",
  "fileTypes": ["fwtest"],
  "patterns": [
    { "include": "#files" },
    { "name": "keyword.other.statement.fwtest", "match": "^\\s*expect(?![^\\s])" },
    { "include": "#comment" },
    { "include": "#string" },
    { "include": "#value" },
    { "include": "#word" }
  ],
  "repository": {
    "comment": {
      "name": "comment.line.number-sign.fwtest",
      "match": "#.*$"
    },
    "files": {
      "begin": "^\\s*(?:@files@)(?![^\\s])",
      "beginCaptures": { "0": { "name": "keyword.other.statement.fwtest" } },
      "end": "$",
      "patterns": [
        { "include": "#comment" },
        { "name": "string.quoted.double.path.fwtest", "match": "\"[^\"]*\"" },
        { "name": "string.unquoted.path.fwtest", "match": "[^\\s\"#]+" }
      ]
    },
    "string": {
      "name": "string.quoted.double.fwtest",
      "begin": "\"",
      "end": "\"|$",
      "patterns": [
        { "name": "constant.character.escape.fwtest", "match": "\\\\(?:[\"\\\\/()bfnrt]|u[0-9A-Fa-f]{4})" },
        { "name": "invalid.illegal.escape.fwtest", "match": "\\\\." }
      ]
    },
    "value": {
      "patterns": [
        { "name": "constant.other.uuid.fwtest", "match": "\\b[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}\\b" },
        { "name": "constant.other.address.fwtest", "match": "\\b[0-9]{1,3}(?:\\.[0-9]{1,3}){3}(?:\\s*/[0-9]{1,3})?" },
        { "name": "constant.other.address.fwtest", "match": "(?<![A-Za-z0-9_])[0-9A-Fa-f]*:[0-9A-Fa-f]*:[0-9A-Fa-f:]*(?:\\s*/[0-9]{1,3})?" },
        { "name": "constant.numeric.fwtest", "match": "(?<![A-Za-z0-9_])[0-9]+(?:-[0-9]+)?(?![A-Za-z0-9_-])" }
      ]
    },
    "word": {
      "patterns": [
        { "name": "keyword.control.fwtest", "match": "(?<![A-Za-z0-9_-])(?:@structure@)(?![A-Za-z0-9_-])" },
        { "name": "keyword.other.action.fwtest", "match": "(?<![A-Za-z0-9_-])(?:@action@)(?![A-Za-z0-9_-])" },
        { "name": "storage.modifier.direction.fwtest", "match": "(?<![A-Za-z0-9_-])(?:@direction@)(?![A-Za-z0-9_-])" },
        { "name": "storage.type.target.fwtest", "match": "(?<![A-Za-z0-9_-])(?:@target@)(?![A-Za-z0-9_-])" },
        { "name": "support.type.protocol.fwtest", "match": "(?<![A-Za-z0-9_-])(?:@protocol@)(?![A-Za-z0-9_-])" },
        { "name": "keyword.other.item.fwtest", "match": "(?<![A-Za-z0-9_-])(?:@item@)(?![A-Za-z0-9_-])" },
        { "name": "string.unquoted.fwtest", "match": "[A-Za-z0-9_][A-Za-z0-9_-]*" }
      ]
    }
  }
}
END
