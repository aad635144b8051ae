# What a format cannot carry is told; nothing goes without a word.
cat > all.json <<'END'
{"rules": [
 {"rule": "FROM tag a = \"\" TO all vms ALLOW tcp PORTS 1 - 65535, 80", "enabled": "true",
  "created_by": "ops", "version": "1", "uuid": "5c3ea269-75b8-42fa-badc-956684fb4d4e"},
 {"rule": "FROM any TO all vms ALLOW tcp PORTS 80 - 80", "version": "1",
  "uuid": "5c3ea269-75b8-42fa-badc-956684fb4d4f"}
 ],
 "remoteVMs": [{"uuid": "930896af-bf8c-48d4-885c-6573a94b1853", "ips": ["10.0.0.1"]}],
 "localVMs": []}
END
for to in fwrule payload moray fwapi; do
	status_of fwrule convert --to=$to all.json
done
# JSON has no lone surrogates.
printf '@uuid 5c3ea269-75b8-42fa-badc-956684fb4d4e\nFROM tag "\\ud800" TO any BLOCK esp\n' > odd.fwrule
status_of fwrule convert --to=fwrule odd.fwrule
status_of fwrule convert --to=fwapi -o out.json odd.fwrule
ls
# What is wrong is not converted.
echo 'FROM any TO any ALLOW esp' > wrong.fwrule
status_of fwrule convert --to=moray wrong.fwrule
status_of fwrule convert wrong.fwrule
status_of fwrule convert --to=yaml wrong.fwrule
status_of fwrule convert --to=moray
status_of fwrule convert --to=moray -o none/out.json odd.fwrule
