/* SPDX-License-Identifier: MPL-2.0 */
/* fwrule rpc: lines from standard input to the server, answers back. */
#include "../rpc/rpc.h"

#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <stdlib.h>
#include <unistd.h>

#include "../../compiler/base/text.h"
#include "../state/state.h"
#include "cmd.h"
#include "load.h"

#define NAME "rpc"
#define FLUSH ((size_t)256 << 10)       /* bytes of answers that are not kept back */
#define PIPE_BYTES (256 << 10)          /* Linux allows everybody a megabyte */

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

/* Of an answer that is still being made. */
static bool
drain(void *context, struct buf *out)
{
	bool good = cmd_write_all(1, out->p, out->n);

	(void)context;
	out->n = 0;
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
	errno = 0;
	if (line.n)
		rpc_answer(s->rpc, line, &s->out);
	if (rpc_is_broken(s->rpc))
		return false;
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
give_up(struct session *s)
{
	if (rpc_is_broken(s->rpc) && !errno)
		return cmd_fail(NAME, "an answer could not be ended: the index file beneath the "
		    "rules is damaged");
	return cmd_fail(NAME, "cannot write to standard output: %s", strerror(errno));
}

/* Answers of megabytes through a pipe of 64 kB would wait for their reader at every turn. */
static void
widen_pipe(int fd)
{
#ifdef F_SETPIPE_SZ
	/* Of what is no pipe, or not allowed, nothing comes but slowness. */
	if (fcntl(fd, F_SETPIPE_SZ, PIPE_BYTES) < 0)
		errno = 0;
#else
	(void)fd;
#endif
}

static int
serve(struct session *s)
{
	widen_pipe(1);
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
			return give_up(s);
	}
	if (!take_line(s, buf_view(&s->in)) || !flush(s, 0))
		return give_up(s);
	return CMD_DONE;
}

static void
warn(void *context, const char *text)
{
	struct buf out = { 0 };

	(void)context;
	buf_str(&out, "fwrule rpc: warning: ");
	text_visible(&out, slice_of(text));
	buf_char(&out, '\n');
	cmd_write_all(2, out.p, out.n);
	buf_free(&out);
}

static int
open_log(const char *path, int *fd)
{
	*fd = strcmp(path, "-") == 0 ? 2 : open(path, O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC |
	    O_NOCTTY, 0644);
	return *fd >= 0 ? -1 : cmd_fail(NAME, "cannot write %s: %s", path, strerror(errno));
}

/* A status to end with, or -1. */
static int
read_options(struct state_opts *so, int argc, char **argv)
{
	enum { ROOT = 256, IPF, IPFSTAT, LOG };
	static const struct option options[] = {
		{ "root", required_argument, NULL, ROOT },
		{ "ipf", required_argument, NULL, IPF },
		{ "ipfstat", required_argument, NULL, IPFSTAT },
		{ "log", required_argument, NULL, LOG },
		{ "help", no_argument, NULL, 'h' },
		{ 0 }
	};
	int o, status = -1;

	opterr = 0;
	while (status < 0 && (o = getopt_long(argc, argv, "O:h", options, NULL)) != -1)
		switch (o) {
		case ROOT:
			if (!*optarg)
				return cmd_usage(NAME, "--root takes a folder");
			so->root = optarg;
			break;
		case IPF:
			so->ipf = optarg;
			break;
		case IPFSTAT:
			so->ipfstat = optarg;
			break;
		case LOG:
			status = open_log(optarg, &so->log);
			break;
		case 'O':
			if (!cmd_read_level(NAME, optarg, &so->level))
				return CMD_USAGE;
			break;
		case 'h':
			return cmd_help(NAME);
		default:
			return cmd_bad_option(NAME, argv);
		}
	if (status < 0 && optind < argc)
		return cmd_usage(NAME, "unexpected argument \"%s\"", argv[optind]);
	return status;
}

int
cmd_rpc(int argc, char **argv)
{
	struct state_opts so = { .level = 1, .warn = warn, .program = "fwrule" };
	const char *level = getenv("FWADM_OPTIMIZE");
	struct arena arena = { 0 };
	struct diags diags = { .arena = &arena };
	struct session s = { 0 };
	struct state *host;
	int status;

	if (level && *level && !cmd_read_level(NAME, level, &so.level))
		return CMD_USAGE;
	status = read_options(&so, argc, argv);
	if (status >= 0)
		return status;
	host = state_open(&so, &diags);
	if (!host) {
		cmd_print_diags(&diags);
		arena_free(&arena);
		return CMD_USAGE;
	}
	s.rpc = rpc_new(host);
	rpc_set_drain(s.rpc, drain, NULL);
	status = serve(&s);
	rpc_free(s.rpc);
	state_close(host);
	arena_free(&arena);
	buf_free(&s.in);
	buf_free(&s.out);
	if (so.log > 2)
		close(so.log);
	return status;
}
