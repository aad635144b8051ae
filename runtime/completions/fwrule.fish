# SPDX-License-Identifier: MPL-2.0
# Completion of fwrule for fish; tests/completion-test.sh holds it to --help.

function __fwrule_in
    __fish_seen_subcommand_from $argv
end

set -l commands aggregate compile parse rpc help
complete -c fwrule -n "not __fwrule_in $commands" -f
complete -c fwrule -n "not __fwrule_in $commands" -a aggregate -d 'lists of addresses to the smallest list'
complete -c fwrule -n "not __fwrule_in $commands" -a compile -d 'rules and VMs to filter files'
complete -c fwrule -n "not __fwrule_in $commands" -a parse -d 'a sentence to its parsed form'
complete -c fwrule -n "not __fwrule_in $commands" -a rpc -d 'the toolchain as JSON-RPC'
complete -c fwrule -n "not __fwrule_in $commands" -a help -d 'what a command takes'
complete -c fwrule -n "not __fwrule_in $commands" -l help -d 'show the commands'
complete -c fwrule -n "not __fwrule_in $commands" -l version -d 'show the version'
complete -c fwrule -n '__fwrule_in help' -f -a 'aggregate compile parse rpc'

complete -c fwrule -n '__fwrule_in aggregate' -l intersect -r -d 'keep only addresses of this list'
complete -c fwrule -n '__fwrule_in aggregate' -l exclude -r -d 'leave out the addresses of this list'
complete -c fwrule -n '__fwrule_in aggregate' -l count -d 'write how many instead'
complete -c fwrule -n '__fwrule_in aggregate' -s h -l help -d 'show a summary'

complete -c fwrule -n '__fwrule_in compile' -s r -l rules -r -d rules
complete -c fwrule -n '__fwrule_in compile' -s V -l vms -r -d 'VMs of the host'
complete -c fwrule -n '__fwrule_in compile' -s R -l remote-vms -r -d 'VMs of other hosts'
complete -c fwrule -n '__fwrule_in compile' -s o -l output -x -a '(__fish_complete_directories)' -d 'folder to write to'
complete -c fwrule -n '__fwrule_in compile' -l emit -x -a 'ipf ipf6 fwapi moray' -d 'what to write'
complete -c fwrule -n '__fwrule_in compile' -l fields -x -a 'parsed.action parsed.ports parsed.protocol parsed.tags' -d 'what FWAPI JSON has besides'
complete -c fwrule -n '__fwrule_in compile' -l vm -x -d 'only this VM'
complete -c fwrule -n '__fwrule_in compile' -l ipf-tags -d 'the host has an event log device'
complete -c fwrule -n '__fwrule_in compile' -l date -x -d 'the date in the heads of files'
complete -c fwrule -n '__fwrule_in compile' -s O -x -a '0 1 2' -d 'level of optimisation'
complete -c fwrule -n '__fwrule_in compile' -l fwrule-version -x -a '1 2 3 4' -d 'refuse newer features'
complete -c fwrule -n '__fwrule_in compile' -l verify -d 'prove each file'
complete -c fwrule -n '__fwrule_in compile' -l debug -x -a 'ir pass:merge pass:state pass:share' -d 'dump the policies'
complete -c fwrule -n '__fwrule_in compile' -s v -l verbose -d 'say how much was written'
complete -c fwrule -n '__fwrule_in compile' -s h -l help -d 'show a summary'

complete -c fwrule -n '__fwrule_in parse' -l fwrule-version -x -a '1 2 3 4' -d 'refuse newer features'
complete -c fwrule -n '__fwrule_in parse' -l enforce-subnet-mask -d 'refuse subnets with host bits'
complete -c fwrule -n '__fwrule_in parse' -l json -d 'errors as JSON'
complete -c fwrule -n '__fwrule_in parse' -l debug -x -a ast -d 'with the places of everything'
complete -c fwrule -n '__fwrule_in parse' -s h -l help -d 'show a summary'

complete -c fwrule -n '__fwrule_in rpc' -s h -l help -d 'show a summary'
