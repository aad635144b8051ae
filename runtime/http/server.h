/* SPDX-License-Identifier: MPL-2.0 */
/*
 * The service's calls over HTTP, by libmicrohttpd: some threads with epoll, and a
 * request that waits for the disk holds up none of them.
 */
#ifndef FWR_HTTP_SERVER_H
#define FWR_HTTP_SERVER_H

#include <netinet/in.h>
#include <sys/socket.h>

#include "api.h"

struct server;

struct server_opts {
	struct sockaddr_storage address;
	unsigned threads;               /* 0: one a core */
	_Atomic unsigned max_connections;
	_Atomic unsigned timeout;       /* seconds in which a request must have come in whole */
	_Atomic size_t max_header;      /* bytes of request line and headers */
};

/* NULL and errno if it cannot listen. */
struct server *server_start(struct api *api, struct server_opts *opts);
uint16_t server_port(const struct server *s);
/* No new connections; what is being answered is answered, for at most so many seconds. */
void server_stop(struct server *s, unsigned seconds);

#endif
