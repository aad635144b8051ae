/* SPDX-License-Identifier: MPL-2.0 */
#include "special.h"

#include "../base/base.h"

#define LINK (SPECIAL_SOURCE | SPECIAL_DESTINATION)
#define PRIVATE (LINK | SPECIAL_FORWARDED)
#define GLOBAL (PRIVATE | SPECIAL_GLOBAL)
#define GROUP (SPECIAL_DESTINATION | SPECIAL_GROUP)

/*
 * The more specific block comes first.  6to4 and Teredo count as global.  Other than in
 * the registry nothing comes from what is discarded: nobody has it.
 */
static const struct special table[] = {
	{ "0.0.0.0/8", SPECIAL_SOURCE | SPECIAL_NOT_YET, "\"this network\"" },
	{ "10.0.0.0/8", PRIVATE, "private" },
	{ "100.64.0.0/10", PRIVATE, "shared" },
	{ "127.0.0.0/8", 0, "loopback" },
	{ "169.254.0.0/16", LINK, "link-local" },
	{ "172.16.0.0/12", PRIVATE, "private" },
	{ "192.0.0.0/29", PRIVATE, "for IPv4 over IPv6" },
	{ "192.0.0.8/32", SPECIAL_SOURCE, "the dummy address" },
	{ "192.0.0.9/32", GLOBAL, "anycast" },
	{ "192.0.0.10/32", GLOBAL, "anycast" },
	{ "192.0.0.0/24", 0, "reserved for protocols" },
	{ "192.0.2.0/24", SPECIAL_DOCUMENTATION, "documentation (RFC 5737)" },
	{ "192.168.0.0/16", PRIVATE, "private" },
	{ "198.18.0.0/15", PRIVATE, "for benchmarks" },
	{ "198.51.100.0/24", SPECIAL_DOCUMENTATION, "documentation (RFC 5737)" },
	{ "203.0.113.0/24", SPECIAL_DOCUMENTATION, "documentation (RFC 5737)" },
	{ "224.0.0.0/4", GROUP, "multicast" },
	{ "255.255.255.255/32", GROUP, "broadcast" },
	{ "240.0.0.0/4", 0, "reserved" },
	{ "::/128", SPECIAL_SOURCE | SPECIAL_NOT_YET, "the unspecified address" },
	{ "::1/128", 0, "loopback" },
	{ "::ffff:0:0/96", 0, "IPv4-mapped, which is never on the wire" },
	{ "64:ff9b::/96", GLOBAL, "IPv4, translated" },
	{ "64:ff9b:1::/48", PRIVATE, "IPv4, translated for local use" },
	{ "100::/64", SPECIAL_DESTINATION, "discard-only" },
	{ "100:0:0:1::/64", SPECIAL_SOURCE, "a dummy address" },
	{ "2001::/32", GLOBAL, "Teredo" },
	{ "2001:1::1/128", GLOBAL, "anycast" },
	{ "2001:1::2/128", GLOBAL, "anycast" },
	{ "2001:1::3/128", GLOBAL, "anycast" },
	{ "2001:2::/48", PRIVATE, "for benchmarks" },
	{ "2001:3::/32", GLOBAL, "for multicast tunnels" },
	{ "2001:4:112::/48", GLOBAL, "AS112" },
	{ "2001:20::/28", GLOBAL, "a hash (ORCHID)" },
	{ "2001:30::/28", GLOBAL, "a drone's" },
	{ "2001::/23", 0, "reserved for protocols" },
	{ "2001:db8::/32", SPECIAL_DOCUMENTATION, "documentation (RFC 3849)" },
	{ "2002::/16", GLOBAL, "6to4" },
	{ "3fff::/20", SPECIAL_DOCUMENTATION, "documentation (RFC 9637)" },
	{ "5f00::/16", PRIVATE, "a segment of SRv6" },
	{ "fc00::/7", PRIVATE, "unique local" },
	{ "fe80::/10", LINK, "link-local" },
	{ "fec0::/10", 0, "site-local, which is abolished (RFC 3879)" },
	{ "ff01::/16", 0, "multicast within a host" },
	{ "ff00::/8", GROUP, "multicast" },
};

const struct special *
special_find(struct prefix p)
{
	static _Thread_local struct prefix read[BASE_COUNT(table)];
	static _Thread_local bool ready;
	bool mixed = false;

	for (size_t i = 0; i < BASE_COUNT(table) && !ready; i++)
		prefix_read(slice_of(table[i].prefix), &read[i]);
	ready = true;
	for (size_t i = 0; i < BASE_COUNT(table); i++) {
		if (prefix_contains(read[i], p))
			return mixed ? NULL : &table[i];
		mixed |= prefix_contains(p, read[i]);
	}
	return NULL;
}

bool
special_is_private(const struct special *s)
{
	return s && (s->use & GLOBAL) == PRIVATE;
}

bool
special_is_public(const struct special *s)
{
	return !s || s->use & (SPECIAL_GLOBAL | SPECIAL_DOCUMENTATION);
}
