/* SPDX-License-Identifier: MPL-2.0 */
/* fwapid's other commands: rules into the store and out of it, beside a service. */
#ifndef FWR_HTTP_TRANSFER_H
#define FWR_HTTP_TRANSFER_H

#include "../cmd/cmd.h"
#include "../store/store.h"
#include "settings.h"

/* As commands: argv[0] is the command's name; exit status. */
int transfer_import(int argc, char **argv);
int transfer_export(int argc, char **argv);
int transfer_backup(int argc, char **argv);

void transfer_db_opts(const struct config *c, bool create, struct db_opts *out);

/* Puts c->default_rules into a store that never held anything; DB_ERROR_SIZE bytes. */
bool transfer_defaults(const struct config *c, const char *url, char *error);

#endif
