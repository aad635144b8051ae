/* SPDX-License-Identifier: MPL-2.0 */
/*
 * Address lists and aggregate: every complaint with its place and its cure, the
 * reader against a slow one made of libc's functions, the combinations against
 * a bit for each address.
 */
#include "compiler/net/aggregate.h"

#include "tests/random.h"

#include <arpa/inet.h>
#include <ctype.h>
#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

struct world {
	struct arena arena;
	struct diags diags;
	struct buf out;
};

static void
world_open(struct world *w)
{
	memset(w, 0, sizeof(*w));
	w->diags.arena = &w->arena;
}

static void
world_close(struct world *w)
{
	buf_free(&w->out);
	arena_free(&w->arena);
}

static struct src
src_of(const char *text)
{
	return (struct src){ .name = slice_of("list"), .text = slice_of(text) };
}

/* The smallest list, written in pieces or at once. */
static void
write_list(struct buf *out, const struct addrlist *list)
{
	struct addrlist_walk w = addrlist_walk(list);
	size_t piece = random_below(2) ? SIZE_MAX : 1 + random_below(100);

	while (addrlist_write(out, &w, piece == SIZE_MAX ? piece : out->n + piece))
		;
	assert_false(addrlist_write(out, &w, SIZE_MAX));
}

/* Reads, closes and writes one text; the result is a NUL-terminated list. */
static const char *
aggregate_text(struct world *w, struct slice text)
{
	struct src src = { .name = slice_of("list"), .text = text };
	struct addrlist list = addrlist_none();

	addrlist_read(&w->arena, &list, &src, &w->diags);
	addrlist_close(&list);
	w->out.n = 0;
	write_list(&w->out, &list);
	buf_char(&w->out, '\0');
	return w->out.p;
}

/* --- what is read ------------------------------------------------------- */

static void
test_good(void **state)
{
	static const struct {
		const char *in, *out;
	} cases[] = {
		{ "", "" },
		{ "\n\r\n \t\n", "" },
		{ "# only\n; comments", "" },
		{ "1.2.3.4", "1.2.3.4\n" },
		{ "1.2.3.4/32\n::1/128\n", "1.2.3.4\n::1\n" },
		{ "1.2.3.4\r\n1.2.3.5\r\n", "1.2.3.4/31\n" },
		{ "  1.2.3.4/8\t # host bits\n", "1.0.0.0/8\n" },
		{ "1.2.3.4#c\n1.2.3.6;c\n1.2.3.8 ; # c\n", "1.2.3.4\n1.2.3.6\n1.2.3.8\n" },
		{ "1.0.0.0-1.0.0.255\n", "1.0.0.0/24\n" },
		{ "1.0.0.1 - 1.0.0.4", "1.0.0.1\n1.0.0.2/31\n1.0.0.4\n" },
		{ "1.0.0.1\t-1.0.0.1\n", "1.0.0.1\n" },
		{ "0.0.0.0-255.255.255.255\n::-ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff",
		    "0.0.0.0/0\n::/0\n" },
		{ "::/0\n0.0.0.0/0\n", "0.0.0.0/0\n::/0\n" },
		{ "128.0.0.0/1\n0.0.0.0/1\n", "0.0.0.0/0\n" },
		{ "2001:DB8::1\n2001:db8:0::/127\n", "2001:db8::/127\n" },
		{ "::ffff:102:304\n1.2.3.4\n", "1.2.3.4\n::ffff:102:304\n" },
		{ "::ffff:0:0/96\n", "::ffff:0:0/96\n" },
		{ "255.255.255.255\nffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff",
		    "255.255.255.255\nffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff\n" },
		{ "\xef\xbb\xbf" "1.2.3.4\n", "1.2.3.4\n" },
		{ "9.9.9.9\n1.1.1.1\n9.9.9.9\n", "1.1.1.1\n9.9.9.9\n" },
	};

	(void)state;
	for (size_t i = 0; i < BASE_COUNT(cases); i++) {
		struct world w;

		world_open(&w);
		assert_string_equal(aggregate_text(&w, slice_of(cases[i].in)), cases[i].out);
		if (w.diags.errors)
			fail_msg("%s: %s", cases[i].in, w.diags.list.v[0].text);
		world_close(&w);
	}
}

static void
test_bad(void **state)
{
	static const struct {
		const char *in, *code;
		unsigned line, column, len;     /* len in bytes */
		const char *help;               /* or its start, before `*` */
	} cases[] = {
		{ "foo", "E0801", 1, 1, 3, "a line holds *" },
		{ "\n  example.com # x\n", "E0801", 2, 3, 11, "a line holds *" },
		{ "1.2.3.4.5", "E0801", 1, 1, 9, "a line holds *" },
		{ "1.2.3.4,1.2.3.5", "E0801", 1, 1, 15, "a line holds *" },
		{ "1.2.3", "E0801", 1, 1, 5, "a line holds *" },
		{ "256.1.1.1/8", "E0801", 1, 1, 9, "a line holds *" },
		{ "fe80::1%eth0", "E0801", 1, 1, 12, "a line holds *" },
		{ "1.2.3.4 - foo", "E0801", 1, 11, 3, "a line holds *" },
		{ "1.2.3.4 -", "E0801", 1, 10, 0, "a line holds *" },
		{ "1.2.3.4-1.2.3.9x", "E0801", 1, 9, 8, "a line holds *" },
		{ "-1.2.3.4", "E0801", 1, 1, 8, "a line holds *" },
		{ "- 1.2.3.4", "E0801", 1, 1, 9, "a line holds *" },
		{ "/8", "E0801", 1, 1, 0, "a line holds *" },
		{ "\xc3\xa4 # \xc3\xa4", "E0801", 1, 1, 2, "a line holds *" },
		{ "1.2.3.4/33", "E0802", 1, 9, 2, "an IPv4 prefix has a length of 0 to 32" },
		{ "::/129", "E0802", 1, 4, 3, "an IPv6 prefix has a length of 0 to 128" },
		{ "1.2.3.4/", "E0802", 1, 9, 0, "an IPv4 prefix *" },
		{ "1.2.3.4/-8", "E0802", 1, 9, 0, "an IPv4 prefix *" },
		{ "1.2.3.4/ 8", "E0802", 1, 9, 0, "an IPv4 prefix *" },
		{ "1.2.3.4/8x", "E0802", 1, 9, 2, "an IPv4 prefix *" },
		{ "::/255.0.0.0", "E0802", 1, 4, 9, "an IPv6 prefix *" },
		{ "1.2.3.0/255.255.255.0", "E0803", 1, 9, 13, "write the length instead: /24" },
		{ "1.2.3.0/0.0.0.0", "E0803", 1, 9, 7, "write the length instead: /0" },
		{ "1.2.3.0/255.0.255.0", "E0803", 1, 9, 11, "no prefix has this netmask" },
		{ "010.001.0.0/16", "E0804", 1, 1, 11, "leave the zeros out: 10.1.0.0" },
		{ "1.2.3.4-1.2.3.08", "E0804", 1, 9, 8, "leave the zeros out: 1.2.3.8" },
		{ "::ffff:1.2.3.4", "E0805", 1, 1, 14, "write groups only: ::ffff:102:304" },
		{ "::1.2.3.4/97", "E0805", 1, 1, 9, "write groups only: ::102:304" },
		{ "zz:1.2.3.4", "E0801", 1, 1, 10, "a line holds *" },
		{ "1.2.3.9-1.2.3.4", "E0806", 1, 1, 15,
		    "write the lower address first: 1.2.3.4-1.2.3.9" },
		{ "::2 - ::1 # x", "E0806", 1, 1, 9, "write the lower address first: ::1-::2" },
		{ "1.2.3.4-::1", "E0807", 1, 1, 11, "write a range for each family" },
		{ "1.2.3.0/24-1.2.4.0/24", "E0808", 1, 1, 21,
		    "write the first and the last address" },
		{ "1.2.3.0/24 - 1.2.4.9", "E0808", 1, 1, 20, "write the first *" },
		{ "1.2.3.0-1.2.4.0/24", "E0808", 1, 1, 18, "write the first *" },
		{ "1.2.3.4 1.2.3.5", "E0809", 1, 9, 7, "one entry a line; *" },
		{ "1.2.3.4/8 foo bar ", "E0809", 1, 11, 7, "one entry a line; *" },
		{ "::1 - ::2 x", "E0809", 1, 11, 1, "one entry a line; *" },
		{ "1.2.3.4-1.2.3.9-1.2.3.12", "E0809", 1, 16, 9, "one entry a line; *" },
		{ "\xff\xfe" "1\0", "E0811", 1, 1, 0, "convert it first: *" },
	};

	(void)state;
	for (size_t i = 0; i < BASE_COUNT(cases); i++) {
		const char *want = cases[i].help, *star = strchr(want, '*');
		struct src src = src_of(cases[i].in);
		struct addrlist list = addrlist_none();
		const struct diag *d;
		uint32_t line, column;
		struct world w;

		world_open(&w);
		addrlist_read(&w.arena, &list, &src, &w.diags);
		if (w.diags.errors != 1 || w.diags.list.n != 1)
			fail_msg("%s: %u errors", cases[i].in, w.diags.errors);
		d = &w.diags.list.v[0];
		src_position(&src, d->at.off, &line, &column, NULL);
		if (strcmp(d->code, cases[i].code) != 0 || line != cases[i].line ||
		    column != cases[i].column || d->at.len != cases[i].len)
			fail_msg("%s: %s at %u:%u+%u", cases[i].in, d->code, line, column,
			    d->at.len);
		if (star ? strncmp(d->help, want, (size_t)(star - want)) : strcmp(d->help, want))
			fail_msg("%s: help is: %s", cases[i].in, d->help);
		world_close(&w);
	}
}

/* Reading goes on behind an error; past the queue's limit errors are counted only. */
static void
test_many_errors(void **state)
{
	struct buf text = { 0 };
	struct world w;
	size_t used;

	(void)state;
	world_open(&w);
	for (int i = 0; i < 100000; i++)
		buf_str(&text, i == 99000 ? "1.2.3.4\n" : "1.2.3.4.5\n");
	w.diags.limit = 7;
	assert_string_equal(aggregate_text(&w, buf_view(&text)), "1.2.3.4\n");
	assert_int_equal(w.diags.errors, 99999);
	assert_int_equal(w.diags.list.n, 7);
	used = w.arena.used;
	assert_true(used < 65536);
	world_close(&w);
	buf_free(&text);
}

/* Only the size is looked at: there is no text behind it. */
static void
test_too_large(void **state)
{
	static const char byte = '#';
	struct addrlist list = addrlist_none();
	struct src src = { .name = slice_of("list"), .text = { &byte, (size_t)UINT32_MAX + 1 } };
	struct world w;

	(void)state;
	world_open(&w);
	addrlist_read(&w.arena, &list, &src, &w.diags);
	assert_int_equal(w.diags.errors, 1);
	assert_string_equal(w.diags.list.v[0].code, "E0810");
	world_close(&w);
}

/* --- against a slow reader ---------------------------------------------- */

static bool
slow_addr(const char *s, unsigned *fam, unsigned char *b)
{
	memset(b, 0, 16);
	*fam = NET_V4;
	if (inet_pton(AF_INET, s, b + 12) == 1)
		return true;
	*fam = NET_V6;
	return !strchr(s, '.') && inet_pton(AF_INET6, s, b) == 1;
}

static void
strip(char **s)
{
	size_t n;

	*s += strspn(*s, " \t\r");
	for (n = strlen(*s); n && strchr(" \t\r", (*s)[n - 1]); n--)
		(*s)[n - 1] = '\0';
}

/* One line as the header describes it; false: no entry.  *empty: nothing on it. */
static bool
slow_line(char *s, unsigned *fam, unsigned char *first, unsigned char *last, bool *empty)
{
	char *sign;
	unsigned fam2, bits, max;

	s[strcspn(s, "#;")] = '\0';
	strip(&s);
	*empty = *s == '\0';
	sign = strpbrk(s, "/-");
	if (!sign) {
		bool ok = slow_addr(s, fam, first);

		memcpy(last, first, 16);
		return ok;
	}
	if (*sign == '/') {
		*sign++ = '\0';
		if (!slow_addr(s, fam, first) || strlen(sign) > 3 ||
		    strlen(sign) != strspn(sign, "0123456789") || !*sign)
			return false;
		bits = (unsigned)atoi(sign);
		max = *fam == NET_V4 ? 32 : 128;
		if (bits > max)
			return false;
		memcpy(last, first, 16);
		for (unsigned i = 128 - max + bits; i < 128; i++) {
			first[i / 8] &= (unsigned char)~(0x80 >> i % 8);
			last[i / 8] |= (unsigned char)(0x80 >> i % 8);
		}
		return true;
	}
	*sign++ = '\0';
	strip(&s);
	strip(&sign);
	return slow_addr(s, fam, first) && slow_addr(sign, &fam2, last) && *fam == fam2 &&
	    memcmp(first, last, 16) <= 0;
}

static struct addr
addr_of(const unsigned char *b, unsigned fam)
{
	struct addr a = { 0, 0 };

	for (int i = 0; i < 8; i++) {
		a.hi = a.hi << 8 | b[i];
		a.lo = a.lo << 8 | b[i + 8];
	}
	if (fam == NET_V4)
		a.lo |= NET_V4_LO;
	return a;
}

/* Lines that are entries, nearly are, or are nothing; few distinct values so that they meet. */
static void
random_line(struct buf *out)
{
	static const char *const sign[] = { "-", " - ", "- ", "\t-", "/", "/", "/", "", "", " " };
	static const char *const after[] = {
		"", "", "", " ", "\r", "\t# x", ";1.2.3.4", "#-", " x",
	};
	static const char noise[] = "0123456789abcdef.:/-# ;x%\r\t";
	size_t start = out->n;
	const char *s = sign[random_below(BASE_COUNT(sign))];

	if (random_below(10) == 0)
		buf_char(out, ' ');
	for (int part = 0; part < 2; part++) {
		if (part == 1 && s[strspn(s, " \t")] == '\0')
			break;
		if (part == 1)
			buf_str(out, s);
		if (part == 1 && *s == '/')
			buf_uint(out, random_below(4) ? 24 + random_below(9)
			    : random_below(140));
		else if (random_below(2))
			buf_printf(out, "10.0.%u.%u", random_below(3), random_below(258));
		else
			buf_printf(out, "2001:db8:%s:%x", random_below(2) ? "" : ":1",
			    random_below(300));
	}
	buf_str(out, after[random_below(BASE_COUNT(after))]);
	if (random_below(8) == 0 && out->n > start)
		out->p[start + random_below((uint32_t)(out->n - start))] =
		    noise[random_below(sizeof(noise) - 1)];
	buf_char(out, '\n');
}

static void
test_against_slow(void **state)
{
	unsigned good = 0, bad = 0;

	(void)state;
	for (int i = 0; i < 20000; i++) {
		struct buf text = { 0 };
		struct addrlist list = addrlist_none(), slow = list;
		struct src src = { .name = slice_of("list") };
		unsigned errors = 0;
		struct world w;

		world_open(&w);
		for (unsigned lines = 1 + random_below(20); lines; lines--)
			random_line(&text);
		src.text = buf_view(&text);
		addrlist_read(&w.arena, &list, &src, &w.diags);
		addrlist_close(&list);
		buf_char(&text, '\0');
		for (char *p = text.p, *end; *p; p = end + 1) {
			unsigned char first[16], last[16];
			unsigned fam;
			bool empty;

			end = strchr(p, '\n');
			*end = '\0';
			if (slow_line(p, &fam, first, last, &empty))
				pset_push(&w.arena, fam == NET_V4 ? &slow.v4 : &slow.v6,
				    addr_of(first, fam), addr_of(last, fam));
			else
				errors += !empty;
			good += !empty;
		}
		addrlist_close(&slow);
		bad += errors;
		if (w.diags.errors != errors || !pset_equal(&list.v4, &slow.v4) ||
		    !pset_equal(&list.v6, &slow.v6))
			fail_msg("text %d is read otherwise: %u errors, not %u", i, w.diags.errors,
			    errors);
		buf_free(&text);
		world_close(&w);
	}
	assert_true(bad > 10000 && good - bad > 10000);
}

/* --- combinations ------------------------------------------------------- */

#define ADDRESSES 256

struct bits {
	bool v4[ADDRESSES], v6[ADDRESSES];
};

static void
random_list(struct buf *text, struct bits *b)
{
	memset(b, 0, sizeof(*b));
	for (unsigned lines = random_below(12); lines; lines--) {
		unsigned from = random_below(ADDRESSES);
		unsigned to = from + random_below(ADDRESSES - from);
		bool v6 = random_below(2);

		buf_printf(text, v6 ? "2001:db8::%x - 2001:db8::%x\n"
		    : "192.0.2.%u-192.0.2.%u\n", from, to);
		memset((v6 ? b->v6 : b->v4) + from, true, to - from + 1);
	}
}

static void
combine(bool *x, const bool *y, enum aggregate_role role)
{
	for (int i = 0; i < ADDRESSES; i++)
		x[i] = role == AGGREGATE_ADD ? x[i] || y[i]
		    : role == AGGREGATE_INTERSECT ? x[i] && y[i] : x[i] && !y[i];
}

static void
check_list(const struct pset *s, const bool *in, const char *prefix)
{
	uint64_t n = 0;

	for (unsigned e = 0; e < ADDRESSES; e++) {
		char text[64];
		struct prefix p;

		snprintf(text, sizeof(text), s->fam == NET_V4 ? "%s%d" : "%s%x", prefix, e);
		assert_true(addr_read(slice_of(text), &p));
		assert_int_equal(pset_has(s, p.a), in[e]);
		n += in[e];
	}
	assert_int_equal(pset_size(s).lo, n);
}

static void
test_combine(void **state)
{
	(void)state;
	for (int i = 0; i < 5000; i++) {
		struct aggregate_input in[6];
		struct src src[6];
		struct buf text[6] = { { 0 } };
		struct bits b[6], want = { { 0 }, { 0 } };
		size_t n = 1 + random_below(6);
		struct addrlist list;
		struct world w;

		world_open(&w);
		for (size_t k = 0; k < n; k++) {
			random_list(&text[k], &b[k]);
			in[k].role = (enum aggregate_role)(random_below(2) * random_below(3));
			src[k] = (struct src){ .name = slice_of("list"),
				.text = buf_view(&text[k]) };
			in[k].src = &src[k];
		}
		for (int role = AGGREGATE_ADD; role <= AGGREGATE_EXCLUDE; role++)
			for (size_t k = 0; k < n; k++)
				if ((int)in[k].role == role) {
					combine(want.v4, b[k].v4, in[k].role);
					combine(want.v6, b[k].v6, in[k].role);
				}
		assert_true(aggregate_lists(&w.arena, in, n, &list, &w.diags));
		check_list(&list.v4, want.v4, "192.0.2.");
		check_list(&list.v6, want.v6, "2001:db8::");
		for (size_t k = 0; k < n; k++)
			buf_free(&text[k]);
		world_close(&w);
	}
}

/* Errors in any of the lists are all queued, and there is no result to use. */
static void
test_combine_errors(void **state)
{
	const struct src src[] = {
		src_of("1.1.1.1\nx\n"), src_of("1.1.1.0/24\ny\n"), src_of("z\n"),
	};
	const struct aggregate_input in[] = {
		{ AGGREGATE_EXCLUDE, &src[0] },
		{ AGGREGATE_ADD, &src[1] },
		{ AGGREGATE_INTERSECT, &src[2] },
	};
	struct addrlist list;
	struct world w;

	(void)state;
	world_open(&w);
	assert_false(aggregate_lists(&w.arena, in, BASE_COUNT(in), &list, &w.diags));
	assert_int_equal(w.diags.errors, 3);
	world_close(&w);
}

static void
test_count(void **state)
{
	const struct src all = src_of("0.0.0.0/0\n::/0\n"), one = src_of("255.255.255.255\n");
	const struct aggregate_input in[] = {
		{ AGGREGATE_ADD, &all },
		{ AGGREGATE_EXCLUDE, &one },
	};
	struct addrlist list;
	struct world w;

	(void)state;
	world_open(&w);
	assert_true(aggregate_lists(&w.arena, in, BASE_COUNT(in), &list, &w.diags));
	aggregate_count(&w.out, &list);
	buf_char(&w.out, '\0');
	assert_string_equal(w.out.p, "ipv4 32 4294967295\n"
	    "ipv6 1 340282366920938463463374607431768211456\n");
	world_close(&w);
}

/* Many entries, so that room is made by estimate, in one file and in a mixed one. */
static void
test_large(void **state)
{
	struct buf text = { 0 };
	struct world w;

	(void)state;
	world_open(&w);
	for (unsigned i = 0; i < 200000; i++)
		buf_printf(&text, "%u.%u.%u.%u\n", i & 255, i >> 8 & 255, i >> 16, 2 * (i & 1));
	for (unsigned i = 0; i < 100000; i++)
		buf_printf(&text, "2001:db8:%x:%x::/64\n", i * 7919 % 100000 >> 16,
		    i * 7919 % 100000 & 0xffff);
	aggregate_text(&w, buf_view(&text));
	assert_int_equal(w.diags.errors, 0);
	assert_non_null(strstr(w.out.p, "\n2001:db8::/48\n"));
	world_close(&w);
	buf_free(&text);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_good),
		cmocka_unit_test(test_bad),
		cmocka_unit_test(test_many_errors),
		cmocka_unit_test(test_too_large),
		cmocka_unit_test(test_against_slow),
		cmocka_unit_test(test_combine),
		cmocka_unit_test(test_combine_errors),
		cmocka_unit_test(test_count),
		cmocka_unit_test(test_large),
	};

	random_start(20240614);
	return cmocka_run_group_tests_name("aggregate", tests, NULL, NULL);
}
