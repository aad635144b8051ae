/* SPDX-License-Identifier: MPL-2.0 */
/*
 * Address text at the edges (inventories, command lines, queries), read by
 * libcidr.  libcidr takes more than we want (octal groups, short forms, nine
 * groups), so only what addr.h's strict readers accept gets there.
 */
#ifndef FWR_NET_CIDR_H
#define FWR_NET_CIDR_H

#include "addr.h"

/* One address, as a host prefix; false if it is not one. */
bool cidr_read_addr(struct slice s, struct prefix *out);
/* "ADDR/LEN"; host bits are kept. */
bool cidr_read_prefix(struct slice s, struct prefix *out);

#endif
