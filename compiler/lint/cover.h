/* SPDX-License-Identifier: MPL-2.0 */
/*
 * Which rules decide the packets of a rule before it: over all VMs and all packets,
 * or over the VMs of an inventory.
 *
 * In one direction a rule is about VMs x remote ends x ports.  Without an inventory its
 * VMs are atoms: all vms, a tag, a tag with a value, a VM, each of one owner or of all.
 * An atom lies within at most six (tag k = v within tag k within all vms, an owner's
 * within everybody's), and no union of others holds it, for there may be a VM that is
 * the one and nothing else.  A remote end is such an atom, whose addresses may be any,
 * or a prefix; `any` is the prefixes of length 0.  An address is taken for one VM's.
 *
 * With an inventory VMs that the same rules name are a class (real.c), and classes are
 * looked at one after the other: a class is an atom that nothing else holds, and a
 * remote end a prefix, with the addresses of all VMs that are named.
 *
 * So a rule is a set of pairs (atom, remote) with a set of ports each.  Rules are taken
 * level by level, in the order in which they win: by priority, then ALLOW before BLOCK
 * inbound and BLOCK before ALLOW outbound.  For each pair it is kept which ports are
 * taken by then, and by which two rules, so that one can be left out.
 *
 * - A pair is covered where pairs that hold it, or prefixes within it that are together
 *   all of it, have the ports (cover_ask).
 * - Where two rules meet, a VM and a remote end that are both ones' and nothing else
 *   show who decides: what rules such a VM has, any other VM of both has, too.  So they
 *   need to be looked at only once (cover_meet).
 *
 * Cost: for each pair the lengths of prefixes there are, times six, unless others lie
 * within it.  What lies within is searched, each step is counted, and behind so many
 * steps the answer is "unknown" (COVER_WORK), which the linter reports.
 */
#ifndef FWR_LINT_COVER_H
#define FWR_LINT_COVER_H

#include "../base/hash.h"
#include "../net/pset.h"
#include "lint_int.h"

#define COVER_NONE UINT32_MAX
/* Steps of one question, and of all for each rule, and in any case. */
#define COVER_QUESTION ((uint64_t)4000000)
#define COVER_WORK_RULE ((uint64_t)2000)
#define COVER_WORK ((uint64_t)100000000)
/* Covering rules that are kept for a finding. */
#define COVER_RULES_MAX 64

enum cover_kind { COVER_ALL, COVER_TAG, COVER_TAG_VALUE, COVER_VM, COVER_CLASS };
enum cover_answer { COVER_NO, COVER_YES, COVER_UNKNOWN };

struct cover_atom {
	uint8_t kind;                   /* enum cover_kind */
	uint8_t n_within;
	uint32_t owner;                 /* 0: every owner's */
	uint32_t name, value;           /* of a tag or VM, and of a tag's value: equal if equal */
	const struct rule_tag *tag;
	const struct uuid *vm;          /* of a class: one of them */
	uint32_t within[6];             /* itself first */
	uint32_t inner, n_inner;        /* atoms that lie within it, in cover.inner */
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
	uint32_t mark;                  /* rule + 1 that is asked about and has it */
	uint32_t n, cap;
	struct cover_seg *seg;
	struct portset taken;           /* the ports of seg */
};

/* The pairs of a direction, protocol and atom, sorted: atoms, IPv4, IPv6. */
struct cover_bucket {
	uint32_t atom;
	uint8_t kind;                   /* direction * LANG_PROTOS + protocol */
	uint32_t at[4];                 /* where atoms, IPv4, IPv6 begin, and the end */
	uint64_t lens[3];               /* lengths of prefixes: a bit each; IPv4's from bit 96 on */
	struct portset taken[2];        /* in some pair, by rules of an action */
	struct portset recent;          /* by rules of one level */
	uint32_t recent_level;
};

struct cover_list {
	uint32_t n;
	const uint32_t *v;
};

/* What a rule's sides are, for all that work with pairs. */
struct cover_side {
	struct cover_list atoms;        /* VMs the side names */
	struct prefix *nets;            /* its prefixes, host bits cut off */
	uint32_t n_nets;
};

/* What decides a rule's packets. */
struct cover_result {
	uint32_t n, rules[COVER_RULES_MAX];
	bool more;                      /* rules than those */
};

/* One packet, and who decides it. */
struct cover_packet {
	uint32_t decider;
	uint32_t near[2], far[2];       /* atoms its ends are of, or COVER_NONE */
	struct cover_remote remote;     /* the prefix its address was taken from */
	struct addr addr;
	uint16_t key;
};

/* Buckets of one owner's atoms, or of everybody's, in which rules of an action have taken. */
struct cover_near {
	struct {
		VEC(uint32_t) vms, others;      /* of atoms that are a VM; the rest */
		struct portset taken;           /* in some of them */
	} of[2 * LANG_PROTOS][2];               /* of a direction and protocol; by action */
};

struct cover_uses {
	uint32_t first, n;              /* in use_pair */
};

struct cover {
	struct arena *arena, scratch;
	struct lint_rule *rules;
	uint32_t n_rules;
	struct strmap atom_numbers, owner_numbers, names;
	VEC(struct cover_atom) atoms;
	uint32_t *inner;
	struct cover_side *side[2];     /* of each rule */
	uint32_t *bucket_of;            /* atom * 2 * LANG_PROTOS + direction * LANG_PROTOS + proto */
	VEC(struct cover_bucket) buckets;
	struct cover_near *near;        /* of each owner, everybody's first */
	struct cover_pair *pairs;
	struct addr *mass;              /* addresses of the pairs before, in units (pairs.c) */
	uint32_t n_pairs;
	struct cover_uses *uses[2];     /* of each rule */
	uint32_t *use_pair;
	uint32_t *rank;                 /* of a rule, in the direction being worked on */
	bool real;                      /* of an inventory */
	uint32_t only;                  /* class that pairs are of, or COVER_NONE */
	uint64_t work, limit, question; /* done; when to stop; when to stop with this question */
};

/* Makes atoms and pairs of all rules that count. */
void cover_init(struct cover *c, struct arena *arena, struct lint_rule *rules, uint32_t n);
void cover_done(struct cover *c);

/* Does the rule count at all: enabled, and none before it says the same? */
static inline bool
cover_counts(const struct lint_rule *r)
{
	return rule_is_true((enum rule_bool)r->rule->enabled) && !r->duplicate;
}

/* Takes the rule's ports, from whoever wins first; a level is a number of the caller's. */
void cover_take(struct cover *c, uint32_t rule, enum lang_side dir, uint32_t level);
/*
 * The same for cover_overlaps, which needs not know whose ports they are; a cover is
 * used for the one or for the other between two times that it is cleared.
 */
void cover_take_ports(struct cover *c, uint32_t rule, enum lang_side dir);
/* Forgets what was taken. */
void cover_clear(struct cover *c);

/*
 * Are all packets of the rule in this direction that have those ports decided by
 * others that were taken?
 */
enum cover_answer cover_ask(struct cover *c, uint32_t rule, enum lang_side dir,
    const struct portset *items);
/* Adds those that decide them to *res, where the answer was yes. */
void cover_name(struct cover *c, uint32_t rule, enum lang_side dir, const struct portset *items,
    struct cover_result *res);
void cover_name_rule(struct cover_result *res, uint32_t rule);

/*
 * Is a packet of the rule decided by another that was taken, says the opposite, and
 * that `pick` wants (NULL: all)?  Then it is in *packet.  possible: also of VMs that
 * may or may not be there, which are what two rules name, or have addresses that both
 * name; else only where all VMs that one names are named by the other.  level: only by
 * rules that were taken with it; or COVER_NONE.
 */
typedef bool cover_pick_fn(void *context, uint32_t other);
struct cover_meet {
	uint32_t rule;
	enum lang_side dir;
	const struct portset *items;
	bool possible;
	uint32_t level;
	cover_pick_fn *pick;
	void *context;
};
enum cover_answer cover_meet(struct cover *c, const struct cover_meet *m,
    struct cover_packet *packet);
/* Does another that was taken, and says the opposite, possibly have a packet of the rule? */
enum cover_answer cover_overlaps(struct cover *c, uint32_t rule, enum lang_side dir,
    const struct portset *items);

/* Is all that a is about in this direction what b is about, too? */
bool cover_within(struct cover *c, uint32_t a, uint32_t b, enum lang_side dir);

/* --- between the files ------------------------------------------------------------------ */

/* What a search is about: VMs of the atoms `near`, ends of `far` at the prefix. */
struct cover_class {
	struct cover *c;
	uint32_t rule;                  /* which itself does not count */
	enum lang_side dir;
	uint32_t n_near, near[12], n_far, far[12];
	struct cover_remote at;
};

/* At most 33 or 129 prefixes and 12 atoms for each of the VMs' atoms. */
#define COVER_HOLDERS_MAX (12 * (129 + 12))

struct cover_holders {
	uint32_t n;
	struct cover_pair *v[COVER_HOLDERS_MAX];
};

/* The pairs that hold all of the class, with ports taken. */
void cover_find_holders(const struct cover_class *q, struct cover_holders *h);
/* The pairs of a bucket whose prefixes lie within q's, but not that itself. */
void cover_inner_range(const struct cover_class *q, const struct cover_bucket *b, uint32_t *from,
    uint32_t *to);
struct cover_pair *cover_find_pair(struct cover *c, const struct cover_bucket *b,
    const struct cover_remote *r);
struct cover_bucket *cover_bucket_at(const struct cover *c, uint32_t atom, enum lang_side dir,
    unsigned proto);
/* The first segment that ends at or behind a port. */
uint32_t cover_seg_from(const struct cover_pair *p, unsigned port);
/* Who decides at a port, of holders; *end becomes the last port up to which it is so. */
uint32_t cover_winner(const struct cover_class *q, const struct cover_holders *h, unsigned port,
    unsigned *end);
/* Some addresses of the prefix, its ends first. */
#define COVER_POINTS 8
struct addr cover_point(const struct cover_class *q, int i);
/* Who decides at one address and port, or COVER_NONE. */
uint32_t cover_decider(const struct cover_class *q, struct addr addr, unsigned key);

/*
 * The decision over the addresses of the prefix and the ports, holders and those within
 * it taken together, cell by cell, until fn returns false.  rule: COVER_NONE where nobody
 * decides.  COVER_NO if fn did, COVER_UNKNOWN if it is too much.
 */
typedef bool cover_cell_fn(void *context, uint32_t rule, struct addr addr, unsigned key);
enum cover_answer cover_lay_open(const struct cover_class *q, const struct portset *items,
    cover_cell_fn *fn, void *context);

/* The class of one pair of a rule, in one family. */
void cover_class_of(struct cover *c, uint32_t rule, enum lang_side dir, const struct cover_pair *p,
    unsigned fam, struct cover_class *q);
/* The families a remote end may have: both, for an atom, unless the protocol has one. */
unsigned cover_families(const struct cover_remote *r, enum lang_proto proto, unsigned out[2]);
/* Atoms that hold a VM of atom a with an owner; returns how many. */
uint32_t cover_holding(struct cover *c, uint32_t a, uint32_t owner, uint32_t out[6]);
/* May one VM be of both? */
bool cover_compatible(const struct cover_atom *a, const struct cover_atom *b, bool owners);

/* Counts steps; false when there are none left. */
static inline bool
cover_spend(struct cover *c, uint64_t steps)
{
	c->work += steps;
	return c->work <= c->question;
}

/* Begins a question. */
static inline void
cover_begin(struct cover *c)
{
	c->question = c->work + COVER_QUESTION < c->limit ? c->work + COVER_QUESTION : c->limit;
}

/*
 * Makes the pairs of some rules: all, or those that name one class of VMs (real.c); in
 * c->arena.  Those of before are forgotten.
 */
void cover_index(struct cover *c, const uint32_t *rules, uint32_t n);
/* Sizes, in units of sum_sizes (pairs.c). */
struct addr cover_size(const struct cover_remote *r);
/* What an atom is stored under: kind, owner, and what names it. */
void cover_atom_key(struct buf *b, const struct cover_atom *a);
/* The number of the atom; COVER_NONE if there is none. */
uint32_t cover_find_atom(struct cover *c, const struct cover_atom *a);

#endif
