# What is not replaced, and what makes no sense.
echo 'from any to all vms allow esp' > a.fwrule
ln a.fwrule b.fwrule
status_of fwrule fmt -w a.fwrule
cat a.fwrule
rm b.fwrule
(trap '' XFSZ; ulimit -f 0; status_of fwrule fmt -w a.fwrule)
cat a.fwrule
ls
status_of fwrule fmt -w
status_of fwrule fmt -w a.fwrule -
status_of fwrule fmt --check --diff a.fwrule
status_of fwrule fmt none.fwrule
status_of fwrule fmt --check . a.fwrule
