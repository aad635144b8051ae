/* SPDX-License-Identifier: MPL-2.0 */
/* fwadm's options: one table, of which each command takes a part. */
#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>

#include "admin.h"

#define NAME(a) ((a)->command->name)
#define LOCK_MAX_S 86400

enum { ROOT = 256, IPF, IPFSTAT, VMS, DRYRUN, STDOUT, DESC, FORCE, LOG, REQ_ID, LOCK_WAIT, IPF_WAIT,
	OFF_TOO };

static const struct {
	struct option o;
	unsigned bit;
	const char *help;               /* lines of --help; NULL: another name of the one before */
} table[] = {
	{ { "file", required_argument, NULL, 'f' }, ADMIN_FILE,
	  "  -f, --file=FILE         read the payload from there; `-`: from standard input\n" },
	{ { "enable", no_argument, NULL, 'e' }, ADMIN_RULE,
	  "  -e, --enable            the rule that is given as text is enabled\n" },
	{ { "global", no_argument, NULL, 'g' }, ADMIN_RULE,
	  "  -g, --global            it is a global one\n" },
	{ { "owner_uuid", required_argument, NULL, 'O' }, ADMIN_RULE,
	  "  -O, --owner_uuid=UUID   or belongs to this owner\n" },
	{ { "desc", required_argument, NULL, DESC }, ADMIN_RULE,
	  "      --desc=TEXT         and is described so\n" },
	{ { "description", required_argument, NULL, DESC }, ADMIN_RULE, NULL },
	{ { "dryrun", no_argument, NULL, DRYRUN }, ADMIN_DRY,
	  "      --dryrun            change nothing, and say what would be\n" },
	{ { "stdout", no_argument, NULL, STDOUT }, ADMIN_DRY,
	  "      --stdout            show the filter files\n" },
	{ { "force", no_argument, NULL, FORCE }, ADMIN_FORCE,
	  "      --force             write and load also what is unchanged\n" },
	{ { "fields", required_argument, NULL, 'o' }, ADMIN_TABLE,
	  "  -o, --fields=LIST       of created_by, description, enabled, global, log, owner_uuid,\n"
	  "                          rule, uuid, version (default: uuid,enabled,rule)\n" },
	{ { "parseable", no_argument, NULL, 'p' }, ADMIN_TABLE,
	  "  -p, --parseable         without a header, fields joined by `:`\n" },
	{ { "parsable", no_argument, NULL, 'p' }, ADMIN_TABLE, NULL },
	{ { "delim", required_argument, NULL, 'd' }, ADMIN_TABLE,
	  "  -d, --delim=CHARACTER   or by this character\n" },
	{ { "json", no_argument, NULL, 'j' }, ADMIN_JSON,
	  "  -j, --json              results and errors as JSON\n" },
	{ { "verbose", no_argument, NULL, 'v' }, ADMIN_VERBOSE,
	  "  -v, --verbose           say more\n" },
	{ { "include-disabled", no_argument, NULL, OFF_TOO }, ADMIN_ALL,
	  "      --include-disabled  VMs whose firewall is off, too\n" },
	{ { "vms", required_argument, NULL, VMS }, ADMIN_VMS,
	  "      --vms=FILE          the host's VMs, as `vmadm lookup -j` prints them (default:\n"
	  "                          the file that FWADM_VMS names, or vmadm is asked)\n" },
	{ { "ipf", required_argument, NULL, IPF }, ADMIN_IPF,
	  "      --ipf=PATH          ipf, if it is not in PATH\n" },
	{ { "ipfstat", required_argument, NULL, IPFSTAT }, ADMIN_STATS,
	  "      --ipfstat=PATH      ipfstat, likewise\n" },
	{ { "ipf-timeout", required_argument, NULL, IPF_WAIT }, ADMIN_IPF,
	  "      --ipf-timeout=S     how long they may take, in seconds (default: 60)\n" },
	{ { "lock-timeout", required_argument, NULL, LOCK_WAIT }, ADMIN_LOCK,
	  "      --lock-timeout=S    how long to wait for another fwadm (default: 120)\n" },
	{ { "root", required_argument, NULL, ROOT }, 0,
	  "      --root=DIR          where var/fw and the zones are (default: /)\n" },
	{ { "log", required_argument, NULL, LOG }, 0,
	  "      --log=FILE          add a line of JSON about the operation; `-`: to standard\n"
	  "                          error\n" },
	{ { "req-id", required_argument, NULL, REQ_ID }, 0,
	  "      --req-id=ID         the request's name in it\n" },
	{ { "help", no_argument, NULL, 'h' }, 0, "  -h, --help              show this\n" },
};

#define LEVEL_HELP \
	"  -O0 | -O1 | -O2 | -O3   how short files are made (default: what FWADM_OPTIMIZE says,\n" \
	"                          or -O1); -O0: byte for byte as the reference writes them\n"

static bool
takes(const struct admin_command *c, size_t i)
{
	return table[i].bit == 0 || (c->options & table[i].bit);
}

void
admin_write_help(const struct admin_command *c)
{
	printf("usage: fwadm %s [options]%s%s\n\n%s\n", c->name, *c->arguments ? " " : "",
	    c->arguments, c->text);
	for (size_t i = 0; i < BASE_COUNT(table); i++) {
		if (table[i].o.val == VMS && (c->options & ADMIN_LEVEL))
			fputs(LEVEL_HELP, stdout);
		if (table[i].help && takes(c, i))
			fputs(table[i].help, stdout);
	}
	fputs("\nExit status: 0 done, 1 an error, 2 wrong usage.\n", stdout);
}

bool
admin_takes_value(const char *option)
{
	const char *name = option + 2;
	size_t n = strlen(name);
	bool takes_one = false;

	/* getopt takes the beginning of a name, too. */
	for (size_t i = 0; i < BASE_COUNT(table); i++)
		if (n && strncmp(table[i].o.name, name, n) == 0) {
			takes_one = table[i].o.has_arg == required_argument;
			if (table[i].o.name[n] == '\0')
				break;
		}
	return takes_one;
}

/* --- values ----------------------------------------------------------------------------- */

static bool
is_level(const char *text)
{
	return text[0] >= '0' && text[0] <= '3' && text[1] == '\0';
}

static int
set_level(struct admin *a, const char *text)
{
	if (is_level(text)) {
		a->opts.level = (unsigned)(*text - '0');
		return -1;
	}
	/* The same letter is an owner's where a rule is given. */
	if (!(a->command->options & ADMIN_RULE))
		return cmd_usage(NAME(a), "there is no optimisation level %s", text);
	a->owner = text;
	return -1;
}

static int
set_seconds(struct admin *a, const char *option, const char *text, unsigned *ms)
{
	char *end;
	double s = strtod(text, &end);

	if (end == text || *end || !(s >= 0.001 && s <= LOCK_MAX_S))
		return cmd_usage(NAME(a), "%s takes seconds, from 0.001 to %u, not \"%s\"", option,
		    LOCK_MAX_S, text);
	*ms = (unsigned)(s * 1000);
	return -1;
}

static int
open_log(struct admin *a, const char *path)
{
	if (strcmp(path, "-") == 0) {
		a->opts.log = 2;
		return -1;
	}
	a->opts.log = open(path, O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC | O_NOCTTY, 0644);
	if (a->opts.log < 0)
		return cmd_fail(NAME(a), "cannot write %s: %s", path, strerror(errno));
	return -1;
}

/* An empty one is a variable that was not set, and never the system's own root. */
static int
set_root(struct admin *a, const char *path)
{
	if (!*path)
		return cmd_usage(NAME(a), "--root takes a folder");
	a->opts.root = path;
	return -1;
}

static int
take_wide(struct admin *a, int o, const char *value)
{
	switch (o) {
	case ROOT: return set_root(a, value);
	case IPF: a->opts.ipf = value; return -1;
	case IPFSTAT: a->opts.ipfstat = value; return -1;
	case VMS: a->vms = value; return -1;
	case DRYRUN: a->dryrun = true; return -1;
	case STDOUT: a->show = true; return -1;
	case DESC: a->description = value; return -1;
	case FORCE: a->opts.force = true; return -1;
	case OFF_TOO: a->off_too = true; return -1;
	case LOG: return open_log(a, value);
	case REQ_ID: json_object_set_new(a->params, "req_id", json_string(value)); return -1;
	case LOCK_WAIT: return set_seconds(a, "--lock-timeout", value, &a->opts.lock_ms);
	case IPF_WAIT: return set_seconds(a, "--ipf-timeout", value, &a->opts.tool_ms);
	default: return -1;
	}
}

static int
take(struct admin *a, int o, const char *value)
{
	switch (o) {
	case 'f': a->file = value; return -1;
	case 'e': a->enable = true; return -1;
	case 'g': a->global = true; return -1;
	case 'O': return set_level(a, value);
	case 'o': a->fields = value; return -1;
	case 'p': a->parseable = true; return -1;
	case 'd': a->delimiter = value; return -1;
	case 'j': a->json = true; return -1;
	case 'v': a->verbose = true; return -1;
	default: return take_wide(a, o, value);
	}
}

static int
check(struct admin *a)
{
	if (a->delimiter && !a->parseable)
		return cmd_usage(NAME(a), "-d requires -p");
	if (a->json && a->parseable)
		return cmd_usage(NAME(a), "cannot specify both -j and -p");
	if (a->delimiter && strlen(a->delimiter) != 1)
		return cmd_usage(NAME(a), "-d takes one character");
	return -1;
}

static int
level_by_environment(struct admin *a)
{
	const char *level = getenv("FWADM_OPTIMIZE");

	a->opts.level = 1;
	if (!level || !*level)
		return -1;
	if (!is_level(level))
		return cmd_usage(NAME(a), "FWADM_OPTIMIZE is a level from 0 to 3, not \"%s\"", level);
	a->opts.level = (unsigned)(*level - '0');
	return -1;
}

int
admin_read_options(struct admin *a, int argc, char **argv)
{
	struct option options[BASE_COUNT(table) + 1] = { { 0 } };
	char letters[2 * BASE_COUNT(table) + 4] = "";
	int n = 0, o, status = level_by_environment(a);
	char *at = letters;

	for (size_t i = 0; i < BASE_COUNT(table); i++) {
		if (!takes(a->command, i))
			continue;
		options[n++] = table[i].o;
		if (table[i].o.val < 256) {
			*at++ = (char)table[i].o.val;
			if (table[i].o.has_arg)
				*at++ = ':';
		}
	}
	if (a->command->options & ADMIN_LEVEL)
		memcpy(at, "O:", 3);
	opterr = 0;
	while (status < 0 && (o = getopt_long(argc, argv, letters, options, NULL)) != -1) {
		if (o == 'h')
			return cmd_help(NAME(a));
		status = o == '?' ? cmd_bad_option(NAME(a), argv) : take(a, o, optarg);
	}
	a->args = argv + optind;
	a->n_args = argc - optind;
	return status < 0 ? check(a) : status;
}
