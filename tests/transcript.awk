# SPDX-License-Identifier: MPL-2.0
# Splits the transcripts of a document into numbered files in DIR:
#
#   N.sh   the commands of one ```console block: what follows "$ ", and what
#          follows "> " on the lines after
#   N.out  what the block says they print
#   N.line where it stands
# ANY=1 takes every block that begins with "$ ", whatever fences it.
/^```/ {
	if (inside)
		inside = 0
	else if (/^```console$/) {
		inside = 1
		n++
		printf "" > (DIR "/" n ".sh")
		printf "" > (DIR "/" n ".out")
		print FNR > (DIR "/" n ".line")
	} else
		inside = 2
	next
}
inside != 1 { next }
/^\$ / { print substr($0, 3) > (DIR "/" n ".sh"); command = 1; next }
command && /^> / { print substr($0, 3) > (DIR "/" n ".sh"); next }
command && /^>$/ { print "" > (DIR "/" n ".sh"); next }
{ print > (DIR "/" n ".out"); command = 0 }
