# -r and -R may be repeated; a rule that stands in both inputs is an error.
fwrule compile -r examples/web/rules.fwrule -r examples/tenant/rules.fwrule --emit=fwapi | grep -c owner_uuid
status_of fwrule compile -r examples/web/rules.fwrule -r examples/web/rules.fwrule --emit=fwapi
