/* SPDX-License-Identifier: MPL-2.0 */
/*
 * The feed under agents.
 *
 *   feed-bench serve                    a feed; prints its port, then obeys lines:
 *       N UPDATES GAP_US                when N agents are there, that many updates; its CPU
 *                                       seconds and memory in MB
 *   feed-bench agents PORT N UPDATES    N agents that read so many updates each; prints
 *                                       how long after an update was sent (the number in
 *                                       its value "t") the last agent had it: median and
 *                                       p99 in ms; and frames a second over all
 *
 * The agents know the feed's frames only, so another server can stand there.
 */
#include <arpa/inet.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "runtime/feed/feed.h"
#include "runtime/feed/frame.h"

/* Microseconds of the wall clock: two processes compare them. */
static uint64_t
now_us(void)
{
	struct timespec t;

	clock_gettime(CLOCK_REALTIME, &t);
	return (uint64_t)t.tv_sec * 1000000 + (uint64_t)t.tv_nsec / 1000;
}

static void
die(const char *what)
{
	perror(what);
	exit(1);
}

/* --- the feed -------------------------------------------------------------------------- */

static void
publish(struct feed *f, uint64_t id)
{
	char value[512];
	struct feed_update u = { .id = id, .name = slice_of("fw.update_rule"),
		.req_id = slice_of("3e4b9ea2-7b3c-4d4c-9d3a-000000000000") };

	snprintf(value, sizeof(value), "{\"t\":%llu,\"enabled\":true,\"global\":false,\"log\":false,"
	    "\"owner_uuid\":\"aaaaaaaa-0000-4000-8000-000000000001\",\"rule\":\"FROM (ip 10.0.0.1 OR "
	    "tag \\\"role\\\" = \\\"www\\\") TO tag \\\"role\\\" = \\\"db\\\" ALLOW tcp PORT 5432\","
	    "\"uuid\":\"bbbbbbbb-0000-4000-8000-000000000002\",\"version\":\"1.0\"}",
	    (unsigned long long)now_us());
	u.value = slice_of(value);
	feed_publish(f, &u);
}

static double
cpu_seconds(void)
{
	struct rusage u;

	getrusage(RUSAGE_SELF, &u);
	return (double)(u.ru_utime.tv_sec + u.ru_stime.tv_sec) +
	    (double)(u.ru_utime.tv_usec + u.ru_stime.tv_usec) / 1e6;
}

static int
serve(void)
{
	struct feed_opts opts = { .host = "127.0.0.1", .server_id = slice_of("bench") };
	char error[FEED_ERROR_SIZE];
	struct feed *f = feed_new(&opts, error);
	struct feed_stats s;
	struct rusage u;
	unsigned agents, updates, gap;
	uint64_t id = 0;
	uint64_t want;
	double before;

	if (!f) {
		fprintf(stderr, "%s\n", error);
		return 1;
	}
	printf("%u\n", feed_port(f));
	fflush(stdout);
	while (scanf("%u %u %u", &agents, &updates, &gap) == 3) {
		do {
			usleep(10000);
			feed_stats(f, &s);
		} while (s.clients < agents);
		before = cpu_seconds();
		want = s.frames + (uint64_t)agents * updates;
		for (unsigned i = 0; i < updates; i++) {
			publish(f, ++id);
			if (gap)
				usleep(gap);
		}
		do {
			usleep(10000);
			feed_stats(f, &s);
		} while (s.frames < want && s.clients == agents);
		getrusage(RUSAGE_SELF, &u);
		printf("%.2f %ld\n", cpu_seconds() - before, u.ru_maxrss / 1024);
		fflush(stdout);
		do {
			usleep(10000);
			feed_stats(f, &s);
		} while (s.clients > 0);
	}
	feed_free(f);
	return 0;
}

/* --- agents ----------------------------------------------------------------------------- */

struct bench_agent {
	int fd;
	struct buf in;
	unsigned frames;
};

static unsigned updates;
static uint64_t *sent, *last;   /* of each update: when, and when the last agent had it */
static uint64_t frames;

static void
join_feed(struct bench_agent *a, uint16_t port, unsigned n)
{
	struct sockaddr_in to = { .sin_family = AF_INET, .sin_port = htons(port),
		.sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	struct buf out = { 0 };
	char args[96];

	snprintf(args, sizeof(args), "[{\"client_id\":\"agent-%u\",\"version\":1}]", n);
	buf_room(&out, FRAME_HEADER);
	out.n = FRAME_HEADER;
	frame_write_payload(&out, now_us(), slice_of("messages"), slice_of(args));
	frame_write_header(out.p, FRAME_DATA, 1, frame_crc((struct slice){ out.p + FRAME_HEADER,
	    out.n - FRAME_HEADER }), (uint32_t)(out.n - FRAME_HEADER));
	a->fd = socket(AF_INET, SOCK_STREAM, 0);
	if (a->fd < 0 || connect(a->fd, (struct sockaddr *)&to, sizeof(to)) != 0 ||
	    send(a->fd, out.p, out.n, 0) != (ssize_t)out.n)
		die("connect");
	fcntl(a->fd, F_SETFL, O_NONBLOCK);
	buf_free(&out);
}

/* An update's payload: whose "t" it is. */
static void
note(struct bench_agent *a, struct slice payload, uint64_t now)
{
	const char *t = memmem(payload.p, payload.n, "\"t\":", 4);
	unsigned i;

	if (!t)
		return;
	i = a->frames++;
	if (i >= updates)
		return;
	sent[i] = strtoull(t + 4, NULL, 10);
	last[i] = now;
	frames++;
}

static void
read_some(struct bench_agent *a)
{
	ssize_t n = recv(a->fd, buf_room(&a->in, 262144), 262144, 0);
	uint64_t now = now_us();
	size_t at = 0;
	struct frame f;

	if (n <= 0)
		die("an agent was dropped");
	a->in.n += (size_t)n;
	while (frame_read((struct slice){ a->in.p + at, a->in.n - at }, 1u << 30, &f) == FRAME_OK) {
		note(a, (struct slice){ a->in.p + at + FRAME_HEADER, f.length }, now);
		at += FRAME_HEADER + f.length;
	}
	memmove(a->in.p, a->in.p + at, a->in.n - at);
	a->in.n -= at;
}

static int
by_value(const void *a, const void *b)
{
	uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;

	return x < y ? -1 : x > y;
}

static void
report(void)
{
	uint64_t *delay = base_alloc(updates * sizeof(*delay));

	for (unsigned i = 0; i < updates; i++)
		delay[i] = last[i] - sent[i];
	qsort(delay, updates, sizeof(*delay), by_value);
	printf("%.2f %.2f %.0f\n", (double)delay[updates / 2] / 1e3,
	    (double)delay[updates * 99 / 100] / 1e3,
	    (double)frames / ((double)(last[updates - 1] - sent[0]) / 1e6));
	free(delay);
}

static int
be_agents(uint16_t port, unsigned n)
{
	struct bench_agent *a = calloc(n, sizeof(*a));
	struct epoll_event ev[256], want = { .events = EPOLLIN };
	int epoll = epoll_create1(0), k;

	sent = calloc(updates, sizeof(*sent));
	last = calloc(updates, sizeof(*last));
	if (!a || !sent || !last || epoll < 0)
		die("start");
	for (unsigned i = 0; i < n; i++) {
		join_feed(&a[i], port, i);
		want.data.ptr = &a[i];
		epoll_ctl(epoll, EPOLL_CTL_ADD, a[i].fd, &want);
	}
	while (frames < (uint64_t)n * updates) {
		if ((k = epoll_wait(epoll, ev, 256, 60000)) <= 0)
			die("nothing comes");
		while (k-- > 0)
			read_some(ev[k].data.ptr);
	}
	report();
	return 0;
}

int
main(int argc, char **argv)
{
	struct rlimit limit;

	getrlimit(RLIMIT_NOFILE, &limit);
	limit.rlim_cur = limit.rlim_max;
	setrlimit(RLIMIT_NOFILE, &limit);
	if (argc == 2 && strcmp(argv[1], "serve") == 0)
		return serve();
	if (argc != 5 || strcmp(argv[1], "agents") != 0) {
		fprintf(stderr, "usage: feed-bench serve | agents PORT N UPDATES\n");
		return 2;
	}
	updates = (unsigned)atoi(argv[4]);
	return be_agents((uint16_t)atoi(argv[2]), (unsigned)atoi(argv[3]));
}
