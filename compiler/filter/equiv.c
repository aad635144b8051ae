/* SPDX-License-Identifier: MPL-2.0 */
/* Two files held against each other, class by class. */
#include "decide.h"

struct compare {
	const struct ipf_file *a, *b;
	const struct filter_class *class;
	filter_difference_fn fn;
	void *arg;
	bool first_only, stopped;
};

static bool
report(void *arg, const struct region_diff *r)
{
	struct compare *c = arg;
	struct filter_difference d = {
		.class = *c->class, .lo = r->lo, .hi = r->hi, .klo = r->klo, .khi = r->khi,
	};

	filter_class_packet(c->class, r->lo, r->klo, &d.packet);
	filter_eval(c->a, &d.packet, &d.a, NULL);
	filter_eval(c->b, &d.packet, &d.b, NULL);
	c->stopped = !c->fn(c->arg, &d);
	return !c->stopped;
}

static bool
compare_class(struct compare *c, struct arena *scratch, const struct region_list *a,
    const struct region_list *b)
{
	struct addr first = family_first(c->class->fam), last = family_last(c->class->fam);
	struct region_diff one;

	if (!c->first_only)
		return region_compare(scratch, first, last, a, b, report, c);
	if (!region_differ(scratch, first, last, a, b, &one))
		return true;
	report(c, &one);
	return false;
}

static enum filter_equal
compare_family(struct compare *c, unsigned fam, struct arena *arena, struct arena *scratch)
{
	struct filter_outcomes outcomes = { .arena = arena };
	struct filter_space *space = arena_alloc(arena, sizeof(*space));
	enum filter_equal result = FILTER_EQUAL;

	filter_space_init(space, arena, fam);
	filter_space_add(space, c->a);
	filter_space_add(space, c->b);
	if (!filter_space_close(space) || space->list.n *
	    ((uint64_t)c->a->lines.n + c->b->lines.n) > FILTER_WORK_MAX)
		return FILTER_TOO_LARGE;
	for (uint32_t i = 0; i < space->list.n && !c->stopped; i++) {
		struct region_list a, b;

		c->class = &space->list.v[i];
		if (!filter_boxes(scratch, c->a, c->class, &outcomes, &a) ||
		    !filter_boxes(scratch, c->b, c->class, &outcomes, &b))
			return FILTER_TOO_LARGE;
		if (!compare_class(c, scratch, &a, &b))
			result = FILTER_DIFFERENT;
		arena_reset(scratch);
	}
	return result;
}

static enum filter_equal
compare_files(struct compare *c)
{
	struct arena arena = { 0 }, scratch = { 0 };
	enum filter_equal result = FILTER_EQUAL;
	unsigned fam = c->a->fam ? c->a->fam : c->b->fam;

	if (c->a->fam && c->b->fam && c->a->fam != c->b->fam)
		return FILTER_FAMILIES;
	for (int i = 0; i < 2 && !c->stopped && result != FILTER_TOO_LARGE; i++) {
		unsigned f = i == 0 ? NET_V4 : NET_V6;
		enum filter_equal one;

		if (fam && f != fam)
			continue;
		one = compare_family(c, f, &arena, &scratch);
		if (one != FILTER_EQUAL)
			result = one;
		arena_reset(&scratch);
	}
	arena_free(&arena);
	arena_free(&scratch);
	return result;
}

enum filter_equal
filter_compare(const struct ipf_file *a, const struct ipf_file *b, filter_difference_fn fn,
    void *arg)
{
	struct compare c = { .a = a, .b = b, .fn = fn, .arg = arg };

	return compare_files(&c);
}

static bool
keep_first(void *arg, const struct filter_difference *d)
{
	*(struct filter_difference *)arg = *d;
	return false;
}

enum filter_equal
filter_equiv(const struct ipf_file *a, const struct ipf_file *b, struct filter_difference *one)
{
	struct compare c = { .a = a, .b = b, .fn = keep_first, .arg = one, .first_only = true };

	return compare_files(&c);
}
