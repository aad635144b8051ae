/* SPDX-License-Identifier: MPL-2.0 */
/*
 * Policy tests as people write them (*.fwtest), one statement a line:
 *
 *	rules       PATH ...
 *	vms         PATH ...
 *	remote-vms  PATH ...
 *	expect      allow|block in|out PROTOCOL [PORTS | TYPES] from WHO to WHOM
 *
 * WHO and WHOM are what a rule's sides are, but that addresses and prefixes need no
 * keyword, VMs may be called by their alias, and any and all vms may stand in lists.
 * Inside of parentheses a line may end.
 */
#ifndef FWR_GRAMMAR_PTESTAST_H
#define FWR_GRAMMAR_PTESTAST_H

#include "../compiler/lang/ast.h"

#define PTEST_MAX_FILE ((size_t)64 << 20)

struct ptest_path {
	struct slice text;
	struct span span;
};

struct ptest {
	/*
	 * Action, protocol, items and sides are the tree of a rule.  A target of kind
	 * AST_VM has its name or UUID as text; all is set where no item is given.
	 */
	struct ast_rule *tree;
	struct span span;               /* the statement */
	bool out;                       /* out of VMs, not into them */
};

struct ptest_file {
	const struct src *src;
	VEC(struct ptest_path) rules, vms, remote;
	VEC(struct ptest) tests;        /* only those without an error */
};

/*
 * Reads src->text into arena.  False if there is an error; all of them are queued,
 * and what could be read stands in file.
 */
bool ptest_read(struct arena *arena, struct diags *diags, const struct src *src,
    struct ptest_file *file);

#endif
