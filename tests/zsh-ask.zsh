# SPDX-License-Identifier: MPL-2.0
# What zsh's line editor offers: reads lines from standard input and types each with a
# tab behind it, in one interactive shell on a terminal of its own.  Prints for each
# "=== LINE" and what was offered, one a line.  Argument: the folder of completions.
zmodload zsh/zpty zsh/datetime || exit 77
dir=$1 tmp=$(mktemp -d) || exit 99
trap 'zpty -d z 2>/dev/null; rm -rf $tmp' EXIT

cat >$tmp/setup <<'END'
PROMPT='' RPROMPT=''
unset zle_bracketed_paste
setopt no_beep no_list_ambiguous
fpath=($ASK_DIR $fpath)
autoload -Uz compinit
compinit -u -D
compadd()
{
	local -a hits
	# What only asks is passed through.
	if [[ ${argv[1,(i)(-|--)]} != *-[OAD]* ]]; then
		builtin compadd -A hits "$@"
		(( $#hits )) && print -rl -- $hits >>$ASK_TMP/out
	fi
	builtin compadd "$@"
}
ask-done() { BUFFER=''; print >>$ASK_TMP/done; }
zle -N ask-done
bindkey '^I' complete-word '^X^X' ask-done
print >>$ASK_TMP/done
END

typeset -i n=0
# Waits until that many asks are done.
await()
{
	local -F end=$(( EPOCHREALTIME + 60 ))
	local rest

	while [[ ! -e $tmp/done || $(wc -l <$tmp/done) -lt $1 ]]; do
		zpty -rt z rest 2>/dev/null || sleep 0.02
		(( EPOCHREALTIME < end )) || { echo "zsh does not answer" >&2; exit 1; }
	done
}

export ASK_DIR=$dir ASK_TMP=$tmp
zpty z zsh -fi
zpty -w z "source $tmp/setup"
await 1
while IFS= read -r line; do
	: >$tmp/out
	zpty -wn z "$line"$'\t\x18\x18'
	await $(( ++n + 1 ))
	print -r -- "=== $line"
	cat $tmp/out
done
