autocmd BufNewFile,BufRead *.fwrule setfiletype fwrule
