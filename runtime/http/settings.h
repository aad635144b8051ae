/* SPDX-License-Identifier: MPL-2.0 */
/*
 * fwapid's options.  Each has one name, on the command line (--name=value) and in the
 * configuration file (name = value); the command line wins.
 */
#ifndef FWR_HTTP_SETTINGS_H
#define FWR_HTTP_SETTINGS_H

#include <stdio.h>
#include <sys/socket.h>

#include "log.h"

#define CONFIG_ERROR_SIZE 512

struct config {
	const char *listen, *agents;    /* ADDRESS:PORT; agents may be "none" */
	const char *state, *store;      /* a folder; a store's URL */
	const char *vmapi, *vms, *default_rules;
	const char *config_file, *log_level;
	unsigned max_version, threads, vmapi_timeout, store_timeout, history;
	/* limits */
	unsigned max_header, max_body, max_result, max_connections, timeout, cache;
};

/* Defaults, then the file, then the command line.  argv[0] is passed over. */
bool config_read(struct config *c, int argc, char **argv, int *first_operand, char *error);
/* Frees nothing: texts are of the command line, or kept for the life of the process. */

void config_help(FILE *to);
/* The parts of a new configuration that cannot be taken over while running, or NULL. */
const char *config_fixed_difference(const struct config *a, const struct config *b);

/* Numeric addresses only: "127.0.0.1:8080", "[::1]:8080", "8080" (then loopback). */
bool config_address(const char *text, struct sockaddr_storage *out);
/* Where the store is: c->store, or the file in the state folder, which is made. */
bool config_store_url(const struct config *c, bool make, struct buf *out, char *error);

#endif
