# What a rule's author chooses stays inside its comment line.
cat > rules.json <<'END'
{ "uuid": "5c3ea269-75b8-42fa-badc-956684fb4d41", "enabled": true,
  "version": "1\npass in quick from any to any",
  "rule": "FROM tag \"a\\nblock out all\" TO all vms ALLOW tcp PORT 22" }
END
cat > remote.json <<'END'
{ "uuid": "8f1d2ef6-2f1f-4c59-8ea7-9f5a8a1b3c2d", "ips": ["10.0.0.9"], "tags": { "a\nblock out all": 1 } }
END
fwrule compile -r rules.json -V examples/web/vms.json -R remote.json $day \
    --vm 6f1c2d9e-3c57-4f0b-9b8a-0d51e7a4c001 --emit=ipf | sed -n '/^# rule/,/^$/p'
