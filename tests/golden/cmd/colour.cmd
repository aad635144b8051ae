# Colour only on a terminal, which this is not.
TERM=xterm fwrule parse 'FROM any TO tag www ALLOW tcp PORT 0'
