/* SPDX-License-Identifier: MPL-2.0 */
/*
 * Random hosts, and what their rules mean, for tests of what is compiled from
 * them.  The meaning is worked out from the model of spec 3's text, packet by
 * packet, and shares nothing with the compiler: the compiler gets the JSON.
 *
 * Universes are small, so that rules meet: a few prefixes, ports and types.
 */
#ifndef FWR_TESTS_MODEL_H
#define FWR_TESTS_MODEL_H

#include "compiler/base/base.h"

/* Aligned as an arena has it. */
typedef unsigned __int128 u128 __attribute__((aligned(8)));

enum { M_IN, M_OUT };
enum { M_AH = 51, M_ESP = 50, M_ICMP = 1, M_ICMP6 = 58, M_TCP = 6, M_UDP = 17, M_OTHER = 47 };
enum { M_NONE, M_PASS, M_BLOCK };               /* verdicts */

#define M_UUID 37
#define M_NOBODY (-1)                           /* no rule, no owner */
#define M_UNKNOWN (-2)                          /* a tag that is no rule's */

/* --- addresses -------------------------------------------------------- */

struct m_prefix {
	u128 a;                                 /* host bits are kept; IPv4 in the low 32 */
	int fam, bits;                          /* 4 or 6; 0..32 or 0..128 */
};

static inline int
m_width(int fam)
{
	return fam == 4 ? 32 : 128;
}

static inline u128
m_host_bits(struct m_prefix p)
{
	return p.bits == 0 ? p.fam == 4 ? (u128)UINT32_MAX : ~(u128)0
	    : ((u128)1 << (m_width(p.fam) - p.bits)) - 1;
}

static inline bool
m_holds(struct m_prefix p, u128 a)
{
	return ((p.a ^ a) & ~m_host_bits(p)) == 0;
}

/* Text that the rule language reads: no "::", no dotted quad in IPv6. */
void m_write_addr(struct buf *out, int fam, u128 a);
void m_write_prefix(struct buf *out, struct m_prefix p);

/* --- hosts ------------------------------------------------------------ */

enum m_kind { M_ANY, M_VMALL, M_IP, M_SUBNET, M_TAG, M_TAG_VALUE, M_VM };

struct m_target {
	enum m_kind kind;
	struct m_prefix p;
	int key, value, vm;
};

struct m_side {
	int n;
	struct m_target t[6];
};

/* A range of ports, or a type and its code, -1 for all codes. */
struct m_item {
	int a, b;
};

struct m_rule {
	char uuid[M_UUID];
	int owner;
	bool enabled, log, allow, all;
	int proto, priority, n_items;
	struct m_item item[6];
	struct m_side from, to;
};

struct m_vm {
	char uuid[M_UUID];
	int owner;
	bool local, firewall;
	int n_tags, key[3], value[3];
	int n_addrs;
	struct m_prefix addr[160];
};

/* How addresses are spread: a few, runs of neighbours, or many that have nothing in common. */
enum m_shape { M_TINY, M_DENSE, M_SCATTERED };

struct m_host {
	enum m_shape shape;
	int usual_proto;                        /* of most rules */
	int n_rules, n_vms, n_local;
	struct m_rule rule[24];
	struct m_vm vm[10];                     /* local ones first */
};

/* Where its random numbers come from: to be set before, and read to repeat a host. */
extern uint64_t m_seed;
void m_host_random(struct m_host *h, enum m_shape shape);
/* Rules, local and remote VMs as the compiler reads them, in an order of shuffled indices. */
void m_write_rules(struct buf *out, const struct m_host *h, const int *order);
void m_write_vms(struct buf *out, const struct m_host *h, const int *order, bool local);
/* 0 .. n - 1, mixed. */
void m_shuffle(int *order, int n);

/* --- meaning ---------------------------------------------------------- */

struct m_packet {
	int dir, fam, proto;
	u128 remote, local;
	int key;                                /* port, or type * 256 + code */
	bool opening;                           /* tcp: SYN without ACK */
};

struct m_outcome {
	int verdict;
	bool state, frags;
	bool tagged, cfwlog;
	int tag;                                /* a rule */
};

static inline bool
m_same(const struct m_outcome *a, const struct m_outcome *b)
{
	return a->verdict == b->verdict && a->state == b->state && a->frags == b->frags &&
	    a->tagged == b->tagged && a->cfwlog == b->cfwlog && a->tag == b->tag;
}

static inline bool
m_can_keep(int fam, int proto, int key)
{
	int t = key >> 8;

	if (fam == 4 && proto == M_ICMP)
		return t == 8 || t == 13 || t == 15 || t == 17;
	if (fam == 6 && proto == M_ICMP6)
		return t == 128 || t == 130 || t == 139;
	return true;
}

static inline bool
m_has_types(int fam, int proto)
{
	return proto == (fam == 4 ? M_ICMP : M_ICMP6);
}

/* One line that a rule comes to, by the words of spec 3; keys are item's, or all. */
struct m_line {
	const struct m_rule *rule;
	int number;                             /* of the rule */
	int first_item;                         /* -1: all */
	u128 first_addr;                        /* of its entry, IPv4 as mapped */
	struct m_prefix p;
	int klo, khi;
	bool state;
};

struct m_meaning {
	const struct m_host *host;
	int level, dir, fam, proto;
	bool tags;
	VEC(struct m_line) line;                /* in order */
};

/* What the rules say about packets of one class that a local VM meets; in arena. */
void m_mean(struct m_meaning *m, struct arena *arena, const struct m_host *h, int vm, int level,
    bool tags, int dir, int fam, int proto);
/* The outcome; *line, where given, is the line that decides, or NULL: the default policy. */
struct m_outcome m_decide(const struct m_meaning *m, const struct m_packet *p,
    const struct m_line **line);
/* Does the rule say the same of the packet as the line that decides, with equal standing? */
bool m_stands(const struct m_meaning *m, const struct m_packet *p, const struct m_line *line,
    int rule);

#endif
