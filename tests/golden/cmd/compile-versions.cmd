status_of fwrule compile -r examples/tenant/rules.fwrule --emit=fwapi --fwrule-version=2
# A feature is refused before a parenthesis is missed, as the reference does.
printf 'FROM any TO all vms ALLOW icmp (TYPE all' > open.fwrule
status_of fwrule parse --fwrule-version=2 open.fwrule
