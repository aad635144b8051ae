/* SPDX-License-Identifier: MPL-2.0 */
/*
 * compiler/net/addr: its readers and writers against inet_pton, inet_ntop and
 * libcidr, its arithmetic against 128-bit numbers.
 */
#include "compiler/net/addr.h"

#include "tests/random.h"

#include <arpa/inet.h>
#include <libcidr.h>
#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

typedef unsigned __int128 u128;

static u128
number_of(struct addr a)
{
	return (u128)a.hi << 64 | a.lo;
}

static struct addr
addr_of_bytes(const unsigned char *b, unsigned n)
{
	u128 v = 0;

	for (unsigned i = 0; i < n; i++)
		v = v << 8 | b[i];
	return n == 4 ? addr_v4((uint32_t)v)
	    : (struct addr){ (uint64_t)(v >> 64), (uint64_t)v };
}

static void
bytes_of_addr(struct addr a, unsigned char *b)
{
	u128 v = number_of(a);

	for (int i = 15; i >= 0; i--, v >>= 8)
		b[i] = (unsigned char)v;
}

/* Groups of zeros, of ones and between them, so that all of RFC 5952 is met. */
static struct addr
random_addr(unsigned fam)
{
	struct addr a;

	if (fam == NET_V4) {
		uint32_t v = (uint32_t)random_u64();

		for (int shift = 0; shift < 32; shift += 8)
			if (random_below(3) == 0)
				v &= ~((uint32_t)(random_below(2) ? 0xff : 0xf0) << shift);
		return addr_v4(v);
	}
	a = (struct addr){ random_u64(), random_u64() };
	for (int shift = 0; shift < 64; shift += 16) {
		uint64_t group = (uint64_t)0xffff << shift;

		if (random_below(2))
			a.hi &= ~(group & (random_below(3) ? group : group << 4));
		if (random_below(2))
			a.lo &= ~(group & (random_below(3) ? group : group << 8));
	}
	return a;
}

/* --- readers ------------------------------------------------------------ */

/* Texts that are addresses, nearly are, or look like some. */
static size_t
random_text(char *out, size_t max)
{
	static const char piece[] = "0123456789abcdefABCDEFg::::....//--%x 1200ff";
	size_t n = 0;

	if (random_below(4) == 0) {
		n = random_below((uint32_t)max / 2);
		for (size_t i = 0; i < n; i++)
			out[i] = piece[random_below(sizeof(piece) - 1)];
	} else {
		unsigned fam = random_below(2) ? NET_V4 : NET_V6;

		n = addr_write(out, random_addr(fam), fam);
		for (uint32_t edits = random_below(4); edits; edits--) {
			uint32_t at = random_below((uint32_t)n + 1), how = random_below(3);
			char c = piece[random_below(sizeof(piece) - 1)];

			if (how == 0 && at < n) {
				out[at] = c;
			} else if (how == 1 && at < n) {
				memmove(out + at, out + at + 1, --n - at);
			} else if (n < max) {
				memmove(out + at + 1, out + at, n++ - at);
				out[at] = c;
			}
		}
	}
	out[n] = '\0';
	return n;
}

/* Ours reads what inet_pton reads, but for the dotted end of IPv6, and to the same bits. */
static void
check_strict(const char *text, size_t n)
{
	unsigned char b[16];
	struct slice s = { text, n };
	struct addr a;
	bool want, got;

	want = inet_pton(AF_INET, text, b) == 1;
	got = addr_read_v4(s, &a);
	if (want != got)
		fail_msg("IPv4 \"%s\": inet_pton %d, ours %d", text, want, got);
	if (got && !addr_eq(a, addr_of_bytes(b, 4)))
		fail_msg("IPv4 \"%s\": other bits", text);
	want = !strchr(text, '.') && inet_pton(AF_INET6, text, b) == 1;
	got = addr_read_v6(s, &a);
	if (want != got)
		fail_msg("IPv6 \"%s\": inet_pton %d, ours %d", text, want, got);
	if (got && !addr_eq(a, addr_of_bytes(b, 16)))
		fail_msg("IPv6 \"%s\": other bits", text);
}

/* A scanner stops where a reader of the whole text before would agree. */
static void
check_scan(const char *text, size_t n,
    const char *(*scan)(const char *, const char *, struct addr *),
    bool (*read)(struct slice, struct addr *))
{
	struct addr a, b;
	const char *stop = scan(text, text + n, &a);
	char longer[64];

	if (stop && (!read((struct slice){ text, (size_t)(stop - text) }, &b) || !addr_eq(a, b)))
		fail_msg("scanning \"%s\" stops at \"%s\"", text, stop);
	if (!read((struct slice){ text, n }, &b))
		return;
	memcpy(longer, text, n);
	for (const char *c = " /-#;\n\r,"; *c; c++) {
		longer[n] = *c;
		stop = scan(longer, longer + n + 1, &a);
		if (stop != longer + n || !addr_eq(a, b))
			fail_msg("\"%s\" is not scanned before '%c'", text, *c);
	}
}

/* In the middle of digits, from which it must keep away. */
static const char *
scan_v4_in(const char *p, const char *end, struct addr *out)
{
	char longer[96];
	size_t n = (size_t)(end - p);
	const char *stop;

	memset(longer, '7', sizeof(longer));
	memcpy(longer + 3, p, n);
	longer[3 + n] = '\0';
	stop = addr_scan_v4_in(longer + 3, out);
	return stop ? p + (stop - longer - 3) : NULL;
}

static void
check_text(const char *text, size_t n)
{
	check_strict(text, n);
	check_scan(text, n, addr_scan_v4, addr_read_v4);
	check_scan(text, n, scan_v4_in, addr_read_v4);
	check_scan(text, n, addr_scan_v6, addr_read_v6);
}

static void
test_readers_odd(void **state)
{
	static const char *const text[] = {
		"", ":", "::", ":::", "::1", "1::", "1::2::3", ":1", "1:", "1:2", "0.0.0.0",
		"1:2:3:4:5:6:7:8", "1:2:3:4:5:6:7::", "::2:3:4:5:6:7:8", "1:2:3:4::5:6:7:8",
		"1:2:3:4:5:6:7:8:9", "::1:2:3:4:5:6:7:8", "1:2:3:4:5:6:7", "00001::",
		"ffff:FFFF::", "10000::", "g::", "1::g", "1:2:3:4:5:6:7:8:", "255.255.255.255",
		"256.0.0.0", "1.2.3", "1.2.3.4.5", "1.2.3.4.", ".1.2.3.4", "1..2.3", "01.2.3.4",
		"1.2.3.00", "1.2.3.0004", "0x1.2.3.4", "1.2.3.4 ", " 1.2.3.4", "+1.2.3.4", "10",
		"-1.2.3.4", "1::2 ", "1 ::2", "::ffff:1", "0:0:0:0:0:0:0:0", "1:::2", "::0001",
	};

	(void)state;
	for (size_t i = 0; i < BASE_COUNT(text); i++)
		check_text(text[i], strlen(text[i]));
}

static void
test_readers_random(void **state)
{
	char text[64];
	unsigned good = 0;

	(void)state;
	for (int i = 0; i < 2000000; i++) {
		struct prefix p;
		size_t n = random_text(text, 60);

		check_text(text, n);
		good += addr_read((struct slice){ text, n }, &p);
	}
	/* Both sides of every judgement must have been met often. */
	assert_in_range(good, 200000, 1800000);
}

/* A NUL ends no text. */
static void
test_reader_nul(void **state)
{
	struct addr a;

	(void)state;
	assert_false(addr_read_v4((struct slice){ "1.2.3.4\0", 8 }, &a));
	assert_false(addr_read_v6((struct slice){ "::1\0", 4 }, &a));
	assert_true(addr_read_v4((struct slice){ "1.2.3.4\0", 7 }, &a));
}

static void
test_loose(void **state)
{
	static const struct {
		const char *text, *same;
	} good[] = {
		{ "010.001.000.255", "10.1.0.255" }, { "1.2.3.4", "1.2.3.4" },
		{ "00001::", "1::" }, { "0000000002:3::0", "2:3::" },
		{ "1:2:3:4::5:6:7:8", "1:2:3:4:5:6:7:8" }, { "::", "::" },
	};
	static const char *const bad[] = {
		"0256.1.1.1", "1.2.3", "0001.2.3.4", "10000::", "1:2:3:4::5:6:7:8:9", "", "1::2::3",
	};
	struct addr a, b;

	(void)state;
	for (size_t i = 0; i < BASE_COUNT(good); i++) {
		struct slice t = slice_of(good[i].text), s = slice_of(good[i].same);
		bool v6 = strchr(good[i].text, ':') != NULL;

		assert_true(v6 ? addr_read_v6_loose(t, &a) : addr_read_v4_loose(t, &a));
		assert_true(v6 ? addr_read_v6(s, &b) : addr_read_v4(s, &b));
		assert_true(addr_eq(a, b));
	}
	for (size_t i = 0; i < BASE_COUNT(bad); i++) {
		assert_false(addr_read_v4_loose(slice_of(bad[i]), &a));
		assert_false(addr_read_v6_loose(slice_of(bad[i]), &a));
	}
}

static void
test_prefix_read(void **state)
{
	static const char *const bad[] = {
		"", "/", "/8", "1.2.3.4", "1.2.3.4/", "1.2.3.4/33", "1.2.3.4/-1", "1.2.3.4/+8",
		"1.2.3.4/ 8", "1.2.3.4/8 ", "1.2.3.4/0008", "::/129", "::/1000", "::", "::/1/2",
		"1.2.3.4/255.0.0.0",
	};
	struct prefix p;

	(void)state;
	for (size_t i = 0; i < BASE_COUNT(bad); i++)
		assert_false(prefix_read(slice_of(bad[i]), &p));
	assert_true(prefix_read(slice_of("1.2.3.4/8"), &p));
	assert_int_equal(p.len, 104);
	assert_int_equal(p.fam, NET_V4);
	assert_true(prefix_has_host_bits(p));
	assert_true(prefix_read(slice_of("::ffff:102:304/104"), &p));
	assert_int_equal(p.len, 104);
	assert_int_equal(p.fam, NET_V6);
}

/* --- writers ------------------------------------------------------------ */

/* inet_ntop writes the last 32 bits of ::/96 and ::ffff:0:0/96 with dots; we never do. */
static bool
is_dotted_in_v6(struct addr a)
{
	return a.hi == 0 && (a.lo >> 32 == 0 || a.lo >> 32 == 0xffff);
}

static void
check_written(struct addr a, unsigned fam)
{
	unsigned char b[16];
	char ours[NET_TEXT_MAX + 1], theirs[INET6_ADDRSTRLEN];
	size_t n = addr_write(ours, a, fam);
	struct addr back;

	ours[n] = '\0';
	bytes_of_addr(a, b);
	inet_ntop(fam == NET_V4 ? AF_INET : AF_INET6, fam == NET_V4 ? b + 12 : b, theirs,
	    sizeof(theirs));
	if (fam == NET_V4 || !is_dotted_in_v6(a))
		assert_string_equal(ours, theirs);
	assert_true(fam == NET_V4 ? addr_read_v4((struct slice){ ours, n }, &back)
	    : addr_read_v6((struct slice){ ours, n }, &back));
	assert_true(addr_eq(a, back));
}

static void
test_writers(void **state)
{
	static const char *const canonical[] = {
		"::", "::1", "::ffff:0:0", "::ffff:102:304", "::102:304", "1::", "1:0:2::",
		"1:0:0:2::", "1::2:0:0:3", "1:2:3:4:5:6:7:0", "0:2:3:4:5:6:7:8",
		"ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff",
	};
	char text[NET_TEXT_MAX + 1];
	struct addr a;

	(void)state;
	for (size_t i = 0; i < BASE_COUNT(canonical); i++) {
		if (!addr_read_v6(slice_of(canonical[i]), &a))
			fail_msg("%s is not read", canonical[i]);
		text[addr_write(text, a, NET_V6)] = '\0';
		assert_string_equal(text, canonical[i]);
	}
	for (int i = 0; i < 500000; i++) {
		check_written(random_addr(NET_V4), NET_V4);
		check_written(random_addr(NET_V6), NET_V6);
	}
}

/* The bits that libcidr reads in a text of ours. */
static void
check_with_libcidr(struct prefix p)
{
	/* libcidr 1.2.3 looks for ".arpa" in the last five bytes, which may lie before the text. */
	char room[16 + NET_TEXT_MAX + 1] = { 0 }, *text = room + 16;
	size_t n = prefix_write(text, p);
	struct prefix back;
	uint8_t *bytes;
	CIDR *c;

	text[n] = '\0';
	c = cidr_from_str(text);
	if (!c)
		fail_msg("libcidr does not read %s", text);
	bytes = cidr_get_addr(c);
	if (!addr_eq(p.fam == NET_V4 ? addr_of_bytes(bytes + 12, 4) : addr_of_bytes(bytes, 16),
		p.a))
		fail_msg("libcidr reads other bits in %s", text);
	assert_int_equal(cidr_get_pflen(c), prefix_bits(p));
	assert_int_equal(cidr_get_proto(c), p.fam == NET_V4 ? CIDR_IPV4 : CIDR_IPV6);
	free(bytes);
	cidr_free(c);
	assert_true(prefix_read((struct slice){ text, n }, &back));
	assert_int_equal(prefix_cmp(p, back), 0);
}

static void
test_libcidr(void **state)
{
	(void)state;
	for (int i = 0; i < 100000; i++) {
		unsigned fam = random_below(2) ? NET_V4 : NET_V6;
		unsigned bits = random_below(fam == NET_V4 ? 33 : 129);

		check_with_libcidr((struct prefix){ random_addr(fam),
		    (uint8_t)(fam == NET_V4 ? NET_V4_BASE + bits : bits), (uint8_t)fam });
	}
}

/* --- arithmetic --------------------------------------------------------- */

static void
test_order(void **state)
{
	(void)state;
	for (int i = 0; i < 200000; i++) {
		struct addr a = random_addr(NET_V6);
		struct addr b = random_below(4) ? random_addr(NET_V6) : a;
		u128 x, y;

		if (random_below(4) == 0)
			a.lo = random_below(2) ? 0 : UINT64_MAX;
		if (random_below(4) == 0)
			b.hi = a.hi;
		x = number_of(a);
		y = number_of(b);
		assert_int_equal(addr_less(a, b), x < y);
		assert_int_equal(addr_eq(a, b), x == y);
		assert_int_equal(addr_cmp(a, b), (x > y) - (x < y));
		assert_true(number_of(addr_next(a)) == (u128)(x + 1));
		assert_true(number_of(addr_prev(a)) == (u128)(x - 1));
	}
}

static void
test_prefixes(void **state)
{
	(void)state;
	for (unsigned len = 0; len <= 128; len++)
		for (int i = 0; i < 2000; i++) {
			struct addr a = random_addr(NET_V6), b = random_addr(NET_V6);
			struct prefix p = { a, (uint8_t)len, NET_V6 }, q = p;
			u128 host = len == 0 ? (u128)-1 : ((u128)1 << (128 - len)) - 1;

			assert_true(number_of(prefix_first(p)) == (number_of(a) & ~host));
			assert_true(number_of(prefix_last(p)) == (number_of(a) | host));
			assert_int_equal(prefix_has_host_bits(p), (number_of(a) & host) != 0);
			q.a = random_below(2) ? b : (struct addr){ a.hi, b.lo };
			q.len = (uint8_t)random_below(129);
			assert_int_equal(prefix_contains(p, q), q.len >= len &&
			    ((number_of(a) ^ number_of(q.a)) & ~host) == 0);
			q.fam = NET_V4;
			assert_false(prefix_contains(p, q));
		}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_readers_odd),
		cmocka_unit_test(test_readers_random),
		cmocka_unit_test(test_reader_nul),
		cmocka_unit_test(test_loose),
		cmocka_unit_test(test_prefix_read),
		cmocka_unit_test(test_writers),
		cmocka_unit_test(test_libcidr),
		cmocka_unit_test(test_order),
		cmocka_unit_test(test_prefixes),
	};

	random_start(20240611);
	return cmocka_run_group_tests_name("net", tests, NULL, NULL);
}
