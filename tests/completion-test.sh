#!/bin/sh
# SPDX-License-Identifier: MPL-2.0
# Asks the completions of each shell what can follow, and holds that to --help:
# the commands, and of each command its options, no more and no fewer.  A shell
# that is not installed is passed over.
set -u

src=$(cd "${srcdir:-$(dirname "$0")/..}" && pwd)
FWRULE=$(realpath "${FWRULE:-./fwrule}")
[ -x "$FWRULE" ] || { echo "no program: $FWRULE" >&2; exit 99; }
tmp=$(mktemp -d) || exit 99
trap 'rm -rf "$tmp"' EXIT
dir=$src/runtime/completions
failed=0 checks=0

# Options of a command's --help, one a line; -O0 | -O1 | -O2 count as -O.
options_of_help()
{
	"$FWRULE" "$1" --help | grep -E '^ +-' | sed 's/  [^ -].*//' |
	    grep -oE -e '(^|[ ,|])--?[A-Za-z][A-Za-z0-9-]*' | sed 's/^[ ,|]*//; s/^-O[0-9]$/-O/' | sort -u
}

# same WHAT WANTED GOT
same()
{
	checks=$((checks + 1))
	diff "$2" "$3" && return
	echo "FAILED: $1: --help (<), completion (>)"
	failed=$((failed + 1))
}

# What a completion says, brought to one form: no =, no level of -O.
tidy()
{
	tr ' ' '\n' | sed 's/=$//; s/^-O[0-9]$/-O/; /^$/d' | sort -u
}

# --- bash ---------------------------------------------------------------------

bash_asks()
{
	bash -c '
	. "$1/fwrule.bash"
	shift
	COMP_WORDS=("$@") COMP_CWORD=$(($# - 1)) COMPREPLY=()
	_fwrule
	printf "%s\n" "${COMPREPLY[@]}"' bash "$dir" "$@"
}

# --- fish ---------------------------------------------------------------------

fish_asks()
{
	HOME=$tmp fish --no-config -c "source $dir/fwrule.fish; complete -C '$*'" | cut -f1
}

# --- zsh ----------------------------------------------------------------------

# zsh completes only in its line editor: zsh-ask.zsh types all lines of $tmp/lines.
zsh_asks()
{
	zsh -f "$src/tests/zsh-ask.zsh" "$dir" <"$tmp/lines" >"$tmp/answers"
}

# What it offered behind a line.
zsh_offered()
{
	awk -v line="=== $1" '/^=== / { on = $0 == line; next } on' "$tmp/answers" | tidy
}

# What stands on the path here is asked by completions.
PATH=${FWRULE%/*}:$PATH
export PATH

"$FWRULE" --help | sed -n '/^commands:/,/^$/s/^  \([a-z]*\) .*/\1/p' >"$tmp/commands"
[ -s "$tmp/commands" ] || { echo "fwrule --help lists no commands"; failed=1; }
{ cat "$tmp/commands"; echo help; } | sort >"$tmp/want"

bash_asks fwrule '' | grep -v '^-' | tidy >"$tmp/got"
same 'bash: commands' "$tmp/want" "$tmp/got"
bash_asks fwrule help '' | tidy >"$tmp/got"
same 'bash: help' "$tmp/commands" "$tmp/got"
while read -r command; do
	options_of_help "$command" >"$tmp/options"
	bash_asks fwrule "$command" - | tidy >"$tmp/got"
	same "bash: $command" "$tmp/options" "$tmp/got"
done <"$tmp/commands"
printf 'fwapi,ipf\nfwapi,ipf6\n' >"$tmp/want"
bash_asks fwrule compile --emit = fwapi,ip | tidy >"$tmp/got"
same 'bash: a list' "$tmp/want" "$tmp/got"

if command -v fish >/dev/null; then
	{ cat "$tmp/commands"; echo help; } | sort >"$tmp/want"
	fish_asks 'fwrule ' | tidy >"$tmp/got"
	same 'fish: commands' "$tmp/want" "$tmp/got"
	while read -r command; do
		options_of_help "$command" >"$tmp/options"
		fish_asks "fwrule $command -" | tidy >"$tmp/got"
		same "fish: $command" "$tmp/options" "$tmp/got"
	done <"$tmp/commands"
else
	echo "fish is not installed"
fi

if command -v zsh >/dev/null; then
	{ echo 'fwrule '; echo 'fwrule help '; echo 'fwrule compile --emit=fwapi,ip'
	  sed 's/.*/fwrule & -/' "$tmp/commands"; } >"$tmp/lines"
	zsh_asks || { echo "zsh cannot be asked"; failed=$((failed + 1)); }
	{ cat "$tmp/commands"; echo help; } | sort >"$tmp/want"
	zsh_offered 'fwrule ' | grep -v '^-' >"$tmp/got"
	same 'zsh: commands' "$tmp/want" "$tmp/got"
	zsh_offered 'fwrule help ' >"$tmp/got"
	same 'zsh: help' "$tmp/commands" "$tmp/got"
	printf 'ipf\nipf6\n' >"$tmp/want"
	zsh_offered 'fwrule compile --emit=fwapi,ip' >"$tmp/got"
	same 'zsh: a list' "$tmp/want" "$tmp/got"
	while read -r command; do
		options_of_help "$command" >"$tmp/options"
		zsh_offered "fwrule $command -" >"$tmp/got"
		same "zsh: $command" "$tmp/options" "$tmp/got"
	done <"$tmp/commands"
else
	echo "zsh is not installed"
fi

# --- fwadm: its completions ask --help themselves --------------------------------

admin_options()
{
	fwadm "$1" --help | grep -E '^ +-' | sed 's/  [^ -].*//' |
	    grep -oE -e '(^|[ ,|])--?[A-Za-z][A-Za-z0-9_-]*' | sed 's/^[ ,|]*//; s/^-O[0-9]$/-O/' | sort -u
}

admin_bash()
{
	bash -c '
	. "$1/fwadm.bash"
	shift
	COMP_WORDS=("$@") COMP_CWORD=$(($# - 1)) COMPREPLY=()
	_fwadm
	printf "%s\n" "${COMPREPLY[@]}"' bash "$dir" "$@"
}

admin_fish()
{
	HOME=$tmp fish --no-config -c "source $dir/fwadm.fish; complete -C '$*'" | cut -f1
}

fwadm --help | sed -n '/^commands:/,/^$/s/^  \([a-z-]*\) .*/\1/p' >"$tmp/commands"
[ -s "$tmp/commands" ] || { echo "fwadm --help lists no commands"; failed=1; }
{ cat "$tmp/commands"; echo help; } | sort >"$tmp/want"
admin_bash fwadm '' | grep -v '^-' | tidy >"$tmp/got"
same 'bash: fwadm' "$tmp/want" "$tmp/got"
printf 'uuid,rule\n' >"$tmp/want"
admin_bash fwadm list -o uuid,r | tidy >"$tmp/got"
same 'bash: fwadm list -o' "$tmp/want" "$tmp/got"
for command in add doctor list stats; do
	admin_options "$command" >"$tmp/options"
	admin_bash fwadm "$command" - | tidy >"$tmp/got"
	same "bash: fwadm $command" "$tmp/options" "$tmp/got"
	if command -v fish >/dev/null; then
		admin_fish "fwadm $command -" | tidy >"$tmp/got"
		same "fish: fwadm $command" "$tmp/options" "$tmp/got"
	fi
done
if command -v fish >/dev/null; then
	{ cat "$tmp/commands"; echo help; } | sort >"$tmp/want"
	admin_fish 'fwadm ' | tidy >"$tmp/got"
	same 'fish: fwadm' "$tmp/want" "$tmp/got"
fi
if command -v zsh >/dev/null; then
	mkdir "$tmp/host"
	echo '[]' >"$tmp/vms.json"
	fwadm add --root "$tmp/host" --vms "$tmp/vms.json" -g FROM any TO all vms ALLOW tcp PORT 1 >/dev/null
	fwadm list --root "$tmp/host" -p -o uuid >"$tmp/uuids"
	{ echo 'fwadm '; echo 'fwadm help '; echo 'fwadm list -o uuid,r'; echo 'fwadm list -p --fields c'
	  echo "fwadm get --root=$tmp/host "
	  sed 's/.*/fwadm & -/' "$tmp/commands"; } >"$tmp/lines"
	zsh_asks || { echo "zsh cannot be asked"; failed=$((failed + 1)); }
	{ cat "$tmp/commands"; echo help; } | sort >"$tmp/want"
	zsh_offered 'fwadm ' >"$tmp/got"
	same 'zsh: fwadm' "$tmp/want" "$tmp/got"
	zsh_offered 'fwadm help ' >"$tmp/got"
	same 'zsh: fwadm help' "$tmp/commands" "$tmp/got"
	echo rule >"$tmp/want"
	zsh_offered 'fwadm list -o uuid,r' >"$tmp/got"
	same 'zsh: fwadm list -o' "$tmp/want" "$tmp/got"
	echo created_by >"$tmp/want"
	zsh_offered 'fwadm list -p --fields c' >"$tmp/got"
	same 'zsh: fwadm list --fields' "$tmp/want" "$tmp/got"
	zsh_offered "fwadm get --root=$tmp/host " >"$tmp/got"
	same 'zsh: fwadm get' "$tmp/uuids" "$tmp/got"
	while read -r command; do
		admin_options "$command" >"$tmp/options"
		zsh_offered "fwadm $command -" >"$tmp/got"
		same "zsh: fwadm $command" "$tmp/options" "$tmp/got"
	done <"$tmp/commands"
fi

echo "$checks checks, $failed failed"
[ $failed -eq 0 ]
