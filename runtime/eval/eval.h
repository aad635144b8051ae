/* SPDX-License-Identifier: MPL-2.0 */
/*
 * The verdict of a ruleset for a packet, from both ends: the emitted text, read
 * back and walked as ipfilter walks it, and the rules themselves, without any
 * policy, pass or text between.
 */
#ifndef FWR_EVAL_EVAL_H
#define FWR_EVAL_EVAL_H

#include "../../compiler/filter/filter.h"
#include "../../compiler/passes/passes.h"
#include "../../compiler/policy/policy.h"

/* --- what a VM's files say ------------------------------------------------------------ */

struct eval_opts {
	unsigned level;                 /* of optimisation */
	bool tags;                      /* the host has ipf's event log device */
	bool icmp6;                     /* with the essentials of ICMPv6; not at level 0 */
};

/* Rules and VMs, both of which must outlive it.  What it hands out lives in arena. */
struct eval_host {
	struct arena *arena;
	const struct inventory *inv;
	struct rule *const *rules;      /* from level 1 on by UUID, as a compile has them */
	uint32_t n_rules;
	struct eval_opts opts;
	struct policy_host *policies;
	struct passes *passes;
	struct strmap by_uuid;          /* 16 bytes -> number in rules */
};

void eval_host_init(struct eval_host *h, struct arena *arena, const struct inventory *inv,
    struct rule *const *rules, uint32_t n_rules, struct eval_opts opts);
/* Ends the passes' scratch memory; a host that is all zeros is left alone. */
void eval_host_end(struct eval_host *h);

/* A rule by its UUID, or NULL. */
const struct rule *eval_find_rule(const struct eval_host *h, struct uuid u);

/* One file of a VM as it is emitted; the date in its head is left empty. */
struct eval_file {
	struct src src;
	struct ipf_file file;
};

/*
 * Emits both families' texts for the local VM with this number; a VM whose
 * firewall is off has a text that passes everything.  False and a diagnostic (an
 * internal error) if a pass breaks an invariant.
 */
bool eval_emit(struct eval_host *h, uint32_t vm, struct arena *arena, struct slice text[2]);
/* Reads such a text back.  False and a diagnostic if that fails: an internal error. */
bool eval_read(const struct eval_host *h, struct arena *arena, unsigned fam,
    struct slice text, struct eval_file *out);

/* 0 for IPv4 and 1 for IPv6, the places of the families' texts. */
static inline unsigned
eval_place(unsigned fam)
{
	return fam == NET_V6;
}

const char *eval_file_name(unsigned fam);       /* "ipf.conf" */

/*
 * The rules that the comment above a line names, in its order; *n is 0 for the
 * default policy's lines.
 */
const struct rule **eval_line_rules(const struct eval_host *h, const struct eval_file *f,
    const struct ipf_line *line, struct arena *arena, uint32_t *n);

/* --- what a rule means for a packet ----------------------------------------------------- */

/*
 * Why a rule is not what decides, as bits: names and texts are eval_reason_table's.
 * A rule that concerns the packet at all has none of them, or those but for which
 * it would match.
 */
enum eval_reason {
	EVAL_DISABLED = 1 << 0,
	EVAL_OWNER = 1 << 1,            /* the rule's owner is not the VM's */
	EVAL_REMOTE_OWNER = 1 << 2,     /* nor that of the VM at the other end */
	EVAL_NOT_NAMED = 1 << 3,        /* the rule does not name the VM */
	EVAL_OTHER_DIRECTION = 1 << 4,  /* it does, but for the other direction */
	EVAL_DEFAULT = 1 << 5,          /* it only repeats the default policy */
	EVAL_AH_IPV6 = 1 << 6,          /* ipf never matches its line */
	EVAL_HOST_BITS = 1 << 7,
	EVAL_NO_STATE = 1 << 8,         /* ipf takes its line for one that did not match */
	EVAL_FIREWALL_OFF = 1 << 9,
	EVAL_REMOTE = 1 << 10,          /* only the remote address is not the rule's */
};

/* How a rule stands to the packet. */
enum eval_standing {
	EVAL_DECIDES,
	EVAL_AGREES,                    /* matches with the same standing, and says the same */
	EVAL_LATER,                     /* matches, but comes later */
	EVAL_WOULD,                     /* would match but for its reasons */
	EVAL_NOTHING                    /* the packet does not concern it */
};

struct eval_name {
	const char *code;               /* stable, for programs: "RULE_DISABLED" */
	const char *text;               /* for people, behind "would match, but " */
	unsigned bit;
};

extern const struct eval_name eval_reason_table[];
extern const size_t eval_reason_count;

/* A VM and a packet, for asking rules about. */
struct eval_case {
	const struct inventory *inv;
	const struct vm *vm;
	struct filter_packet packet;
	struct eval_opts opts;
	const struct vm **others;       /* VMs that have the remote address */
	uint32_t n_others;
	bool blocks_out;                /* an enabled rule blocks this protocol out of the VM */
};

/* rules are all of the host's. */
void eval_case_init(struct eval_case *c, struct arena *arena, const struct inventory *inv,
    const struct vm *vm, const struct filter_packet *p, struct rule *const *rules,
    uint32_t n_rules, struct eval_opts opts);

/*
 * What keeps a rule from matching, as bits of enum eval_reason; *concerns is
 * false if the packet is nothing to it (protocol, ports or addresses differ).
 */
unsigned eval_rule(const struct eval_case *c, const struct rule *r, bool *concerns);

/* Standing among rules that match, lower first: priority, then action. */
unsigned eval_rank(const struct rule *r, unsigned dir);

/* The outcome of the rule that decides, or of the default policy for NULL. */
void eval_outcome(const struct eval_case *c, const struct rule *decides,
    struct filter_outcome *out);

/* Does an enabled rule of this protocol block traffic out of the VM? */
bool eval_blocks_out(const struct rule *r, const struct vm *vm, enum lang_proto proto);

/* The rule language's protocol of an IP protocol number; LANG_PROTOS: none. */
enum lang_proto eval_proto(unsigned number);

/* --- JSON ------------------------------------------------------------------------------- */

/* "packet":{...} without the name. */
void eval_write_packet(struct buf *out, const struct filter_packet *p);
/* The members "verdict", "state", "frags" and, where there is one, "tag", without braces. */
void eval_write_outcome(struct buf *out, const struct filter_outcome *o);
/* {"file", "line", "text"}, or null for no line; where is the file's name. */
void eval_write_line(struct buf *out, struct slice where, const struct ipf_file *file,
    const struct ipf_line *line);

#endif
