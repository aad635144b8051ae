# One message for each bad parameter, wrong values named.
r=examples/tenant/rules.fwrule
status_of fwrule query -r $r --ip=1.2.3 --subnet=10.0.0.1/8 --owner=X --log=yes --action=drop \
    --port=70000 --match=near --direction=up --limit=-1 --sort=size --protocol= --fields=tags
status_of fwrule query -r $r --value=1
status_of fwrule query --ip=1.2.3.4
status_of fwrule query -r missing.fwrule
status_of fwrule query -r $r --colour=red
