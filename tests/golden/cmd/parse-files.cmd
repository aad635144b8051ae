# An argument is a file if there is one of that name, else a sentence.
echo 'FROM any TO tag www ALLOW tcp PORT 80' > rules.fwrule
status_of fwrule parse rules.fwrule 'FROM tag a TO any BLOCK udp PORT 53' rules.fwrule
status_of fwrule parse no-such-file.fwrule
mkdir folder
status_of fwrule parse folder
