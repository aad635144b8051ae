/* SPDX-License-Identifier: MPL-2.0 */
/*
 * A TCP proxy in a thread, for tests of what a network does to a connection: it can
 * cut, refuse, swallow, and lose the answers alone.
 */
#ifndef FWR_TESTS_TCP_PROXY_H
#define FWR_TESTS_TCP_PROXY_H

#include <arpa/inet.h>
#include <netinet/in.h>
#include <poll.h>
#include <pthread.h>
#include <stdatomic.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

enum proxy_mode {
	PROXY_PASS,
	PROXY_CUT,                      /* closes what is open, and what comes at once */
	PROXY_HANG,                     /* nothing goes through, nothing is closed */
	PROXY_DEAF                      /* answers are thrown away */
};

#define PROXY_PAIRS 64

struct proxy {
	int listener;
	uint16_t port, to;
	_Atomic enum proxy_mode mode;
	_Atomic enum proxy_mode seen;   /* the mode that the thread works in */
	_Atomic bool stop;
	pthread_t thread;
	int pair[PROXY_PAIRS][2];       /* client, server */
	int n;
};

static void
proxy_drop(struct proxy *p, int i)
{
	close(p->pair[i][0]);
	close(p->pair[i][1]);
	memcpy(p->pair[i], p->pair[--p->n], sizeof(p->pair[i]));
}

static void
proxy_accept(struct proxy *p)
{
	struct sockaddr_in to = { .sin_family = AF_INET, .sin_port = htons(p->to),
		.sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	int client = accept(p->listener, NULL, NULL), server;

	if (client < 0)
		return;
	server = socket(AF_INET, SOCK_STREAM, 0);
	if (p->mode == PROXY_CUT || p->n == PROXY_PAIRS ||
	    connect(server, (struct sockaddr *)&to, sizeof(to)) != 0) {
		close(client);
		close(server);
		return;
	}
	p->pair[p->n][0] = client;
	p->pair[p->n++][1] = server;
}

/* False: one side has closed. */
static bool
proxy_move(struct proxy *p, int from, int to, bool answer)
{
	char bytes[16384];
	ssize_t n = recv(from, bytes, sizeof(bytes), MSG_DONTWAIT);

	if (n < 0)
		return true;
	if (n == 0)
		return false;
	return (answer && p->mode == PROXY_DEAF) || send(to, bytes, (size_t)n, MSG_NOSIGNAL) == n;
}

static void *
proxy_run(void *context)
{
	struct proxy *p = context;
	struct pollfd f[1 + 2 * PROXY_PAIRS];

	while (!p->stop) {
		enum proxy_mode mode = p->mode;
		int n = mode == PROXY_HANG ? 0 : p->n;

		while (mode == PROXY_CUT && p->n > 0)
			proxy_drop(p, p->n - 1);
		n = mode == PROXY_CUT ? 0 : n;
		p->seen = mode;
		f[0] = (struct pollfd){ p->listener, POLLIN, 0 };
		for (int i = 0; i < n; i++) {
			f[1 + 2 * i] = (struct pollfd){ p->pair[i][0], POLLIN, 0 };
			f[2 + 2 * i] = (struct pollfd){ p->pair[i][1], POLLIN, 0 };
		}
		if (poll(f, (nfds_t)(1 + 2 * n), 5) <= 0)
			continue;
		for (int i = n - 1; i >= 0; i--)
			if ((f[1 + 2 * i].revents && !proxy_move(p, p->pair[i][0], p->pair[i][1],
			    false)) || (f[2 + 2 * i].revents &&
			    !proxy_move(p, p->pair[i][1], p->pair[i][0], true)))
				proxy_drop(p, i);
		if (f[0].revents)
			proxy_accept(p);
	}
	while (p->n > 0)
		proxy_drop(p, p->n - 1);
	close(p->listener);
	return NULL;
}

/* The mode holds when it returns. */
static void
proxy_set(struct proxy *p, enum proxy_mode mode)
{
	p->mode = mode;
	while (p->seen != mode)
		usleep(1000);
}

static void
proxy_start(struct proxy *p, uint16_t to)
{
	struct sockaddr_in a = { .sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	socklen_t n = sizeof(a);

	*p = (struct proxy){ .listener = socket(AF_INET, SOCK_STREAM, 0), .to = to };
	assert_int_equal(bind(p->listener, (struct sockaddr *)&a, sizeof(a)), 0);
	assert_int_equal(listen(p->listener, 64), 0);
	getsockname(p->listener, (struct sockaddr *)&a, &n);
	p->port = ntohs(a.sin_port);
	assert_int_equal(pthread_create(&p->thread, NULL, proxy_run, p), 0);
}

static void
proxy_stop(struct proxy *p)
{
	p->stop = true;
	pthread_join(p->thread, NULL);
}

#endif
