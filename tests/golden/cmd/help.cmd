fwrule --help | sed -n '1,3p'
fwrule help parse
[ "$(fwrule help compile)" = "$(fwrule compile --help)" ] && echo same
[ "$(fwrule help compile)" = "$(fwrule compile -h)" ] && echo same
