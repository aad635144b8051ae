#!/bin/sh
# SPDX-License-Identifier: MPL-2.0
# Holds the manuals to the programs: every command has a section in fwrule(1) with
# just the options of its --help, every function of fwrule.h stands in fwrule(3),
# and all examples work.  A literal block of a manual that begins with
#
#   "$ "             is a transcript: commands, and what they print
#   .\" rules        holds rules, all of which must be accepted
#   .\" program X    is a C program, built as ./X for the transcripts after it
#
# CC_FOR_TESTS builds the program; mandoc, where it is installed, checks the form.
set -u

src=$(cd "${srcdir:-$(dirname "$0")/..}" && pwd)
build=$PWD
FWRULE=$(realpath "${FWRULE:-./fwrule}")
[ -x "$FWRULE" ] || { echo "no program: $FWRULE" >&2; exit 99; }
tmp=$(mktemp -d) || exit 99
trap 'rm -rf "$tmp"' EXIT
unset SOURCE_DATE_EPOCH
LC_ALL=C
export LC_ALL
failed=0 checks=0

fail()
{
	echo "FAILED: $*"
	failed=$((failed + 1))
}

# --- options ------------------------------------------------------------------

# Option names of a text with "-o" and "--option", one a line; -O0 counts as -O.
options_of_help()
{
	grep -E '^ +-' | sed 's/  [^ -].*//' | grep -oE -e '(^|[ ,|])--?[A-Za-z][A-Za-z0-9-]*' |
	    sed 's/^[ ,|]*//; s/^-O[0-9]$/-O/' | sort -u
}

# The same of one .Ss section of fwrule(1), from its .It lines.
options_of_section()
{
	awk -v name="$1" '
	/^\.S[sh] / { inside = ($1 == ".Ss" && $2 == name) }
	inside && /^\.It Fl / {
		for (i = 2; i <= NF; i++)
			if ($i == "Fl") {
				option = $(i + 1)
				print "-" option
			}
	}' "$src/doc/man/fwrule.1" | sort -u
}

"$FWRULE" --help | sed -n '/^commands:/,/^$/s/^  \([a-z]*\) .*/\1/p' >"$tmp/commands"
[ -s "$tmp/commands" ] || fail "fwrule --help lists no commands"
while read -r command; do
	checks=$((checks + 1))
	"$FWRULE" "$command" --help | options_of_help >"$tmp/help"
	options_of_section "$command" >"$tmp/man"
	diff "$tmp/help" "$tmp/man" || fail "options of $command: --help (<), fwrule(1) (>)"
done <"$tmp/commands"

sed -n 's/.*"\([a-zA-Z]*\)", rpc_[a-z_]* }.*/\1/p' "$src/runtime/rpc/rpc.c" | sort >"$tmp/methods"
awk '/^\.S[sh] / { inside = ($2 == "rpc") } inside && /^\.It Ic / { print $3 }' \
    "$src/doc/man/fwrule.1" | sort >"$tmp/man"
checks=$((checks + 1))
diff "$tmp/methods" "$tmp/man" || fail "methods: rpc.c (<), fwrule(1) (>)"

# fwadm(8) has one section of commands and one of options, of all commands together.
fwadm=${FWRULE%/*}/fwadm
"$fwadm" --help | sed -n '/^commands:/,/^$/s/^  \([a-z-]*\) .*/\1/p' >"$tmp/admin"
{ cat "$tmp/admin"; echo help; } | sort >"$tmp/help"
awk '/^\.Sh / { inside = ($2 == "COMMANDS") } inside && /^\.It Ic / { print $3 }' \
    "$src/doc/man/fwadm.8" | sort >"$tmp/man"
checks=$((checks + 1))
diff "$tmp/help" "$tmp/man" || fail "commands: fwadm --help (<), fwadm(8) (>)"
while read -r command; do
	"$fwadm" "$command" --help | grep -E '^ +-' | sed 's/  [^ -].*//' |
	    grep -oE -e '(^|[ ,|])--?[A-Za-z][A-Za-z0-9_-]*' | sed 's/^[ ,|]*//; s/^-O[0-9]$/-O/'
done <"$tmp/admin" | sort -u >"$tmp/help"
awk '/^\.Sh / { inside = ($2 == "OPTIONS") } inside && /^\.It Fl / {
	for (i = 2; i <= NF; i++)
		if ($i == "Fl")
			print "-" $(i + 1)
}' "$src/doc/man/fwadm.8" | sort -u >"$tmp/man"
checks=$((checks + 1))
diff "$tmp/help" "$tmp/man" || fail "options: fwadm --help (<), fwadm(8) (>)"

# --- functions ----------------------------------------------------------------

grep -oE 'fwr_[a-z_]+\(' "$src/runtime/api/fwrule.h" | tr -d '(' |
    sort -u >"$tmp/header"
sed -n 's/^\.F[no] \(fwr_[a-z_]*\).*/\1/p' "$src/doc/man/fwrule.3" | sort -u >"$tmp/man"
checks=$((checks + 1))
diff "$tmp/header" "$tmp/man" || fail "functions: fwrule.h (<), fwrule(3) (>)"
# Members of its structs.
sed -nE 's/^\t(const char|unsigned|bool|size_t|uint32_t) \*?([a-z_, ]+);.*/\2/p' \
    "$src/runtime/api/fwrule.h" | tr -s ', ' '\n' | sort -u >"$tmp/members"
while read -r name; do
	grep -qwE "^\.F?a?.*$name" "$src/doc/man/fwrule.3" || fail "fwrule(3) does not tell of $name"
done <"$tmp/members"

# --- examples -----------------------------------------------------------------

ln -s "$FWRULE" "$tmp/fwrule"
ln -s "$fwadm" "$tmp/fwadm"
PATH=$tmp:$PATH

# Cuts the literal blocks of a manual out: N.kind and N.text.
blocks()
{
	awk -v DIR="$2" '
	/^\.Ed/ { inside = 0; next }
	/^\.Bd -literal/ { inside = 1; n++; first = 1; next }
	!inside { next }
	{
		if (first) {
			kind = /^\$ / ? "transcript" : /^\.\\" [a-z]/ ? substr($0, 5) : "none"
			print kind > (DIR "/" n ".kind")
			printf "" > (DIR "/" n ".text")
			first = 0
			if (kind !~ /^(none|transcript)$/)
				next
		}
		gsub(/\\e/, "\001")
		gsub(/\\&/, "")
		gsub(/\\-/, "-")
		gsub(/\001/, "\\")
		print > (DIR "/" n ".text")
	}' "$1"
}

check_transcript()
{
	mkdir -p "$tmp/parts"
	{ echo '```console'; cat "$1"; echo '```'; } |
	    awk -v DIR="$tmp/parts" -f "$src/tests/transcript.awk"
	sh "$tmp/parts/1.sh" >"$tmp/got" 2>&1 </dev/null
	diff -u "$tmp/parts/1.out" "$tmp/got"
}

check_rules()
{
	cp "$1" block.fwrule
	fwrule compile -r block.fwrule --emit=fwapi >"$tmp/got" 2>&1 || { cat "$tmp/got"; return 1; }
	[ "$(grep -c '"rule":' "$tmp/got")" -eq "$(grep -c '^FROM' "$1")" ]
}

check_program()
{
	cp "$2" "$1.c"
	# The compiler's name may have options.
	# shellcheck disable=SC2086
	${CC_FOR_TESTS:-cc} -I"$src/runtime/api" -o "$1" "$1.c" -L"$build/.libs" -lfwrule \
	    -Wl,-rpath,"$build/.libs"
}

for man in fwrule.1 fwrule.7 fwrule.3 fwadm.8; do
	rm -rf "$tmp/run" "$tmp/blocks"
	mkdir "$tmp/run" "$tmp/blocks"
	ln -s "$src/examples" "$tmp/run/examples"
	blocks "$src/doc/man/$man" "$tmp/blocks"
	cd "$tmp/run" || exit 99
	n=1
	while [ -e "$tmp/blocks/$n.kind" ]; do
		text=$tmp/blocks/$n.text
		read -r kind name <"$tmp/blocks/$n.kind"
		case $kind in
		transcript) check_transcript "$text" ;;
		rules) check_rules "$text" ;;
		program) check_program "$name" "$text" ;;
		none) false ;;
		esac || [ "$kind" = none ] || { fail "$man: block $n"; cat "$text"; }
		[ "$kind" = none ] || checks=$((checks + 1))
		n=$((n + 1))
	done
done

if command -v mandoc >/dev/null; then
	mandoc -T lint -W warning "$src"/doc/man/fwrule.[137] "$src"/doc/man/fwadm.8 || fail "mandoc's lint"
fi
echo "$checks checks, $failed failed"
[ $failed -eq 0 ]
