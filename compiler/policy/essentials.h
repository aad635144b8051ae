/* SPDX-License-Identifier: MPL-2.0 */
/*
 * Rules that nobody wrote: the inbound ICMPv6 without which IPv6 does not work, as
 * RFC 4890 (section 4.4) has it for traffic to a host.  They are rules like any
 * other, so whatever looks at rules understands them, but for this: they are marked
 * (rule.added), they come before all others whatever their priority, their lines keep
 * no state (a line whose state finds no room would count as not matched), and no
 * document of the rules holds them.
 *
 * From everybody: the errors (1 destination unreachable, 2 packet too big, 3 time
 * exceeded, 4 parameter problem), router solicitation (133), and neighbour
 * solicitation and advertisement (135, 136).  From link-local addresses, where alone
 * they may come from: multicast listener query (130), router advertisement (134).
 */
#ifndef FWR_POLICY_ESSENTIALS_H
#define FWR_POLICY_ESSENTIALS_H

#include "../lang/rule.h"

/* The rules with the essentials behind them; both lists in arena.  *n is adjusted. */
struct rule *const *essentials_add(struct arena *arena, struct rule *const *rules, uint32_t *n);

/* "rfc4890" or "none"; false for anything else. */
bool essentials_read(struct slice name, bool *on);

#endif
