/* SPDX-License-Identifier: MPL-2.0 */
/*
 * The questions of query-gen to a server, one after the other and without waiting:
 *
 *   query-rpc FWRULE FILE QUESTIONS    lines as query-bench reports them
 */
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "tests/bench/query.h"

struct server {
	FILE *to;
	int from;
	pid_t pid;
	char *room;                     /* what was read and not yet looked at */
	size_t at, n;
};

#define ROOM ((size_t)1 << 20)

static bool
server_start(struct server *s, const char *program)
{
	int in[2], out[2];

	if (pipe(in) || pipe(out) || (s->pid = fork()) < 0)
		return false;
	if (s->pid == 0) {
		dup2(in[0], 0);
		dup2(out[1], 1);
		close(in[1]);
		close(out[0]);
		execl(program, program, "rpc", (char *)NULL);
		_exit(127);
	}
	close(in[0]);
	close(out[1]);
	s->to = fdopen(in[1], "w");
	s->from = out[0];
	s->room = base_alloc(ROOM);
	return s->to != NULL;
}

static void
server_read(struct server *s)
{
	ssize_t n;

	memmove(s->room, s->room + s->at, s->n - s->at);
	s->n -= s->at;
	s->at = 0;
	n = read(s->from, s->room + s->n, ROOM - s->n);
	if (n <= 0)
		abort();
	s->n += (size_t)n;
}

/* Reads to the end of an answer, which must be one. */
static void
server_answer(struct server *s)
{
	static const char good[] = "{\"jsonrpc\":\"2.0\",\"id\":1,\"result\":";
	char *nl;

	while (s->n - s->at < sizeof(good) - 1)
		server_read(s);
	if (memcmp(s->room + s->at, good, sizeof(good) - 1) != 0) {
		fprintf(stderr, "%.*s\n", 200, s->room + s->at);
		exit(1);
	}
	while (!(nl = memchr(s->room + s->at, '\n', s->n - s->at))) {
		s->at = s->n;
		server_read(s);
	}
	s->at = (size_t)(nl - s->room) + 1;
}

static void
server_ask(struct server *s, const struct question *k, const char *text, bool count)
{
	static const char *const match[] = { "exact", "contains", "within", "overlaps" };

	if (k->q.limit == PAGE) {
		fprintf(s->to, "{\"id\":1,\"method\":\"query\",\"params\":{\"owner_uuid\":\"%.*s\","
		    "\"tag\":\"%s\",\"limit\":%u,\"count\":%s}}\n", UUID_TEXT, text,
		    text + UUID_TEXT + 1, PAGE, count ? "true" : "false");
		fflush(s->to);
		return;
	}
	fprintf(s->to, "{\"id\":1,\"method\":\"query\",\"params\":{\"%s\":\"%s\","
	    "\"match\":\"%s\",\"count\":%s}}\n", k->q.ips.n ? "ip" : k->q.subnets.n ? "subnet"
	    : k->q.owners.n ? "owner_uuid" : "tag", text, match[k->q.match],
	    count ? "true" : "false");
	fflush(s->to);
}

static void
rpc_kind(struct server *s, struct question *q, uint32_t n, const char *kind, bool count,
    struct times *t)
{
	double start;

	times_room(t, n);
	for (int pass = 0; pass <= PASSES; pass++) {
		t->n = 0;
		for (uint32_t i = 0; i < n; i++) {
			if (strcmp(q[i].kind, kind) != 0)
				continue;
			start = now();
			server_ask(s, &q[i], q[i].text, count);
			server_answer(s);
			t->rows[t->n] = 0;
			times_least(t, pass <= 1, now() - start);
		}
	}
	if (t->n == 0)
		return;
	/* The same without waiting: another process asks. */
	start = now();
	if (fork() == 0) {
		for (uint32_t i = 0; i < n; i++)
			if (strcmp(q[i].kind, kind) == 0)
				server_ask(s, &q[i], q[i].text, count);
		_exit(0);
	}
	for (uint32_t i = 0; i < t->n; i++)
		server_answer(s);
	start = now() - start;
	wait(NULL);
	report("rpc", kind, count ? "count" : "rules", t, t->n / start * 1e6);
}

static int
ask(const char *program, const char *file, const char *questions)
{
	struct arena arena = { 0 };
	struct server s = { 0 };
	struct times t = { 0 };
	uint32_t n;
	struct question *q = read_questions(questions, &arena, &n);

	if (!server_start(&s, program))
		return 1;
	fprintf(s.to, "{\"id\":1,\"method\":\"load\",\"params\":{\"path\":\"%s\"}}\n", file);
	fflush(s.to);
	server_answer(&s);
	for (size_t i = 0; i < BASE_COUNT(kinds); i++)
		for (int count = 1; count >= 0; count--)
			if (strcmp(kinds[i], "uuid") != 0 && !strstr(kinds[i], "-once"))
				rpc_kind(&s, q, n, kinds[i], count, &t);
	fclose(s.to);
	waitpid(s.pid, NULL, 0);
	return 0;
}

int
main(int argc, char **argv)
{
	return argc == 4 ? ask(argv[1], argv[2], argv[3]) : 2;
}
