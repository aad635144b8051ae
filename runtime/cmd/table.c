/* SPDX-License-Identifier: MPL-2.0 */
#include "table.h"

#include "../../compiler/base/text.h"

/* UUID, two spaces, "enabled" or "disabled", two spaces, owner, two spaces. */
#define BEFORE_RULE (UUID_TEXT + 2 + 8 + 2 + UUID_TEXT + 2)
#define RULE_MIN 40             /* a narrower column for the sentence is not worth it */
#define INDENT 4

static bool
is_wide(const struct table *t)
{
	return t->width == 0 || t->width >= BEFORE_RULE + RULE_MIN;
}

void
table_head(const struct table *t, struct buf *out)
{
	if (is_wide(t))
		buf_printf(out, "%-*s  %-8s  %-*s  %s\n", UUID_TEXT, "UUID", "STATE", UUID_TEXT,
		    "OWNER", "RULE");
}

/* The bytes of s that fit into so many columns: up to a space, or, without one, all. */
static size_t
fitting(struct slice s, unsigned columns)
{
	size_t good = 0, i = 0, before;
	unsigned used = 0;

	while (i < s.n) {
		before = i;
		text_decode(s, &i);
		if (s.p[before] == ' ')
			good = before;
		used += (unsigned)text_width((struct slice){ s.p + before, i - before });
		if (used > columns)
			return good ? good : before ? before : i;
	}
	return s.n;
}

/* The sentence in a column that begins at `from`, where the line stands now. */
static void
write_wrapped(const struct table *t, struct buf *out, struct slice s, unsigned from)
{
	unsigned columns = t->width > from + 8 ? t->width - from : 8;

	if (t->width == 0) {
		text_visible(out, s);
		buf_char(out, '\n');
		return;
	}
	for (;;) {
		size_t n = fitting(s, columns);

		text_visible(out, (struct slice){ s.p, n });
		buf_char(out, '\n');
		while (n < s.n && s.p[n] == ' ')
			n++;
		s = (struct slice){ s.p + n, s.n - n };
		if (s.n == 0)
			return;
		buf_printf(out, "%*s", (int)from, "");
	}
}

void
table_rule(const struct table *t, struct buf *out, const struct rule *r)
{
	const char *state = rule_is_true(r->enabled) ? "enabled" : "disabled";
	bool wide = is_wide(t);

	buf_uuid(out, r->uuid);
	buf_printf(out, wide ? "  %-8s  " : "  %s\n", state);
	if (!wide)
		buf_printf(out, "%*s", INDENT, "");
	if (r->has_owner)
		buf_uuid(out, r->owner);
	else if (wide)
		buf_printf(out, "%-*s", UUID_TEXT, "global");
	else
		buf_str(out, "global");
	if (wide)
		buf_str(out, "  ");
	else
		buf_printf(out, "\n%*s", INDENT, "");
	write_wrapped(t, out, r->text, wide ? BEFORE_RULE : INDENT);
}
