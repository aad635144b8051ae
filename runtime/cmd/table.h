/* SPDX-License-Identifier: MPL-2.0 */
/*
 * Rules as a table for people.  Nothing is cut off: where a terminal is too narrow
 * for a rule beside its UUID and owner, the sentence goes on in lines below.
 */
#ifndef FWR_CMD_TABLE_H
#define FWR_CMD_TABLE_H

#include "../../compiler/lang/rule.h"

struct table {
	unsigned width;                 /* columns of the terminal; 0: no limit */
};

void table_head(const struct table *t, struct buf *out);
void table_rule(const struct table *t, struct buf *out, const struct rule *r);

#endif
