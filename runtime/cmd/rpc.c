/* SPDX-License-Identifier: MPL-2.0 */
/* fwrule rpc: lines from standard input to the server, answers back. */
#include "../rpc/rpc.h"

#include <errno.h>
#include <getopt.h>
#include <unistd.h>

#include "cmd.h"

#define NAME "rpc"
#define FLUSH ((size_t)256 << 10)       /* bytes of answers that are not kept back */

struct session {
	struct rpc *rpc;
	struct buf in, out;
	size_t scanned;                 /* how far no newline was found */
	bool skipping;                  /* a line that was too long goes on */
};

/* Writes the answers so far, if they are that many bytes; false with errno set. */
static bool
flush(struct session *s, size_t least)
{
	bool good = s->out.n < least || cmd_write_all(1, s->out.p, s->out.n);

	if (s->out.n >= least)
		s->out.n = 0;
	return good;
}

static bool
take_line(struct session *s, struct slice line)
{
	if (s->skipping) {
		s->skipping = false;
		return true;
	}
	while (line.n && (line.p[line.n - 1] == '\r' || line.p[line.n - 1] == ' '))
		line.n--;
	if (line.n)
		rpc_answer(s->rpc, line, &s->out);
	/* Answers may be a thousand times as long as requests. */
	return flush(s, FLUSH);
}

/* Answers all whole lines; what is left of the last stays for the next read. */
static bool
take_lines(struct session *s)
{
	size_t start = 0;

	for (;;) {
		char *nl = s->scanned < s->in.n
		    ? memchr(s->in.p + s->scanned, '\n', s->in.n - s->scanned) : NULL;

		if (!nl)
			break;
		if (!take_line(s, (struct slice){ s->in.p + start,
		    (size_t)(nl - s->in.p) - start }))
			return false;
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
	return flush(s, 0);
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
		if (!take_lines(s))
			return cmd_fail(NAME, "cannot write to standard output: %s", strerror(errno));
	}
	if (!take_line(s, buf_view(&s->in)) || !flush(s, 0))
		return cmd_fail(NAME, "cannot write to standard output: %s", strerror(errno));
	return CMD_DONE;
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
