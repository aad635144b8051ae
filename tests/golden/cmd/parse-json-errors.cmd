status_of fwrule parse --json 'FROM any TO tag www ALLOW tcp PORT 0' 'FROM any TO tag www ALOW tcp PORT 80'
