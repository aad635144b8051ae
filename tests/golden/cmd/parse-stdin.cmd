echo 'FROM any TO tag www ALLOW tcp PORT 80' | status_of fwrule parse
printf 'FROM any TO tag a ALLOW ah # one\nFROM any TO tag b ALLOW esp' | status_of fwrule parse -
status_of fwrule parse < /dev/null
