/* SPDX-License-Identifier: MPL-2.0 */
/* What is checked, and how severe it is. */
#include "lint_int.h"

#include <ini.h>

#include "../policy/essentials.h"

/* Remote shells, file and name services, databases, caches, container and host management. */
static const struct port_range sensitive[2][40] = {
	{ { 22, 23 }, { 111, 111 }, { 135, 139 }, { 445, 445 }, { 512, 514 }, { 623, 623 },
	  { 873, 873 }, { 1433, 1434 }, { 1521, 1521 }, { 2049, 2049 }, { 2375, 2376 },
	  { 2379, 2380 }, { 3306, 3306 }, { 3389, 3389 }, { 5432, 5432 }, { 5900, 5903 },
	  { 5984, 5985 }, { 6379, 6379 }, { 9042, 9042 }, { 9200, 9200 }, { 9300, 9300 },
	  { 10250, 10250 }, { 11211, 11211 }, { 27017, 27019 } },
	{ { 69, 69 }, { 111, 111 }, { 137, 138 }, { 161, 162 }, { 389, 389 }, { 514, 514 },
	  { 623, 623 }, { 1434, 1434 }, { 2049, 2049 }, { 11211, 11211 } },
};

void
lint_config_init(struct lint_config *c, struct arena *arena)
{
	memset(c, 0, sizeof(*c));
	for (int i = 0; i < LINT_COUNT; i++)
		c->severity[i] = lint_table[i].severity;
	c->near_limit = 21;
	c->fail_on = DIAG_WARNING;
	for (int p = 0; p < 2; p++)
		for (const struct port_range *r = sensitive[p]; r->first; r++)
			portset_add(arena, &c->sensitive[p], r->first, r->last);
}

/* --- lists of words ------------------------------------------------------------------- */

static bool
next_word(struct slice *list, struct slice *word)
{
	while (list->n && strchr(", \t\r\n", *list->p)) {
		list->p++;
		list->n--;
	}
	word->p = list->p;
	for (word->n = 0; list->n && !strchr(", \t\r\n", *list->p); word->n++) {
		list->p++;
		list->n--;
	}
	return word->n > 0;
}

/* Does a word name a check: its code, its name, or the beginning of its code? */
static bool
names(struct slice word, const struct lint_check *check)
{
	return slice_is(word, check->name) || (word.n >= 2 && word.n <= strlen(check->code) &&
	    memcmp(word.p, check->code, word.n) == 0);
}

static bool
mark(struct slice list, bool marked[LINT_COUNT], struct slice *bad)
{
	memset(marked, 0, LINT_COUNT * sizeof(*marked));
	while (next_word(&list, bad)) {
		bool any = false;

		for (int i = 0; i < LINT_COUNT; i++)
			if (names(*bad, &lint_table[i]))
				marked[i] = any = true;
		if (!any)
			return false;
	}
	return true;
}

bool
lint_config_set(struct lint_config *c, struct slice list, unsigned severity, struct slice *bad)
{
	bool marked[LINT_COUNT];

	if (!mark(list, marked, bad))
		return false;
	for (int i = 0; i < LINT_COUNT; i++)
		if (marked[i])
			c->severity[i] = (uint8_t)severity;
	return true;
}

bool
lint_config_select(struct lint_config *c, struct slice list, struct slice *bad)
{
	bool marked[LINT_COUNT];

	if (!mark(list, marked, bad))
		return false;
	for (int i = 0; i < LINT_COUNT; i++)
		if (!marked[i])
			c->severity[i] = LINT_OFF;
	return true;
}

bool
lint_severity_read(struct slice text, unsigned *out)
{
	if (slice_is(text, "error"))
		*out = DIAG_ERROR;
	else if (slice_is(text, "warning"))
		*out = DIAG_WARNING;
	else if (slice_is(text, "note"))
		*out = DIAG_NOTE;
	else if (slice_is(text, "off"))
		*out = LINT_OFF;
	else
		return false;
	return true;
}

/* --- ports ---------------------------------------------------------------------------- */

static bool
read_port(struct slice *s, uint16_t *out)
{
	unsigned v = 0;

	if (s->n == 0 || *s->p < '0' || *s->p > '9')
		return false;
	for (; s->n && *s->p >= '0' && *s->p <= '9'; s->p++, s->n--)
		if ((v = v * 10 + (unsigned)(*s->p - '0')) > 65535)
			return false;
	*out = (uint16_t)v;
	return v > 0;
}

static bool
strip(struct slice *s, const char *prefix)
{
	size_t n = strlen(prefix);

	if (s->n < n || memcmp(s->p, prefix, n) != 0)
		return false;
	s->p += n;
	s->n -= n;
	return true;
}

bool
lint_config_ports(struct lint_config *c, struct arena *arena, struct slice list,
    struct slice *bad)
{
	memset(c->sensitive, 0, sizeof(c->sensitive));
	while (next_word(&list, bad)) {
		struct slice s = *bad;
		bool tcp = strip(&s, "tcp/"), udp = !tcp && strip(&s, "udp/");
		uint16_t first, last;

		if (!read_port(&s, &first))
			return false;
		last = first;
		if (strip(&s, "-") && !read_port(&s, &last))
			return false;
		if (s.n || last < first)
			return false;
		if (!udp)
			portset_add(arena, &c->sensitive[0], first, last);
		if (!tcp)
			portset_add(arena, &c->sensitive[1], first, last);
	}
	return true;
}

/* --- .fwrule.conf --------------------------------------------------------------------- */

struct conf {
	struct lint_config *c;
	struct arena *arena;
	struct diags *ds;
	const struct src *src;
	bool good;
	uint32_t at;                    /* the line that is next, for places */
};

/* inih says no lines: the next one that begins with the name is meant. */
static struct span
conf_place(struct conf *k, const char *name)
{
	struct slice s = k->src->text;
	size_t n = strlen(name);

	while (k->at < s.n) {
		const char *nl = memchr(s.p + k->at, '\n', s.n - k->at);
		size_t end = nl ? (size_t)(nl - s.p) : s.n;
		struct span line = { k->at, (uint32_t)(end - k->at) };

		k->at += line.len + 1;
		if (line.len >= n && memcmp(s.p + line.off, name, n) == 0)
			return line;
	}
	return (struct span){ 0, 0 };
}

static struct diag *
conf_error(struct conf *k, struct span at, const char *text)
{
	k->good = false;
	return diag_add(k->ds, DIAG_lint_conf, k->src, at, text);
}

static bool
conf_number(struct slice s, unsigned min, unsigned max, uint8_t *out)
{
	unsigned v = 0;

	for (size_t i = 0; i < s.n; i++) {
		if (s.p[i] < '0' || s.p[i] > '9' || v > max)
			return false;
		v = v * 10 + (unsigned)(s.p[i] - '0');
	}
	*out = (uint8_t)v;
	return s.n > 0 && v >= min && v <= max;
}

static const char *
conf_check(struct conf *k, const char *name, struct slice value, struct slice *bad)
{
	unsigned severity;

	*bad = value;
	if (strcmp(name, "select") == 0)
		return lint_config_select(k->c, value, bad) ? NULL : "no such check";
	if (strcmp(name, "ignore") == 0)
		return lint_config_set(k->c, value, LINT_OFF, bad) ? NULL : "no such check";
	if (strcmp(name, "sensitive-ports") == 0)
		return lint_config_ports(k->c, k->arena, value, bad) ? NULL
		    : "no port, or range as 8000-8080, after tcp/ or udp/";
	if (strcmp(name, "fwrule-version") == 0)
		return conf_number(value, 1, LANG_VERSION, &k->c->fwrule_version) ? NULL
		    : "a version is a number from 1 to 4";
	if (strcmp(name, "near-limit") == 0)
		return conf_number(value, 2, LANG_MAX_TARGETS + 1, &k->c->near_limit) ? NULL
		    : "near-limit is a number from 2 to 25";
	if (strcmp(name, "icmp6") == 0)
		return essentials_read(value, &k->c->icmp6) ? NULL : "icmp6 is none or rfc4890";
	if (strcmp(name, "fail-on") != 0) {
		*bad = slice_of(name);
		return "[check] has select, ignore, sensitive-ports, fwrule-version, icmp6, "
		    "near-limit and fail-on";
	}
	if (slice_is(value, "never"))
		severity = LINT_OFF;
	else if (!lint_severity_read(value, &severity) || severity == LINT_OFF)
		return "fail-on is error, warning, note or never";
	k->c->fail_on = (uint8_t)severity;
	return NULL;
}

static int
conf_value(void *context, const char *section, const char *name, const char *value)
{
	struct conf *k = context;
	struct span at = conf_place(k, name);
	struct slice bad = slice_of(value);
	const char *wrong = NULL;
	unsigned severity;

	if (strcmp(section, "check") == 0) {
		wrong = conf_check(k, name, slice_of(value), &bad);
	} else if (strcmp(section, "severity") == 0) {
		bad = slice_of(name);
		if (!lint_severity_read(slice_of(value), &severity))
			wrong = "a severity is error, warning, note or off";
		else if (!lint_config_set(k->c, slice_of(name), severity, &bad))
			wrong = "no such check";
	} else {
		wrong = "the sections are [check] and [severity]";
	}
	if (wrong)
		diag_help(k->ds, conf_error(k, at, wrong), "at \"%.*s\"", SLICE_ARGS(bad));
	return 1;
}

static bool
is_blank(const char *p, size_t n)
{
	while (n && (*p == ' ' || *p == '\t' || *p == '\r'))
		p++, n--;
	return n == 0;
}

/* What inih would cut off, join or stop at. */
static bool
conf_lines(struct conf *k)
{
	struct slice s = k->src->text;

	if (s.n > LINT_CONFIG_MAX) {
		conf_error(k, (struct span){ 0, 0 }, "the file is longer than 64 KB");
		return false;
	}
	for (uint32_t at = 0; at < s.n;) {
		const char *nl = memchr(s.p + at, '\n', s.n - at);
		struct span line = { at, (uint32_t)(nl ? (size_t)(nl - s.p) - at : s.n - at) };

		if (line.len > LINT_CONFIG_LINE)
			conf_error(k, line, "the line is longer than 199 bytes");
		else if (memchr(s.p + at, '\0', line.len))
			conf_error(k, line, "the line holds a NUL");
		else if (line.len && (s.p[at] == ' ' || s.p[at] == '\t') &&
		    !is_blank(s.p + at, line.len))
			conf_error(k, line, "a line begins with no blank");
		at += line.len + 1;
	}
	return k->good;
}

bool
lint_config_read(struct lint_config *c, struct arena *arena, struct diags *ds,
    const struct src *src)
{
	struct conf k = { .c = c, .arena = arena, .ds = ds, .src = src, .good = true };
	char *text;
	int line;

	if (!conf_lines(&k))
		return false;
	text = arena_copy(arena, src->text.p, src->text.n);
	line = ini_parse_string(text, conf_value, &k);
	if (line > 0) {
		k.at = 0;
		for (int i = 1; i < line && k.at < src->text.n; k.at++)
			i += src->text.p[k.at] == '\n';
		conf_error(&k, (struct span){ k.at, 1 }, "the line is no [section], no name = "
		    "value and no comment");
	}
	return k.good;
}
