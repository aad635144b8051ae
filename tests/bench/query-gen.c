/* SPDX-License-Identifier: MPL-2.0 */
/*
 * Random rules, and questions about them, for query.sh:
 *
 *   query-gen rules N SEED             N rules as JSON lines
 *   query-gen questions N SEED K       K questions of most kinds over the same rules
 *
 * The skew: one owner in fifty rules, owners by Zipf; tags by Zipf from 2,000 keys,
 * half with one of a key's 40 values; a VM for every five rules; 55 % of address
 * targets single addresses, the rest subnets mostly /24 but down to /8; half of all
 * IPv4 in the private networks, the rest by Zipf in 20,000 public /16; a fifth
 * IPv6, nested the same way below fd00::/8 and 2001:db8::/32.
 */
#include <math.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tests/random.h"

/* 0 .. n - 1, small ones often: the inverse of a continuous Zipf of exponent 1. */
static uint32_t
zipf(uint32_t n)
{
	uint32_t x = (uint32_t)pow(n + 1.0, (double)(random_u64() >> 11) / 9007199254740992.0);

	return x - 1 < n ? x - 1 : n - 1;
}

static uint64_t
mix(uint64_t z)
{
	z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9;
	z = (z ^ z >> 27) * 0x94d049bb133111eb;
	return z ^ z >> 31;
}

static void
put_uuid(FILE *f, unsigned kind, uint64_t n)
{
	uint64_t a = mix(n * 0x9e3779b97f4a7c15 + kind), b = mix(a + n);

	fprintf(f, "%08x-%04x-4%03x-8%03x-%012llx", (unsigned)(a >> 32), (unsigned)(a >> 16) & 0xffff,
	    (unsigned)a & 0xfff, (unsigned)(b >> 48) & 0xfff,
	    (unsigned long long)(b & 0xffffffffffff));
}

static uint32_t
v4_address(void)
{
	uint32_t r = (uint32_t)random_u64(), kind = random_below(20);

	if (kind < 6)
		return 10u << 24 | zipf(256) << 16 | zipf(256) << 8 | (r & 255);
	if (kind < 8)
		return 172u << 24 | (16 + zipf(16)) << 16 | (r & 0xffff);
	if (kind < 10)
		return 192u << 24 | 168u << 16 | zipf(256) << 8 | (r & 255);
	return ((uint32_t)mix(zipf(20000)) % 0xdf00 + 0x100) << 16 | (r & 0xffff);
}

/* Lengths of subnets, in thousandths. */
static unsigned
v4_length(void)
{
	static const struct { uint16_t until; uint8_t len; } table[] = { { 1, 8 }, { 3, 12 },
		{ 40, 16 }, { 80, 18 }, { 150, 20 }, { 250, 22 }, { 330, 23 }, { 800, 24 },
		{ 850, 25 }, { 900, 26 }, { 930, 27 }, { 960, 28 }, { 980, 29 }, { 1000, 30 } };
	uint32_t r = random_below(1000);
	unsigned i = 0;

	while (r >= table[i].until)
		i++;
	return table[i].len;
}

static void
put_v4(FILE *f, bool subnet)
{
	uint32_t a = v4_address(), len = subnet ? v4_length() : 32;

	a &= UINT32_MAX << (32 - len);
	if (subnet)
		fprintf(f, "subnet ");
	else
		fprintf(f, "ip ");
	fprintf(f, "%u.%u.%u.%u", a >> 24, a >> 16 & 255, a >> 8 & 255, a & 255);
	if (subnet)
		fprintf(f, "/%u", len);
}

static void
put_v6(FILE *f, bool subnet)
{
	static const uint8_t lengths[] = { 32, 40, 48, 48, 48, 56, 56, 64, 64, 64, 64, 64 };
	unsigned g[8], len = subnet ? lengths[random_below(sizeof(lengths))] : 128;

	g[0] = random_below(2) ? 0xfd00 : 0x2001;
	g[1] = g[0] == 0xfd00 ? zipf(200) + 1 : 0xdb8;
	g[2] = zipf(3000) + 1;
	g[3] = zipf(256) + 1;
	for (int i = 4; i < 8; i++)
		g[i] = i < 6 ? 0 : 1 + random_below(65535);
	for (unsigned i = 0; i < 8; i++)
		if (len <= i * 16)
			g[i] = 0;
		else if (len < i * 16 + 16)
			g[i] &= 0xffffu << (i * 16 + 16 - len) & 0xffff;
	fprintf(f, subnet ? "subnet " : "ip ");
	for (unsigned i = 0; i < len / 16 + (len % 16 > 0); i++)
		fprintf(f, i ? ":%x" : "%x", g[i]);
	fprintf(f, len <= 112 ? "::" : "");
	if (subnet)
		fprintf(f, "/%u", len);
}

static void
put_address(FILE *f)
{
	bool subnet = random_below(100) >= 55;

	if (random_below(5))
		put_v4(f, subnet);
	else
		put_v6(f, subnet);
}

static void
put_tag(FILE *f)
{
	uint32_t key = zipf(2000);

	fprintf(f, "tag \\\"k%u\\\"", key);
	if (random_below(2))
		fprintf(f, " = \\\"v%u\\\"", zipf(40));
}

static void
put_targets(FILE *f, bool vms, uint32_t n)
{
	uint32_t many = 1 + (random_below(4) == 0) + (random_below(20) == 0) * random_below(4);

	fprintf(f, many > 1 ? "(" : "");
	for (uint32_t i = 0; i < many; i++) {
		fprintf(f, i ? " OR " : "");
		if (!vms) {
			put_address(f);
		} else if (random_below(3)) {
			put_tag(f);
		} else {
			fprintf(f, "vm ");
			put_uuid(f, 3, zipf(n / 5 + 1));
		}
	}
	fprintf(f, many > 1 ? ")" : "");
}

static void
put_rule(FILE *f, uint32_t i, uint32_t n)
{
	bool from = random_below(5) > 0;
	uint32_t r = random_below(100);

	fprintf(f, "{\"uuid\":\"");
	put_uuid(f, 1, i);
	if (random_below(1000) < 2) {
		fprintf(f, "\",\"global\":true");
	} else {
		fprintf(f, "\",\"owner_uuid\":\"");
		put_uuid(f, 2, zipf(n / 50 + 1));
		fprintf(f, "\"");
	}
	fprintf(f, ",\"version\":\"%llu.%06u\",\"enabled\":%s,\"log\":%s,\"rule\":\"FROM ",
	    1700000000000ull + random_below(1u << 31), random_below(99999),
	    random_below(10) ? "true" : "false", random_below(50) ? "false" : "true");
	if (from && random_below(10) == 0)
		fprintf(f, "any");
	else
		put_targets(f, !from, n);
	fprintf(f, " TO ");
	if (from && random_below(20) == 0)
		fprintf(f, "all vms");
	else
		put_targets(f, from, n);
	fprintf(f, random_below(10) < 7 ? " ALLOW " : " BLOCK ");
	if (r < 70)
		fprintf(f, "tcp PORT %u", random_below(3) ? zipf(1000) + 1 : random_below(65535) + 1);
	else if (r < 95)
		fprintf(f, "udp (PORT %u AND PORT %u)", zipf(1000) + 1, zipf(60000) + 1);
	else
		fprintf(f, "tcp PORTS 1000 - %u", 1001 + random_below(60000));
	fprintf(f, "\"}\n");
}

/* Questions are drawn as the rules are, with other random numbers. */
static void
put_questions(FILE *f, uint32_t n, uint32_t k)
{
	for (uint32_t i = 0; i < k; i++) {
		fprintf(f, "contains ");
		if (random_below(5))
			put_v4(f, false);
		else
			put_v6(f, false);
		fprintf(f, "\noverlaps ");
		if (random_below(5))
			put_v4(f, true);
		else
			put_v6(f, true);
		fprintf(f, "\nowner ");
		put_uuid(f, 2, zipf(n / 50 + 1));
		fprintf(f, "\ntag k%u\npage ", zipf(2000));
		put_uuid(f, 2, zipf(n / 50 + 1));
		fprintf(f, "/k%u", zipf(2000));
		fprintf(f, "\nuuid ");
		put_uuid(f, 1, random_below(n));
		fprintf(f, "\n");
	}
}

int
main(int argc, char **argv)
{
	uint32_t n = argc > 3 ? (uint32_t)strtoul(argv[2], NULL, 10) : 0;

	if (argc < 4)
		return 2;
	random_state = strtoull(argv[3], NULL, 10);
	if (strcmp(argv[1], "rules") == 0)
		for (uint32_t i = 0; i < n; i++)
			put_rule(stdout, i, n);
	else if (argc == 5 && strcmp(argv[1], "questions") == 0) {
		random_state = mix(random_state);
		put_questions(stdout, n, (uint32_t)strtoul(argv[4], NULL, 10));
	}
	return 0;
}
