# Policy tests of the examples hold; what does not is shown, in every format.
status_of fwrule test --coverage examples/web/site.fwtest examples/dual-stack/site.fwtest
mkdir t
ln -s ../examples t/examples
cat > t/site.fwtest <<'END'
rules       examples/web/rules.fwrule       # relative to this file
vms         "examples/web/vms.json"
remote-vms  examples/web/remote-vms.json
EXPECT
expect allow in tcp 443 from any to vm web0
expect block in  tcp 5432 from any to tag "role" = "db"
expect ALLOW IN TCP PORT 5432 FROM tag "role" = www TO vm db0
expect block out tcp 25 from all vms to 0.0.0.0/0
expect allow out esp from vm web0 to any
expect block in tcp from (10.0.0.0/8    # several, on
    or any) to 10.20.0.21               # two lines
END
sed -i '/^EXPECT/d' t/site.fwtest
for format in text tap junit json; do
	status_of fwrule test --coverage --format=$format t/site.fwtest
done
printf 'vms examples/web/vms.json\nrules examples/web/rules.fwrule\nexpect allow in tcp 80 from any to vm web0' |
    fwrule test -
printf 'vms examples/web/vms.json\nrules examples/web/rules.fwrule\nexpect allow in icmp6 135 from fe80::/10 to vm web0' >nd.fwtest
status_of fwrule test nd.fwtest
status_of fwrule test --icmp6=rfc4890 nd.fwtest
