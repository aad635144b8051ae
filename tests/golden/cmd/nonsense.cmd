# What is no text of rules at all, given to what reads some.
: > empty
printf '\n \f\n' > blank
printf '\377\376F\0R\0' > utf16
printf 'FROM any TO tag "\377" BLOCK esp\n' > latin1
printf '\177ELF\2\1\1\0\0\0\0\0' > binary
printf '\357\273\277FROM any TO tag a ALLOW esp\n' > bom
printf '# c\r\n@enabled\r\nFROM any TO tag a ALLOW esp\r\n' > crlf
printf 'FROM any TO tag "a\0b" ALLOW esp' > nul
{ printf 'FROM any TO tag "'; head -c 300000 /dev/zero | tr '\0' x; printf '" ALLOW esp\n'; } > long
mkdir folder
ln -s loop loop
for f in empty blank utf16 latin1 binary bom crlf nul long folder loop none; do
	for c in fmt 'fmt --check' 'convert --to=fwrule' check test; do
		echo "--- $c $f"
		# shellcheck disable=SC2086
		status_of fwrule $c $f 2>&1 | cut -c1-150
	done
done
printf 'FROM subnet 10.1.2.3/24 TO tag a ALLOW tcp PORT 1\r\n' > fix
status_of fwrule check --fix fix
od -c fix | tail -3
