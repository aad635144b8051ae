/* SPDX-License-Identifier: MPL-2.0 */
/*
 * Which rules decide the packets of a rule before it: without an inventory, over
 * all VMs and all packets.
 *
 * In one direction a rule is about VMs x remote ends x ports.  Its VMs are atoms:
 * all vms, a tag, a tag with a value, a VM, each of one owner or of all.  An atom
 * lies within at most six (tag k = v within tag k within all vms, an owner's within
 * everybody's), and no union of others holds it.  A remote end is such an atom,
 * whose addresses may be any, or a prefix; `any` is the prefixes of length 0.
 *
 * So a rule is a set of pairs (atom, remote) with a set of ports each, and a pair is
 * decided where pairs that hold it, or prefixes within it that are together all of
 * it, have the ports.  Rules are taken in the order in which they win: by priority,
 * then ALLOW before BLOCK inbound and BLOCK before ALLOW outbound.  For each pair it
 * is kept which ports are taken by then, and by which two rules; those of the same
 * priority and action count as well, but for the rule itself.
 *
 * Cost: for each pair the lengths of prefixes there are, times six.  Prefixes within
 * a pair's are looked at only if there are enough of them to be all of it; that is
 * what the budget is for (COVER_WORK), behind which a rule counts as not covered.
 */
#ifndef FWR_LINT_COVER_H
#define FWR_LINT_COVER_H

#include "../base/hash.h"
#include "lint_int.h"

#define COVER_NONE UINT32_MAX
/* Steps of all searches within prefixes; a hundred thousand mixed rules need a tenth. */
#define COVER_WORK ((uint64_t)400000000)
/* Covering rules that are kept for a finding. */
#define COVER_RULES_MAX 64

enum cover_kind { COVER_ALL, COVER_TAG, COVER_TAG_VALUE, COVER_VM };

struct cover_atom {
	uint8_t kind;                   /* enum cover_kind */
	uint8_t n_within;
	uint32_t owner;                 /* 0: every owner's */
	const struct rule_tag *tag;
	const struct uuid *vm;
	uint32_t within[6];             /* itself first */
};

/* A remote end: a prefix, or an atom (fam 0, its number in a.lo). */
struct cover_remote {
	struct addr a;
	uint8_t fam, len;
};

/* Ports that are taken, and by which rules: the first to come, and another. */
struct cover_seg {
	uint16_t first, last;
	uint32_t rule, other;
};

struct cover_pair {
	struct cover_remote remote;
	uint32_t bucket;
	uint32_t n, cap;
	struct cover_seg *seg;
};

/* The pairs of a direction, protocol and atom, sorted: atoms, IPv4, IPv6. */
struct cover_bucket {
	uint32_t atom;
	uint32_t at[4];                 /* where atoms, IPv4, IPv6 begin, and the end */
	uint64_t lens[3];               /* lengths of prefixes: a bit each; IPv4's from bit 96 on */
};

/* What decides a rule's packets. */
struct cover_result {
	uint32_t n, rules[COVER_RULES_MAX];
	bool more;                      /* rules than those */
	/* A packet that one of them decides otherwise than the rule would. */
	bool differs;
	uint32_t atom, decider;
	struct cover_remote remote;
	struct addr addr;
	uint16_t key;
};

struct cover {
	struct arena *arena, scratch;
	struct lint_rule *rules;
	uint32_t n_rules;
	struct strmap atom_numbers, owner_numbers;
	VEC(struct cover_atom) atoms;
	uint32_t *bucket_of;            /* atom * 2 * LANG_PROTOS + direction * LANG_PROTOS + proto */
	VEC(struct cover_bucket) buckets;
	struct cover_pair *pairs;
	struct addr *mass;              /* addresses of the pairs before, in units (cover.c) */
	uint32_t n_pairs;
	uint32_t *first_use[2];         /* of a rule's pairs, in use_pair */
	uint32_t *use_pair;
	uint32_t *rank;                 /* of a rule, in the direction being worked on */
	uint64_t work;
};

void cover_init(struct cover *c, struct arena *arena, struct lint_rule *rules, uint32_t n);
void cover_done(struct cover *c);

/* Does the rule count at all: enabled, and none before it says the same? */
static inline bool
cover_counts(const struct lint_rule *r)
{
	return rule_is_true((enum rule_bool)r->rule->enabled) && !r->duplicate;
}

/* Takes the rule's ports, from whoever wins first. */
void cover_take(struct cover *c, uint32_t rule, enum lang_side dir);
/*
 * Are all packets of the rule in this direction that have those ports decided by
 * others that were taken?  Adds to *res.
 */
bool cover_ask(struct cover *c, uint32_t rule, enum lang_side dir, const struct portset *items,
    struct cover_result *res);
/*
 * Calls fn for rules that were taken and hold one of the rule's pairs and some of
 * its ports, until it returns true; returns whether it did.
 */
typedef bool cover_fn(void *context, uint32_t other);
bool cover_each(struct cover *c, uint32_t rule, enum lang_side dir, cover_fn *fn, void *context);
/* Forgets what was taken: all of it, or of the pairs of one rule. */
void cover_clear(struct cover *c);
void cover_forget(struct cover *c, uint32_t rule, enum lang_side dir);

/* Is all that a is about in this direction what b is about, too? */
bool cover_within(struct cover *c, uint32_t a, uint32_t b, enum lang_side dir);
/* The atoms of a side, at most LANG_MAX_TARGETS; returns how many. */
uint32_t cover_atoms(struct cover *c, const struct rule *r, enum lang_side side, uint32_t *out);

#endif
