/* SPDX-License-Identifier: MPL-2.0 */
/*
 * Rule source text in its canonical layout: what is written stays written, in the
 * same order, with every comment, but each word in its canonical spelling and each
 * line where it belongs.
 *
 * A rule stands on one line if it fits, else its sides and its action on a line
 * each, and a list that does not fit on a line of its own, or that has comments in
 * it, one entry a line.  Blank lines are kept, at most one at a time.  The result
 * means the same, derived UUIDs included, and formatting it again changes nothing.
 */
#ifndef FWR_FORMAT_FORMAT_H
#define FWR_FORMAT_FORMAT_H

#include "../../grammar/parse.h"

#define FORMAT_WIDTH 100        /* columns that a line takes at most, where it can be broken */

/*
 * Adds the text of src in that layout to out.  False, with diagnostics and out as
 * it was, if a sentence cannot be read; what an attribute says is not checked.
 * The tree is made in scratch.
 */
bool format_source(struct buf *out, struct parse *px, struct arena *scratch,
    struct diags *diags, const struct src *src);

/* "@name value", the value quoted where it must be, without a newline. */
void format_attribute(struct buf *out, struct slice name, struct slice value);

#endif
