/* SPDX-License-Identifier: MPL-2.0 */
/*
 * What `fwrule aggregate` does, texts in, text out: the addresses that are in
 * any of the lists, in all of the lists to intersect with, and in none of the
 * lists to exclude, as the smallest list of prefixes.
 */
#ifndef FWR_NET_AGGREGATE_H
#define FWR_NET_AGGREGATE_H

#include "addrlist.h"

enum aggregate_role { AGGREGATE_ADD, AGGREGATE_INTERSECT, AGGREGATE_EXCLUDE };

struct aggregate_input {
	enum aggregate_role role;
	const struct src *src;
};

/*
 * Combines n inputs; their order does not matter.  *out becomes sets in the
 * arena `a`.  Both families are combined alike, so a list to intersect with that
 * names only IPv4 leaves no IPv6.  False if a list holds an error (all of them
 * are in *ds then): an incomplete set could allow what it should not, so there
 * is none.
 */
bool aggregate_lists(struct arena *a, const struct aggregate_input *in, size_t n,
    struct addrlist *out, struct diags *ds);

/*
 * Appends two lines, "ipv4 PREFIXES ADDRESSES" and the same for ipv6: the length
 * of the smallest list and the number of addresses in it.
 */
void aggregate_count(struct buf *out, const struct addrlist *list);

#endif
