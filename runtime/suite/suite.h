/* SPDX-License-Identifier: MPL-2.0 */
/*
 * Policy tests: what people expect of a host's rules, decided over every packet and
 * every VM that an expectation names, on the text that is emitted for the VM.
 *
 * On the side of the VMs (whom for what comes in, who for what goes out) any and all
 * vms are all of the host's own; a tag or a name those that have it; an address or a
 * prefix those that have an address in it.  On the other side any is every address,
 * and a VM, a tag and all vms are the addresses of VMs, those of other hosts included.
 */
#ifndef FWR_SUITE_SUITE_H
#define FWR_SUITE_SUITE_H

#include "../../compiler/input/input.h"
#include "../../grammar/ptestast.h"
#include "../eval/explain.h"

/* An expectation, decided. */
struct suite_case {
	const struct ptest *test;
	struct slice text;              /* as it is written, on one line */
	uint32_t line;                  /* of the file, from 1 */
	uint32_t n_vms, n_failed;       /* that it is about, and for which it does not hold */
	/* One packet of the first of those, and why it is decided otherwise. */
	struct explain *why;
};

struct suite_rule {
	const struct rule *rule;
	bool touched;                   /* it decides some packet of some expectation */
};

/* A file of tests. */
struct suite {
	const struct src *src;
	bool broken;                    /* it, or what it names, cannot be read: diagnostics say */
	VEC(struct suite_case) cases;
	VEC(struct suite_rule) rules;   /* in the order of the input */
};

struct suite_opts {
	struct eval_opts eval;
};

/*
 * Reads the file at path, the rules and VMs it names, relative to where it stands,
 * and decides each expectation.  Everything lives in arena.  What is wrong with any
 * of the files is queued, and then suite->broken is set.
 */
void suite_run(struct arena *arena, struct diags *diags, const char *path,
    const struct suite_opts *opts, struct suite *suite);

/* For tests: the same with a host that is read already. */
struct suite_host {
	struct arena *arena;
	struct diags *diags;
	const struct inventory *inv;
	struct eval_host eval;
	VEC(struct suite_files *) files;        /* of each local VM, when first needed */
	bool *touched;                  /* by number in eval.rules */
};
void suite_host_init(struct suite_host *h, struct arena *arena, struct diags *diags,
    const struct inventory *inv, struct rule *const *rules, uint32_t n_rules,
    struct eval_opts opts);
void suite_host_end(struct suite_host *h);
/* False and a diagnostic if the expectation cannot be decided. */
bool suite_decide(struct suite_host *h, const struct src *src, const struct ptest *test,
    struct suite_case *out);

/* --- reports ------------------------------------------------------------------------- */

enum suite_format { SUITE_TEXT, SUITE_TAP, SUITE_JUNIT, SUITE_JSON };

/* All suites; coverage: which rules no expectation touches, as well. */
void suite_write(struct buf *out, const struct suite *suites, uint32_t n,
    enum suite_format format, bool coverage);

#endif
