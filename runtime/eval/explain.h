/* SPDX-License-Identifier: MPL-2.0 */
/*
 * Why a packet passes or not: the verdict of a VM's emitted file, the line and
 * the rules that decide, and what keeps other rules from deciding.
 *
 * The verdict is the text's; it is held against what the rules themselves mean
 * (eval.h), and a disagreement is an internal error.
 */
#ifndef FWR_EVAL_EXPLAIN_H
#define FWR_EVAL_EXPLAIN_H

#include "eval.h"

enum explain_by {
	EXPLAIN_RULE,
	EXPLAIN_DEFAULT,
	EXPLAIN_NO_LINE,                /* nothing matches: the kernel's setting decides */
	EXPLAIN_FIREWALL_OFF
};

struct explain_finding {
	const struct rule *rule;
	unsigned reasons;               /* enum eval_reason; only with EVAL_WOULD */
	unsigned rank;                  /* eval_rank */
	uint8_t standing;               /* enum eval_standing */
};

struct explain {
	struct eval_case c;
	struct eval_file file;
	struct filter_result result;
	enum explain_by by;
	bool chosen;                    /* the remote address is our choice */
	VEC(struct explain_finding) findings;   /* by standing, rank and UUID */
};

/*
 * Explains what becomes of a packet at the local VM with this number.  Without
 * an address (any_remote) the remote one is chosen so that no rule's line names
 * it, but for `any` and prefixes that leave none out.  Everything is in arena;
 * out holds pointers into itself and must not be moved.  False and a diagnostic
 * for an internal error.
 */
bool explain_packet(struct eval_host *h, struct arena *arena, uint32_t vm,
    const struct filter_packet *p, bool any_remote, struct explain *out);

/* For people: control characters escaped, at most a few rules for each standing. */
void explain_write_text(struct buf *out, const struct explain *e);
/* The code of what decides, "RULE", "DEFAULT_POLICY" ..., and the words for it. */
const char *explain_by_code(const struct explain *e);
const char *explain_by_text(const struct explain *e);
/* One object, everything in it, with a newline. */
void explain_write_json(struct buf *out, const struct explain *e);

#endif
