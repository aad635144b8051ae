# SPDX-License-Identifier: MPL-2.0
# Completion of fwrule for fish; tests/completion-test.sh holds it to --help.

function __fwrule_in
    __fish_seen_subcommand_from $argv
end

set -l commands aggregate check compile convert diff equiv explain fmt index lsp parse query rpc help
complete -c fwrule -n "not __fwrule_in $commands" -f
complete -c fwrule -n "not __fwrule_in $commands" -a aggregate -d 'lists of addresses to the smallest list'
complete -c fwrule -n "not __fwrule_in $commands" -a check -d 'what rules say that can hardly be meant'
complete -c fwrule -n "not __fwrule_in $commands" -a compile -d 'rules and VMs to filter files'
complete -c fwrule -n "not __fwrule_in $commands" -a convert -d 'rules from any format to any other'
complete -c fwrule -n "not __fwrule_in $commands" -a diff -d 'what traffic changes between two sets of rules'
complete -c fwrule -n "not __fwrule_in $commands" -a equiv -d 'whether two filter files decide the same'
complete -c fwrule -n "not __fwrule_in $commands" -a explain -d 'what becomes of a packet and why'
complete -c fwrule -n "not __fwrule_in $commands" -a fmt -d 'rule source text in its canonical layout'
complete -c fwrule -n "not __fwrule_in $commands" -a index -d 'rules as a file that is searched without being read'
complete -c fwrule -n "not __fwrule_in $commands" -a lsp -d 'rules in an editor'
complete -c fwrule -n "not __fwrule_in $commands" -a parse -d 'a sentence to its parsed form'
complete -c fwrule -n "not __fwrule_in $commands" -a query -d 'rules that name an address, a tag ...'
complete -c fwrule -n "not __fwrule_in $commands" -a rpc -d 'the toolchain as JSON-RPC'
complete -c fwrule -n "not __fwrule_in $commands" -a help -d 'what a command takes'
complete -c fwrule -n "not __fwrule_in $commands" -l help -d 'show the commands'
complete -c fwrule -n "not __fwrule_in $commands" -l version -d 'show the version'
complete -c fwrule -n '__fwrule_in help' -f -a 'aggregate check compile convert diff equiv explain fmt index lsp parse query rpc'

complete -c fwrule -n '__fwrule_in aggregate' -l intersect -r -d 'keep only addresses of this list'
complete -c fwrule -n '__fwrule_in aggregate' -l exclude -r -d 'leave out the addresses of this list'
complete -c fwrule -n '__fwrule_in aggregate' -l count -d 'write how many instead'
complete -c fwrule -n '__fwrule_in aggregate' -s h -l help -d 'show a summary'

complete -c fwrule -n '__fwrule_in check' -s V -l vms -r -d 'VMs of the host'
complete -c fwrule -n '__fwrule_in check' -s R -l remote-vms -r -d 'VMs of other hosts'
complete -c fwrule -n '__fwrule_in check' -l format -x -a 'text json jsonl' -d 'form of the findings'
complete -c fwrule -n '__fwrule_in check' -l select -x -d 'only these checks'
complete -c fwrule -n '__fwrule_in check' -l ignore -x -d 'not these checks'
complete -c fwrule -n '__fwrule_in check' -l severity -x -d 'CODE=LEVEL'
complete -c fwrule -n '__fwrule_in check' -l fail-on -x -a 'error warning note never' -d 'exit 1 from this severity on'
complete -c fwrule -n '__fwrule_in check' -l fwrule-version -x -a '1 2 3 4' -d 'report newer features'
complete -c fwrule -n '__fwrule_in check' -l explain -x -a "all (fwrule check --list 2>/dev/null | string match -r '^FW\d+')" -d 'what a check is about'
complete -c fwrule -n '__fwrule_in check' -l list -d 'the checks'
complete -c fwrule -n '__fwrule_in check' -s h -l help -d 'show a summary'

complete -c fwrule -n '__fwrule_in compile' -s r -l rules -r -d rules
complete -c fwrule -n '__fwrule_in compile' -s V -l vms -r -d 'VMs of the host'
complete -c fwrule -n '__fwrule_in compile' -s R -l remote-vms -r -d 'VMs of other hosts'
complete -c fwrule -n '__fwrule_in compile' -s o -l output -x -a '(__fish_complete_directories)' -d 'folder to write to'
complete -c fwrule -n '__fwrule_in compile' -l emit -x -a 'ipf ipf6 fwapi moray' -d 'what to write'
complete -c fwrule -n '__fwrule_in compile' -l fields -x -a 'parsed.action parsed.ports parsed.protocol parsed.tags' -d 'what FWAPI JSON has besides'
complete -c fwrule -n '__fwrule_in compile' -l vm -x -d 'only this VM'
complete -c fwrule -n '__fwrule_in compile' -l ipf-tags -d 'the host has an event log device'
complete -c fwrule -n '__fwrule_in compile' -l date -x -d 'the date in the heads of files'
complete -c fwrule -n '__fwrule_in compile' -s O -x -a '0 1 2 3' -d 'level of optimisation'
complete -c fwrule -n '__fwrule_in compile' -l fwrule-version -x -a '1 2 3 4' -d 'refuse newer features'
complete -c fwrule -n '__fwrule_in compile' -l verify -d 'prove each file'
complete -c fwrule -n '__fwrule_in compile' -l debug -x -a 'ir pass:merge pass:state pass:share pass:tree' -d 'dump the policies'
complete -c fwrule -n '__fwrule_in compile' -s v -l verbose -d 'say how much was written'
complete -c fwrule -n '__fwrule_in compile' -s h -l help -d 'show a summary'

complete -c fwrule -n '__fwrule_in convert' -l to -x -a 'fwrule payload moray fwapi' -d 'format to write'
complete -c fwrule -n '__fwrule_in convert' -s o -l output -r -d 'file to write'
complete -c fwrule -n '__fwrule_in convert' -s h -l help -d 'show a summary'

complete -c fwrule -n '__fwrule_in diff' -s V -l vms -r -d 'VMs of the host'
complete -c fwrule -n '__fwrule_in diff' -s W -l new-vms -r -d 'VMs that go with the new rules'
complete -c fwrule -n '__fwrule_in diff' -s R -l remote-vms -r -d 'VMs of other hosts'
complete -c fwrule -n '__fwrule_in diff' -l format -x -a 'text json markdown' -d 'form of the report'
complete -c fwrule -n '__fwrule_in diff' -l ipf-tags -d 'the host has an event log device'
complete -c fwrule -n '__fwrule_in diff' -s O -x -a '0 1' -d 'what is compared'
complete -c fwrule -n '__fwrule_in diff' -s h -l help -d 'show a summary'

complete -c fwrule -n '__fwrule_in equiv' -l family -x -a '4 6' -d 'of the files'
complete -c fwrule -n '__fwrule_in equiv' -l max -x -d 'how many differences to show'
complete -c fwrule -n '__fwrule_in equiv' -l json -d 'the answer as JSON'
complete -c fwrule -n '__fwrule_in equiv' -s h -l help -d 'show a summary'

complete -c fwrule -n '__fwrule_in explain' -s r -l rules -r -d rules
complete -c fwrule -n '__fwrule_in explain' -s V -l vms -r -d 'VMs of the host'
complete -c fwrule -n '__fwrule_in explain' -s R -l remote-vms -r -d 'VMs of other hosts'
complete -c fwrule -n '__fwrule_in explain' -l vm -x -d 'the VM'
complete -c fwrule -n '__fwrule_in explain' -l in -d 'the packet comes in'
complete -c fwrule -n '__fwrule_in explain' -l out -d 'the packet goes out'
complete -c fwrule -n '__fwrule_in explain' -l proto -x -a 'ah esp icmp icmp6 tcp udp' -d protocol
complete -c fwrule -n '__fwrule_in explain' -l addr -x -d 'address at the other end'
complete -c fwrule -n '__fwrule_in explain' -l port -x -d 'destination port'
complete -c fwrule -n '__fwrule_in explain' -l type -x -d 'ICMP type'
complete -c fwrule -n '__fwrule_in explain' -l code -x -d 'ICMP code'
complete -c fwrule -n '__fwrule_in explain' -l flags -x -d 'TCP flags'
complete -c fwrule -n '__fwrule_in explain' -l ipf-tags -d 'the host has an event log device'
complete -c fwrule -n '__fwrule_in explain' -s O -x -a '0 1 2 3' -d 'level of optimisation'
complete -c fwrule -n '__fwrule_in explain' -l json -d 'everything as JSON'
complete -c fwrule -n '__fwrule_in explain' -s h -l help -d 'show a summary'

complete -c fwrule -n '__fwrule_in fmt' -s w -l write -d 'replace each file that changes'
complete -c fwrule -n '__fwrule_in fmt' -l check -d 'only name the files that would change'
complete -c fwrule -n '__fwrule_in fmt' -l diff -d 'show what would change'
complete -c fwrule -n '__fwrule_in fmt' -s h -l help -d 'show a summary'

complete -c fwrule -n '__fwrule_in index' -a 'build check'
complete -c fwrule -n '__fwrule_in index' -s r -l rules -r -d rules
complete -c fwrule -n '__fwrule_in index' -s o -l output -r -d 'file to write'
complete -c fwrule -n '__fwrule_in index' -s v -l verbose -d 'say how big it is'
complete -c fwrule -n '__fwrule_in index' -s h -l help -d 'show a summary'

complete -c fwrule -n '__fwrule_in lsp' -s V -l vms -r -d "the host's VMs"
complete -c fwrule -n '__fwrule_in lsp' -s R -l remote-vms -r -d 'VMs of other hosts'
complete -c fwrule -n '__fwrule_in lsp' -l stdio -d 'what is done anyway'
complete -c fwrule -n '__fwrule_in lsp' -s h -l help -d 'show a summary'

complete -c fwrule -n '__fwrule_in parse' -l fwrule-version -x -a '1 2 3 4' -d 'refuse newer features'
complete -c fwrule -n '__fwrule_in parse' -l enforce-subnet-mask -d 'refuse subnets with host bits'
complete -c fwrule -n '__fwrule_in parse' -l json -d 'errors as JSON'
complete -c fwrule -n '__fwrule_in parse' -l debug -x -a ast -d 'with the places of everything'
complete -c fwrule -n '__fwrule_in parse' -s h -l help -d 'show a summary'

complete -c fwrule -n '__fwrule_in query' -l ip -x -d 'an ip target'
complete -c fwrule -n '__fwrule_in query' -l subnet -x -d 'a subnet target'
complete -c fwrule -n '__fwrule_in query' -l match -x -a 'exact contains within overlaps' -d 'how addresses are meant'
complete -c fwrule -n '__fwrule_in query' -l vm -x -d 'a vm target'
complete -c fwrule -n '__fwrule_in query' -l tag -x -d 'a tag'
complete -c fwrule -n '__fwrule_in query' -l value -x -d 'of the tag before it'
complete -c fwrule -n '__fwrule_in query' -l wildcard -x -a 'any vmall' -d 'a wildcard'
complete -c fwrule -n '__fwrule_in query' -l direction -x -a 'from to' -d 'look on one side only'
complete -c fwrule -n '__fwrule_in query' -l owner -x -d 'rules of that owner'
complete -c fwrule -n '__fwrule_in query' -l global -d 'rules without an owner'
complete -c fwrule -n '__fwrule_in query' -l protocol -x -a 'ah esp icmp icmp6 tcp udp' -d 'protocol'
complete -c fwrule -n '__fwrule_in query' -l action -x -a 'allow block' -d 'action'
complete -c fwrule -n '__fwrule_in query' -l enabled -x -a 'true false' -d 'enabled rules'
complete -c fwrule -n '__fwrule_in query' -l log -x -a 'true false' -d 'logged rules'
complete -c fwrule -n '__fwrule_in query' -l port -x -d 'rules whose ports include it'
complete -c fwrule -n '__fwrule_in query' -l explain -d 'say which target matched'
complete -c fwrule -n '__fwrule_in query' -l count -d 'only how many'
complete -c fwrule -n '__fwrule_in query' -l limit -x -d 'at most so many'
complete -c fwrule -n '__fwrule_in query' -l offset -x -d 'after so many'
complete -c fwrule -n '__fwrule_in query' -l sort -x -a 'uuid owner_uuid rule version created_by description action protocol priority enabled log' -d 'the order'
complete -c fwrule -n '__fwrule_in query' -l fields -x -a 'parsed.action parsed.ports parsed.protocol parsed.tags' -d 'what JSON has besides'
complete -c fwrule -n '__fwrule_in query' -s r -l rules -r -d rules
complete -c fwrule -n '__fwrule_in query' -s f -l format -x -a 'text json jsonl uuids' -d 'form of the answer'
complete -c fwrule -n '__fwrule_in query' -s h -l help -d 'show a summary'

complete -c fwrule -n '__fwrule_in rpc' -s h -l help -d 'show a summary'
