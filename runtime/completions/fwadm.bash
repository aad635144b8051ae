# SPDX-License-Identifier: MPL-2.0
# bash completion of fwadm: what --help says, and the UUIDs of stored rules.

_fwadm_options()
{
	"${COMP_WORDS[0]}" "$1" --help 2>/dev/null | grep -E '^ +-' | sed 's/  [^ -].*//' |
	    grep -oE -e '(^|[ ,|])--?[A-Za-z][A-Za-z0-9_-]*=?' |
	    sed 's/^[ ,|]*//'
}

_fwadm()
{
	local cur=${COMP_WORDS[COMP_CWORD]} prev=${COMP_WORDS[COMP_CWORD - 1]} command='' i
	local commands

	commands=$("${COMP_WORDS[0]}" --help 2>/dev/null | sed -n '/^commands:/,/^$/s/^  \([a-z-]*\) .*/\1/p')
	for ((i = 1; i < COMP_CWORD; i++)); do
		if [[ ${COMP_WORDS[i]} != -* && " ${commands//$'\n'/ } help " == *" ${COMP_WORDS[i]} "* ]]; then
			command=${COMP_WORDS[i]}
			break
		fi
	done
	if [[ -z $command ]]; then
		mapfile -t COMPREPLY < <(compgen -W "$commands help --help --version --root=" -- "$cur")
		return
	fi
	if [[ $cur == = ]]; then
		cur='' prev=${COMP_WORDS[COMP_CWORD - 1]}
	elif [[ $prev == = ]]; then
		prev=${COMP_WORDS[COMP_CWORD - 2]}
	fi
	case $prev in
	-o | --fields)
		mapfile -t COMPREPLY < <(compgen -W 'created_by description enabled global log owner_uuid
		    rule uuid version' -P "${cur%"${cur##*,}"}" -- "${cur##*,}")
		return
		;;
	--root) mapfile -t COMPREPLY < <(compgen -d -- "$cur"); return ;;
	-f | --file | --vms | --log | --ipf | --ipfstat)
		mapfile -t COMPREPLY < <(compgen -f -- "$cur")
		compopt -o filenames 2>/dev/null
		return
		;;
	esac
	if [[ $command == help ]]; then
		mapfile -t COMPREPLY < <(compgen -W "$commands" -- "$cur")
	elif [[ $cur == -* ]]; then
		mapfile -t COMPREPLY < <(compgen -W "$(_fwadm_options "$command")" -- "$cur")
		[[ ${#COMPREPLY[@]} -ne 1 || ${COMPREPLY[0]} != *= ]] || compopt -o nospace 2>/dev/null
	else
		case $command in
		delete | disable | enable | get | update | vms)
			mapfile -t COMPREPLY < <(compgen -W "$("${COMP_WORDS[0]}" list -p -o uuid 2>/dev/null)" \
			    -- "$cur")
			;;
		esac
	fi
}

complete -F _fwadm fwadm
