# SPDX-License-Identifier: MPL-2.0
# Completion of fwapid for bash; tests/fwapid-doc-test.sh holds it to --help.

_fwapid_value()
{
	case $1 in
	--config | --default-rules | --vms) mapfile -t COMPREPLY < <(compgen -f -- "$cur") ;;
	--state) mapfile -t COMPREPLY < <(compgen -d -- "$cur") ;;
	--log-level) mapfile -t COMPREPLY < <(compgen -W 'trace debug info warn error fatal' -- "$cur") ;;
	--agents) mapfile -t COMPREPLY < <(compgen -W 'none' -- "$cur") ;;
	--max-version) mapfile -t COMPREPLY < <(compgen -W '1 2 3 4' -- "$cur") ;;
	--listen | --store | --vmapi | --history | --threads | --timeout | --vmapi-timeout | --store-timeout) ;;
	--max-connections | --max-header | --max-body | --max-result) ;;
	*) return 1 ;;
	esac
	return 0
}

_fwapid()
{
	local cur=${COMP_WORDS[COMP_CWORD]} prev=${COMP_WORDS[COMP_CWORD - 1]}
	local options='--config= --listen= --agents= --state= --store= --default-rules= --vmapi= --vms=
	    --max-version= --history= --threads= --log-level= --timeout= --vmapi-timeout=
	    --store-timeout=
	    --max-connections= --max-header= --max-body= --max-result= --cache= -h --help --version'

	COMPREPLY=()
	# bash takes = for a word of its own.
	if [[ $cur == = ]]; then
		cur=
		_fwapid_value "$prev" && return
	elif [[ $prev == = ]] && ((COMP_CWORD > 2)); then
		_fwapid_value "${COMP_WORDS[COMP_CWORD - 2]}" && return
	fi
	if [[ $cur == -* ]]; then
		mapfile -t COMPREPLY < <(compgen -W "$options" -- "$cur")
		[[ ${#COMPREPLY[@]} -ne 1 || ${COMPREPLY[0]} != *= ]] || compopt -o nospace 2>/dev/null
	elif ((COMP_CWORD == 1)); then
		mapfile -t COMPREPLY < <(compgen -W 'import export backup' -- "$cur")
	elif [[ ${COMP_WORDS[1]} == export ]]; then
		mapfile -t COMPREPLY < <(compgen -W 'json jsonl moray' -- "$cur")
	else
		mapfile -t COMPREPLY < <(compgen -f -- "$cur")
		compopt -o filenames 2>/dev/null
	fi
}

complete -F _fwapid fwapid
