/* SPDX-License-Identifier: MPL-2.0 */
/*
 * Rules from the formats they are read in to each of those they can be written in.
 * Each rule that is written is read back and compared, so that nothing is lost
 * without a word.
 */
#ifndef FWR_CONVERT_CONVERT_H
#define FWR_CONVERT_CONVERT_H

#include "../input/input.h"

struct convert_format {
	const char *name;               /* "moray" */
	const char *title;              /* for messages: "a Moray record" */
	/* One rule, as a whole text of the format. */
	void (*write_rule)(struct buf *out, const struct rule *r);
	/* The rules of an input, whose pieces are as write_rule makes them. */
	void (*write)(struct buf *out, const struct input *in);
	bool remote_vms;                /* carries a payload's VMs of other hosts */
};

extern const struct convert_format convert_table[];
extern const size_t convert_count;

/* NULL if there is none of that name. */
const struct convert_format *convert_find(struct slice name);

/*
 * Adds what was read into in, which must be without errors, to out in the format.
 * What the format cannot carry is queued as warnings in in->diags; a rule that it
 * cannot carry at all is an error, and then out is of no use: false.
 */
bool convert_write(struct buf *out, struct input *in, const struct convert_format *format);

#endif
