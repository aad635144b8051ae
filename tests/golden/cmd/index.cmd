# An index file is searched, and read wherever rules are; a damaged one is refused.
r=examples/tenant/rules.fwrule
status_of fwrule index build -r $r -o rules.fwi
status_of fwrule index check rules.fwi
fwrule query -r rules.fwi -f json >a
fwrule query -r $r -f json >b
cmp a b && echo same
fwrule compile -r rules.fwi --emit=fwapi >a
fwrule compile -r $r --emit=fwapi | wc -l
wc -l <a
fwrule compile -r rules.fwi --emit=moray >a
fwrule index build -r rules.fwi -o again.fwi
fwrule compile -r again.fwi --emit=moray | cmp - a && echo same
fwrule diff -V examples/tenant/vms.json rules.fwi again.fwi; echo "diff $?"
fwrule query -r rules.fwi -r rules.fwi --count 2>&1 | grep -c E0706
head -c 100000 rules.fwi >cut.fwi
status_of fwrule query -r cut.fwi --count
head -c 100 rules.fwi >cut.fwi
status_of fwrule index check cut.fwi
{ head -c 70000 rules.fwi; printf x; tail -c +70002 rules.fwi; } >damaged.fwi
status_of fwrule query -r damaged.fwi --count
status_of fwrule compile -r damaged.fwi --emit=fwapi
status_of fwrule index build -r missing -o x.fwi
status_of fwrule index build -r $r -o missing/x.fwi
status_of fwrule index build -r $r
ls
