/* SPDX-License-Identifier: MPL-2.0 */
/* The words of the rule language: sides, actions, protocols, items, keywords. */
#ifndef FWR_LANG_LANG_H
#define FWR_LANG_LANG_H

#include "../base/base.h"
#include "../base/uuid.h"

enum lang_side { LANG_FROM, LANG_TO };
enum lang_action { LANG_ALLOW, LANG_BLOCK };

/* In the order of their names, which is the order of filter lines. */
enum lang_proto { LANG_AH, LANG_ESP, LANG_ICMP, LANG_ICMP6, LANG_TCP, LANG_UDP, LANG_PROTOS };

extern const char *const lang_side_name[2];             /* "from", "to" */
extern const char *const lang_action_name[2];           /* "allow", "block" */
extern const char *const lang_proto_name[LANG_PROTOS];

static inline bool
lang_has_ports(enum lang_proto p)
{
	return p == LANG_TCP || p == LANG_UDP;
}

static inline bool
lang_has_types(enum lang_proto p)
{
	return p == LANG_ICMP || p == LANG_ICMP6;
}

#define LANG_MAX_TARGETS 24     /* per side */
#define LANG_MAX_ITEMS 24       /* ports or types */
#define LANG_MAX_ITEMS_OLD 8    /* before version 4 */
#define LANG_MAX_PRIORITY 100

/* What the caller allows; zeroed: version 0 is taken as the newest. */
struct lang_opts {
	unsigned max_version;           /* 1..4 */
	bool enforce_subnet_mask;
	bool enforce_global;            /* payloads only */
};

#define LANG_VERSION 4

/* A port, a range of ports, a type, or a type with a code. */
struct lang_item {
	uint16_t a;                     /* port, start of the range, type */
	uint16_t b;                     /* the port again, end of the range, code or LANG_ANY_CODE */
	bool range;                     /* written as a range, even of one port */
};

#define LANG_ANY_CODE 0xffff

/* --- keywords ----------------------------------------------------------- */

/* All keywords in lower case, sorted. */
extern const char *const lang_keyword[];
extern const size_t lang_keywords;

/* Which keyword s is, as the scanner has it: all upper or all lower case; or -1. */
int lang_keyword_find(struct slice s);
/*
 * The keyword that a word was probably meant to be, in lower case: another
 * mixture of cases, or at most two slips of the pen; NULL where none is near.
 */
const char *lang_nearest_keyword(struct slice word);

#endif
