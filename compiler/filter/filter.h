/* SPDX-License-Identifier: MPL-2.0 */
/*
 * What ipfilter does with one packet: the verdict of a file that was read with
 * ipf_read.
 *
 * The filter of the 4.1 line (illumos) walks a list from the top.  A matching
 * line's verdict becomes the packet's; a quick line ends the walk, so the first
 * matching quick line decides and else the last matching one.  A line with a
 * head makes the walk enter its group.  What there is besides (measured, spec 3,
 * or as fil.c has it):
 *
 *   - A quick line, or a quick head whose group had nothing to say, that keeps
 *     state where none can be kept counts as not matched.  Without quick the
 *     line stands, but a packet that it would pass is blocked at the end.
 *   - State cannot be kept for ICMP types but 8, 13, 15 and 17, for ICMPv6 types
 *     but 128, 130 and 139, and for fragments behind the first.
 *   - If a line without quick matches in the group of a quick head, its verdict
 *     replaces the head's, its not being quick, too: the walk goes on.
 *   - An IPv6 prefix with host bits never matches; an IPv4 one is masked.
 *   - `proto ah` never matches on IPv6.
 *   - Lines that look at ports, flags or ICMP types never match a fragment
 *     behind the first, which has none.
 *
 * What is not modelled: states that exist already (they pass before any line is
 * looked at), a full state table, and what depends on time or on logging.
 */
#ifndef FWR_FILTER_FILTER_H
#define FWR_FILTER_FILTER_H

#include "../../grammar/ipfast.h"

/* The remote side is the source of what comes in and the destination of what goes out. */
struct filter_packet {
	struct addr remote, local;
	uint16_t sport, dport;          /* TCP and UDP */
	uint8_t dir;                    /* enum ipf_dir */
	uint8_t fam;                    /* enum net_family */
	uint8_t proto;
	uint8_t tcp_flags;              /* IPF_TH_*; opening: SYN without ACK */
	uint8_t type, code;             /* ICMP in IPv4, ICMPv6 in IPv6 */
	bool later_fragment;            /* not the first of its packet */
};

enum filter_verdict { FILTER_NONE, FILTER_PASS, FILTER_BLOCK };

/*
 * What becomes of a packet, without what makes no difference: a block keeps
 * neither state nor fragments.  Without padding: compared and hashed as bytes.
 */
struct filter_outcome {
	struct ipf_keep state, frags;
	struct uuid tag;
	uint8_t verdict;                /* enum filter_verdict */
	bool has_tag, has_uuid, cfwlog;
};

_Static_assert(sizeof(struct filter_outcome) == 2 * sizeof(struct ipf_keep) + 20, "padding");

static inline bool
filter_outcome_eq(const struct filter_outcome *a, const struct filter_outcome *b)
{
	return memcmp(a, b, sizeof(*a)) == 0;
}

/* Why a line did not match, or what it did. */
enum filter_why {
	FILTER_MATCHED,
	FILTER_NO_STATE,                /* matched, but its state cannot be kept */
	FILTER_PROTO,
	FILTER_AH,                      /* proto ah in IPv6 */
	FILTER_SRC,
	FILTER_DST,
	FILTER_HOST_BITS,               /* an IPv6 prefix that never matches */
	FILTER_FRAGMENT,                /* the fragment has not what the line looks at */
	FILTER_SPORT,
	FILTER_DPORT,
	FILTER_FLAGS,
	FILTER_TYPE,
	FILTER_CODE,
};

struct filter_step {
	uint32_t line;                  /* in ipf_file.lines */
	uint8_t why;                    /* enum filter_why */
	uint8_t depth;                  /* of groups */
	bool left;                      /* of a head: NO_STATE on the way back out of its group */
};

struct filter_trace {
	struct arena *arena;
	VEC(struct filter_step) steps;
};

struct filter_result {
	struct filter_outcome outcome;
	const struct ipf_line *line;    /* that decided; NULL if none matched */
	uint32_t visited;               /* lines looked at */
	bool state_refused;             /* blocked because the line's state cannot be kept */
};

/* trace may be NULL.  The packet's family must be the file's, if that has one. */
void filter_eval(const struct ipf_file *file, const struct filter_packet *p,
    struct filter_result *result, struct filter_trace *trace);

/* Can the filter keep state for such a packet?  type is that of icmp or ipv6-icmp. */
bool filter_can_keep_state(unsigned fam, unsigned proto, unsigned type);

/* Has a packet ports, or ICMP type and code? */
static inline bool
filter_has_ports(unsigned proto)
{
	return proto == IPF_TCP || proto == IPF_UDP;
}

static inline bool
filter_has_types(unsigned fam, unsigned proto)
{
	return proto == (fam == NET_V6 ? IPF_ICMP6 : IPF_ICMP);
}

/* The outcome of a line that decides, for a packet whose state can or cannot be kept. */
void filter_line_outcome(const struct ipf_line *line, bool can_keep_state,
    struct filter_outcome *out);

/* --- text --------------------------------------------------------------- */

/* "in tcp from 10.0.0.1 to port 80, opening". */
void filter_packet_text(struct buf *out, const struct filter_packet *p);
/* "pass, keeping state and fragments". */
void filter_outcome_text(struct buf *out, const struct filter_outcome *o);
const char *filter_verdict_name(unsigned verdict);
/* "protocol differs". */
const char *filter_why_text(unsigned why);
/* Why no packet of this family can match the line, or NULL. */
const char *filter_never(const struct ipf_line *line, unsigned fam);

#endif
