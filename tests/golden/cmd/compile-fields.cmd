status_of fwrule compile -r examples/tenant/rules.fwrule --emit=fwapi \
    --fields=parsed.action,parsed.ports,parsed.protocol,parsed.tags
