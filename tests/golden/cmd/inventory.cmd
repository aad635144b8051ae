# What the inventory can have wrong with it; all of it is named.
cat > vms.json <<'END'
[ { "uuid": "8f1d2ef6-2f1f-4c59-8ea7-9f5a8a1b3c21", "nics": [], "tags": {} },
  { "uuid": "8f1d2ef6", "nics": [], "tags": {}, "state": "running", "zonepath": "/z" },
  { "uuid": "8f1d2ef6-2f1f-4c59-8ea7-9f5a8a1b3c22", "nics": 5, "tags": [], "state": "running", "zonepath": "/z" },
  { "uuid": "8f1d2ef6-2f1f-4c59-8ea7-9f5a8a1b3c23", "nics": [ { "ip": "10.0.0.300" } ], "tags": {}, "state": "running", "zonepath": "/z" },
  { "uuid": "8f1d2ef6-2f1f-4c59-8ea7-9f5a8a1b3c24", "nics": [], "tags": { "a": { "b": 1 } }, "state": "running", "zonepath": "/z" },
  { "uuid": "8f1d2ef6-2f1f-4c59-8ea7-9f5a8a1b3c25", "owner_uuid": "me", "nics": [], "tags": {}, "state": "running", "zonepath": "/z" },
  { "uuid": "8f1d2ef6-2f1f-4c59-8ea7-9f5a8a1b3c26", "nics": [], "tags": {}, "state": "running", "zonepath": "/z" },
  { "uuid": "8f1d2ef6-2f1f-4c59-8ea7-9f5a8a1b3c26", "nics": [], "tags": {}, "state": "running", "zonepath": "/z" },
  "a VM" ]
END
cat > remote.json <<'END'
[ {}, { "uuid": "x" }, { "uuid": "8f1d2ef6-2f1f-4c59-8ea7-9f5a8a1b3c26" },
  { "uuid": "8f1d2ef6-2f1f-4c59-8ea7-9f5a8a1b3c31", "owner_uuid": "y" },
  { "uuid": "8f1d2ef6-2f1f-4c59-8ea7-9f5a8a1b3c32", "ips": ["10.0.0.1", "fe80::1%eth0"] },
  { "uuid": "8f1d2ef6-2f1f-4c59-8ea7-9f5a8a1b3c33", "ips": "10.0.0.1" } ]
END
echo 'FROM any TO all vms ALLOW tcp PORT 22' > rules.fwrule
status_of fwrule compile -r rules.fwrule -V vms.json -R remote.json
