/* SPDX-License-Identifier: MPL-2.0 */
/*
 * fwadm: a command's options and arguments become the parameters of an operation
 * (runtime/state), its result is printed.
 */
#ifndef FWR_CMD_ADMIN_H
#define FWR_CMD_ADMIN_H

#include "../../compiler/base/json.h"
#include "../state/state.h"
#include "cmd.h"

/* Which options a command takes; all take those that have no bit. */
enum {
	ADMIN_JSON = 1 << 0,
	ADMIN_VERBOSE = 1 << 1,
	ADMIN_FILE = 1 << 2,
	ADMIN_DRY = 1 << 3,             /* --dryrun and --stdout */
	ADMIN_RULE = 1 << 4,            /* what says more about a rule that is given as text */
	ADMIN_TABLE = 1 << 5,           /* -o, -p, -d */
	ADMIN_VMS = 1 << 6,
	ADMIN_IPF = 1 << 7,
	ADMIN_LEVEL = 1 << 8,
	ADMIN_FORCE = 1 << 9,
	ADMIN_STATS = 1 << 10,          /* --ipfstat */
	ADMIN_LOCK = 1 << 11,
	ADMIN_ALL = 1 << 12,            /* --include-disabled */
};

struct admin;

struct admin_command {
	const char *name;
	unsigned options;
	const char *arguments;          /* of the usage line */
	const char *text;               /* what it does, for --help */
	int (*run)(struct admin *a);
};

extern const struct admin_command admin_table[];
extern const size_t admin_count;

struct admin {
	const struct admin_command *command;
	struct arena arena, messages;
	struct diags diags;
	struct state_opts opts;
	struct state *state;
	json_t *params;
	struct buf out;                 /* the operation's result */
	struct buf text;                /* what is printed */
	/* options */
	const char *file, *vms, *fields, *delimiter, *owner, *description;
	bool json, verbose, dryrun, show, parseable, enable, global, off_too;
	bool ran;                       /* an operation, which has told the log */
	bool hushed;                    /* errors are kept in diags and not printed */
	char **args;                    /* behind the options */
	int n_args;
};

int admin_run(int argc, char **argv);

/* admin_options.c: a status to end with, or -1. */
int admin_read_options(struct admin *a, int argc, char **argv);
void admin_write_help(const struct admin_command *c);
/* Does the long option, as it was typed, have its value in the next argument? */
bool admin_takes_value(const char *option);

/*
 * admin_payload.c: false after a message; *status is then what to exit with.
 */
bool admin_add_vms(struct admin *a, int *status);
json_t *admin_read_payload(struct admin *a, int *status);
/* Is it one rule alone? */
bool admin_is_rule(const json_t *o);
/* A zone's firewall switched through vmadm: the status, or -1 where there is no vmadm. */
int admin_switch_by_vmadm(struct admin *a, const char *uuid, bool on);

/* admin_print.c: results as text in a->text. */
void admin_print_changes(struct admin *a, const json_t *result, const char *done);
void admin_print_rules(struct admin *a, const json_t *rules, const json_t *fields);
void admin_print_uuids(struct admin *a, const json_t *uuids);
void admin_print_status(struct admin *a, const json_t *status);
void admin_print_stats(struct admin *a, const json_t *stats);
void admin_print_json(struct admin *a, const json_t *value);
/* All errors, to standard error; the exit status. */
int admin_print_errors(struct admin *a);
/* One error, likewise; formats as printf. */
int admin_error(struct admin *a, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

#endif
