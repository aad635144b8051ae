/* SPDX-License-Identifier: MPL-2.0 */
/* What ipf will refuse, or never match, of a file that says what the rules say. */
#include <stdlib.h>

#include "../base/hash.h"
#include "backend_int.h"

static const char *
name_of(struct uuid u, char text[UUID_TEXT + 1])
{
	uuid_write(text, u);
	text[UUID_TEXT] = '\0';
	return text;
}

static void
warn_host_bits(struct diags *ds, const struct policy_entry *e)
{
	char rule[UUID_TEXT + 1], subnet[NET_TEXT_MAX + 1];

	subnet[prefix_write(subnet, *e->prefix)] = '\0';
	diag_add(ds, DIAG_host_bits_v6, NULL, (struct span){ 0, 0 }, name_of(e->rule->uuid, rule),
	    subnet);
}

/* Each rule is spoken of once; seen has a byte for each of the host's rules. */
static void
warn_entries(struct backend_warning *w, const struct policy *p, unsigned fam)
{
	char rule[UUID_TEXT + 1];

	for (uint32_t i = 0; i < p->entries.n; i++) {
		const struct policy_entry *e = &p->entries.v[i];
		bool v6 = e->any || (e->n_addrs && e->addrs[e->n_addrs - 1].fam == NET_V6);

		if (fam != NET_V6 || !v6)
			continue;
		if (e->proto == LANG_AH && !(w->seen[e->number] & 1)) {
			w->seen[e->number] |= 1;
			diag_add(w->diags, DIAG_ah_v6, NULL, (struct span){ 0, 0 },
			    name_of(e->rule->uuid, rule));
		}
		if (w->level == 0 && e->target == POLICY_SUBNET && prefix_has_host_bits(*e->prefix) &&
		    !(w->seen[e->number] & 2)) {
			w->seen[e->number] |= 2;
			warn_host_bits(w->diags, e);
		}
	}
}

/* How many filter lines stand in a text again.  Only -O0 writes such. */
static uint32_t
count_doubles(struct slice text)
{
	struct arena arena = { 0 };
	struct strmap lines = { 0 };
	const char *p = text.p, *end = text.p + text.n, *nl;
	uint32_t doubles = 0;

	for (; p < end && (nl = memchr(p, '\n', (size_t)(end - p))) != NULL; p = nl + 1) {
		uint32_t *slot;

		if (*p == '#' || *p == '\n')
			continue;
		slot = strmap_put(&arena, &lines, (struct slice){ p, (size_t)(nl - p) });
		doubles += *slot != UINT32_MAX;
		*slot = 0;
	}
	arena_free(&arena);
	return doubles;
}

void
ipf_warn(struct backend_warning *w, const struct policy *p, const struct backend *b,
    struct slice text)
{
	uint32_t doubles = w->level == 0 ? count_doubles(text) : 0;
	char vm[UUID_TEXT + 1];

	warn_entries(w, p, b->fam);
	if (doubles)
		diag_add(w->diags, DIAG_double_line, NULL, (struct span){ 0, 0 },
		    name_of(p->vm->uuid, vm), doubles, b->file);
}
