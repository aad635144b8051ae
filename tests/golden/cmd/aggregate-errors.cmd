# Every error of every list is told, and then there is no list.
printf '10.0.0.1/33\nexample.com\n10.0.0.9-10.0.0.1\n' > a
printf '1.2.3.4 # good\n010.0.0.1\n' > b
status_of fwrule aggregate a b --exclude=missing
status_of fwrule aggregate b
status_of fwrule aggregate --exclude - -
status_of fwrule aggregate --excluded
