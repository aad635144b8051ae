# SPDX-License-Identifier: MPL-2.0
# Completion of fwrule for bash; tests/completion-test.sh holds it to --help.

_fwrule_list()
{
	# After the last comma of a list.
	local head=

	[[ $cur != *,* ]] || head=${cur%,*},
	mapfile -t COMPREPLY < <(compgen -P "$head" -W "$1" -- "${cur##*,}")
	compopt -o nospace 2>/dev/null
}

_fwrule_word()
{
	mapfile -t COMPREPLY < <(compgen -W "$1" -- "$cur")
}

_fwrule_value()
{
	case $1 in
	--emit) _fwrule_list 'ipf ipf6 fwapi moray' ;;
	--fields) _fwrule_list 'parsed.action parsed.ports parsed.protocol parsed.tags' ;;
	--fwrule-version) mapfile -t COMPREPLY < <(compgen -W '1 2 3 4' -- "$cur") ;;
	--debug)
		if [[ $command == parse ]]; then
			mapfile -t COMPREPLY < <(compgen -W ast -- "$cur")
		else
			_fwrule_list 'ir pass:merge pass:state pass:share pass:tree'
		fi
		;;
	--format)
		case $command in
		check) _fwrule_word 'text json jsonl sarif junit github gitlab' ;;
		query) _fwrule_word 'text json jsonl uuids' ;;
		test) _fwrule_word 'text tap junit json' ;;
		*) _fwrule_word 'text json markdown' ;;
		esac
		;;
	--sensitive-ports) ;;
	--baseline | --write-baseline)
		mapfile -t COMPREPLY < <(compgen -f -- "$cur")
		compopt -o filenames 2>/dev/null
		;;
	--fail-on) _fwrule_word 'error warning note never' ;;
	--select | --ignore | --severity)
		_fwrule_list "$(fwrule check --list 2>/dev/null | sed -n 's/^\(FW[0-9]*\) .*/\1/p')"
		;;
	--explain)
		[[ $command == check ]] || return 1
		_fwrule_word "all $(fwrule check --list 2>/dev/null | sed -n 's/^\(FW[0-9]*\) .*/\1/p')"
		;;
	--to) _fwrule_word 'fwrule payload moray fwapi' ;;
	--icmp6 | --new-icmp6) _fwrule_word 'none rfc4890' ;;
	--family) mapfile -t COMPREPLY < <(compgen -W '4 6' -- "$cur") ;;
	--proto) mapfile -t COMPREPLY < <(compgen -W 'ah esp icmp icmp6 tcp udp' -- "$cur") ;;
	-r | --rules | -V | --vms | -W | --new-vms | -R | --remote-vms | --exclude | --intersect)
		mapfile -t COMPREPLY < <(compgen -f -- "$cur")
		compopt -o filenames 2>/dev/null
		;;
	-o | --output)
		if [[ $command == index || $command == convert ]]; then
			mapfile -t COMPREPLY < <(compgen -f -- "$cur")
		else
			mapfile -t COMPREPLY < <(compgen -d -- "$cur")
		fi
		compopt -o filenames 2>/dev/null
		;;
	--match) _fwrule_word 'exact contains within overlaps' ;;
	--wildcard) _fwrule_word 'any vmall' ;;
	--direction) _fwrule_word 'from to' ;;
	--protocol) _fwrule_word 'ah esp icmp icmp6 tcp udp' ;;
	--action) _fwrule_word 'allow block' ;;
	--enabled | --log) _fwrule_word 'true false' ;;
	-f) _fwrule_word 'text json jsonl uuids' ;;
	--sort)
		_fwrule_list 'uuid owner_uuid rule version created_by description action protocol
		    priority enabled log'
		;;
	--vm | --date | --ip | --subnet | --tag | --value | --owner | --port | --limit | --offset) ;;
	--max | --addr | --type | --code | --flags) ;;
	*) return 1 ;;
	esac
	return 0
}

_fwrule()
{
	local cur=${COMP_WORDS[COMP_CWORD]} prev=${COMP_WORDS[COMP_CWORD - 1]}
	local command=${COMP_WORDS[1]} options

	COMPREPLY=()
	if ((COMP_CWORD == 1)); then
		mapfile -t COMPREPLY < <(compgen -W \
		    'aggregate check compile convert diff equiv explain fmt index lsp parse query rpc test help --help --version' -- "$cur")
		return
	fi
	# bash takes = for a word of its own.
	if [[ $cur == = ]]; then
		cur=
		_fwrule_value "$prev" && return
	elif [[ $prev == = ]] && ((COMP_CWORD > 2)); then
		_fwrule_value "${COMP_WORDS[COMP_CWORD - 2]}" && return
	elif _fwrule_value "$prev"; then
		return
	fi
	case $command in
	aggregate) options='--intersect= --exclude= --count --help -h' ;;
	check)
		options='-V --vms= -R --remote-vms= --format= --select= --ignore= --severity= --fail-on=
		    --fwrule-version= --sensitive-ports= --icmp6= --fix --unsafe --baseline=
		    --write-baseline= --no-config --explain= --list -h --help'
		;;
	compile)
		options='-r --rules= -V --vms= -R --remote-vms= -o --output= --emit= --fields= --vm=
		    --ipf-tags --icmp6= --date= -O0 -O1 -O2 -O3 --fwrule-version= --verify --debug= -v --verbose
		    -h --help'
		;;
	convert) options='--to= -o --output= -h --help' ;;
	diff)
		options='-V --vms= -W --new-vms= -R --remote-vms= --format= --ipf-tags --icmp6= --new-icmp6= -O0 -O1 -h --help'
		;;
	equiv) options='--family= --max= --json -h --help' ;;
	explain)
		options='-r --rules= -V --vms= -R --remote-vms= --vm= --in --out --proto= --addr= --port=
		    --type= --code= --flags= --ipf-tags --icmp6= -O0 -O1 -O2 -O3 --json -h --help'
		;;
	fmt) options='-w --write --check --diff -h --help' ;;
	index) options='-r --rules= -o --output= -v --verbose -h --help' ;;
	lsp) options='-V --vms= -R --remote-vms= --stdio -h --help' ;;
	parse) options='--fwrule-version= --enforce-subnet-mask --json --debug= -h --help' ;;
	query)
		options='--ip= --subnet= --match= --vm= --tag= --value= --wildcard= --direction= --owner=
		    --global --protocol= --action= --enabled= --log= --port= -r --rules= -f --format=
		    --explain --count --limit= --offset= --sort= --fields= -h --help'
		;;
	rpc) options='--root= --ipf= --ipfstat= -O0 -O1 -O2 -O3 --log= -h --help' ;;
	test) options='--format= --coverage --icmp6= -h --help' ;;
	help)
		mapfile -t COMPREPLY < <(compgen -W 'aggregate check compile convert diff equiv explain fmt index lsp parse query rpc test' -- "$cur")
		return
		;;
	*) return ;;
	esac
	if [[ $cur == -* ]]; then
		mapfile -t COMPREPLY < <(compgen -W "$options" -- "$cur")
		[[ ${#COMPREPLY[@]} -ne 1 || ${COMPREPLY[0]} != *= ]] || compopt -o nospace 2>/dev/null
	else
		mapfile -t COMPREPLY < <(compgen -f -- "$cur")
		compopt -o filenames 2>/dev/null
	fi
}

complete -F _fwrule fwrule
