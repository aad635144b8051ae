/* SPDX-License-Identifier: MPL-2.0 */
/*
 * What the files of the tree pass share: tree.c builds and writes the groups,
 * cut.c chooses how a list of lines is split, origin.c says which rules a part
 * of an entry stands for.
 */
#ifndef FWR_PASSES_TREE_INT_H
#define FWR_PASSES_TREE_INT_H

#include "passes_int.h"

#define CUT_MAX 16              /* groups that one list is split into */

/* One filter line; the keys are ports, or type * 256 + code. */
struct tree_line {
	struct prefix p;
	uint16_t first, last;
	uint32_t entry;                 /* in the policy */
	uint32_t addr, item;            /* in the entry; addr UINT32_MAX: any */
};

/* Lines of one direction, protocol and family, of which the first that matches decides. */
struct tree_list {
	VEC(const struct tree_line *) line;
};

/* The packets that a group is about. */
struct tree_region {
	struct prefix p;
	uint16_t first, last;
};

struct cut_child {
	struct tree_region region;
	struct tree_list list;          /* the lines that its packets can meet */
	/* The first line that matches all its packets; the list ends before it.  NULL: none. */
	const struct tree_line *all;
};

enum cut_how { CUT_FLAT, CUT_CHILDREN, CUT_PARTS };

struct cut {
	enum cut_how how;
	/* CUT_CHILDREN: a packet belongs to the first whose region it is in. */
	uint32_t n;
	struct cut_child child[CUT_MAX];
	struct tree_list rest;          /* for packets in no region */
	int64_t added;                  /* lines more than there were, without heads */
	/* CUT_PARTS: behind which lines they end. */
	VEC(uint32_t) part_end;
};

struct cut_problem {
	struct arena *arena;
	const struct tree_list *list;   /* no line matches the whole region */
	struct tree_region region;
	enum lang_proto proto;
	uint32_t spare;                 /* lines that may be added */
	bool all_needed;                /* each child must have a line that matches all of it */
	bool may_part;
	unsigned more;                  /* lines that each group needs at its end */
};

/* Chooses the cheapest way found. */
void cut_choose(const struct cut_problem *pb, struct cut *out);

static inline bool
tree_covers(const struct tree_line *l, const struct tree_region *r)
{
	return l->first <= r->first && l->last >= r->last && prefix_contains(l->p, r->p);
}

/* --- which rules --------------------------------------------------------------- */

struct origin;

/* The index of an entry's sources; NULL where all of its lines stand for the same. */
struct origin *origin_new(struct arena *scratch, const struct policy_entry *e,
    enum net_family fam);

/*
 * Sets the rules of part, whose addresses each lie in one of the entry's, to those
 * of the entry's that it has packets in common with.
 */
void origin_narrow(struct origin *o, struct arena *keep, struct policy_entry *part);

#endif
