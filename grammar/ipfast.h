/* SPDX-License-Identifier: MPL-2.0 */
/*
 * ipf.conf as it is read back: the filter lines of a file with their places, in
 * the lists (the two main ones and the groups) in which the filter walks them.
 *
 * This is the independent reader: it knows the language of ipf(5) and nothing
 * of what writes it.  What ipf would take and the evaluator does not know is an
 * error here, so a file that was read can be evaluated whole.
 *
 * Everything of a file is in the arena that it was read into; spans point into
 * its source, which must outlive it.
 */
#ifndef FWR_GRAMMAR_IPFAST_H
#define FWR_GRAMMAR_IPFAST_H

#include "../compiler/base/diag.h"
#include "../compiler/base/uuid.h"
#include "../compiler/net/addr.h"

#define IPF_FILE_MAX ((size_t)64 << 20) /* bytes of a file */
#define IPF_LINE_MAX 8191               /* bytes of a filter line */
#define IPF_COMMENT_MAX 8192            /* from here on a comment line hangs ipf's loader */
#define IPF_GROUP_NAME_MAX 15
#define IPF_NESTING_MAX 16
/* Lines one packet can meet at most, those of a group counted at each of its heads. */
#define IPF_VISITS_MAX 1000000

enum ipf_action { IPF_BLOCK, IPF_PASS };
enum ipf_dir { IPF_IN, IPF_OUT };

enum ipf_proto_kind { IPF_PROTO_ANY, IPF_PROTO_ONE, IPF_PROTO_TCPUDP };

enum ipf_compare {
	IPF_PORT_ANY,
	IPF_PORT_EQ,
	IPF_PORT_NE,
	IPF_PORT_LT,
	IPF_PORT_LE,
	IPF_PORT_GT,
	IPF_PORT_GE,
	IPF_PORT_RANGE,                 /* a : b, both ends included */
	IPF_PORT_INSIDE,                /* a >< b, both ends excluded */
	IPF_PORT_OUTSIDE,               /* a <> b, below a or above b */
};

struct ipf_addr {
	struct prefix p;                /* as written: host bits are kept */
	struct span at;
	bool any;                       /* p says nothing */
	bool not;
};

struct ipf_port {
	uint16_t a, b;
	uint8_t op;                     /* enum ipf_compare */
	struct span at;
};

enum ipf_keep_option {
	IPF_KEEP_STRICT = 1,
	IPF_KEEP_NEWISN = 2,
	IPF_KEEP_NO_ICMP_ERR = 4,
	IPF_KEEP_SYNC = 8,
	IPF_KEEP_LIMIT = 16,
	IPF_KEEP_AGE = 32,
};

/* `keep state` or `keep frags`.  Without padding: compared as bytes. */
struct ipf_keep {
	uint32_t limit, age, age_back;
	uint16_t options;               /* enum ipf_keep_option, or-ed */
	uint16_t on;
};

struct ipf_tag {
	struct uuid uuid;
	bool on, has_uuid, cfwlog;
};

struct ipf_line {
	struct span at;                 /* the line without comment and newline */
	struct span comment;            /* the comment lines that it stands under; len 0: none */
	uint32_t number;                /* from 1 */
	uint8_t action, dir;            /* enum ipf_action, enum ipf_dir */
	uint8_t proto_kind, proto;
	bool quick, log;
	bool has_flags, has_type, has_code;
	uint8_t flags, flags_mask;      /* TCP */
	uint8_t type, code;             /* ICMP */
	struct ipf_addr src, dst;
	struct ipf_port sport, dport;
	struct ipf_keep state, frags;
	struct ipf_tag tag;
	uint32_t head, group;           /* in ipf_file.groups; head 0: heads none */
};

/* A list of lines: indices into ipf_file.lines, in order. */
struct ipf_group {
	struct slice name;
	struct span at;                 /* where its name first stood behind `head` */
	uint8_t dir;
	VEC(uint32_t) lines;
};

struct ipf_file {
	const struct src *src;
	/* enum net_family; 0 if the caller did not say and no line tells. */
	uint8_t fam;
	VEC(struct ipf_line) lines;
	/* The first two are the main lists, by enum ipf_dir; then groups by name. */
	VEC(struct ipf_group) groups;
};

#define IPF_TCP 6
#define IPF_UDP 17
#define IPF_ICMP 1
#define IPF_ICMP6 58
#define IPF_AH 51

#define IPF_TH_FIN 0x01
#define IPF_TH_SYN 0x02
#define IPF_TH_RST 0x04
#define IPF_TH_PUSH 0x08
#define IPF_TH_ACK 0x10
#define IPF_TH_URG 0x20
#define IPF_TH_ECN 0x40
#define IPF_TH_CWR 0x80

/*
 * Reads src into file.  fam is enum net_family or 0, which takes the family from
 * the addresses.  After an error it goes on with the next line, until the limit
 * of diags.  Returns whether the file is free of errors; if not, it must not be
 * evaluated.
 */
bool ipf_read(struct arena *arena, struct diags *diags, const struct src *src, unsigned fam,
    struct ipf_file *file);

/* A protocol's name as ipf writes it, or NULL. */
const char *ipf_proto_name(unsigned proto);
/* The number of a protocol by name or in digits, or -1. */
int ipf_proto_number(struct slice name);

#endif
