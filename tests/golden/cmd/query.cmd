# Every output form; conditions are ANDed, repeated ones ORed.
r=examples/tenant/rules.fwrule
status_of fwrule query -r $r --limit=2
status_of fwrule query -r $r --limit=2 --sort=-rule -f json --fields=parsed.ports,parsed.tags
status_of fwrule query -r $r --limit=1 --offset=1 -f jsonl --explain --wildcard=any
status_of fwrule query -r $r -f uuids --action=block --enabled=true
status_of fwrule query -r $r --count
status_of fwrule query -r $r --count --global
status_of fwrule query -r $r --count --global=false
status_of fwrule query -r $r -f json --wildcard=none
status_of fwrule query -r $r --wildcard=none
