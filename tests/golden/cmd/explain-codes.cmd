# Every reason: one rule each, and a VM that is named by none, or with its firewall off.
cat > vms.json <<'END'
[ { "uuid": "8f1d2ef6-2f1f-4c59-8ea7-9f5a8a1b3c21", "owner_uuid": "8f1d2ef6-0000-4c59-8ea7-9f5a8a1b3c21",
    "nics": [{ "ip": "10.0.0.1" }], "tags": { "a": true }, "state": "running", "zonepath": "/z", "firewall_enabled": true },
  { "uuid": "8f1d2ef6-2f1f-4c59-8ea7-9f5a8a1b3c22", "owner_uuid": "8f1d2ef6-0000-4c59-8ea7-9f5a8a1b3c21",
    "nics": [{ "ip": "10.0.0.2" }], "tags": { "a": true }, "state": "running", "zonepath": "/z" },
  { "uuid": "8f1d2ef6-2f1f-4c59-8ea7-9f5a8a1b3c23", "owner_uuid": "8f1d2ef6-0000-4c59-8ea7-9f5a8a1b3c22",
    "nics": [{ "ip": "10.0.0.3" }], "tags": { "b": true }, "state": "running", "zonepath": "/z" } ]
END
cat > rules.fwrule <<'END'
@uuid 00000000-0000-4000-8000-000000000001
FROM any TO tag a ALLOW tcp PORT 22
@uuid 00000000-0000-4000-8000-000000000002
FROM ip 10.0.0.3 TO tag a ALLOW tcp PORTS 20 - 30
@uuid 00000000-0000-4000-8000-000000000003
FROM any TO tag a BLOCK tcp PORT all PRIORITY 0
@uuid 00000000-0000-4000-8000-000000000004
@disabled
FROM any TO tag a BLOCK tcp PORT 22 PRIORITY 9
@uuid 00000000-0000-4000-8000-000000000005
@owner 8f1d2ef6-0000-4c59-8ea7-9f5a8a1b3c22
FROM any TO tag a BLOCK tcp PORT 22 PRIORITY 9
@uuid 00000000-0000-4000-8000-000000000006
@owner 8f1d2ef6-0000-4c59-8ea7-9f5a8a1b3c21
FROM tag b TO tag a BLOCK tcp PORT 22 PRIORITY 9
@uuid 00000000-0000-4000-8000-000000000007
FROM any TO tag c BLOCK tcp PORT 22 PRIORITY 9
@uuid 00000000-0000-4000-8000-000000000008
FROM tag a TO any BLOCK tcp PORT 22 PRIORITY 9
@uuid 00000000-0000-4000-8000-000000000009
FROM ip 10.0.0.4 TO tag a BLOCK tcp PORT 22 PRIORITY 9
@uuid 00000000-0000-4000-8000-000000000010
FROM any TO tag a BLOCK tcp PORT 22 PRIORITY 1
@uuid 00000000-0000-4000-8000-000000000011
FROM any TO tag a ALLOW tcp PORT 22 PRIORITY 1
@uuid 00000000-0000-4000-8000-000000000012
FROM any TO tag a ALLOW ah
@uuid 00000000-0000-4000-8000-000000000013
FROM subnet 2001:db8::1/64 TO tag a ALLOW tcp PORT 22 PRIORITY 5
@uuid 00000000-0000-4000-8000-000000000014
FROM tag a TO any ALLOW icmp TYPE 11 PRIORITY 5
@uuid 00000000-0000-4000-8000-000000000015
FROM tag "\u001b[2J" TO tag a BLOCK tcp PORT 22 PRIORITY 9
END
in_all='-r rules.fwrule -V vms.json'
a=8f1d2ef6-2f1f-4c59-8ea7-9f5a8a1b3c21
status_of fwrule explain $in_all --vm=$a --in --proto=tcp --port=22 --addr=10.0.0.3
status_of fwrule explain $in_all --vm=$a --in --proto=ah --addr=::1
status_of fwrule explain $in_all --vm=$a --in --proto=tcp --port=22 --addr=2001:db8::7 -O0
status_of fwrule explain $in_all --vm=$a --out --proto=icmp --type=11 --addr=10.0.0.3 -O0
status_of fwrule explain $in_all --vm=8f1d2ef6-2f1f-4c59-8ea7-9f5a8a1b3c22 --in --proto=tcp --port=22 --addr=10.0.0.3
