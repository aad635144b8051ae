status_of fwrule compile -r examples/tenant/rules.fwrule --emit=fwapi --fwrule-version=2
