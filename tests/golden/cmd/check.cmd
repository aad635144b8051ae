# Configuration, baseline, choice of checks, exit statuses.
cat > a.fwrule <<'END'
FROM any TO tag db ALLOW tcp PORT 5432
FROM subnet 10.1.2.3/24 TO tag db ALLOW tcp (PORT 80 AND PORT 80)
END
status_of fwrule check --format=github a.fwrule
status_of fwrule check --format=github --fail-on=error a.fwrule
status_of fwrule check --format=github --select=FW00 --severity=host-bits=error --fail-on=error a.fwrule
status_of fwrule check --format=github --ignore=FW014,FW002 --fail-on=never a.fwrule
status_of fwrule check --format=github --sensitive-ports=80 a.fwrule

printf '[check]\nignore = FW005\nfail-on = error\n[severity]\nFW014 = note\n' > .fwrule.conf
mkdir -p deep/er && cp a.fwrule deep/er/
status_of fwrule check --format=github deep/er/a.fwrule
status_of fwrule check --format=github --no-config deep/er/a.fwrule
printf '[check]\nignroe = FW005\nselect = FW9\n[severity]\nFW014 = fatal\n[other]\na = b\n' > .fwrule.conf
status_of fwrule check a.fwrule
printf '[check]\nwhat is this\n' > .fwrule.conf
status_of fwrule check a.fwrule
printf '[check]\nicmp6 = yes\n' > .fwrule.conf
status_of fwrule check a.fwrule
printf '[check]\nicmp6 = rfc4890\n' > .fwrule.conf
echo 'FROM any TO all vms BLOCK icmp6 TYPE 135 PRIORITY 1' > icmp6.fwrule
status_of fwrule check icmp6.fwrule
status_of fwrule check --format=github --icmp6=none icmp6.fwrule
status_of fwrule check --icmp6=1 icmp6.fwrule
rm .fwrule.conf

status_of fwrule check --write-baseline=base.json a.fwrule
cat base.json
{ echo '# lines move'; cat a.fwrule; echo 'FROM any TO tag new ALLOW tcp PORT 23'; } > b.fwrule
mv b.fwrule a.fwrule
status_of fwrule check --format=github --baseline=base.json a.fwrule
echo '{"findings":[{"fingerprint":"x"}]}' > base.json
status_of fwrule check --baseline=base.json a.fwrule

status_of fwrule check --fix --format=github a.fwrule
cat a.fwrule
echo 'FROM any TO tag web ALLOW tcp PORT' > bad.fwrule
status_of fwrule check --format=github bad.fwrule
status_of fwrule check none.fwrule
status_of fwrule check --unsafe a.fwrule
status_of fwrule check --select=FW9 a.fwrule
echo '[{"rule":"FROM any TO tag a ALLOW tcp PORT 22","enabled":true},
  {"rule":"FROM any TO tag b ALLOW tcp PORT 23","enabled":true}]' > rules.json
status_of fwrule check --format=github rules.json
