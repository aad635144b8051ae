/* SPDX-License-Identifier: MPL-2.0 */
/*
 * The intermediate representation: the policy of one VM as an ordered list of
 * entries, and what makes it from rules and an inventory (spec 3).
 *
 * Nothing downstream of here sees a sentence; nothing here knows ipf.
 *
 * A host is built once for a set of rules and VMs.  It holds an index by owner,
 * tag and UUID, so a VM's policy costs what it holds and not what the host holds.
 */
#ifndef FWR_POLICY_POLICY_H
#define FWR_POLICY_POLICY_H

#include "../lang/rule.h"
#include "inventory.h"

/* What named the addresses of an entry. */
enum policy_target {
	POLICY_WILDCARD, POLICY_IP, POLICY_SUBNET, POLICY_TAG, POLICY_TAG_VALUE, POLICY_VM,
	POLICY_MERGED                   /* several, after a pass */
};

/* What a line of an entry is. */
enum policy_kind {
	POLICY_RULE,                    /* rules say so */
	/* From -O3 on, of no rule: the default of the VM's direction and protocol, ... */
	POLICY_DEFAULT,                 /* ... which decides, ... */
	POLICY_OPENING,                 /* ... for what opens a TCP connection only, ... */
	POLICY_WALK                     /* ... or decides nothing: the walk goes on behind it */
};

struct policy_entry {
	uint8_t kind;                   /* enum policy_kind */
	uint8_t fam;                    /* only this family's lines; 0: both */
	/*
	 * From -O3 on.  A line with a head has a group of lines, which only the packets
	 * that it matches meet; what no line of the group decides it decides itself.
	 * The numbers are names that mean something in one direction and family of one
	 * VM only.
	 */
	uint32_t head, group;           /* 0: none */
	/* Provenance: the rule it comes from, or after -O2 several, sorted by UUID. */
	const struct rule *rule;
	const struct rule *const *rules;
	uint32_t n_rules;               /* 0: only rule */
	/* The entries that those rules come from, as they were before -O2; NULL: not kept. */
	const struct policy_entry *const *sources;
	uint32_t n_sources;
	uint32_t number;                /* of rule, in the host's list */
	uint32_t n_targets;             /* that went in, when merged */
	uint8_t side;                   /* the VM's: LANG_FROM is traffic out, LANG_TO in */
	uint8_t action, proto;
	uint8_t times;                  /* how often the VM's rules hold it, at -O0 */
	uint8_t target;                 /* enum policy_target */
	bool any;                       /* every address of every family */
	bool keep_state;
	uint32_t n_addrs;
	const struct prefix *addrs;
	/* The target: a tag, or for a wildcard whether it is vmall; ip, subnet and vm: below. */
	const struct rule_tag *tag;
	const struct prefix *prefix;
	const struct uuid *vm;
	bool vmall;
	/* Where it stands: by rank, then by first address, then as they came. */
	uint64_t rank;
	struct addr first;
	/* What the lines match; a pass may have replaced the rule's own. */
	bool all_items;
	uint16_t n_items;
	const struct lang_item *items;
};

struct policy {
	const struct vm *vm;
	VEC(struct policy_entry) entries;
};

struct policy_host;
struct policy_names;

struct policy_opts {
	bool tags;                      /* lines carry the rule's UUID: always with state */
};

/*
 * Indexes rules and VMs, both of which must outlive the host.  Allocates from
 * arena, also later, when a VM's policy is asked for; so one thread at a time.
 */
struct policy_host *policy_host_new(struct arena *arena, const struct inventory *inv,
    struct rule *const *rules, uint32_t n_rules, struct policy_opts opts);

/* The policy of the local VM with this number.  Entries live in arena. */
void policy_build(struct policy_host *host, uint32_t vm, struct arena *arena,
    struct policy *out);

/*
 * The VMs that one side of a rule names, by number, for each of its tags, VMs
 * and all vms in turn; owner permitting.  Ip and subnet targets and `any` name
 * nobody.
 */
struct policy_named {
	uint8_t target;                 /* enum policy_target */
	const struct rule_tag *tag;
	const struct uuid *vm;
	uint32_t n;
	const uint32_t *vms;
};
const struct policy_named *policy_side(struct policy_host *host, uint32_t rule,
    enum lang_side side, uint32_t *n);

/*
 * The part of a host that does not depend on its rules: VMs by owner, tag and
 * UUID.  Kept in arena, also what is resolved later; inv must outlive it.
 */
struct policy_names *policy_names_new(struct arena *arena, const struct inventory *inv);
/*
 * Resolves what rules of this one's owner need.  After that, threads may share
 * names for such rules.
 */
void policy_names_prepare(struct policy_names *names, const struct rule *r);
/* policy_side of any rule; the result lives in arena, and in that of names. */
const struct policy_named *policy_names_side(struct policy_names *names, const struct rule *r,
    enum lang_side side, struct arena *arena, uint32_t *n);
/* policy_host_new over names that are there already and outlive the host. */
struct policy_host *policy_host_named(struct arena *arena, struct policy_names *names,
    struct rule *const *rules, uint32_t n_rules, struct policy_opts opts);

/* Does a rule of this owner apply to the VM at all? */
static inline bool
policy_applies(const struct rule *r, const struct vm *vm)
{
	return !r->has_owner || (vm->has_owner && uuid_cmp(r->owner, vm->owner) == 0);
}

/* The IR as text, for --debug=ir and after a pass. */
void policy_dump(struct buf *out, const struct policy *p);

/*
 * Checks the invariants of what a pass made (level 1 and up): lists sorted and
 * without overlap, families that the protocol has, and, once state was put in
 * its place, none on what cannot have it.  Returns what is wrong, or NULL.
 */
const char *policy_check(const struct policy *p, bool state_placed);

/* Can a packet of this ICMP type make a state (spec 3)? */
bool policy_icmp_state(enum lang_proto proto, unsigned type);

/* The order of spec 3 but for addresses: protocol, direction, priority, action, first item. */
uint64_t policy_rank(const struct rule *r, enum lang_side side);

/* All of the rank but the first item: what two rules' entries are told apart by. */
static inline uint32_t
policy_standing(const struct policy_entry *e)
{
	return (uint32_t)(e->rank >> 47);
}

#endif
