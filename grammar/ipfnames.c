/* SPDX-License-Identifier: MPL-2.0 */
/*
 * The names of ipf.conf: protocols, ICMP types and codes (ipf's own, of ipf(5)
 * and its icmptypes tables), and what of its language is not evaluated.
 */
#include "ipfast_int.h"

#include <stdlib.h>

#include "../compiler/base/text.h"

struct name {
	const char *name;
	int value;
};

static int
find(const struct name *table, size_t n, struct slice name)
{
	for (size_t i = 0; i < n; i++)
		if (slice_is(name, table[i].name))
			return table[i].value;
	return -1;
}

/* The closest name, if close at all. */
static const char *
nearest(const struct name *table, size_t n, struct slice text)
{
	unsigned best = text.n > 4 ? 3 : 2;     /* exclusive */
	const char *found = NULL;

	for (size_t i = 0; i < n; i++) {
		unsigned d = text_distance(text, slice_of(table[i].name));

		if (d < best) {
			best = d;
			found = table[i].name;
		}
	}
	return found;
}

/* --- protocols ---------------------------------------------------------- */

/* The first name of a number is the one that is written. */
static const struct name protocols[] = {
	{ "tcp", IPF_TCP },
	{ "udp", IPF_UDP },
	{ "icmp", IPF_ICMP },
	{ "ipv6-icmp", IPF_ICMP6 },
	{ "icmpv6", IPF_ICMP6 },
	{ "esp", 50 },
	{ "ah", IPF_AH },
	{ "ip", 0 },
	{ "igmp", 2 },
	{ "ggp", 3 },
	{ "ipencap", 4 },
	{ "st", 5 },
	{ "egp", 8 },
	{ "pup", 12 },
	{ "hmp", 20 },
	{ "xns-idp", 22 },
	{ "rdp", 27 },
	{ "ipv6", 41 },
	{ "ipv6-route", 43 },
	{ "ipv6-frag", 44 },
	{ "rsvp", 46 },
	{ "gre", 47 },
	{ "ipv6-nonxt", 59 },
	{ "ipv6-opts", 60 },
	{ "ospf", 89 },
	{ "ipip", 94 },
	{ "pim", 103 },
	{ "ipcomp", 108 },
	{ "vrrp", 112 },
	{ "l2tp", 115 },
	{ "sctp", 132 },
};

const char *
ipf_proto_name(unsigned proto)
{
	for (size_t i = 0; i < BASE_COUNT(protocols); i++)
		if (protocols[i].value == (int)proto)
			return protocols[i].name;
	return NULL;
}

int
ipf_proto_number(struct slice name)
{
	int v = 0;

	if (name.n == 0 || name.p[0] < '0' || name.p[0] > '9')
		return find(protocols, BASE_COUNT(protocols), name);
	for (size_t i = 0; i < name.n && v <= 255; i++) {
		if (name.p[i] < '0' || name.p[i] > '9')
			return -1;
		v = v * 10 + (name.p[i] - '0');
	}
	return v <= 255 ? v : -1;
}

const char *
ipfname_near_proto(struct slice text)
{
	return nearest(protocols, BASE_COUNT(protocols), text);
}

int
ipfname_service(struct slice name)
{
	static const struct name services[] = {
		{ "ftp", 21 }, { "ssh", 22 }, { "telnet", 23 }, { "smtp", 25 },
		{ "domain", 53 }, { "http", 80 }, { "www", 80 }, { "pop3", 110 },
		{ "sunrpc", 111 }, { "ntp", 123 }, { "imap", 143 }, { "snmp", 161 },
		{ "ldap", 389 }, { "https", 443 }, { "syslog", 514 }, { "nfs", 2049 },
	};

	return find(services, BASE_COUNT(services), name);
}

/* --- ICMP --------------------------------------------------------------- */

static const struct name types_v4[] = {
	{ "echorep", 0 }, { "unreach", 3 }, { "squench", 4 }, { "redir", 5 },
	{ "echo", 8 }, { "routerad", 9 }, { "routersol", 10 }, { "timex", 11 },
	{ "paramprob", 12 }, { "timest", 13 }, { "timestrep", 14 }, { "inforeq", 15 },
	{ "inforep", 16 }, { "maskreq", 17 }, { "maskrep", 18 },
};

static const struct name types_v6[] = {
	{ "unreach", 1 }, { "toobig", 2 }, { "timex", 3 }, { "paramprob", 4 },
	{ "echo", 128 }, { "echorep", 129 }, { "listendqry", 130 }, { "listendrep", 131 },
	{ "listendone", 132 }, { "routersol", 133 }, { "routerad", 134 },
	{ "neighborsol", 135 }, { "neighadvert", 136 }, { "redir", 137 },
	{ "renumber", 138 }, { "fqdnquery", 139 }, { "infoquery", 139 }, { "whoreq", 139 },
	{ "fqdnreply", 140 }, { "inforeply", 140 }, { "whorep", 140 }, { "mtraceresp", 200 },
	{ "mtrace", 201 },
};

int
ipfname_type(struct slice name, unsigned fam)
{
	return fam == NET_V4 ? find(types_v4, BASE_COUNT(types_v4), name)
	    : find(types_v6, BASE_COUNT(types_v6), name);
}

const char *
ipfname_near_type(struct slice text, unsigned fam)
{
	return fam == NET_V4 ? nearest(types_v4, BASE_COUNT(types_v4), text)
	    : nearest(types_v6, BASE_COUNT(types_v6), text);
}

/* Of an unreach; ipf has no names for those of ICMPv6. */
int
ipfname_code(struct slice name)
{
	static const struct name codes[] = {
		{ "net-unr", 0 }, { "host-unr", 1 }, { "proto-unr", 2 }, { "port-unr", 3 },
		{ "needfrag", 4 }, { "srcfail", 5 }, { "net-unk", 6 }, { "host-unk", 7 },
		{ "isolate", 8 }, { "net-prohib", 9 }, { "host-prohib", 10 },
		{ "net-tos", 11 }, { "host-tos", 12 }, { "filter-prohib", 13 },
		{ "host-preced", 14 }, { "preced-cutoff", 15 },
	};

	return find(codes, BASE_COUNT(codes), name);
}

/* --- words -------------------------------------------------------------- */

struct unsupported {
	const char *word, *why;
};

#define ANSWER "an answer to the sender is no part of a verdict"
#define ACTION "as an action it decides nothing by itself"
#define ELSEWHERE "where a packet is sent is no part of its verdict"
#define HEADER "this part of a packet is not looked at"
#define LATER "its verdict is found elsewhere"

/* Sorted. */
static const struct unsupported words[] = {
	{ "<thishost>", "the addresses of a host are not known" },
	{ "account", ACTION },
	{ "age", "what happens over time is no part of a verdict" },
	{ "auth", LATER },
	{ "bpf-v4", HEADER },
	{ "bpf-v6", HEADER },
	{ "call", LATER },
	{ "count", ACTION },
	{ "decapsulate", HEADER },
	{ "dup-to", ELSEWHERE },
	{ "fastroute", ELSEWHERE },
	{ "hash", "pools are not known" },
	{ "match-tag", "tags of NAT are not known" },
	{ "nat", "tags of NAT are not known" },
	{ "nomatch", ACTION },
	{ "now", LATER },
	{ "on", "a packet's interface is not known" },
	{ "or-block", "whether a packet can be logged is not known" },
	{ "out-via", "a packet's interface is not known" },
	{ "pool", "pools are not known" },
	{ "pps", "what happens over time is no part of a verdict" },
	{ "preauth", LATER },
	{ "reply-to", ELSEWHERE },
	{ "return-icmp", ANSWER },
	{ "return-icmp-as-dest", ANSWER },
	{ "return-rst", ANSWER },
	{ "skip", "lines that are jumped over are not followed" },
	{ "tos", HEADER },
	{ "ttl", HEADER },
	{ "with", HEADER },
};

static int
compare_word(const void *key, const void *entry)
{
	struct slice word = *(const struct slice *)key;
	const char *other = ((const struct unsupported *)entry)->word;
	size_t n = strlen(other);
	int c = memcmp(word.p, other, word.n < n ? word.n : n);

	return c ? c : word.n < n ? -1 : word.n > n;
}

const char *
ipfname_unsupported(struct slice word)
{
	const struct unsupported *u = bsearch(&word, words, BASE_COUNT(words), sizeof(words[0]),
	    compare_word);

	return u ? u->why : NULL;
}

const char *
ipfname_near(struct slice text)
{
	static const struct name keywords[] = {
		{ "pass", 0 }, { "block", 0 }, { "in", 0 }, { "out", 0 }, { "log", 0 },
		{ "quick", 0 }, { "proto", 0 }, { "all", 0 }, { "from", 0 }, { "to", 0 },
		{ "any", 0 }, { "port", 0 }, { "flags", 0 }, { "icmp-type", 0 },
		{ "code", 0 }, { "keep", 0 }, { "state", 0 }, { "frags", 0 }, { "head", 0 },
		{ "group", 0 }, { "set-tag", 0 },
	};

	return nearest(keywords, BASE_COUNT(keywords), text);
}
