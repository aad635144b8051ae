/* SPDX-License-Identifier: MPL-2.0 */
#ifndef FWR_STATE_APPLY_INT_H
#define FWR_STATE_APPLY_INT_H

#include "state_int.h"

/* One VM on its way through apply.c. */
struct apply_vm {
	uint32_t number;
	const struct vm *vm;
	uint8_t bits;                   /* PLAN_* */
	bool changed;                   /* a file has, or would have, another text */
	char *text[2];                  /* where they are asked for; malloc's */
	size_t length[2];
	struct buf error;               /* empty: done */
};

/*
 * Compares the texts with the VM's files and, unless dry, writes those that
 * differ and has ipf load them.  Thread-safe.
 */
void apply_one(struct state *s, struct apply_vm *v, const struct buf text[2], bool dry);
/* Queues what went wrong with the VM, and how to try again. */
void apply_report(struct state_call *c, const struct apply_vm *v);

/* Are two filter files' texts equal, but for the date in their heads? */
bool apply_same_text(struct slice a, struct slice b);

/* ipf's way of saying that the zone is not up. */
#define APPLY_NOT_RUNNING "Could not find running zone"

static inline bool
apply_is_running(const struct vm *vm)
{
	return slice_is(vm->state, "running");
}

#endif
