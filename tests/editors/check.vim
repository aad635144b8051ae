" SPDX-License-Identifier: MPL-2.0
" Holds words of the sample to their syntax groups; writes what is wrong to $RESULT.
set nocompatible runtimepath^=$EDITORS/vim
filetype on
syntax on
edit $SAMPLE
" The group is that of the class without the file's type before it, or one of these.
let s:group = { 'comment': '\(Comment\|Remark\)', 'word': '\(Word\)\?', 'none': 'Line',
  \ 'path': 'Path\(Name\)\?', 'statement': '\(Statement\|Kind\)' }
let s:out = []
let s:checked = 0
for s:entry in readfile($EXPECTED)
  let [s:line, s:word, s:class] = split(s:entry)
  let s:col = stridx(getline(s:line), s:word) + 1
  let s:is = synIDattr(synID(s:line, s:col, 1), 'name')
  let s:want = get(s:group, s:class, toupper(s:class[0]) . s:class[1:])
  let s:good = substitute(s:is, '^' . &filetype, '', '') =~# '^' . s:want . '$'
  let s:checked += 1
  if !s:good
    call add(s:out, 'not ok - line ' . s:line . ', ' . s:word . ': ' . s:is . ', not ' . s:class)
  endif
endfor
call add(s:out, 'Vim, ' . &filetype . ': ' . s:checked . ' words, ' . len(s:out) . ' wrong')
call writefile(s:out, $RESULT)
qall!
