status_of fwrule rpc extra
status_of fwrule rpc --nothing
