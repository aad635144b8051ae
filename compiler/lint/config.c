/* SPDX-License-Identifier: MPL-2.0 */
/* What is checked, and how severe it is. */
#include "lint_int.h"

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
