/* SPDX-License-Identifier: MPL-2.0 */
/*
 * Rules over the VMs of an inventory, local and remote, whether their firewall is on or
 * not: VMs that the same targets name are one class, and a side's far end is the
 * addresses of its VMs with its prefixes.  A cover (cover.h) of one class at a time.
 */
#ifndef FWR_LINT_REAL_H
#define FWR_LINT_REAL_H

#include "../policy/inventory.h"
#include "cover.h"

/* More pairs of rules, classes and prefixes than those are not looked at. */
#define REAL_PAIRS_MAX ((uint64_t)20000000)
/* Nor are more classes and prefixes of all sides. */
#define REAL_ENTRIES_MAX ((uint64_t)8000000)

struct real_rules {
	VEC(uint32_t);
};

struct real {
	struct cover cover;             /* of the class that was chosen */
	uint32_t n;                     /* classes */
	struct real_rules *rules;       /* of each class: those that name it */
	struct arena *arena, pairs;
};

/* In arena; symbolic must stay.  False if it is too much. */
bool real_init(struct real *r, struct arena *arena, struct cover *symbolic,
    const struct inventory *inv);
void real_choose(struct real *r, uint32_t class);
void real_done(struct real *r);

#endif
