/* SPDX-License-Identifier: MPL-2.0 */
/* What -O2 works on: the entries of one protocol and side, and the decision they are. */
#ifndef FWR_PASSES_SHARE_INT_H
#define FWR_PASSES_SHARE_INT_H

#include "../net/portset.h"
#include "../net/pset.h"
#include "ortc.h"
#include "passes_int.h"

/* Addresses with one outcome. */
struct piece {
	struct addr_range at;
	uint8_t outcome;
};

struct pieces {
	VEC(struct piece) list;
};

/* What a set of active entries makes of the addresses; the rest is the default. */
struct function {
	struct pset set[OUT_DEFAULT];   /* by outcome; OUT_BLOCK is empty coming in */
	struct pieces pieces;           /* of all outcomes, in order; if asked for and kept */
	struct portset items;           /* where it holds */
	uint32_t lines_of_items;        /* lines it takes to say items */
	uint64_t alone;                 /* lines for the addresses, over the default */
	uint32_t same_hash;             /* the next function, for finding one */
};

/* The entries of one interval of numbers, in order. */
struct active {
	VEC(uint32_t) entries;
};

struct problem {
	struct passes *ps;
	struct arena *scratch;
	const struct policy_entry *e;   /* of one protocol and side, in order */
	uint32_t n;
	enum net_family fam;
	enum lang_proto proto;
	enum lang_side side;
	struct pset *addrs;             /* of each entry, in this family */
	VEC(struct function) functions;
	uint32_t *known;                /* what share_count() found; NULL: not kept */
	bool *reached;                  /* entries that decide something */
	bool *named;                    /* these, and those that only say what the default does */
	bool whole;                     /* functions are all there are */
	/* Intervals of numbers, in which the same entries lie: where they begin, which. */
	uint32_t n_slabs;
	uint32_t *cut;
	struct active *slabs;
	uint32_t *stamp, stamps;        /* of each entry: in which search it was met */
};

/*
 * Of a problem that has e and addrs: where the intervals begin, and which entries they
 * have.  Returns how many there are; 0: so many entries lie in so many intervals that it
 * would take too much.
 */
uint32_t share_slabs(struct problem *pb, uint32_t **cut, struct active **slabs);
/* The first of n intervals that begins at or behind a number. */
uint32_t share_find_cut(const uint32_t *cut, uint32_t n, uint32_t number);
/* Fills functions, reached and named of a problem that has the rest. */
void share_decide(struct problem *pb);
/* Sets addrs to the entries' addresses in the family. */
void share_take_addrs(struct problem *pb);

/*
 * Drops lines of p's entries from `first` on, which are of one protocol and side, that
 * no packet gets to.  All of them, where it is known to be cheap and `whole` is set; else
 * only those of which all is matched by earlier lines with the same or wider prefixes.
 */
void share_drop_dead(struct passes *ps, struct arena *scratch, struct policy *p, uint32_t first,
    bool whole);

/* Notes that a limit was met; text must last. */
void share_note(const struct problem *pb, bool shortened, const char *text);

#define SHARE_NONE UINT32_MAX   /* instead of a function: the default */

/*
 * Function f over function base, or over the default: how many lines.  ORTC_NEVER or
 * more: no list can say it.
 */
uint64_t share_count(struct problem *pb, uint32_t f, uint32_t base);
/* And which; they live in the context's `each`. */
void share_solve(struct problem *pb, uint32_t f, uint32_t base, struct ortc_lines *lines);

/*
 * Lines that no list of all functions can do without, whatever is on them: they must
 * begin or end where functions follow one another (edges.c).
 */
uint64_t share_lines_for_edges(struct problem *pb);

/* The outcome of a function at an address, and the last address up to which it is that. */
struct pieces_walk {
	const struct piece *v;
	uint32_t n;
};
unsigned pieces_outcome(struct pieces_walk *w, struct addr at, unsigned fam, struct addr *last);
/* A function's pieces in order; they may be in the context's `each`. */
struct pieces share_pieces(struct problem *pb, uint32_t function);

/* A function for the ports from first to last, over another one. */
struct layer {
	uint32_t function, below;       /* of the problem's; below may be SHARE_NONE */
	uint16_t first, last;
};

struct layers {
	VEC(struct layer) list;         /* in the order of their lines */
};

/*
 * Looks for layers with fewer lines than are known, when each function's `alone` is
 * known.  Returns how many; no fewer than `lines`: none were found.
 */
uint64_t layers_find(struct problem *pb, uint64_t lines, struct layers *out);

enum outcome share_outcome(const struct policy_entry *e);
/* Ports, or types * 256 + codes. */
struct port_range share_item_range(enum lang_proto proto, const struct lang_item *it);
/* A set of numbers as the fewest items, in a; NULL and 0 when it is all of them. */
struct lang_item *share_items_of(struct problem *pb, struct arena *a, const struct portset *s,
    uint32_t *n);
/* How many lines it takes to say them. */
uint32_t share_count_items(struct problem *pb, const struct portset *s);

#endif
