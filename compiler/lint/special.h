/* SPDX-License-Identifier: MPL-2.0 */
/*
 * Addresses that are not like others, by the registries of RFC 6890 (IANA's IPv4 and
 * IPv6 Special-Purpose Address Registries) and those of multicast addresses.
 */
#ifndef FWR_LINT_SPECIAL_H
#define FWR_LINT_SPECIAL_H

#include "../lang/lang.h"
#include "../net/addr.h"

/* What the registries say of a block. */
enum special_use {
	SPECIAL_SOURCE = 1,             /* packets may come from it */
	SPECIAL_DESTINATION = 2,        /* and go to it */
	SPECIAL_FORWARDED = 4,          /* beyond the link */
	SPECIAL_GLOBAL = 8,             /* and across the Internet */
	SPECIAL_DOCUMENTATION = 16,
	SPECIAL_NOT_YET = 32,           /* they come from hosts that have no address yet */
	SPECIAL_GROUP = 64              /* it stands for many hosts */
};

struct special {
	const char *prefix;
	unsigned use;                   /* enum special_use, or-ed */
	const char *what;               /* "loopback": what an address of it is */
};

/* The block that holds all of a prefix; NULL: none, or blocks that differ in what they are. */
const struct special *special_find(struct prefix p);
/* For private use: forwarded, but not across the Internet. */
bool special_is_private(const struct special *s);
/* An address like any other on the Internet; documentation, which stands for some, is too. */
bool special_is_public(const struct special *s);

#endif
