status_of fwrule compile -r nowhere.json --emit=fwapi
status_of fwrule compile -r examples/web/rules.fwrule -V nowhere.json
status_of fwrule compile $web -R nowhere.json
