/* SPDX-License-Identifier: MPL-2.0 */
#include "settings.h"

#include <arpa/inet.h>
#include <errno.h>
#include <getopt.h>
#include <limits.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "../../compiler/base/text.h"
#include "settings.h"

#define KB 1024u
#define MB (1024u * 1024u)

enum kind { TEXT, NUMBER };

/* Sorted as --help shows them. */
static const struct option_def {
	const char *name, *value;
	enum kind kind;
	size_t at;
	unsigned least, most, preset;
	const char *preset_text;
	bool live;                      /* taken over by a reload */
	const char *help;
} defs[] = {
#define AT(member) offsetof(struct config, member)
	{ "config", "FILE", TEXT, AT(config_file), 0, 0, 0, NULL, true,
	  "options as \"name = value\", one a line" },
	{ "listen", "ADDRESS:PORT", TEXT, AT(listen), 0, 0, 0, "127.0.0.1:8080", false,
	  "where HTTP is served" },
	{ "agents", "ADDRESS:PORT", TEXT, AT(agents), 0, 0, 0, "127.0.0.1:2020", false,
	  "where agents connect; none: nowhere" },
	{ "state", "DIR", TEXT, AT(state), 0, 0, 0, NULL, false,
	  "where data is kept" },
	{ "store", "URL", TEXT, AT(store), 0, 0, 0, NULL, false,
	  "sqlite:FILE or postgresql://...; by default fwapi.sqlite of the state folder" },
	{ "default-rules", "FILE", TEXT, AT(default_rules), 0, 0, 0, NULL, false,
	  "rules for an empty store" },
	{ "vmapi", "URL", TEXT, AT(vmapi), 0, 0, 0, NULL, true,
	  "where VMs are asked for" },
	{ "vms", "FILE", TEXT, AT(vms), 0, 0, 0, NULL, true,
	  "VMs from a file, for trying out" },
	{ "max-version", "N", NUMBER, AT(max_version), 1, 4, 4, NULL, false,
	  "newest rule version that is accepted" },
	{ "history", "N", NUMBER, AT(history), 1000, 100000000, 100000, NULL, false,
	  "how many updates are kept" },
	{ "threads", "N", NUMBER, AT(threads), 0, 256, 0, NULL, false,
	  "that answer; 0: one a core" },
	{ "log-level", "LEVEL", TEXT, AT(log_level), 0, 0, 0, "info", true,
	  "trace, debug, info, warn, error, fatal" },
	{ "timeout", "SECONDS", NUMBER, AT(timeout), 1, 3600, 30, NULL, true,
	  "in which a request must be there" },
	{ "vmapi-timeout", "MS", NUMBER, AT(vmapi_timeout), 10, 600000, 10000, NULL, true,
	  "in which VMAPI must answer" },
	{ "store-timeout", "MS", NUMBER, AT(store_timeout), 50, 600000, 5000, NULL, false,
	  "in which the store must let a writer in" },
	{ "max-connections", "N", NUMBER, AT(max_connections), 1, 100000, 1000, NULL, true,
	  "open at once" },
	{ "max-header", "BYTES", NUMBER, AT(max_header), 1 * KB, 1 * MB, 16 * KB, NULL, true,
	  "of the request line and headers" },
	{ "max-body", "BYTES", NUMBER, AT(max_body), 1 * KB, 1024 * MB, 8 * MB, NULL, true,
	  "of a request, and decompressed" },
	{ "max-result", "BYTES", NUMBER, AT(max_result), 1 * KB, 2047 * MB, 1024 * MB, NULL, true,
	  "of an answer" },
	{ "cache", "BYTES", NUMBER, AT(cache), 0, 2047 * MB, 128 * MB, NULL, true,
	  "of answers kept until a rule changes; 0: none" },
#undef AT
};

enum { HELP = 'h', VERSION = 'V' };

static const char **
text_at(struct config *c, const struct option_def *d)
{
	return (const char **)(void *)((char *)c + d->at);
}

static unsigned *
number_at(struct config *c, const struct option_def *d)
{
	return (unsigned *)(void *)((char *)c + d->at);
}

static bool
set(struct config *c, const struct option_def *d, const char *value, char *error)
{
	char *end;
	unsigned long v;

	if (d->kind == TEXT) {
		*text_at(c, d) = value;
		return true;
	}
	errno = 0;
	v = strtoul(value, &end, 10);
	if (*value < '0' || *value > '9' || *end || errno || v < d->least || v > d->most) {
		snprintf(error, CONFIG_ERROR_SIZE, "%s is a number from %u to %u, not \"%.64s\"",
		    d->name, d->least, d->most, value);
		return false;
	}
	*number_at(c, d) = (unsigned)v;
	return true;
}

static const struct option_def *
find(const char *name, size_t n)
{
	for (size_t i = 0; i < BASE_COUNT(defs); i++)
		if (strlen(defs[i].name) == n && memcmp(defs[i].name, name, n) == 0)
			return &defs[i];
	return NULL;
}

/* --- the file --------------------------------------------------------------------- */

static char *
trim(char *p)
{
	char *end;

	while (*p == ' ' || *p == '\t')
		p++;
	end = p + strlen(p);
	while (end > p && strchr(" \t\r\n", end[-1]))
		*--end = '\0';
	return p;
}

/* Options point to them as long as the process lives; the same text is kept once. */
static const char *
keep(const char *text)
{
	static struct kept {
		struct kept *next;
		char text[];
	} *all;
	size_t n = strlen(text) + 1;
	struct kept *k = all;

	while (k && strcmp(k->text, text) != 0)
		k = k->next;
	if (!k) {
		k = base_alloc(sizeof(*k) + n);
		memcpy(k->text, text, n);
		k->next = all;
		all = k;
	}
	return k->text;
}

static bool
read_line(struct config *c, char *line, const char *path, unsigned number, char *error)
{
	char *name = trim(line), *equals = strchr(name, '=');
	const struct option_def *d;
	char why[CONFIG_ERROR_SIZE - 64] = "";
	size_t n;

	if (*name == '\0' || *name == '#')
		return true;
	n = strcspn(name, " \t=");
	d = find(name, n);
	if (!equals || strspn(name + n, " \t") != (size_t)(equals - name) - n)
		snprintf(why, sizeof(why), "a line is \"name = value\"");
	else if (!d || strcmp(d->name, "config") == 0)
		snprintf(why, sizeof(why), "there is no option \"%.*s\"", n > 64 ? 64 : (int)n, name);
	if (!*why && set(c, d, keep(trim(equals + 1)), why))
		return true;
	snprintf(error, CONFIG_ERROR_SIZE, "%.200s:%u: %.250s", path, number, why);
	return false;
}

static bool
read_file(struct config *c, const char *path, bool must, char *error)
{
	FILE *f = fopen(path, "re");
	char line[4096];
	bool good = true;

	if (!f) {
		if (!must && errno == ENOENT)
			return true;
		snprintf(error, CONFIG_ERROR_SIZE, "%.200s: %s", path, strerror(errno));
		return false;
	}
	for (unsigned number = 1; good && fgets(line, sizeof(line), f); number++)
		good = read_line(c, line, path, number, error);
	fclose(f);
	return good;
}

/* --- the command line ---------------------------------------------------------------- */

static void
defaults(struct config *c)
{
	memset(c, 0, sizeof(*c));
	for (size_t i = 0; i < BASE_COUNT(defs); i++)
		if (defs[i].kind == TEXT)
			*text_at(c, &defs[i]) = defs[i].preset_text;
		else
			*number_at(c, &defs[i]) = defs[i].preset;
}

/* Two passes: the first finds --config, whose file the second overrules. */
static bool
read_args(struct config *c, int argc, char **argv, int *first, bool only_file, char *error)
{
	struct option options[BASE_COUNT(defs) + 1];
	int o;

	memset(options, 0, sizeof(options));
	for (size_t i = 0; i < BASE_COUNT(defs); i++)
		options[i] = (struct option){ defs[i].name, required_argument, NULL, 256 + (int)i };
	optind = 0;
	opterr = 0;
	while ((o = getopt_long(argc, argv, "", options, NULL)) != -1) {
		const struct option_def *d = o >= 256 ? &defs[o - 256] : NULL;

		if (!d) {
			snprintf(error, CONFIG_ERROR_SIZE, optopt >= 256
			    ? "%.200s needs a value" : "there is no option \"%.200s\"",
			    argv[optind - 1]);
			return false;
		}
		if (only_file ? strcmp(d->name, "config") == 0 : strcmp(d->name, "config") != 0)
			if (!set(c, d, optarg, error))
				return false;
	}
	*first = optind;
	return true;
}

static bool
check(const struct config *c, char *error)
{
	struct sockaddr_storage address;
	enum log_level level;

	if (!config_address(c->listen, &address))
		snprintf(error, CONFIG_ERROR_SIZE, "listen is ADDRESS:PORT, not \"%.64s\"", c->listen);
	else if (strcmp(c->agents, "none") != 0 && !config_address(c->agents, &address))
		snprintf(error, CONFIG_ERROR_SIZE, "agents is ADDRESS:PORT or none, not \"%.64s\"",
		    c->agents);
	else if (!log_level_of(c->log_level, &level))
		snprintf(error, CONFIG_ERROR_SIZE, "log-level is trace, debug, info, warn, error or "
		    "fatal, not \"%.64s\"", c->log_level);
	else if (c->vmapi && c->vms)
		snprintf(error, CONFIG_ERROR_SIZE, "vmapi and vms exclude each other");
	else
		return true;
	return false;
}

bool
config_read(struct config *c, int argc, char **argv, int *first_operand, char *error)
{
	const char *file;

	defaults(c);
	if (!read_args(c, argc, argv, first_operand, true, error))
		return false;
	file = c->config_file;
	if (!read_file(c, file ? file : SYSCONFDIR "/fwapid.conf", file != NULL, error))
		return false;
	return read_args(c, argc, argv, first_operand, false, error) && check(c, error);
}

void
config_help(FILE *to)
{
	for (size_t i = 0; i < BASE_COUNT(defs); i++) {
		char name[64];

		snprintf(name, sizeof(name), "--%s=%s", defs[i].name, defs[i].value);
		fprintf(to, "      %-24s %s", name, defs[i].help);
		if (defs[i].kind == NUMBER)
			fprintf(to, " (%u)", defs[i].preset);
		else if (defs[i].preset_text)
			fprintf(to, " (%s)", defs[i].preset_text);
		fputc('\n', to);
	}
}

static bool
same_text(const char *a, const char *b)
{
	return a == b || (a && b && strcmp(a, b) == 0);
}

const char *
config_fixed_difference(const struct config *a, const struct config *b)
{
	struct config x = *a, y = *b;

	for (size_t i = 0; i < BASE_COUNT(defs); i++)
		if (!defs[i].live && (defs[i].kind == TEXT
		    ? !same_text(*text_at(&x, &defs[i]), *text_at(&y, &defs[i]))
		    : *number_at(&x, &defs[i]) != *number_at(&y, &defs[i])))
			return defs[i].name;
	return NULL;
}

/* --- what options mean ------------------------------------------------------------------ */

bool
config_address(const char *text, struct sockaddr_storage *out)
{
	struct sockaddr_in *v4 = (struct sockaddr_in *)out;
	struct sockaddr_in6 *v6 = (struct sockaddr_in6 *)out;
	const char *colon = strrchr(text, ':'), *port = colon ? colon + 1 : text;
	char host[64] = "127.0.0.1", *end;
	unsigned long number = strtoul(port, &end, 10);
	size_t n = colon ? (size_t)(colon - text) : 0;

	memset(out, 0, sizeof(*out));
	if (*port < '0' || *port > '9' || *end || number > 65535 || n >= sizeof(host) ||
	    (colon && n == 0))
		return false;
	if (colon) {
		memcpy(host, text, n);
		host[n] = '\0';
	}
	if (host[0] == '[' && host[n - 1] == ']') {
		host[n - 1] = '\0';
		v6->sin6_family = AF_INET6;
		v6->sin6_port = htons((uint16_t)number);
		return inet_pton(AF_INET6, host + 1, &v6->sin6_addr) == 1;
	}
	v4->sin_family = AF_INET;
	v4->sin_port = htons((uint16_t)number);
	return inet_pton(AF_INET, host, &v4->sin_addr) == 1;
}

/* The option; what systemd made; the system's folder for root, else the user's. */
static void
state_folder(const struct config *c, struct buf *out)
{
	const char *dir = c->state, *home;

	if (!dir)
		dir = getenv("STATE_DIRECTORY");
	if (dir)
		buf_str(out, dir);
	else if (geteuid() == 0)
		buf_str(out, LOCALSTATEDIR "/lib/fwapid");
	else if ((home = getenv("XDG_STATE_HOME")) != NULL && *home == '/')
		buf_printf(out, "%s/fwapid", home);
	else
		buf_printf(out, "%s/.local/state/fwapid", (home = getenv("HOME")) ? home : ".");
}

/* All folders of a path. */
static bool
make_folders(char *path)
{
	for (char *p = path + 1; *p; p++)
		if (*p == '/') {
			*p = '\0';
			if (mkdir(path, 0755) != 0 && errno != EEXIST)
				return false;
			*p = '/';
		}
	return mkdir(path, 0700) == 0 || errno == EEXIST;
}

bool
config_store_url(const struct config *c, bool make, struct buf *out, char *error)
{
	if (c->store) {
		buf_str(out, c->store);
		buf_char(out, '\0');
		return true;
	}
	state_folder(c, out);
	buf_char(out, '\0');
	if (make && !make_folders(out->p)) {
		snprintf(error, CONFIG_ERROR_SIZE, "the state folder %.200s cannot be made: %s", out->p,
		    strerror(errno));
		return false;
	}
	out->n--;
	buf_str(out, "/fwapi.sqlite");
	buf_char(out, '\0');
	return true;
}
