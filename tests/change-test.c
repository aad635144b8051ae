/* SPDX-License-Identifier: MPL-2.0 */
/*
 * A small change of input gives a small change of output: random hosts with a rule or a
 * remote VM more or less, compiled with and without it.
 *
 * What a change touches is seen at -O0: the rules whose lines of either family are others
 * then (where an entry stands depends on its first address, whatever file that is in).  At -O1 all
 * other rules' lines stay as they are, in their order.  At -O2 so do the lines of each
 * protocol, direction and family in which no touched rule has any.  In the others the
 * lines that change are on the whole fewer than half of those that the touched rules have
 * at -O1; and in all but one of 200, about as many at most, and what -O2 saves there, for
 * what rules share may have to be told apart.  (Where two ways to say it are as short, a
 * small change can tip the scales.)
 *
 * FWRULE_HOSTS: how many hosts; TEST_SEED repeats a run, or begins with the host that failed.
 */
#include "build.h"
#include "random.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#define LEVELS 3
#define TIMES 2                 /* lines changed in a section, for each one touched, ... */
#define MORE 64                 /* ... and more than that */
struct line {
	struct slice text;
	struct slice rule;              /* its UUID; nothing at -O2 */
	struct slice section;           /* direction and protocol */
	bool touched;
};

struct lines {
	VEC(struct line) list;
};

/* The files of one VM and family. */
struct pair {
	struct lines with[LEVELS], without[LEVELS];
};

struct tally {
	uint64_t changes, sections, touched, changed, large;
};

/* --- reading ---------------------------------------------------------- */

static struct slice
word_at(struct slice line, int number)
{
	size_t at = 0, end;

	for (; number > 0 && at < line.n; number--)
		for (; at < line.n && line.p[at++] != ' ';)
			;
	for (end = at; end < line.n && line.p[end] != ' '; end++)
		;
	return (struct slice){ line.p + at, end - at };
}

/* "in quick proto tcp" */
static struct slice
section_of(struct slice line)
{
	struct slice dir = word_at(line, 1), proto = word_at(line, 4);

	return (struct slice){ dir.p, (size_t)(proto.p + proto.n - dir.p) };
}

static void
read_lines(struct arena *arena, const struct buf *text, bool rules, struct lines *out)
{
	static const char mark[] = "# rule=", end_mark[] = "# fwadm fallbacks";
	struct slice rule = { NULL, 0 };
	const char *p = text->p, *end = p + text->n;

	memset(out, 0, sizeof(*out));
	while (p < end) {
		const char *nl = memchr(p, '\n', (size_t)(end - p));
		struct slice line = { p, (size_t)((nl ? nl : end) - p) };

		p = nl ? nl + 1 : end;
		if (slice_is(line, end_mark))
			return;
		if (line.n > strlen(mark) && memcmp(line.p, mark, strlen(mark)) == 0)
			rule = (struct slice){ line.p + strlen(mark), M_UUID - 1 };
		if (line.n == 0 || *line.p == '#')
			continue;
		*vec_push(arena, &out->list) = (struct line){ line,
			rules ? rule : (struct slice){ NULL, 0 }, section_of(line), false };
	}
}

/* --- what is touched -------------------------------------------------- */

/* Are the lines of a rule the same in both files? */
static bool
rule_is_same(const struct lines *a, const struct lines *b, struct slice rule)
{
	uint32_t i = 0, k = 0;

	for (;; i++, k++) {
		while (i < a->list.n && !slice_eq(a->list.v[i].rule, rule))
			i++;
		while (k < b->list.n && !slice_eq(b->list.v[k].rule, rule))
			k++;
		if (i == a->list.n || k == b->list.n)
			return i == a->list.n && k == b->list.n;
		if (!slice_eq(a->list.v[i].text, b->list.v[k].text))
			return false;
	}
}

/* Marks the lines of rules whose lines at -O0 differ in one of the VM's two files. */
static void
mark_touched(const struct pair p[2], struct lines *in)
{
	for (uint32_t i = 0; i < in->list.n; i++) {
		struct line *l = &in->list.v[i];

		l->touched = i > 0 && slice_eq(l->rule, l[-1].rule) ? l[-1].touched
		    : !rule_is_same(&p[0].with[0], &p[0].without[0], l->rule) ||
		    !rule_is_same(&p[1].with[0], &p[1].without[0], l->rule);
	}
}

static uint32_t
count_touched(const struct lines *l, struct slice section)
{
	uint32_t n = 0;

	for (uint32_t i = 0; i < l->list.n; i++)
		n += l->list.v[i].touched && slice_eq(l->list.v[i].section, section);
	return n;
}

/* --- what is changed -------------------------------------------------- */

static bool
others_stay(const struct pair *p)
{
	const struct lines *a = &p->with[1], *b = &p->without[1];
	uint32_t i = 0, k = 0;

	for (;; i++, k++) {
		while (i < a->list.n && a->list.v[i].touched)
			i++;
		while (k < b->list.n && b->list.v[k].touched)
			k++;
		if (i == a->list.n || k == b->list.n)
			return i == a->list.n && k == b->list.n;
		if (!slice_eq(a->list.v[i].text, b->list.v[k].text) ||
		    !slice_eq(a->list.v[i].rule, b->list.v[k].rule))
			return false;
	}
}

static struct lines
in_section(struct arena *arena, const struct lines *all, struct slice section)
{
	struct lines out = { 0 };

	for (uint32_t i = 0; i < all->list.n; i++)
		if (slice_eq(all->list.v[i].section, section))
			*vec_push(arena, &out.list) = all->list.v[i];
	return out;
}

/* Lines that go and lines that come: all but the longest common subsequence. */
static uint32_t
count_changed(struct arena *arena, const struct lines *a, const struct lines *b)
{
	uint32_t n = a->list.n, m = b->list.n;
	uint32_t *common = arena_zero(arena, ((size_t)m + 1) * sizeof(*common));

	for (uint32_t i = 0; i < n; i++)
		for (uint32_t k = 1, corner = 0; k <= m; k++) {
			uint32_t up = common[k];

			if (slice_eq(a->list.v[i].text, b->list.v[k - 1].text))
				common[k] = corner + 1;
			else if (common[k - 1] > up)
				common[k] = common[k - 1];
			corner = up;
		}
	return n + m - 2 * common[m];
}

/* Lines that -O2 needs less than -O1. */
static uint32_t
saved(const struct lines levels[LEVELS], const struct lines *now, struct slice section)
{
	uint32_t n = 0;

	for (uint32_t i = 0; i < levels[1].list.n; i++)
		n += slice_eq(levels[1].list.v[i].section, section);
	return n > now->list.n ? n - now->list.n : 0;
}

/* One direction and protocol at -O2. */
static bool
check_section(struct arena *arena, const struct pair *p, struct slice section, struct tally *t)
{
	struct lines a = in_section(arena, &p->with[2], section);
	struct lines b = in_section(arena, &p->without[2], section);
	uint32_t touched = count_touched(&p->with[0], section) +
	    count_touched(&p->without[0], section);
	uint32_t lines = count_touched(&p->with[1], section) +
	    count_touched(&p->without[1], section);
	uint32_t changed = count_changed(arena, &a, &b), limit;

	if (touched == 0)
		return changed == 0;
	t->sections++;
	t->touched += lines;
	t->changed += changed;
	limit = TIMES * lines + MORE + saved(p->with, &a, section) + saved(p->without, &b, section);
	t->large += changed > limit;
	return true;
}

static bool
check_sections(struct arena *arena, const struct pair *p, struct tally *t)
{
	struct slice seen[16];
	uint32_t n = 0, k;

	for (int i = 0; i < 2; i++) {
		const struct lines *l = i ? &p->without[0] : &p->with[0];

		for (uint32_t at = 0; at < l->list.n; at++) {
			for (k = 0; k < n && !slice_eq(seen[k], l->list.v[at].section); k++)
				;
			if (k < n)
				continue;
			seen[n++] = l->list.v[at].section;
			if (!check_section(arena, p, seen[k], t))
				return false;
		}
	}
	return true;
}

/* --- hosts ------------------------------------------------------------ */

struct change {
	struct m_host with, without;
	struct build build[2];
	struct built built[2][LEVELS];
	struct arena arena;
};

/* Takes a rule out, or the last remote VM. */
static void
take_out(struct change *c)
{
	int i = (int)random_below((uint32_t)c->with.n_rules);

	c->without = c->with;
	if (c->with.n_vms > c->with.n_local && random_below(2)) {
		c->without.n_vms--;
		return;
	}
	c->without.n_rules--;
	for (; i < c->without.n_rules; i++)
		c->without.rule[i] = c->without.rule[i + 1];
}

static void
print_file(const struct change *c, int vm, int six)
{
	for (unsigned level = 0; level < LEVELS; level++)
		for (int i = 0; i < 2; i++) {
			const struct buf *text = &c->built[i][level].text[vm][six];

			fprintf(stderr, "--- -O%u %s\n%.*s", level, i ? "without" : "with",
			    (int)text->n, text->p);
		}
}

static bool
check_vm(struct change *c, int vm, struct tally *t)
{
	struct pair p[2];
	bool good = true;

	for (unsigned level = 0; level < LEVELS; level++)
		for (int six = 0; six < 2; six++) {
			read_lines(&c->arena, &c->built[0][level].text[vm][six], level < 2,
			    &p[six].with[level]);
			read_lines(&c->arena, &c->built[1][level].text[vm][six], level < 2,
			    &p[six].without[level]);
		}
	for (unsigned level = 0; level < 2; level++)
		for (int six = 0; six < 2; six++) {
			mark_touched(p, &p[six].with[level]);
			mark_touched(p, &p[six].without[level]);
		}
	for (int six = 0; six < 2 && good; six++) {
		good = others_stay(&p[six]);
		if (!good)
			fprintf(stderr, "-O1: lines of other rules changed\n");
		else if (!(good = check_sections(&c->arena, &p[six], t)))
			fprintf(stderr, "-O2: lines changed where nothing was touched\n");
		if (!good)
			print_file(c, vm, six);
	}
	return good;
}

static bool
run_change(struct change *c, struct tally *t)
{
	bool good = true;

	build_host(&c->build[0], &c->with, NULL, NULL);
	build_host(&c->build[1], &c->without, NULL, NULL);
	for (int i = 0; i < 2; i++)
		for (unsigned level = 0; level < LEVELS; level++)
			good = build_compile(&c->build[i], i ? &c->without : &c->with, level, false,
			    &c->built[i][level]) && good;
	for (int vm = 0; vm < c->with.n_local && good; vm++) {
		good = check_vm(c, vm, t);
		arena_reset(&c->arena);
	}
	for (int i = 0; i < 2; i++) {
		for (unsigned level = 0; level < LEVELS; level++)
			built_free(&c->built[i][level]);
		build_free(&c->build[i]);
	}
	t->changes++;
	return good;
}

static void
run_shape(enum m_shape shape, uint64_t hosts, struct tally *t)
{
	struct change *c = calloc(1, sizeof(*c));

	m_seed = random_state;
	for (uint64_t i = 0; i < hosts; i++) {
		uint64_t seed = m_seed;

		m_host_random(&c->with, shape);
		take_out(c);
		m_seed = random_state;
		if (!run_change(c, t))
			fail_msg("host %llu: TEST_SEED=%llu", (unsigned long long)i,
			    (unsigned long long)seed);
	}
	arena_free(&c->arena);
	free(c);
}

static void
test_change(void **state)
{
	static const uint64_t share[] = { [M_TINY] = 1, [M_DENSE] = 1, [M_SCATTERED] = 8 };
	const char *text = getenv("FWRULE_HOSTS");
	uint64_t hosts = text ? strtoull(text, NULL, 0) : 400;

	(void)state;
	for (int shape = M_TINY; shape <= M_SCATTERED; shape++) {
		struct tally t = { 0 };

		run_shape((enum m_shape)shape, hosts / share[shape] + 1, &t);
		printf("# shape %d, %llu changes: in %llu sections %llu lines of the rules touched, "
		    "%llu changed, %llu sections changed much\n", shape, (unsigned long long)t.changes,
		    (unsigned long long)t.sections, (unsigned long long)t.touched,
		    (unsigned long long)t.changed, (unsigned long long)t.large);
		assert_in_range(t.touched, 1, UINT64_MAX);
		assert_in_range(t.changed, 0, t.touched / 2);
		assert_in_range(t.large, 0, t.sections / 200);
	}
}

int
main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_change),
	};

	random_start(0xc4a6);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
