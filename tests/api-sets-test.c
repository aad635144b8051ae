/* SPDX-License-Identifier: MPL-2.0 */
/*
 * The library's sets from outside: only fwrule.h and the shared library.  Random
 * operations on sets of 256 addresses of each family, and of ports, are held
 * against one bit an element.
 */
#include "fwrule.h"
#include "random.h"

#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

#define STEPS 6000
#define SETS 3

/* --- addresses ------------------------------------------------------------- */

enum { ADDRS = 256 };

struct bits {
	bool has[2][ADDRS];             /* by family, of 10.0.0.0/24 and fd00::/120 */
};

static struct fwr_prefix
prefix_of(int six, unsigned at, unsigned length)
{
	struct fwr_prefix p = { .family = six ? FWR_IPV6 : FWR_IPV4,
		.length = (six ? 120 : 24) + length };

	p.address[0] = six ? 0xfd : 10;
	p.address[six ? 15 : 3] = (uint8_t)at;
	return p;
}

static unsigned
last_byte(const struct fwr_prefix *p)
{
	return p->address[p->family == FWR_IPV6 ? 15 : 3];
}

/* A few lines, as text, of addresses, prefixes and ranges. */
static size_t
random_list(char *text, size_t size, struct bits *b)
{
	size_t n = 0;

	for (uint32_t lines = random_below(6); lines > 0; lines--) {
		static const char *const base[] = { "10.0.0.%u", "fd00::%x" };
		int six = random_below(2);
		unsigned length = random_below(9), at = random_below(ADDRS);
		unsigned first = at, last = at;
		char address[64];

		snprintf(address, sizeof(address), base[six], at);
		n += (size_t)snprintf(text + n, size - n, "%s", address);
		if (random_below(2)) {
			n += (size_t)snprintf(text + n, size - n, "/%u", (six ? 120 : 24) + length);
			first = at & ~(255u >> length);
			last = at | 255u >> length;
		} else if (random_below(2)) {
			last = at + random_below(ADDRS - at);
			snprintf(address, sizeof(address), base[six], last);
			n += (size_t)snprintf(text + n, size - n, " - %s", address);
		}
		n += (size_t)snprintf(text + n, size - n, "%s\n", random_below(3) ? "" : " # why");
		for (unsigned i = first; i <= last; i++)
			b->has[six][i] = true;
	}
	return n;
}

static bool
within(const struct bits *x, const struct bits *y)
{
	for (int six = 0; six < 2; six++)
		for (int i = 0; i < ADDRS; i++)
			if (x->has[six][i] && !y->has[six][i])
				return false;
	return true;
}

static bool
meet(const struct bits *x, const struct bits *y)
{
	for (int six = 0; six < 2; six++)
		for (int i = 0; i < ADDRS; i++)
			if (x->has[six][i] && y->has[six][i])
				return true;
	return false;
}

static bool
all_set(const bool *has, unsigned first, unsigned n)
{
	for (unsigned i = first; i < first + n; i++)
		if (!has[i])
			return false;
	return true;
}

/* The shortest list of prefixes for what lies in [at, at + n). */
static unsigned
shortest(const bool *has, unsigned at, unsigned n)
{
	if (all_set(has, at, n))
		return 1;
	return n == 1 ? 0 : shortest(has, at, n / 2) + shortest(has, at + n / 2, n / 2);
}

static void
check_walk(const struct fwr_addrs *s, const struct bits *b)
{
	struct bits got = { { { false } } };
	struct fwr_prefix p, before = { .family = FWR_IPV4 };
	uint64_t n = 0;

	for (struct fwr_walk w = { { 0, 0 }, 0 }; fwr_addrs_next(s, &w, &p); n++) {
		int six = p.family == FWR_IPV6;
		unsigned first = last_byte(&p), size = 256u >> (p.length - (six ? 120 : 24));

		assert_true(fwr_addrs_has(s, &p));
		assert_true(n == 0 || before.family < p.family ||
		    (before.family == p.family && last_byte(&before) < first));
		for (unsigned i = first; i < first + size; i++)
			got.has[six][i] = true;
		before = p;
	}
	assert_memory_equal(&got, b, sizeof(got));
	assert_int_equal(n, fwr_addrs_prefixes(s));
	assert_int_equal(n, shortest(b->has[0], 0, ADDRS) + shortest(b->has[1], 0, ADDRS));
}

static void
check_addrs(struct fwr_addrs *s, const struct bits *b)
{
	struct fwr_addrs *back = fwr_addrs_new();
	struct fwr_text text;
	char digits[FWR_SIZE_SIZE], want[FWR_SIZE_SIZE];

	for (int six = 0; six < 2; six++) {
		struct fwr_prefix p = prefix_of(six, random_below(ADDRS), 8);
		unsigned n = 0, length = random_below(9), at = last_byte(&p);

		for (int i = 0; i < ADDRS; i++)
			n += b->has[six][i];
		assert_int_equal(fwr_addrs_size(s, six ? FWR_IPV6 : FWR_IPV4, digits), n);
		snprintf(want, sizeof(want), "%u", n);
		assert_string_equal(digits, want);
		assert_int_equal(fwr_addrs_has(s, &p), b->has[six][at]);
		p = prefix_of(six, at, length);
		assert_int_equal(fwr_addrs_has(s, &p),
		    all_set(b->has[six], at & ~(255u >> length), 256u >> length));
	}
	check_walk(s, b);
	fwr_addrs_text(s, &text);
	assert_int_equal(text.p[text.n], '\0');
	assert_int_equal(fwr_addrs_add_text(back, "back", text.p, text.n), 0);
	assert_true(fwr_addrs_equal(s, back));
	fwr_addrs_free(back);
}

/* Inside 10.0.0.0/24 and fd00::/120: what is outside a complement has is cut off again. */
static void
complement(struct fwr_addrs *s, struct bits *b)
{
	static const char all[] = "10.0.0.0/24\nfd00::/120\n";
	int six = random_below(2);
	struct fwr_addrs *universe = fwr_addrs_new();

	assert_int_equal(fwr_addrs_add_text(universe, "all", all, strlen(all)), 0);
	fwr_addrs_complement(s, six ? FWR_IPV6 : FWR_IPV4);
	fwr_addrs_intersect(s, universe);
	fwr_addrs_free(universe);
	for (int i = 0; i < ADDRS; i++)
		b->has[six][i] = !b->has[six][i];
}

static void
combine(struct fwr_addrs **s, struct bits *b, unsigned x, unsigned y)
{
	unsigned how = random_below(3);

	if (how == 0)
		fwr_addrs_union(s[x], s[y]);
	else if (how == 1)
		fwr_addrs_intersect(s[x], s[y]);
	else
		fwr_addrs_minus(s[x], s[y]);
	for (int i = 0; i < 2 * ADDRS; i++) {
		bool *to = &b[x].has[0][0] + i, with = (&b[y].has[0][0])[i];

		*to = how == 0 ? *to || with : how == 1 ? *to && with : *to && !with;
	}
}

static void
test_addrs(void **state)
{
	struct fwr_addrs *s[SETS];
	struct bits b[SETS];
	struct fwr_prefix p;
	char text[1024];

	(void)state;
	memset(b, 0, sizeof(b));
	for (int i = 0; i < SETS; i++)
		s[i] = fwr_addrs_new();
	for (int step = 0; step < STEPS; step++) {
		unsigned x = random_below(SETS), y = random_below(SETS);

		switch (random_below(6)) {
		case 0:
			assert_int_equal(fwr_addrs_add_text(s[x], "list", text,
			    random_list(text, sizeof(text), &b[x])), 0);
			break;
		case 1:
			complement(s[x], &b[x]);
			break;
		case 2:
			fwr_addrs_free(s[x]);
			s[x] = fwr_addrs_copy(s[y == x ? (x + 1) % SETS : y]);
			b[x] = b[y == x ? (x + 1) % SETS : y];
			break;
		case 3:
			p = prefix_of((int)random_below(2), y, 8);
			assert_int_equal(fwr_addrs_add(s[x], &p), 0);
			b[x].has[p.family == FWR_IPV6][y] = true;
			break;
		default:
			combine(s, b, x, y);
		}
		check_addrs(s[x], &b[x]);
		assert_int_equal(fwr_addrs_subset(s[x], s[y]), within(&b[x], &b[y]));
		assert_int_equal(fwr_addrs_overlap(s[x], s[y]), meet(&b[x], &b[y]));
		assert_int_equal(fwr_addrs_equal(s[x], s[y]), memcmp(&b[x], &b[y], sizeof(*b)) == 0);
	}
	for (int i = 0; i < SETS; i++)
		fwr_addrs_free(s[i]);
}

static void
test_all_addresses(void **state)
{
	struct fwr_addrs *s = fwr_addrs_new();
	struct fwr_prefix p;
	char digits[FWR_SIZE_SIZE];
	struct fwr_text text;

	(void)state;
	fwr_addrs_complement(s, FWR_IPV6);
	assert_int_equal(fwr_addrs_size(s, FWR_IPV6, digits), UINT64_MAX);
	assert_string_equal(digits, "340282366920938463463374607431768211456");
	assert_int_equal(fwr_addrs_size(s, FWR_IPV4, digits), 0);
	assert_string_equal(digits, "0");
	fwr_addrs_complement(s, FWR_IPV4);
	assert_int_equal(fwr_addrs_size(s, FWR_IPV4, NULL), (uint64_t)1 << 32);
	fwr_addrs_text(s, &text);
	assert_string_equal(text.p, "0.0.0.0/0\n::/0\n");
	assert_true(fwr_prefix_read("0.0.0.0", 7, &p));
	assert_int_equal(fwr_addrs_add(s, &p), 0);
	fwr_addrs_complement(s, FWR_IPV6);
	fwr_addrs_complement(s, FWR_IPV4);
	fwr_addrs_text(s, &text);
	assert_string_equal(text.p, "");
	assert_int_equal(fwr_addrs_prefixes(s), 0);
	fwr_addrs_free(s);
}

static void
test_addr_errors(void **state)
{
	static const char list[] = "10.0.0.1\n10.0.0.300 # too much\nfd00::-fd00::zz\n";
	struct fwr_addrs *s = fwr_addrs_new();
	struct fwr_prefix bad[] = { { FWR_IPV4, 33, { 0 } }, { FWR_IPV6, 129, { 0 } },
		{ (enum fwr_family)5, 1, { 0 } } };
	const struct fwr_error *e;
	char text[sizeof(list)];
	size_t n;

	(void)state;
	memcpy(text, list, sizeof(list));
	assert_int_equal(fwr_addrs_add_text(s, "list", text, strlen(text)), -1);
	memset(text, 0, sizeof(text));
	e = fwr_addrs_errors(s, &n);
	assert_int_equal(n, 2);
	assert_string_equal(e[0].where, "list");
	assert_int_equal(e[0].line, 2);
	assert_string_equal(e[1].code, "E0801");
	assert_int_equal(e[1].line, 3);
	assert_int_equal(fwr_addrs_prefixes(s), 0);
	for (int i = 0; i < 3; i++) {
		assert_int_equal(fwr_addrs_add(s, &bad[i]), -1);
		fwr_addrs_errors(s, &n);
		assert_int_equal(n, 1);
		assert_false(fwr_addrs_has(s, &bad[i]));
		assert_int_equal(fwr_prefix_write(text, &bad[i]), 0);
	}
	assert_int_equal(fwr_addrs_add_text(s, "list", "", 0), 0);
	fwr_addrs_errors(s, &n);
	assert_int_equal(n, 0);
	fwr_addrs_free(s);
	fwr_addrs_free(NULL);
}

static void
test_prefix_text(void **state)
{
	static const char *const good[] = { "0.0.0.0/0", "192.0.2.1", "192.0.2.0/24", "::", "::/0",
		"2001:db8::1", "2001:db8::/32", "ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff" };
	static const char *const bad[] = { "", "10.0.0.1/33", "10.0.0.01", "10.0.0.1-10.0.0.2", "::g",
		"10.0.0.1 ", "::/129", "any" };
	struct fwr_prefix p;
	char text[FWR_PREFIX_SIZE];

	(void)state;
	for (size_t i = 0; i < sizeof(good) / sizeof(*good); i++) {
		assert_true(fwr_prefix_read(good[i], strlen(good[i]), &p));
		assert_int_equal(fwr_prefix_write(text, &p), strlen(good[i]));
		assert_string_equal(text, good[i]);
	}
	for (size_t i = 0; i < sizeof(bad) / sizeof(*bad); i++)
		assert_false(fwr_prefix_read(bad[i], strlen(bad[i]), &p));
}

/* --- ports ----------------------------------------------------------------- */

enum { PORTS = 65536 };

static size_t
random_ports(char *text, size_t size, bool *has)
{
	static const char *const sign[] = { " - ", "-", "\n-\t" };
	static const char *const comma[] = { ", ", ",", " ,\n" };
	size_t n = 0;

	for (uint32_t items = random_below(6), i = 0; i < items; i++) {
		unsigned first = random_below(3) ? random_below(PORTS) : PORTS - 1 - random_below(3);
		unsigned last = first;

		n += (size_t)snprintf(text + n, size - n, "%s%u", i ? comma[random_below(3)] : "",
		    first);
		if (random_below(2)) {
			last = first + random_below(random_below(2) ? 3 : 9000);
			last = last < PORTS ? last : PORTS - 1;
			n += (size_t)snprintf(text + n, size - n, "%s%u", sign[random_below(3)], last);
		}
		memset(has + first, true, last - first + 1);
	}
	return n;
}

static void
check_ports(struct fwr_ports *s, const bool *has)
{
	struct fwr_ports *back = fwr_ports_new();
	bool *got = calloc(PORTS, sizeof(*got));
	unsigned size = 0, first, last, end = 0;
	struct fwr_text text;

	for (size_t i = 0; fwr_ports_range(s, i, &first, &last); i++) {
		assert_true(i == 0 || first > end + 1);
		memset(got + first, true, last - first + 1);
		assert_true(fwr_ports_has(s, first, last));
		assert_false(fwr_ports_has(s, first, last + 1));
		end = last;
	}
	assert_memory_equal(got, has, PORTS);
	for (int i = 0; i < PORTS; i++)
		size += has[i];
	assert_int_equal(fwr_ports_size(s), size);
	fwr_ports_text(s, &text);
	assert_int_equal(fwr_ports_add_text(back, text.p, text.n), 0);
	assert_true(fwr_ports_equal(s, back));
	fwr_ports_free(back);
	free(got);
}

static void
combine_ports(struct fwr_ports **s, bool (*has)[PORTS], unsigned x, unsigned y)
{
	unsigned how = random_below(4);

	if (how == 0)
		fwr_ports_union(s[x], s[y]);
	else if (how == 1)
		fwr_ports_intersect(s[x], s[y]);
	else if (how == 2)
		fwr_ports_minus(s[x], s[y]);
	else
		fwr_ports_complement(s[x]);
	for (int i = 0; i < PORTS; i++) {
		bool a = has[x][i], b = has[y][i];

		has[x][i] = how == 0 ? a || b : how == 1 ? a && b : how == 2 ? a && !b : !a;
	}
}

static void
compare_ports(const struct fwr_ports *s, const struct fwr_ports *t, const bool *x, const bool *y)
{
	bool subset = true, overlap = false, equal = true;

	for (int i = 0; i < PORTS; i++) {
		subset &= !x[i] || y[i];
		overlap |= x[i] && y[i];
		equal &= x[i] == y[i];
	}
	assert_int_equal(fwr_ports_subset(s, t), subset);
	assert_int_equal(fwr_ports_overlap(s, t), overlap);
	assert_int_equal(fwr_ports_equal(s, t), equal);
}

static void
test_ports(void **state)
{
	static bool has[SETS][PORTS];
	struct fwr_ports *s[SETS], *copy;
	char text[1024];

	(void)state;
	for (int i = 0; i < SETS; i++)
		s[i] = fwr_ports_new();
	for (int step = 0; step < STEPS / 20; step++) {
		unsigned x = random_below(SETS), y = random_below(SETS);

		if (random_below(2)) {
			size_t n = random_ports(text, sizeof(text), has[x]);

			assert_int_equal(fwr_ports_add_text(s[x], text, n), 0);
		} else {
			combine_ports(s, has, x, y);
		}
		check_ports(s[x], has[x]);
		compare_ports(s[x], s[y], has[x], has[y]);
		copy = fwr_ports_copy(s[y]);
		fwr_ports_free(s[y]);
		s[y] = copy;
	}
	for (int i = 0; i < SETS; i++)
		fwr_ports_free(s[i]);
}

static void
test_port_errors(void **state)
{
	static const struct {
		const char *text, *code;
		uint32_t offset, length;
	} bad[] = {
		{ "22, 65536", "E0207", 4, 5 }, { "22,", "E0207", 3, 0 }, { ",", "E0207", 0, 0 },
		{ "22 80", "E0209", 3, 1 }, { "22 - ", "E0207", 5, 0 }, { "90 - 80", "E0208", 0, 7 },
		{ "http", "E0207", 0, 4 }, { "-1", "E0207", 0, 0 }, { "1 - 2 - 3", "E0209", 6, 1 },
		{ "000001", "E0207", 0, 6 },
	};
	struct fwr_ports *s = fwr_ports_new();
	const struct fwr_error *e;
	size_t n;

	(void)state;
	for (size_t i = 0; i < sizeof(bad) / sizeof(*bad); i++) {
		assert_int_equal(fwr_ports_add_text(s, bad[i].text, strlen(bad[i].text)), -1);
		e = fwr_ports_errors(s, &n);
		assert_int_equal(n, 1);
		assert_string_equal(e->code, bad[i].code);
		assert_int_equal(e->offset, bad[i].offset);
		assert_int_equal(e->length, bad[i].length);
		assert_int_equal(fwr_ports_size(s), 0);
	}
	assert_int_equal(fwr_ports_add(s, 80, 79), -1);
	assert_int_equal(fwr_ports_add(s, 0, 65536), -1);
	assert_string_equal(fwr_ports_errors(s, &n)->code, "E0209");
	assert_int_equal(fwr_ports_add_text(s, " \n", 2), 0);
	assert_int_equal(fwr_ports_add(s, 0, 65535), 0);
	assert_int_equal(fwr_ports_size(s), PORTS);
	assert_false(fwr_ports_has(s, 2, 1));
	fwr_ports_free(s);
	fwr_ports_free(NULL);
}

int
main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_addrs),
		cmocka_unit_test(test_all_addresses),
		cmocka_unit_test(test_addr_errors),
		cmocka_unit_test(test_prefix_text),
		cmocka_unit_test(test_ports),
		cmocka_unit_test(test_port_errors),
	};

	random_start(11);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
