/* SPDX-License-Identifier: MPL-2.0 */
/*
 * Passes over the policy of one VM.  Each takes the list of entries and leaves
 * one that decides the same; the IR's invariants are checked after each.
 *
 *	-O1  merge      one entry a rule and direction: the smallest lists
 *	     state      no state where it means nothing
 *	-O2  share      the shortest list found for the whole policy
 *	-O3  tree       the same lines in groups, so that a packet meets few of them
 *
 * A context belongs to one host: what depends on a rule only is worked out once,
 * not once a VM.
 */
#ifndef FWR_PASSES_PASSES_H
#define FWR_PASSES_PASSES_H

#include "../policy/policy.h"

#define PASSES_LEVEL_MAX 3

struct passes;

struct pass {
	const char *name;
	unsigned level;                 /* runs from this level on */
	void (*run)(struct passes *ps, struct policy *p);
};

/*
 * What passes take on at most.  Past a limit a pass does less, which does not hang on
 * the machine, and says so in a note; what it leaves decides the same as ever.
 */
struct passes_limits {
	uint64_t active;                /* entries in all intervals of ports, of a decision */
	uint64_t ranges, ranges_each;   /* of addresses: so many, and for each one of the rules */
	uint64_t layered;               /* ranges of all functions that are laid over another */
	uint64_t dead, dead_each;       /* searches for lines that are dead, and for each line */
	uint64_t grouped;               /* lines of one direction and family, in groups */
};

extern const struct passes_limits passes_limits;

struct passes_note {
	const char *pass;
	enum net_family fam;
	enum lang_side side;
	enum lang_proto proto;          /* LANG_PROTOS: all */
	bool shortened;                 /* the pass left out what it is for */
	const char *text;
};

extern const struct pass pass_table[];
extern const size_t pass_count;

/*
 * Cached results live in arena, which must live as long as the context.  n_rules
 * is the length of the host's list; tags says that lines carry their rule.
 */
struct passes *passes_new(struct arena *arena, uint32_t n_rules, unsigned level, bool tags);
void passes_free(struct passes *ps);
/* Others than passes_limits; they must outlive the context. */
void passes_limit(struct passes *ps, const struct passes_limits *limits);

/*
 * Runs the passes of the level; what they make lives in arena (and in the
 * context's).  Returns NULL, or what invariant was broken and by which pass: an
 * internal error.  dump gets the IR before all of them or after some, and what notes
 * these made, for each stage in debug (passes_stage); under a heading each, if there are
 * several.
 */
const char *passes_run(struct passes *ps, struct arena *arena, struct policy *p,
    unsigned debug, struct buf *dump);

/* The bit of "ir" or "pass:NAME", and the level from which on there is such a stage; or 0. */
unsigned passes_stage(struct slice name, unsigned *level);

/* What limits the last run met; good until the next one. */
const struct passes_note *passes_notes(const struct passes *ps, uint32_t *n);
/* "in tcp, IPv4: ..." */
void passes_note_text(struct buf *out, const struct passes_note *note);

/*
 * A lower bound, for -O2 without tags: no lists of lines, each for one protocol,
 * that decide what the policies run so far do have fewer lines for their rules.
 * It is, for each VM, family, direction and protocol, the shortest list for one
 * port or type alone, whichever needs most, or half of the ends of lines that must
 * stand between ports at which anything changes; of the runs after passes_count_bound.
 */
void passes_count_bound(struct passes *ps);
uint64_t passes_bound(const struct passes *ps);

#endif
