/* SPDX-License-Identifier: MPL-2.0 */
/*
 * libFuzzer target: any bytes as address lists.  The first byte says how the
 * rest is cut into lists and combined.  The result must be sets in their one
 * form; written and read again it must give the same without an error; and
 * A - B, A & B and the parts of A must add up.
 */
#include "compiler/net/aggregate.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);

#define REQUIRE(condition) ((condition) ? (void)0 : abort())

static void
check_form(const struct pset *s)
{
	for (uint32_t i = 0; i < s->n; i++) {
		REQUIRE(!addr_less(s->v[i].last, s->v[i].first));
		REQUIRE(!addr_less(s->v[i].first, family_first(s->fam)));
		REQUIRE(!addr_less(family_last(s->fam), s->v[i].last));
		if (i)
			REQUIRE(addr_less(addr_next(s->v[i - 1].last), s->v[i].first));
	}
}

static void
check_algebra(struct arena *a, const struct pset *x, const struct pset *y)
{
	struct pset common = pset_none((enum net_family)x->fam), rest = common, not = common;

	pset_intersect(a, &common, x, y);
	pset_minus(a, &rest, x, y);
	check_form(&common);
	check_form(&rest);
	REQUIRE(!pset_overlaps(&common, &rest));
	pset_complement(a, &not, y);
	pset_intersect(a, &not, &not, x);
	REQUIRE(pset_equal(&not, &rest));
	pset_union(a, &rest, &rest, &common);
	REQUIRE(pset_equal(&rest, x));
}

static void
check_text(struct arena *a, const struct addrlist *list)
{
	struct diags ds = { .arena = a };
	struct addrlist_walk walk = addrlist_walk(list);
	struct addrlist again = addrlist_none();
	struct src src = { .name = slice_of("again") };
	struct buf text = { 0 };
	uint64_t lines = 0;

	addrlist_write(&text, &walk, SIZE_MAX);
	for (size_t i = 0; i < text.n; i++)
		lines += text.p[i] == '\n';
	REQUIRE(lines == pset_prefix_count(&list->v4) + pset_prefix_count(&list->v6));
	src.text = buf_view(&text);
	addrlist_read(a, &again, &src, &ds);
	addrlist_close(&again);
	REQUIRE(ds.errors == 0);
	REQUIRE(pset_equal(&again.v4, &list->v4) && pset_equal(&again.v6, &list->v6));
	buf_free(&text);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	struct arena arena = { 0 };
	struct diags ds = { .arena = &arena, .limit = 10 };
	struct aggregate_input in[3];
	struct src src[2];
	struct addrlist list, both[2];
	struct buf out = { 0 };
	size_t cut;

	if (n == 0)
		return 0;
	cut = (size_t)data[0] * (n - 1) / 255;
	src[0] = (struct src){ .name = slice_of("a"), .text = { (const char *)data + 1, cut } };
	src[1] = (struct src){ .name = slice_of("b"),
		.text = { (const char *)data + 1 + cut, n - 1 - cut } };
	for (int i = 0; i < 2; i++) {
		in[i].src = &src[i];
		both[i] = addrlist_none();
		addrlist_read(&arena, &both[i], &src[i], &ds);
		addrlist_close(&both[i]);
		check_form(&both[i].v4);
		check_form(&both[i].v6);
		check_text(&arena, &both[i]);
	}
	check_algebra(&arena, &both[0].v4, &both[1].v4);
	check_algebra(&arena, &both[0].v6, &both[1].v6);
	in[0].role = AGGREGATE_ADD;
	in[1].role = (enum aggregate_role)(data[0] % 3);
	in[2] = in[1];
	aggregate_lists(&arena, in, 2 + data[0] / 3 % 2, &list, &ds);
	check_text(&arena, &list);
	aggregate_count(&out, &list);
	diag_print_all(&out, &ds, data[0] & 1);
	buf_free(&out);
	arena_free(&arena);
	return 0;
}
