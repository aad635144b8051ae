/* SPDX-License-Identifier: MPL-2.0 */
/* Combining address lists; the sets and the texts are addrlist.h's. */
#include "aggregate.h"

static struct addrlist
read_role(struct arena *a, const struct aggregate_input *in, size_t n,
    enum aggregate_role role, struct diags *ds)
{
	struct addrlist list = addrlist_none();

	for (size_t i = 0; i < n; i++)
		if (in[i].role == role)
			addrlist_read(a, &list, in[i].src, ds);
	addrlist_close(&list);
	return list;
}

bool
aggregate_lists(struct arena *a, const struct aggregate_input *in, size_t n,
    struct addrlist *out, struct diags *ds)
{
	uint32_t errors = ds->errors;
	struct addrlist other;

	*out = read_role(a, in, n, AGGREGATE_ADD, ds);
	for (size_t i = 0; i < n; i++) {
		if (in[i].role != AGGREGATE_INTERSECT)
			continue;
		other = read_role(a, &in[i], 1, AGGREGATE_INTERSECT, ds);
		pset_intersect(a, &out->v4, &out->v4, &other.v4);
		pset_intersect(a, &out->v6, &out->v6, &other.v6);
	}
	other = read_role(a, in, n, AGGREGATE_EXCLUDE, ds);
	pset_minus(a, &out->v4, &out->v4, &other.v4);
	pset_minus(a, &out->v6, &out->v6, &other.v6);
	return ds->errors == errors;
}

static void
count_set(struct buf *out, const char *family, const struct pset *s)
{
	buf_str(out, family);
	buf_char(out, ' ');
	buf_uint(out, pset_prefix_count(s));
	buf_char(out, ' ');
	out->n += addr_count_write(buf_room(out, ADDR_COUNT_TEXT_MAX), pset_size(s));
	buf_char(out, '\n');
}

void
aggregate_count(struct buf *out, const struct addrlist *list)
{
	count_set(out, "ipv4", &list->v4);
	count_set(out, "ipv6", &list->v6);
}
