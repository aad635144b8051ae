/* SPDX-License-Identifier: MPL-2.0 */
/* The commands of fwrule: options in, exit status out. */
#ifndef FWR_CMD_CMD_H
#define FWR_CMD_CMD_H

#include "../../compiler/base/diag.h"

enum cmd_status {
	CMD_DONE = 0,
	CMD_FOUND = 1,                  /* done, and something was found: an error, a difference */
	CMD_USAGE = 2,                  /* wrong usage, or input that cannot be read */
	CMD_INTERNAL = 3
};

struct cmd {
	const char *name;
	const char *summary;            /* one line, for the list of commands */
	const char *help;               /* all of --help behind the usage line */
	int (*run)(int argc, char **argv);      /* argv[0] is the command's name */
};

extern const struct cmd cmd_table[];
extern const size_t cmd_count;

int cmd_aggregate(int argc, char **argv);
int cmd_check(int argc, char **argv);
int cmd_convert(int argc, char **argv);
int cmd_diff(int argc, char **argv);
int cmd_equiv(int argc, char **argv);
int cmd_explain(int argc, char **argv);
int cmd_fmt(int argc, char **argv);
int cmd_parse(int argc, char **argv);
int cmd_compile(int argc, char **argv);
int cmd_index(int argc, char **argv);
int cmd_query(int argc, char **argv);
int cmd_lsp(int argc, char **argv);
int cmd_rpc(int argc, char **argv);
int cmd_test(int argc, char **argv);

/* --- what commands share ---------------------------------------------------------- */

extern const char *cmd_program;         /* "fwrule" */

/* "fwrule NAME: text" to standard error, with a pointer to --help; CMD_USAGE. */
int cmd_usage(const char *name, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
/* The same for a failure of the system, without the pointer; CMD_USAGE. */
int cmd_fail(const char *name, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
/* Shows a command's help on standard output; CMD_DONE. */
int cmd_help(const char *name);
/* What getopt_long returns for a wrong option. */
int cmd_bad_option(const char *name, char **argv);

/* Colour on standard error: a terminal, NO_COLOR not set, TERM not dumb. */
bool cmd_colour(void);
/* The same of another descriptor. */
bool cmd_colour_of(int fd);
/* Prints all diagnostics to standard error. */
void cmd_print_diags(const struct diags *ds);
/*
 * CMD_USAGE if an input could not be read, CMD_FOUND if there were other errors,
 * else CMD_DONE.
 */
int cmd_status_of(const struct diags *ds);

/* Writes all of it to a descriptor; false with errno set. */
bool cmd_write_all(int fd, const void *p, size_t n);
/* To standard output, with an error message and CMD_USAGE when that fails. */
int cmd_write_stdout(const char *name, struct slice text);

/*
 * Replaces a file whole or not at all: a temporary file beside it, then rename.
 * False with errno set; nothing is left behind.
 */
bool cmd_write_file(const char *path, struct slice text);
/*
 * The same for a file that is there, as its owner and with its permissions.  Where
 * path is a symbolic link, what it names is replaced.  False with errno set: EACCES
 * for a file that may not be written, EMLINK for one that has other names, too.
 */
bool cmd_replace_file(const char *path, struct slice text);
/* mkdir -p */
bool cmd_make_folders(const char *path);

#endif
