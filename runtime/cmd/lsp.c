/* SPDX-License-Identifier: MPL-2.0 */
/* fwrule lsp: messages from standard input to the server, answers back. */
#include "../lsp/lsp.h"

#include <errno.h>
#include <getopt.h>
#include <unistd.h>

#include "cmd.h"

#define NAME "lsp"

static int
serve(struct lsp *s, struct buf *in, struct buf *out)
{
	while (lsp_ended(s) < 0) {
		char *room = buf_room(in, 1 << 16);
		ssize_t n = read(0, room, in->cap - in->n), took = 0;
		size_t at = 0;

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return cmd_fail(NAME, "cannot read standard input: %s", strerror(errno));
		/* A client that is gone without a word: nothing is lost with it. */
		if (n == 0)
			return CMD_FOUND;
		in->n += (size_t)n;
		while (lsp_ended(s) < 0 && (took = lsp_take(s, (struct slice){ in->p + at,
		    in->n - at }, out)) > 0)
			at += (size_t)took;
		memmove(in->p, in->p + at, in->n - at);
		in->n -= at;
		if (out->n && !cmd_write_all(1, out->p, out->n))
			return cmd_fail(NAME, "cannot write to standard output: %s",
			    strerror(errno));
		out->n = 0;
		if (took < 0)
			return cmd_fail(NAME, "standard input is no stream of LSP messages");
	}
	return lsp_ended(s) ? CMD_FOUND : CMD_DONE;
}

int
cmd_lsp(int argc, char **argv)
{
	static const struct option options[] = {
		{ "vms", required_argument, NULL, 'V' },
		{ "remote-vms", required_argument, NULL, 'R' },
		{ "stdio", no_argument, NULL, 's' },
		{ "help", no_argument, NULL, 'h' },
		{ 0 }
	};
	struct arena arena = { 0 };
	VEC(const char *) remote = { 0 };
	const char *vms = NULL;
	struct buf in = { 0 }, out = { 0 };
	struct lsp *s;
	int o, status;

	opterr = 0;
	while ((o = getopt_long(argc, argv, "V:R:h", options, NULL)) != -1)
		switch (o) {
		case 'V':
			vms = optarg;
			break;
		case 'R':
			*vec_push(&arena, &remote) = optarg;
			break;
		case 's':
			break;
		default:
			arena_free(&arena);
			return o == 'h' ? cmd_help(NAME) : cmd_bad_option(NAME, argv);
		}
	if (optind < argc) {
		arena_free(&arena);
		return cmd_usage(NAME, "unexpected argument \"%s\"", argv[optind]);
	}
	s = lsp_new(vms, remote.v, remote.n);
	status = serve(s, &in, &out);
	lsp_free(s);
	buf_free(&in);
	buf_free(&out);
	arena_free(&arena);
	return status;
}
