/* SPDX-License-Identifier: MPL-2.0 */
/* Two texts as a unified diff. */
#ifndef FWR_FORMAT_UNIFIED_H
#define FWR_FORMAT_UNIFIED_H

#include "../base/base.h"

/*
 * Adds the difference of two texts to out, as `diff -u` has it, with three lines
 * around; nothing if they are equal.  patch(1) makes the second of the first.  It
 * is small, though not always the smallest.  Allocates from scratch.
 */
void unified_diff(struct buf *out, struct arena *scratch, struct slice old_name,
    struct slice new_name, struct slice old_text, struct slice new_text);

#endif
