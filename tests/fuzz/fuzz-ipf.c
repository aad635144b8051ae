/* SPDX-License-Identifier: MPL-2.0 */
/*
 * libFuzzer target: any bytes as ipf.conf.  What reads well must be equal to
 * itself, and its decision as sets must be that of the walk at the corners of
 * its rectangles; all diagnostics must print.
 */
#include "compiler/filter/decide.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void
check_corner(const struct ipf_file *file, const struct filter_class *c,
    const struct region_list *boxes, const struct filter_outcomes *outcomes, struct addr a,
    uint16_t key)
{
	const struct region_box *box;
	struct filter_packet p;
	struct filter_result r;

	if (!filter_has_ports(c->proto) && !filter_has_types(c->fam, c->proto))
		key = 0;
	box = region_find(boxes, a, key);
	filter_class_packet(c, a, key, &p);
	filter_eval(file, &p, &r, NULL);
	if (box ? &file->lines.v[box->source] != r.line ||
	    !filter_outcome_eq(&outcomes->list.v[box->outcome], &r.outcome)
	    : r.line != NULL)
		abort();
}

static void
check_class(struct arena *arena, const struct ipf_file *file, const struct filter_class *c,
    struct filter_outcomes *outcomes)
{
	struct region_list boxes;

	if (!filter_boxes(arena, file, c, outcomes, &boxes))
		return;
	check_corner(file, c, &boxes, outcomes, family_last(c->fam), REGION_KEY_MAX);
	for (uint32_t i = 0; i < boxes.box.n && i < 50; i++) {
		const struct region_box *b = &boxes.box.v[i];

		check_corner(file, c, &boxes, outcomes, b->lo, b->klo);
		check_corner(file, c, &boxes, outcomes, b->hi, b->khi);
	}
}

static void
check_file(const struct ipf_file *file, unsigned fam)
{
	struct arena arena = { 0 };
	struct filter_outcomes outcomes = { .arena = &arena };
	struct filter_space *space = base_alloc(sizeof(*space));
	struct filter_difference one;

	filter_space_init(space, &arena, fam);
	filter_space_add(space, file);
	/* Few classes, or an input takes so long that few others are tried. */
	if (filter_space_close(space) && space->list.n < 200) {
		for (uint32_t i = 0; i < space->list.n; i++)
			check_class(&arena, file, &space->list.v[i], &outcomes);
		if (filter_equiv(file, file, &one) == FILTER_DIFFERENT)
			abort();
	}
	free(space);
	arena_free(&arena);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct arena arena = { 0 };
	struct diags diags = { .arena = &arena };
	struct src src = { .name = slice_of("ipf.conf"), .text = { (const char *)data, size } };
	struct ipf_file file;
	struct buf out = { 0 };
	bool good = ipf_read(&arena, &diags, &src, 0, &file);

	diag_print_all(&out, &diags, true);
	if (good != (diags.errors == 0))
		abort();
	if (good)
		check_file(&file, file.fam ? file.fam : NET_V4);
	buf_free(&out);
	arena_free(&arena);
	return 0;
}
