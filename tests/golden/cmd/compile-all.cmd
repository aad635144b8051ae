# Standard output holds each file under a heading; -v reports on standard error.
fwrule compile $web $day -v --emit=fwapi,ipf6,ipf,moray,ipf | grep '^==='
