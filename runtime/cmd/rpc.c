/* SPDX-License-Identifier: MPL-2.0 */
/* fwrule rpc: lines from standard input to the server, answers back. */
#include "../rpc/rpc.h"

#include <errno.h>
#include <getopt.h>
#include <unistd.h>

#include "cmd.h"

#define NAME "rpc"

struct session {
	struct rpc *rpc;
	struct buf in, out;
	size_t scanned;                 /* how far no newline was found */
	bool skipping;                  /* a line that was too long goes on */
};

static void
take_line(struct session *s, struct slice line)
{
	if (s->skipping) {
		s->skipping = false;
		return;
	}
	while (line.n && (line.p[line.n - 1] == '\r' || line.p[line.n - 1] == ' '))
		line.n--;
	if (line.n)
		rpc_answer(s->rpc, line, &s->out);
}

/* Answers all whole lines; what is left of the last stays for the next read. */
static void
take_lines(struct session *s)
{
	size_t start = 0;

	for (;;) {
		char *nl = s->scanned < s->in.n
		    ? memchr(s->in.p + s->scanned, '\n', s->in.n - s->scanned) : NULL;

		if (!nl)
			break;
		take_line(s, (struct slice){ s->in.p + start, (size_t)(nl - s->in.p) - start });
		start = s->scanned = (size_t)(nl - s->in.p) + 1;
	}
	if (start) {
		memmove(s->in.p, s->in.p + start, s->in.n - start);
		s->in.n -= start;
	}
	if (s->in.n > RPC_MAX_LINE && !s->skipping) {
		rpc_answer_too_long(&s->out);
		s->skipping = true;
	}
	if (s->skipping)
		s->in.n = 0;
	s->scanned = s->in.n;
}

static int
serve(struct session *s)
{
	for (;;) {
		char *room = buf_room(&s->in, 1 << 16);
		ssize_t n = read(0, room, s->in.cap - s->in.n);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return cmd_fail(NAME, "cannot read standard input: %s", strerror(errno));
		if (n == 0)
			break;
		s->in.n += (size_t)n;
		take_lines(s);
		if (!cmd_write_all(1, s->out.p, s->out.n))
			return cmd_fail(NAME, "cannot write to standard output: %s", strerror(errno));
		s->out.n = 0;
	}
	take_line(s, buf_view(&s->in));
	return cmd_write_stdout(NAME, buf_view(&s->out));
}

int
cmd_rpc(int argc, char **argv)
{
	static const struct option options[] = { { "help", no_argument, NULL, 'h' }, { 0 } };
	struct session s = { 0 };
	int o, status;

	opterr = 0;
	while ((o = getopt_long(argc, argv, "h", options, NULL)) != -1)
		return o == 'h' ? cmd_help(NAME) : cmd_bad_option(NAME, argv);
	if (optind < argc)
		return cmd_usage(NAME, "unexpected argument \"%s\"", argv[optind]);
	s.rpc = rpc_new();
	status = serve(&s);
	rpc_free(s.rpc);
	buf_free(&s.in);
	buf_free(&s.out);
	return status;
}
