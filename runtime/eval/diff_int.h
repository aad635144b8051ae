/* SPDX-License-Identifier: MPL-2.0 */
#ifndef FWR_EVAL_DIFF_INT_H
#define FWR_EVAL_DIFF_INT_H

#include "diff.h"

/* A side of the comparison, with what is asked of it again and again. */
struct diff_host {
	struct eval_host *eval;
	struct strmap by_text;          /* diff_rule_key -> number of a rule */
	VEC(const struct rule *) blocks;        /* that block and are enabled */
};

/* Owner and canonical text of a rule, in a buffer of the caller's. */
struct slice diff_rule_key(struct buf *key, const struct rule *r);

void diff_host_init(struct diff_host *d, struct arena *arena, struct eval_host *h);

/* One VM on both sides: 0 is what was, 1 is what is now. */
struct diff_vms {
	const struct diff_host *host;
	uint32_t number[2];
};

bool diff_compare(struct arena *arena, const struct diff_vms *vms, const struct slice was[2],
    const struct slice now[2], struct diff_changes *out);

#endif
