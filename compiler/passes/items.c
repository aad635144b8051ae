/* SPDX-License-Identifier: MPL-2.0 */
/* Lists of ports, and of ICMP types and codes, made smallest. */
#include <stdlib.h>

#include "../net/portset.h"
#include "passes_int.h"

static void
shrink_ports(struct arena *a, const struct lang_item *items, uint32_t n, struct lang_item *out,
    uint16_t *n_out)
{
	struct portset set = { 0 };

	for (uint32_t i = 0; i < n; i++)
		portset_push(a, &set, items[i].a, items[i].b);
	portset_close(&set);
	for (uint32_t i = 0; i < set.n; i++)
		out[i] = (struct lang_item){ set.v[i].first, set.v[i].last,
			set.v[i].first != set.v[i].last };
	*n_out = (uint16_t)set.n;
}

static int
by_type(const void *a, const void *b)
{
	const struct lang_item *x = a, *y = b;

	if (x->a != y->a)
		return (int)x->a - (int)y->a;
	return (int)(uint16_t)(x->b + 1) - (int)(uint16_t)(y->b + 1);
}

/* ipf has no ranges of types: a type alone covers its codes, and 256 codes are the type. */
static void
shrink_types(const struct lang_item *items, uint32_t n, struct lang_item *out, uint16_t *n_out)
{
	uint16_t kept = 0;
	uint32_t codes = 0;

	memcpy(out, items, n * sizeof(*out));
	qsort(out, n, sizeof(*out), by_type);
	for (uint32_t i = 0; i < n; i++) {
		const struct lang_item *last = kept ? &out[kept - 1] : NULL;

		if (last && last->a == out[i].a &&
		    (last->b == LANG_ANY_CODE || last->b == out[i].b))
			continue;
		codes = last && last->a == out[i].a ? codes + 1 : 1;
		out[kept++] = out[i];
		if (codes == 256) {
			kept = (uint16_t)(kept - 256);
			out[kept++].b = LANG_ANY_CODE;
		}
	}
	*n_out = kept;
}

void
items_shrink(struct arena *a, enum lang_proto proto, const struct lang_item *items, uint32_t n,
    struct lang_item **out, uint16_t *n_out)
{
	*out = NULL;
	*n_out = 0;
	if (n == 0)
		return;
	*out = arena_alloc(a, n * sizeof(**out));
	if (lang_has_ports(proto))
		shrink_ports(a, items, n, *out, n_out);
	else
		shrink_types(items, n, *out, n_out);
}

bool
items_overlap(const struct policy_entry *x, const struct policy_entry *y)
{
	bool ports = lang_has_ports(x->proto);

	if (x->all_items || y->all_items)
		return true;
	for (unsigned i = 0; i < x->n_items; i++)
		for (unsigned k = 0; k < y->n_items; k++) {
			const struct lang_item *s = &x->items[i], *t = &y->items[k];

			if (ports ? s->a <= t->b && t->a <= s->b : s->a == t->a &&
			    (s->b == t->b || s->b == LANG_ANY_CODE || t->b == LANG_ANY_CODE))
				return true;
		}
	return false;
}
