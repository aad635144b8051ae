fwrule compile $web $day >&-; echo "status $?"
fwrule parse 'FROM any TO tag a ALLOW ah' >&-; echo "status $?"
