/* SPDX-License-Identifier: MPL-2.0 */
/*
 * Address lists as people keep them: lines of text with both families mixed.
 *
 *	192.0.2.1               an address
 *	198.51.100.0/24         a prefix; host bits are ignored
 *	203.0.113.4 - 203.0.113.9       a range, spaces or none
 *	2001:db8::/32           # a comment, from `#` or `;` to the end of the line
 *
 * Lines end in LF or CRLF, empty ones are skipped, and so is a UTF-8 byte order
 * mark.  Addresses are strict (addr.h): no leading zeros, no short forms, no
 * names to look up.
 *
 * Reading costs one pass over the text; nothing is kept of it.
 */
#ifndef FWR_NET_ADDRLIST_H
#define FWR_NET_ADDRLIST_H

#include "../base/diag.h"
#include "pset.h"

/* Sets of both families; the ranges are in the arena that filled them. */
struct addrlist {
	struct pset v4, v6;
};

static inline struct addrlist
addrlist_none(void)
{
	return (struct addrlist){ pset_none(NET_V4), pset_none(NET_V6) };
}

/*
 * Pushes what a text holds.  Every line that is none of the above becomes an
 * error, up to the limit of the queue (the rest is counted), and reading goes on
 * behind it.  The sets are not sets before addrlist_close; more texts may be read
 * first.  A text of 4 GiB or more, or in UTF-16, is refused as a whole.
 */
void addrlist_read(struct arena *a, struct addrlist *list, const struct src *src,
    struct diags *ds);
void addrlist_close(struct addrlist *list);

/*
 * The smallest list as text, one prefix a line, IPv4 before IPv6, each family in
 * address order; a single address without its /32 or /128, as iprange has it.
 *
 *	struct addrlist_walk w = addrlist_walk(&list);
 *
 *	while (addrlist_write(&out, &w, 65536))
 *		flush(&out);
 *
 * Each call appends lines until `out` holds `enough` bytes (SIZE_MAX: all of
 * them).  False if there was nothing left to append.
 */
struct addrlist_walk {
	struct pset_walk v4, v6;
};

struct addrlist_walk addrlist_walk(const struct addrlist *list);
bool addrlist_write(struct buf *out, struct addrlist_walk *w, size_t enough);

#endif
