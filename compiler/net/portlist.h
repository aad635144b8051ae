/* SPDX-License-Identifier: MPL-2.0 */
/*
 * Port sets as people write them: numbers from 0 to 65535 and ranges, parted by
 * commas.
 *
 *	22, 80, 8000 - 8010
 *
 * White space may stand anywhere but in a number.
 */
#ifndef FWR_NET_PORTLIST_H
#define FWR_NET_PORTLIST_H

#include "../base/diag.h"
#include "portset.h"

#define PORTLIST_MAX ((size_t)16 << 20) /* bytes of text */

/*
 * Makes an empty set what a text lists; an empty text lists nothing.  False at the
 * first error, which is in *ds then, and the set is of no use.
 */
bool portlist_read(struct arena *a, struct portset *set, const struct src *src,
    struct diags *ds);
/* Appends the smallest list: "22, 80, 8000 - 8010". */
void portlist_write(struct buf *out, const struct portset *set);

#endif
