/* SPDX-License-Identifier: MPL-2.0 */
/* What ipf will refuse, or never match, of a file that says what the rules say. */
#include <stdlib.h>

#include "../base/hash.h"
#include "backend_int.h"

#define TABLE_MIN 64
#define LINE_BYTES 64           /* of a line and what stands between, rather too few */

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

/* Where a hash stands in the table, or would; 0 is no hash. */
static uint64_t *
place_of(uint64_t *table, uint32_t size, uint64_t hash)
{
	uint32_t at = (uint32_t)(hash >> 32) & (size - 1);

	while (table[at] && table[at] != hash)
		at = (at + 1) & (size - 1);
	return &table[at];
}

/* An empty table for a text's lines, kept from file to file; returns its size. */
static uint32_t
empty_table(struct backend_warning *w, size_t bytes)
{
	uint32_t size = TABLE_MIN;

	while (size < bytes / LINE_BYTES)
		size *= 2;
	if (size > w->table_size) {
		w->table = base_grow(w->table, size * sizeof(*w->table));
		w->table_size = size;
	}
	memset(w->table, 0, size * sizeof(*w->table));
	return size;
}

/* Twice as many places. */
static uint32_t
grow_table(struct backend_warning *w, uint32_t size)
{
	uint64_t *table = base_alloc(2 * size * sizeof(*table));

	memset(table, 0, 2 * size * sizeof(*table));
	for (uint32_t i = 0; i < size; i++)
		if (w->table[i])
			*place_of(table, 2 * size, w->table[i]) = w->table[i];
	free(w->table);
	w->table = table;
	w->table_size = 2 * size;
	return 2 * size;
}

/* How many filter lines stand in a text again, by a hash of 64 bits.  Only -O0 writes such. */
static uint32_t
count_doubles(struct backend_warning *w, struct slice text)
{
	const char *p = text.p, *end = text.p + text.n, *nl;
	uint32_t doubles = 0, n = 0, size = empty_table(w, text.n);

	for (; p < end && (nl = memchr(p, '\n', (size_t)(end - p))) != NULL; p = nl + 1) {
		uint64_t hash, *place;

		if (*p == '#' || *p == '\n')
			continue;
		if (n == size / 2)
			size = grow_table(w, size);
		hash = hash_bytes(p, (size_t)(nl - p)) | 1;
		place = place_of(w->table, size, hash);
		doubles += *place == hash;
		n += *place == 0;
		*place = hash;
	}
	return doubles;
}

void
ipf_warn(struct backend_warning *w, const struct policy *p, const struct backend *b,
    struct slice text)
{
	uint32_t doubles = w->level == 0 ? count_doubles(w, text) : 0;
	char vm[UUID_TEXT + 1];

	warn_entries(w, p, b->fam);
	if (doubles)
		diag_add(w->diags, DIAG_double_line, NULL, (struct span){ 0, 0 },
		    name_of(p->vm->uuid, vm), doubles, b->file);
}
