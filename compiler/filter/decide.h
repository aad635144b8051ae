/* SPDX-License-Identifier: MPL-2.0 */
/*
 * A file's decision over all packets, as sets: what filter_eval says of one
 * packet, said of all of them.
 *
 * Packets are told apart into classes by everything but the remote address and
 * the key (destination port, or ICMP type and code): direction, protocol, TCP
 * flags as far as a line looks at them, and, in files that people write, the
 * local address and the source port between the edges that the lines name.  In
 * each class a file is a list of rectangles of which the first decides
 * (region.h), so two files, or a file and a policy, are equal if they are in
 * every class.
 *
 * Fragments behind the first are not told apart: equality is about the packets
 * of spec 3.
 */
#ifndef FWR_FILTER_DECIDE_H
#define FWR_FILTER_DECIDE_H

#include "../base/hash.h"
#include "../net/pset.h"
#include "filter.h"
#include "region.h"

#define FILTER_CLASSES_MAX 4096
/* Rectangles of a file in one class. */
#define FILTER_BOXES_MAX 1000000
/* Classes times lines that are worked through. */
#define FILTER_WORK_MAX 400000000

/* --- outcomes ----------------------------------------------------------- */

/* Outcomes numbered in order of appearance; equal ones have equal numbers. */
struct filter_outcomes {
	struct arena *arena;
	VEC(struct filter_outcome) list;
	struct strmap numbers;
	uint32_t last;                  /* what was asked last, which is often asked again */
};

/* Fields that mean nothing must be zero, as filter_line_outcome leaves them. */
uint32_t filter_outcome_number(struct filter_outcomes *o, const struct filter_outcome *x);

/* --- classes ------------------------------------------------------------ */

struct filter_class {
	uint8_t dir, fam, proto, tcp_flags;
	bool other_proto;               /* proto stands for all that nothing names */
	bool any_local, any_sport;      /* nothing looks at them */
	uint16_t sport, sport_last;
	struct addr local, local_last;
};

struct filter_space {
	struct arena *arena;
	unsigned fam;
	uint64_t proto[4];              /* a bit each */
	VEC(uint16_t) flags;            /* flags << 8 | mask, each once */
	uint64_t flags_seen[1024];
	/* Where intervals begin; closing sorts them. */
	struct {
		VEC(struct addr) local;
		VEC(uint32_t) sport;
	} dir[2];
	VEC(struct filter_class) list;  /* after filter_space_close */
};

void filter_space_init(struct filter_space *s, struct arena *arena, unsigned fam);
/* Makes the space tell apart what the lines do; the same for a policy's protocols and flags. */
void filter_space_add(struct filter_space *s, const struct ipf_file *file);
void filter_space_proto(struct filter_space *s, unsigned proto);
void filter_space_flags(struct filter_space *s, unsigned flags, unsigned mask);
/* Fills list, in order of direction and protocol; false if there are too many classes. */
bool filter_space_close(struct filter_space *s);

/* The packet of a class at a point. */
void filter_class_packet(const struct filter_class *c, struct addr remote, uint16_t key,
    struct filter_packet *p);

/* --- a file in a class -------------------------------------------------- */

/*
 * The file as a list of rectangles: outcome is a number of outcomes, source an
 * index of file->lines.  Where no rectangle is, no line matches.  False if
 * there would be too many rectangles.
 */
bool filter_boxes(struct arena *arena, const struct ipf_file *file,
    const struct filter_class *c, struct filter_outcomes *outcomes, struct region_list *out);

/* --- two files ---------------------------------------------------------- */

struct filter_difference {
	struct filter_class class;
	/* All packets of the class with such a remote address and key. */
	struct addr lo, hi;
	uint16_t klo, khi;
	/* One of them, and what each file makes of it. */
	struct filter_packet packet;
	struct filter_result a, b;
};

/* Returns false to stop. */
typedef bool (*filter_difference_fn)(void *arg, const struct filter_difference *d);

enum filter_equal { FILTER_EQUAL, FILTER_DIFFERENT, FILTER_TOO_LARGE, FILTER_FAMILIES };

/*
 * Are two files, both read without errors, equal for all packets?  Calls fn for
 * each difference, all of them disjoint.  FILTER_FAMILIES: one is for IPv4 and
 * the other for IPv6; files that could be for both are compared for both.
 * FILTER_TOO_LARGE: too many classes or rectangles; what was reported is true,
 * but there may be more.
 */
enum filter_equal filter_compare(const struct ipf_file *a, const struct ipf_file *b,
    filter_difference_fn fn, void *arg);

/* The same with one difference, in the first class that has any: n log^2 n at worst. */
enum filter_equal filter_equiv(const struct ipf_file *a, const struct ipf_file *b,
    struct filter_difference *one);

#endif
