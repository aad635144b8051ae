/* SPDX-License-Identifier: MPL-2.0 */
/* Faults seeded into an emitted file, for tests of what must find them. */
#ifndef FWR_TESTS_MUTATE_H
#define FWR_TESTS_MUTATE_H

#include "walker.h"

struct mutant {
	struct arena *arena;
	struct w_file file;             /* its lines are the mutant's own */
	const struct w_file *other;     /* the VM's file of the other family */
	uint32_t at;                    /* the line to be spoilt */
};

struct mutation {
	const char *name;
	bool (*apply)(struct mutant *m, struct w_line *l);      /* false: not on this line */
	bool harmless;                  /* no packet tells */
};

extern const struct mutation mutation_table[];
extern const size_t mutations;

#endif
