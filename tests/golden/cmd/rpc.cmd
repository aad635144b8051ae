call() { printf '%s\n' "$@" | fwrule rpc; }
call '{"jsonrpc":"2.0","id":1,"method":"parse","params":{"rule":"FROM any TO tag www ALLOW tcp PORT 80"}}'
call '{"jsonrpc":"2.0","id":2,"method":"parse","params":{"rule":"FROM any TO tag www ALLOW tcp PORT 0"}}'
call '{"jsonrpc":"2.0","id":"three","method":"create","params":{"payload":{"uuid":"5c3ea269-75b8-42fa-badc-956684fb4d41","version":"1","rule":"FROM any TO tag www ALLOW tcp PORTS 80, 90 - 99"}}}'
call '{"jsonrpc":"2.0","id":4,"method":"create","params":{"payload":{"rule":"FROM any","uuid":1},"enforceGlobal":true}}'
# Not a method, not a request, not JSON, a notification, a batch, an empty line.
call '{"jsonrpc":"2.0","id":5,"method":"pares"}' '[]' 'nothing' \
    '{"jsonrpc":"2.0","method":"parse","params":{"rule":"x"}}' \
    '[{"jsonrpc":"2.0","id":6,"method":"parse","params":{"rule":5}},{"id":7}]' '' \
    '{"jsonrpc":"2.0","id":8,"method":"parse","params":[]}'
# What jansson says of it ends within the character.
call '{"jsonrpc":"2.0","id":9,"method":"parse","params":{"rule":"FROM vm 1 = \ü"}}'
