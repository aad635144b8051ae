status_of fwrule compile
status_of fwrule compile -r
status_of fwrule compile -r examples/web/rules.fwrule
status_of fwrule compile --nothing
status_of fwrule compile -q
status_of fwrule compile -r examples/web/rules.fwrule extra
status_of fwrule compile -r examples/web/rules.fwrule --emit=nft
status_of fwrule compile -r examples/web/rules.fwrule --emit=fwapi --fields=parsed.all
status_of fwrule compile -r examples/web/rules.fwrule --emit=fwapi --vm=web0
status_of fwrule compile -r examples/web/rules.fwrule --emit=fwapi -O9
status_of fwrule compile -r examples/web/rules.fwrule --emit=fwapi --fwrule-version=5
status_of fwrule compile -r examples/web/rules.fwrule --emit=fwapi --fwrule-version=two
