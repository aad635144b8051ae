# load, query, put and remove.
cat >r.fwrule <<'END'
@uuid 00000000-0000-4000-8000-000000000001
@version "1.1"
FROM ip 10.1.2.3 TO all vms ALLOW tcp PORT 80
END
fwrule rpc <<'END'
{"jsonrpc":"2.0","id":1,"method":"query","params":{}}
{"jsonrpc":"2.0","id":2,"method":"load","params":{"path":"r.fwrule"}}
{"jsonrpc":"2.0","id":3,"method":"query","params":{"ip":"10.1.2.3","explain":true}}
{"jsonrpc":"2.0","id":4,"method":"put","params":{"rule":{"uuid":"00000000-0000-4000-8000-000000000001","version":"2.1","rule":"FROM subnet 10.0.0.0/8 TO all vms ALLOW tcp PORT 80"}}}
{"jsonrpc":"2.0","id":5,"method":"query","params":{"ip":"10.1.2.3"}}
{"jsonrpc":"2.0","id":6,"method":"query","params":{"ip":"10.1.2.3","match":"contains"}}
{"jsonrpc":"2.0","id":7,"method":"query","params":{"count":true}}
{"jsonrpc":"2.0","id":8,"method":"query","params":{"ip":["a",""],"colour":1,"limit":-1}}
{"jsonrpc":"2.0","id":9,"method":"remove","params":{"uuid":"00000000-0000-4000-8000-000000000001"}}
{"jsonrpc":"2.0","id":10,"method":"remove","params":{"uuid":"00000000-0000-4000-8000-000000000001"}}
{"jsonrpc":"2.0","id":11,"method":"remove","params":{"uuid":1}}
{"jsonrpc":"2.0","id":12,"method":"put","params":{"rule":{"rule":"FROM any TO any ALLOW tcp PORT 80"}}}
{"jsonrpc":"2.0","id":13,"method":"load","params":{"rules":[{"uuid":"00000000-0000-4000-8000-000000000002","rule":"FROM any TO all vms ALLOW ah","version":"1.1"}]}}
{"jsonrpc":"2.0","id":14,"method":"load","params":{"path":"missing"}}
{"jsonrpc":"2.0","id":15,"method":"load","params":{}}
{"jsonrpc":"2.0","id":16,"method":"query","params":{"wildcard":"any","fields":["parsed.protocol"]}}
END
