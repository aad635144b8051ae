/* SPDX-License-Identifier: MPL-2.0 */
/*
 * What changes for a host's traffic between two sets of rules, or of VMs: what is
 * newly allowed, newly blocked or changes its state keeping, as sets of addresses
 * and ports, decided over all packets, each with the rules responsible.
 *
 * A VM's files of both sides are compared as decisions (decide.h).  VMs with equal
 * files are compared once, VMs with equal changes are listed together.
 */
#ifndef FWR_EVAL_DIFF_H
#define FWR_EVAL_DIFF_H

#include "../../compiler/net/portset.h"
#include "../../compiler/net/pset.h"
#include "eval.h"

/* In the order of the report. */
enum diff_kind {
	DIFF_ALLOWED,
	DIFF_BLOCKED,
	DIFF_UNDECIDED,                 /* no line matches any more: the kernel's setting decides */
	DIFF_STATE                      /* passes as before, but with or without state */
};

enum diff_by { DIFF_RULES, DIFF_DEFAULT, DIFF_NO_LINE, DIFF_FIREWALL_OFF };

/* What became of a rule between the sides. */
enum diff_fate {
	DIFF_SAME, DIFF_ADDED, DIFF_REMOVED, DIFF_ENABLED, DIFF_DISABLED, DIFF_CHANGED
};

struct diff_rule {
	const struct rule *rule;
	uint8_t fate;                   /* enum diff_fate */
};

/* What one side makes of the packets, and why. */
struct diff_side {
	uint8_t verdict;                /* enum filter_verdict */
	uint8_t by;                     /* enum diff_by */
	bool state;                     /* only with DIFF_STATE, and where a rule newly allows */
	uint32_t n_rules, n_blockers;
	const struct diff_rule *rules;
	/* DIFF_STATE, in: the rules that block out of the VM, for which state is kept. */
	const struct diff_rule *blockers;
};

enum diff_packets { DIFF_ALL_PACKETS, DIFF_OPENING, DIFF_NOT_OPENING };

struct diff_change {
	uint8_t kind;                   /* enum diff_kind */
	uint8_t dir, proto;             /* enum ipf_dir; number */
	bool other_proto;               /* all that the rule language does not have */
	uint8_t packets;                /* enum diff_packets; of TCP */
	struct diff_side was, now;
	struct pset addrs[2];           /* by eval_place; the remote ones */
	struct portset keys;            /* ports, or type * 256 + code */
};

enum diff_format { DIFF_TEXT, DIFF_JSON, DIFF_MARKDOWN };

/* VMs with equal changes. */
struct diff_group {
	VEC(struct uuid) vms;
	struct slice body;              /* the changes in the format asked for */
	uint32_t n_changes;
};

struct diff {
	VEC(struct diff_group) groups;
	/* Local VMs of one side only, which are not compared. */
	VEC(struct uuid) only_old, only_new;
};

/*
 * Compares two hosts whose opts are the same, of which each has its own arena or
 * shares one; the result is in arena.  False and a diagnostic, in the queue of
 * now's inventory, for an internal error or files too large to compare.
 */
bool diff_hosts(struct arena *arena, struct eval_host *was, struct eval_host *now,
    enum diff_format format, struct diff *out);

/* The whole report. */
void diff_write(struct buf *out, const struct diff *d, enum diff_format format);

/* One VM's changes, as diff_write has them. */
void diff_write_text(struct buf *out, const struct diff_change *c, uint32_t n);
void diff_write_markdown(struct buf *out, const struct diff_change *c, uint32_t n);
void diff_write_json(struct buf *out, const struct diff_change *c, uint32_t n);

/* Words that the formats share. */
extern const char *const diff_kind_code[4];     /* "allowed", "blocked", "undecided", "state" */
extern const char *const diff_kind_text[4];     /* "newly allowed" ... */
extern const char *const diff_fate_name[6];     /* "unchanged", "added" ... */
extern const char *const diff_by_code[4];

/* Compares one VM; for tests.  Numbers are those of the VM in each inventory. */
struct diff_changes {
	VEC(struct diff_change) list;
};
bool diff_vm(struct arena *arena, struct eval_host *was, uint32_t was_vm, struct eval_host *now,
    uint32_t now_vm, struct diff_changes *out);

#endif
