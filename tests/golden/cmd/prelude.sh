# SPDX-License-Identifier: MPL-2.0
# shellcheck shell=sh disable=SC2034
# What every script here has: the program, and a way to show an exit status.
# Each runs in an empty folder with ./examples in it, and nothing on its input.

fwrule()
{
	"$FWRULE" "$@"
}

# Runs a command and shows how it ended.
status_of()
{
	"$@"
	echo "status $?"
}

web='-O0 -r examples/web/rules.fwrule -V examples/web/vms.json -R examples/web/remote-vms.json'
day='--date 2024-06-01'
