# SPDX-License-Identifier: MPL-2.0
# fish completion of fwadm: what --help says, and the UUIDs of stored rules.

function __fwadm_commands
    fwadm --help 2>/dev/null | sed -n '/^commands:/,/^$/s/^  \([a-z-]*\)  *\(.*\)/\1\t\2/p'
    printf 'help\twhat a command takes\n'
end

function __fwadm_command
    for word in (commandline -opc)[2..-1]
        string match -q -- '-*' $word; or echo $word; and return
    end
end

function __fwadm_options
    fwadm (__fwadm_command) --help 2>/dev/null | sed -nE '
        s/^ +((-[A-Za-z], )?--?[A-Za-z][A-Za-z_-]*)(=[A-Z-]+)? +(.*)/\1 \4/
        t found
        /^  -O0/s/.*/-O0\n-O1\n-O2\n-O3/p
        d
        :found
        s/^(-[A-Za-z]), (--[a-z_-]+) (.*)/\1\t\3\n\2\t\3/
        t print
        s/^(--?[A-Za-z_-]+) (.*)/\1\t\2/
        :print
        p'
end

complete -c fwadm -f
complete -c fwadm -n 'test -z (__fwadm_command)' -a '(__fwadm_commands)'
complete -c fwadm -n 'test "$(__fwadm_command)" = help' -a '(__fwadm_commands)'
complete -c fwadm -n 'test -n (__fwadm_command); and string match -q -- "-*" (commandline -ct)' -a '(__fwadm_options)'
complete -c fwadm -n 'contains -- (__fwadm_command) delete disable enable get update vms' -a '(fwadm list -p -o uuid 2>/dev/null)'
for option in --root --file --vms --log --ipf --ipfstat
    complete -c fwadm -n "string match -q -- $option (commandline -opc)[-1]" -F
end
