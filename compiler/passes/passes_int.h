/* SPDX-License-Identifier: MPL-2.0 */
#ifndef FWR_PASSES_PASSES_INT_H
#define FWR_PASSES_PASSES_INT_H

#include "passes.h"

/* What a rule and side come to, whatever the VM: kept from VM to VM. */
struct merged {
	bool done, any;
	uint32_t n_addrs, n_targets;
	struct prefix *addrs;           /* the smallest list, IPv4 first */
	bool all_items;
	uint16_t n_items;
	struct lang_item *items;        /* the smallest list */
};

struct passes {
	struct arena *keep;             /* the context's */
	struct arena *arena;            /* of the policy being worked on */
	struct arena scratch;           /* of one pass at a time */
	struct arena each;              /* of one question at a time */
	unsigned level;
	bool tags;
	uint32_t n_rules;
	struct merged (*merged)[2];     /* by rule and side */
	bool bounded;
	uint64_t bound;
	const struct passes_limits *limits;
	VEC(struct passes_note) notes;  /* in the policy's arena */
};

void pass_merge(struct passes *ps, struct policy *p);
void pass_state(struct passes *ps, struct policy *p);
void pass_share(struct passes *ps, struct policy *p);
void pass_tree(struct passes *ps, struct policy *p);

/* Adds a note, unless it is there already; its text must last. */
void passes_add_note(struct passes *ps, struct passes_note note);
/* Takes from entries what those of rules that the compiler added decide before them. */
void passes_leave_added(struct passes *ps, struct policy *p);
/* The smallest list of ports, or of types and codes, that says the same. */
void items_shrink(struct arena *a, enum lang_proto proto, const struct lang_item *items,
    uint32_t n, struct lang_item **out, uint16_t *n_out);
/* Do entries of one protocol have a port, or a type and code, in common? */
bool items_overlap(const struct policy_entry *x, const struct policy_entry *y);

#endif
