#!/bin/sh
# SPDX-License-Identifier: MPL-2.0
# The language server, driven by a real client (npm vscode-languageserver-protocol), and
# what no client would send.  Skipped without node.
set -u
srcdir=${srcdir:-.}
fwrule=${FWRULE:-./fwrule}
npm=tests/lsp-npm

"$srcdir/tests/npm-install.sh" "$srcdir/tests/lsp" "$npm" || exit
node "$srcdir/tests/lsp/client.js" "$fwrule" "$npm" "$srcdir" || exit 1

failed=0

# expect STATUS TEXT: what the server makes of standard input.
expect() {
	out=$(timeout 10 "$fwrule" lsp 2>&1)
	status=$?
	if [ $status -ne "$1" ] || ! printf '%s' "$out" | grep -qF -e "$2"; then
		printf 'not ok - status %s, not %s; wanted "%s", got:\n%s\n' $status "$1" "$2" "$out"
		failed=1
	fi
}

frame() {
	printf 'Content-Length: %s\r\n\r\n%s' "${#1}" "$1"
}

printf 'GET / HTTP/1.1\r\n\r\n' | expect 2 'no stream of LSP messages'
printf 'Content-Length: 99999999999\r\n\r\n' | expect 2 'no stream of LSP messages'
printf 'Content-Length: -1\r\n\r\n' | expect 2 'no stream of LSP messages'
head -c 100000 /dev/zero | expect 2 'no stream of LSP messages'
frame '{' | expect 1 '"code":-32700'
frame '[]' | expect 1 '"code":-32600'
frame '{"jsonrpc":"2.0","id":1,"method":"textDocument/hover"}' | expect 1 '"code":-32002'
{ frame '{"jsonrpc":"2.0","id":1,"method":"initialize","params":{}}'
  frame '{"jsonrpc":"2.0","id":"x","method":"textDocument/hover","params":{"position":7}}'
  frame '{"jsonrpc":"2.0","id":2,"method":"shutdown"}'
  frame '{"jsonrpc":"2.0","id":3,"method":"textDocument/hover"}'
  frame '{"jsonrpc":"2.0","method":"exit"}'; } | expect 0 '"id":"x","result":null'
exit $failed
