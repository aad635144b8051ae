" SPDX-License-Identifier: MPL-2.0
" Holds words of the sample to their syntax groups; writes what is wrong to $RESULT.
set nocompatible runtimepath^=$EDITORS/vim
filetype on
syntax on
edit $SAMPLE
let s:group = { 'structure': 'fwruleStructure', 'action': 'fwruleAction',
  \ 'target': 'fwruleTarget', 'protocol': 'fwruleProtocol', 'item': 'fwruleItem',
  \ 'string': 'fwruleString', 'attribute': 'fwruleAttribute', 'address': 'fwruleAddress',
  \ 'number': 'fwruleNumber', 'uuid': 'fwruleUuid', 'none': 'fwruleLine' }
let s:out = []
let s:checked = 0
for s:want in readfile($EXPECTED)
  let [s:line, s:word, s:class] = split(s:want)
  let s:col = stridx(getline(s:line), s:word) + 1
  let s:is = synIDattr(synID(s:line, s:col, 1), 'name')
  let s:good = s:class ==# 'comment' ? s:is =~# '^fwrule\(Comment\|Remark\)$'
    \ : s:class ==# 'word' ? s:is =~# '^\(fwruleWord\)\?$' : s:is ==# s:group[s:class]
  let s:checked += 1
  if !s:good
    call add(s:out, 'not ok - line ' . s:line . ', ' . s:word . ': ' . s:is . ', not ' . s:class)
  endif
endfor
call add(s:out, 'Vim: ' . s:checked . ' words, ' . len(s:out) . ' wrong')
call writefile(s:out, $RESULT)
qall!
