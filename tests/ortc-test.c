/* SPDX-License-Identifier: MPL-2.0 */
/*
 * The shortest list for one dimension, held against exhaustive search: from what
 * the addresses fall through to, one more line in front makes a new function, so
 * the distance of a function in that graph is the fewest lines that compute it.
 * Universes of 3 and 4 bits, at the top of a family and deep inside of one.
 */
#include "compiler/passes/ortc.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include "build.h"
#include "random.h"
#include "walker.h"

#include <cmocka.h>

#define NOT_YET 0xff

/* Functions are numbers: for each address of the universe, a digit of one or two bits. */
struct universe {
	unsigned bits, outcomes;        /* that a function can have: the first of values */
	uint8_t value[OUT_COUNT];
	uint8_t *far;                   /* distance, by function */
	uint32_t *queue;
};

static unsigned
width(const struct universe *u)
{
	return u->outcomes > 2 ? 2 : 1;
}

static size_t
functions(const struct universe *u)
{
	return (size_t)1 << (width(u) << u->bits);
}

static unsigned
digit(const struct universe *u, uint32_t f, unsigned i)
{
	return f >> width(u) * i & ((1u << width(u)) - 1);
}

static uint32_t
with_digit(const struct universe *u, uint32_t f, unsigned i, unsigned d)
{
	return (f & ~(((1u << width(u)) - 1) << width(u) * i)) | d << width(u) * i;
}

/* f with outcome d at all addresses of the prefix of that length that holds address at. */
static uint32_t
with_line(const struct universe *u, uint32_t f, unsigned at, unsigned len, unsigned d)
{
	unsigned size = 1u << (u->bits - len);

	for (unsigned i = at & ~(size - 1); i <= (at | (size - 1)); i++)
		f = with_digit(u, f, i, d);
	return f;
}

/* Distances of all functions from one; OUT_DEFAULT cannot be a line's. */
static void
search(struct universe *u, uint32_t from)
{
	uint32_t head = 0, tail = 0;

	memset(u->far, NOT_YET, functions(u));
	u->far[from] = 0;
	u->queue[tail++] = from;
	while (head < tail) {
		uint32_t f = u->queue[head++];

		for (unsigned len = 0; len <= u->bits; len++)
			for (unsigned at = 0; at < 1u << u->bits; at += 1u << (u->bits - len))
				for (unsigned d = 0; d < u->outcomes; d++) {
					uint32_t g = with_line(u, f, at, len, d);

					if (u->value[d] == OUT_DEFAULT || u->far[g] != NOT_YET)
						continue;
					u->far[g] = (uint8_t)(u->far[f] + 1);
					u->queue[tail++] = g;
				}
	}
}

/* Where the universe lies: its addresses are prefixes of this length. */
struct place {
	struct prefix p;                /* that holds it */
	unsigned len;                   /* of an address of the universe */
};

static struct prefix
address(const struct place *w, unsigned bits, unsigned i)
{
	struct prefix p = { w->p.a, (uint8_t)w->len, w->p.fam };

	for (unsigned b = 0; b < bits; b++) {
		unsigned at = w->len - 1 - b;

		if (i >> b & 1) {
			if (at < 64)
				p.a.hi |= (uint64_t)1 << (63 - at);
			else
				p.a.lo |= (uint64_t)1 << (127 - at);
		}
	}
	return p;
}

static int
by_height(const void *a, const void *b)
{
	const struct ortc_line *x = a, *y = b;

	return (int)x->height - (int)y->height;
}

/* What the lines make of the address, the first that holds it deciding. */
static unsigned
decide(const struct ortc_lines *lines, struct prefix p, unsigned fall)
{
	for (uint32_t i = 0; i < lines->list.n; i++)
		if (prefix_contains(lines->list.v[i].p, p))
			return lines->list.v[i].outcome;
	return fall;
}

/* One function over what it falls through to; the rest of the family stays as it is. */
static void
check(const struct universe *u, const struct place *w, struct arena *arena, uint32_t want,
    uint32_t fall, unsigned rest)
{
	struct ortc_label outside = { (uint8_t)rest, (uint8_t)rest };
	struct ortc_prefix list[16];
	struct ortc_lines lines = { 0 };
	uint32_t n = 0;
	uint64_t cost;

	for (unsigned i = 0; i < 1u << u->bits; i++) {
		uint8_t wants = u->value[digit(u, want, i)], falls = u->value[digit(u, fall, i)];

		if (wants != rest || falls != rest || random_below(2))
			list[n++] = (struct ortc_prefix){ address(w, u->bits, i),
			    { wants, falls } };
	}
	cost = ortc_solve(arena, list, n, w->p.fam, outside, arena, &lines);
	assert_int_equal(ortc_count(list, n, w->p.fam, outside), cost);
	if (u->far[want] == NOT_YET) {
		assert_true(cost >= ORTC_NEVER);
		assert_int_equal(lines.list.n, 0);
		return;
	}
	if (cost != u->far[want])
		fail_msg("function %x over %x: %llu lines, %u would do", want, fall,
		    (unsigned long long)cost, u->far[want]);
	assert_int_equal(lines.list.n, cost);
	if (lines.list.n)
		qsort(lines.list.v, lines.list.n, sizeof(*lines.list.v), by_height);
	for (unsigned i = 0; i < 1u << u->bits; i++)
		assert_int_equal(decide(&lines, address(w, u->bits, i),
		    u->value[digit(u, fall, i)]), u->value[digit(u, want, i)]);
	for (uint32_t i = 0; i < lines.list.n; i++)
		assert_false(prefix_has_host_bits(lines.list.v[i].p));
}

static bool
next_function(const struct universe *u, uint32_t *f)
{
	for (unsigned i = 0; i < 1u << u->bits; i++) {
		unsigned d = digit(u, *f, i);

		*f = with_digit(u, *f, i, d + 1 < u->outcomes ? d + 1 : 0);
		if (d + 1 < u->outcomes)
			return true;
	}
	return false;
}

static const struct place places[] = {
	{ { { 0, NET_V4_LO }, 96, NET_V4 }, 0 },
	{ { { 0, NET_V4_LO | 0x0a000100 }, 0, NET_V4 }, 128 },
	{ { { 0, 0 }, 0, NET_V6 }, 0 },
	{ { { (uint64_t)0xfd << 56, 0 }, 0, NET_V6 }, 66 },
};

/* All functions over one that has the same outcome everywhere. */
static void
run(struct universe u, unsigned rest)
{
	struct arena arena = { 0 };
	uint32_t fall = 0, want = 0;

	u.far = malloc(functions(&u));
	u.queue = malloc(functions(&u) * sizeof(*u.queue));
	for (unsigned d = 0; d < u.outcomes; d++)
		if (u.value[d] == rest)
			fall = with_line(&u, 0, 0, 0, d);
	search(&u, fall);
	do {
		struct place w = places[random_below(BASE_COUNT(places))];

		if (w.len == 0)
			w.len = (w.p.fam == NET_V4 ? NET_V4_BASE : 0) + u.bits;
		check(&u, &w, &arena, want, fall, rest);
		arena_reset(&arena);
	} while (next_function(&u, &want));
	free(u.far);
	free(u.queue);
	arena_free(&arena);
}

/* Coming in: what no line takes is blocked, and a line can block. */
static void
test_in(void **state)
{
	(void)state;
	run((struct universe){ .bits = 3, .outcomes = 3,
	    .value = { OUT_BLOCK, OUT_PASS, OUT_STATE } }, OUT_BLOCK);
	run((struct universe){ .bits = 4, .outcomes = 2,
	    .value = { OUT_BLOCK, OUT_PASS } }, OUT_BLOCK);
}

/* Going out: the default is to be had by falling through only. */
static void
test_out(void **state)
{
	(void)state;
	run((struct universe){ .bits = 3, .outcomes = 4,
	    .value = { OUT_DEFAULT, OUT_BLOCK, OUT_STATE, OUT_PASS } }, OUT_DEFAULT);
	run((struct universe){ .bits = 4, .outcomes = 2,
	    .value = { OUT_DEFAULT, OUT_BLOCK } }, OUT_DEFAULT);
}

/* Over another function, as a layer lies over the one below it. */
static void
layers(struct universe u, unsigned rest, unsigned times)
{
	struct arena arena = { 0 };

	u.far = malloc(functions(&u));
	u.queue = malloc(functions(&u) * sizeof(*u.queue));
	for (unsigned t = 0; t < times; t++) {
		struct place w = places[1 + 2 * random_below(2)];
		uint32_t fall = 0, want = 0;

		for (unsigned i = 0; i < 1u << u.bits; i++)
			fall = with_digit(&u, fall, i, random_below(u.outcomes));
		search(&u, fall);
		do {
			check(&u, &w, &arena, want, fall, rest);
			arena_reset(&arena);
		} while (next_function(&u, &want));
	}
	free(u.far);
	free(u.queue);
	arena_free(&arena);
}

static void
test_layers(void **state)
{
	(void)state;
	layers((struct universe){ .bits = 3, .outcomes = 3,
	    .value = { OUT_BLOCK, OUT_PASS, OUT_STATE } }, OUT_BLOCK, 20);
	layers((struct universe){ .bits = 3, .outcomes = 3,
	    .value = { OUT_DEFAULT, OUT_BLOCK, OUT_STATE } }, OUT_DEFAULT, 20);
}

/* --- -O2 where there is one dimension --------------------------------- */

/* Rules for esp between VM 0 and prefixes of the first three bits. */
static void
one_dimension(struct m_host *h, bool in)
{
	struct m_side vm = { 1, { { .kind = M_VM, .vm = 0 } } }, far;

	m_host_random(h, M_TINY);
	h->vm[0].firewall = true;
	for (int i = 0; i < h->n_rules; i++) {
		struct m_rule *r = &h->rule[i];

		far = (struct m_side){ 1, { { .kind = M_SUBNET } } };
		for (far.n = 0; far.n < 1 + (int)random_below(3); far.n++) {
			far.t[far.n].kind = M_SUBNET;
			far.t[far.n].p = (struct m_prefix){ (u128)random_below(8) << 29, 4,
				(int)random_below(4) };
		}
		r->enabled = true;
		r->owner = M_NOBODY;
		r->proto = M_ESP;
		r->all = true;
		r->n_items = 0;
		r->priority = (int)random_below(6);
		r->from = in ? far : vm;
		r->to = in ? vm : far;
	}
}

static uint32_t
function_of(const struct universe *u, const struct m_meaning *m)
{
	uint32_t f = 0;

	for (unsigned i = 0; i < 8; i++) {
		struct m_packet p = { .dir = m->dir, .fam = 4, .proto = M_ESP,
			.remote = (u128)i << 29 };
		struct m_outcome o = m_decide(m, &p, NULL);
		uint8_t want = o.verdict == M_NONE ? OUT_DEFAULT : o.verdict == M_BLOCK ? OUT_BLOCK
		    : o.state ? OUT_STATE : OUT_PASS;

		for (unsigned d = 0; d < u->outcomes; d++)
			if (u->value[d] == want)
				f = with_digit(u, f, i, d);
	}
	return f;
}

static void
check_one_dimension(struct universe *u, struct m_host *h, int dir)
{
	struct arena arena = { 0 };
	struct m_meaning m;
	struct build build;
	struct built built;
	struct w_file file;
	unsigned n = 0;

	build_host(&build, h, NULL, NULL);
	assert_true(build_compile(&build, h, 2, false, &built));
	assert_true(w_read(&file, &arena, h, 4, buf_view(&built.text[0][0])));
	m_mean(&m, &arena, h, 0, 2, false, dir, 4, M_ESP);
	for (uint32_t i = 0; i < file.line.n; i++)
		n += file.line.v[i].proto == M_ESP;
	if (n != u->far[function_of(u, &m)]) {
		build_print(&build);
		fail_msg("%u lines, %u would do", n, u->far[function_of(u, &m)]);
	}
	built_free(&built);
	build_free(&build);
	arena_free(&arena);
}

static void
test_one_dimension(void **state)
{
	struct universe u = { .bits = 3, .outcomes = 3 };
	struct m_host *h = malloc(sizeof(*h));

	(void)state;
	u.far = malloc((size_t)1 << 16);
	u.queue = malloc(((size_t)1 << 16) * sizeof(*u.queue));
	m_seed = random_state;
	for (int in = 0; in < 2; in++) {
		memcpy(u.value, in ? (uint8_t[]){ OUT_BLOCK, OUT_PASS, OUT_STATE }
		    : (uint8_t[]){ OUT_DEFAULT, OUT_BLOCK, OUT_STATE }, 3);
		search(&u, 0);
		for (unsigned i = 0; i < 300; i++) {
			one_dimension(h, in);
			check_one_dimension(&u, h, in ? M_IN : M_OUT);
		}
	}
	free(u.far);
	free(u.queue);
	free(h);
}

int
main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_in),
		cmocka_unit_test(test_out),
		cmocka_unit_test(test_layers),
		cmocka_unit_test(test_one_dimension),
	};

	random_start(0x0c7);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
