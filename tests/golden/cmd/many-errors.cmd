# No more than a hundred are shown.
i=0
while [ $i -lt 130 ]; do echo "FROM any TO tag www ALLOW tcp PORT 0"; i=$((i + 1)); done > rules.fwrule
fwrule compile -r rules.fwrule --emit=fwapi 2>&1 | grep -c E0207
fwrule compile -r rules.fwrule --emit=fwapi 2>&1 | tail -n 1
