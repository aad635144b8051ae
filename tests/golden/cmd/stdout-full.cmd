# Output that cannot be written is a failure, of every command.
fwrule compile $web $day > /dev/full; echo "status $?"
fwrule parse 'FROM any TO tag a ALLOW ah' > /dev/full; echo "status $?"
echo '{"jsonrpc":"2.0","id":1,"method":"parse","params":{"rule":"x"}}' | fwrule rpc > /dev/full; echo "status $?"
fwrule --help > /dev/full; echo "status $?"
fwrule compile --help > /dev/full; echo "status $?"
fwrule --version > /dev/full; echo "status $?"
