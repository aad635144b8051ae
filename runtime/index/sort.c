/* SPDX-License-Identifier: MPL-2.0 */
/*
 * The order of an answer.  By UUID, most of it is in order already: numbers given
 * out when the index was built are ascending by UUID, so only rules that came later
 * are looked at and merged in.  Any other order reads what it sorts by from each rule once.
 */
#include "query_int.h"

#include <stdlib.h>

#include "../../compiler/base/text.h"

struct row {
	uint64_t hi, lo;                /* UUID */
	uint32_t number;
};

static int
row_cmp(const void *x, const void *y)
{
	const struct row *a = x, *b = y;

	if (a->hi != b->hi)
		return a->hi < b->hi ? -1 : 1;
	return a->lo < b->lo ? -1 : a->lo > b->lo;
}

static bool
read_row(struct index_reader *rd, uint32_t number, struct row *out)
{
	const struct record *rec = index_record(rd, number);
	struct map_key k;

	if (!rec)
		return false;
	k = map_key_of_uuid(rec->uuid);
	*out = (struct row){ k.hi, k.lo, number };
	return true;
}

/* How many of the first n numbers, which are in order, come before the row. */
static bool
place(struct index_reader *rd, const uint32_t *v, uint32_t n, const struct row *row,
    uint32_t *out)
{
	uint32_t lo = 0, hi = n;
	struct row at;

	while (lo < hi) {
		uint32_t mid = lo + (hi - lo) / 2;

		if (!read_row(rd, v[mid], &at))
			return false;
		if (row_cmp(&at, row) < 0)
			lo = mid + 1;
		else
			hi = mid;
	}
	*out = lo;
	return true;
}

static bool
sort_by_uuid(struct index_reader *rd, struct query_list *l)
{
	uint32_t old = l->n, late, at, end;
	struct row *rows;
	bool good = true;

	/* The list is ascending, so late numbers stand at its end. */
	while (old > 0 && l->v[old - 1] >= rd->ix->sorted)
		old--;
	late = l->n - old;
	if (late == 0)
		return true;
	rows = base_alloc(late * sizeof(*rows));
	for (uint32_t i = 0; good && i < late; i++) {
		index_prefetch(rd, l->v + old, late, i, INDEX_HEAD);
		good = read_row(rd, l->v[old + i], &rows[i]);
	}
	if (good)
		qsort(rows, late, sizeof(*rows), row_cmp);
	/* From the back: each late one, and behind it the old ones that follow it. */
	for (end = l->n; good && late > 0; late--) {
		good = place(rd, l->v, old, &rows[late - 1], &at);
		if (!good)
			break;
		memmove(l->v + end - (old - at), l->v + at, (old - at) * sizeof(*l->v));
		end -= old - at;
		old = at;
		l->v[--end] = rows[late - 1].number;
	}
	free(rows);
	return good;
}

/* --- other orders --------------------------------------------------------------- */

struct field {
	struct slice text;
	uint32_t value;
};

struct wide_row {
	struct row row;
	const struct query *q;
	struct field field[QUERY_SORT_MAX];
};

static struct field
field_of(enum query_sort_key key, const struct rule *r, struct arena *arena)
{
	char *text;

	switch (key) {
	case QUERY_BY_OWNER:
		if (!r->has_owner)
			return (struct field){ 0 };
		text = arena_alloc(arena, UUID_TEXT);
		uuid_write(text, r->owner);
		return (struct field){ { text, UUID_TEXT }, 1 };
	case QUERY_BY_RULE:
		return (struct field){ r->text, 0 };
	case QUERY_BY_VERSION:
		return (struct field){ r->version, 0 };
	case QUERY_BY_CREATED_BY:
		return (struct field){ r->created_by, r->has_created_by };
	case QUERY_BY_DESCRIPTION:
		return (struct field){ r->description, r->has_description };
	case QUERY_BY_ACTION:
		return (struct field){ .value = r->action };
	case QUERY_BY_PROTOCOL:
		return (struct field){ .value = r->proto };
	case QUERY_BY_PRIORITY:
		return (struct field){ .value = r->priority };
	case QUERY_BY_ENABLED:
		return (struct field){ .value = rule_is_true(r->enabled) };
	case QUERY_BY_LOG:
		return (struct field){ .value = rule_is_true(r->log) };
	default:
		return (struct field){ 0 };
	}
}

static int
wide_cmp(const void *x, const void *y)
{
	const struct wide_row *a = x, *b = y;
	const struct query *q = a->q;

	for (unsigned i = 0; i < q->n_sort; i++) {
		const struct field *f = &a->field[i], *g = &b->field[i];
		int c = q->sort[i].key == QUERY_BY_UUID ? row_cmp(&a->row, &b->row)
		    : f->value != g->value ? (f->value < g->value ? -1 : 1)
		    : text_cmp16(f->text, g->text);

		if (c)
			return q->sort[i].down ? -c : c;
	}
	return row_cmp(&a->row, &b->row);
}

static bool
sort_by_fields(struct index_reader *rd, const struct query *q, struct query_list *l)
{
	struct wide_row *rows = base_alloc(l->n * sizeof(*rows));
	struct arena arena = { 0 };
	struct rule r;
	bool good = true;

	for (uint32_t i = 0; good && i < l->n; i++) {
		struct map_key k;

		index_prefetch(rd, l->v, l->n, i, INDEX_TEXTS);
		good = index_view_texts(rd, l->v[i], &r);
		if (!good)
			break;
		k = map_key_of_uuid(r.uuid);
		rows[i].row = (struct row){ k.hi, k.lo, l->v[i] };
		rows[i].q = q;
		for (unsigned s = 0; s < q->n_sort; s++)
			rows[i].field[s] = field_of(q->sort[s].key, &r, &arena);
	}
	if (good)
		qsort(rows, l->n, sizeof(*rows), wide_cmp);
	for (uint32_t i = 0; good && i < l->n; i++)
		l->v[i] = rows[i].row.number;
	arena_free(&arena);
	free(rows);
	return good;
}

bool
query_sort(struct index_reader *rd, const struct query *q, struct query_list *l, bool ordered)
{
	if (q->n_sort && (q->sort[0].key != QUERY_BY_UUID || q->sort[0].down))
		return sort_by_fields(rd, q, l);
	return ordered || sort_by_uuid(rd, l);
}
