/* SPDX-License-Identifier: MPL-2.0 */
#ifndef FWR_INDEX_QUERY_INT_H
#define FWR_INDEX_QUERY_INT_H

#include "query.h"

/* What a question can ask of a rule's targets, its owner and its ports. */
enum query_cond { COND_IP, COND_SUBNET, COND_VM, COND_TAG, COND_WILDCARD, COND_OWNER, COND_PORT,
	QUERY_CONDS };

bool query_asks(const struct query *q, enum query_cond c);
/* Does the rule answer this condition? */
bool query_holds(const struct query *q, enum query_cond c, const struct rule *r);

/*
 * Puts numbers, which are ascending or in the order of UUIDs already, in the order
 * that the question asks for; false as query_run.
 */
bool query_sort(struct index_reader *rd, const struct query *q, struct query_list *l,
    bool ordered);

void query_list_room(struct query_list *l, uint32_t n);

static inline void
query_list_add(struct query_list *l, uint32_t v)
{
	if (l->n == l->cap)
		query_list_room(l, 1);
	l->v[l->n++] = v;
}

/* The family-true test of one target against one value. */
bool query_prefix_matches(enum query_match match, struct prefix target, struct prefix value);

#endif
