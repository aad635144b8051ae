printf '{"jsonrpc":"2.0","id":1,"method":"compile","params":{"rules":[%s],"vms":[%s],"date":"%s","emit":"ipf6,fwapi,moray"}}\n' \
    '{"uuid":"5c3ea269-75b8-42fa-badc-956684fb4d41","version":"1","enabled":true,"rule":"FROM any TO all vms ALLOW tcp PORT 22"}' \
    '{"uuid":"8f1d2ef6-2f1f-4c59-8ea7-9f5a8a1b3c2d","firewall_enabled":true,"nics":[{"ip":"10.0.0.1"}],"tags":{},"state":"running","zonepath":"/z"}' \
    '2024-06-01' | fwrule rpc
