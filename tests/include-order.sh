#!/bin/sh
# SPDX-License-Identifier: MPL-2.0
# Keeps the include order of doc/architecture.md true: a file includes only what
# stands in its own room or in one above it.  The list is read from the document.
set -u

cd "${srcdir:-$(dirname "$0")/..}" || exit 99
# shellcheck disable=SC2016
find compiler grammar runtime \( -name '*.[chly]' -o -name '*.def' \) | LC_ALL=C sort |
    xargs awk '
# The room of a path, 0 if none: the longest name it begins with.
function room_of(path,    p) {
	for (p = path; p != ""; )
		if (p in number)
			return number[p]
		else if (p ~ /\.[a-z]+$/)
			sub(/\.[a-z]+$/, "", p)
		else if (!sub(/\/[^\/]*$/, "", p))
			p = ""
	return 0
}
function normal(path) {
	while (sub(/[^\/.][^\/]*\/\.\.\//, "", path))
		;
	return path
}
function exists(path,    line, there) {
	there = (getline line < path) >= 0
	close(path)
	return there
}
function complain(text) {
	print text
	bad = 1
}
BEGIN {
	while ((getline line < "doc/architecture.md") > 0)
		if (line ~ /^```/)
			inside = !inside
		else if (inside && line ~ /^(compiler|grammar|runtime)/) {
			split(line, word, " ")
			number[word[1]] = ++rooms
			name[rooms] = word[1]
		}
	if (rooms < 5)
		complain("doc/architecture.md: the list of rooms was not found")
}
FNR == 1 {
	files++
	mine = room_of(FILENAME)
	if (!mine)
		complain(FILENAME ": doc/architecture.md lists no room for it")
	used[mine] = 1
}
/^[ \t]*#[ \t]*include[ \t]+"/ {
	split($0, part, "\"")
	folder = FILENAME
	sub(/[^\/]*$/, "", folder)
	path = normal(folder part[2])
	if (!exists(path))
		path = part[2]
	if (path == "config.h" || path ~ /^(grammar\/)?(rule|ipf|ptest)\.h$/)
		next            # made by the build
	if (!exists(path)) {
		complain(FILENAME ":" FNR ": " part[2] " is not found")
		next
	}
	includes++
	other = room_of(path)
	if (other > mine)
		complain(FILENAME ":" FNR ": " name[mine] " includes " path ", and " \
		    name[other] " stands behind it")
}
END {
	for (i = 1; i <= rooms; i++)
		if (!(i in used))
			complain("doc/architecture.md: " name[i] " has no files")
	print files + 0 " files, " includes + 0 " includes, " rooms " rooms"
	exit bad || includes == 0
}'
