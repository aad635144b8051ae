# Narrow terminals, wide and combining characters, and text that would drive a terminal.
cat >r.json <<'END'
{"uuid":"00000000-0000-4000-8000-000000000001","owner_uuid":"00000000-0000-4000-8000-00000000000f","version":"1","enabled":true,"description":"\u001b[31mred\u0007","created_by":"a\nb","rule":"FROM tag \"日本語のとても長いキー\" = \"değer\" TO tag \"é\" ALLOW tcp PORT 80"}
{"uuid":"00000000-0000-4000-8000-000000000002","rule":"FROM tag \"esc\\u001b[2J\\u0007\" = \"a\\nb\" TO tag \"😀\" BLOCK udp PORT 53"}
END
for columns in 10 40 78; do
	echo "$columns:"
	script -qec "stty cols $columns; $FWRULE query -r r.json --explain --tag=é --tag=😀" /dev/null | tr -d '\r'
done
# To a pipe: one line a rule, nothing broken.
fwrule query -r r.json
fwrule query -r r.json -f json --tag=é --value=x
fwrule query -r r.json -f jsonl --tag=日本語のとても長いキー --value=değer --explain
fwrule query -r r.json -f uuids --sort=-description
status_of fwrule query -r r.json --ip="$(printf '\033[2J')" --vm=é
