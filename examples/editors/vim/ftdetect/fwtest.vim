autocmd BufNewFile,BufRead *.fwtest setfiletype fwtest
