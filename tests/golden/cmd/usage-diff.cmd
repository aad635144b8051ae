rules=examples/web/rules.fwrule
vms='-V examples/web/vms.json'
status_of fwrule diff
status_of fwrule diff $rules $vms
status_of fwrule diff $rules $rules
status_of fwrule diff $rules $rules $rules $vms
status_of fwrule diff $rules $rules $vms --format=xml
status_of fwrule diff $rules $rules $vms -O4
status_of fwrule diff - - $vms
status_of fwrule diff - $rules -V -
status_of fwrule diff $rules nothing.fwrule $vms
status_of fwrule diff $rules $rules -V nothing.json
status_of fwrule diff $rules $rules $vms -W nothing.json
echo 'FROM any TO any ALLOW tcp PORT 1' > bad.fwrule
status_of fwrule diff $rules bad.fwrule $vms
echo '[5]' > bad.json
status_of fwrule diff $rules $rules -V bad.json
status_of fwrule diff $rules $rules $vms -W bad.json
printf '\377\000nonsense' > bad.bin
status_of fwrule diff bad.bin bad.bin -V bad.bin
