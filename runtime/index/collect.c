/* SPDX-License-Identifier: MPL-2.0 */
/*
 * The elements of some sets as numbers, ascending and each once.  Sets are in order, so
 * few of them are merged; very many elements, and the sets of a range, of which there
 * may be as many as elements, are put into a set of bits.
 */
#include "query_int.h"

#include <stdlib.h>

static void
collect_set(struct store *st, uint32_t set, unsigned bits, struct query_list *out)
{
	struct set_iter it;
	const uint32_t *run;
	uint32_t n;

	if (set & SET_ONE) {
		if (set & bits)
			query_list_add(out, set & ~SET_ONE);
		return;
	}
	set_begin(&it, st, set);
	while ((run = set_next_run(&it, &n)) != NULL) {
		query_list_room(out, n);
		if (bits == SET_BITS) {         /* every element has one of them */
			memcpy(out->v + out->n, run, n * sizeof(*run));
			out->n += n;
			continue;
		}
		for (uint32_t i = 0; i < n; i++) {
			out->v[out->n] = run[i];
			out->n += (run[i] & bits) != 0;
		}
	}
}

static void
collect_range(struct index_reader *rd, const struct query_source *s, struct query_list *out)
{
	struct store *st = &rd->ix->store;
	const struct map_entry *e;
	struct tree_iter it;
	uint32_t n;

	tree_begin(&it, st, TREE_MAP, rd->state.map[s->map], &s->first);
	while ((e = tree_next_run(&it, &n)) != NULL)
		for (uint32_t i = 0; i < n; i++) {
			if (query_is_behind(&e[i], s) || store_is_corrupt(st))
				return;
			collect_set(st, e[i].value, s->bits, out);
		}
}

/* --- ascending, each once ----------------------------------------------------------- */

/*
 * A set of numbers as bits, with a bit for every word that is not 0 above them, and
 * one for every such word again: to put a number in is three words touched, and to
 * take all out in order touches only what is there.  That sorts and joins any number
 * of lists in time proportional to their length.  Between uses all of it is 0.
 */
static void
bits_room(struct query_bits *b, uint32_t most)
{
	uint32_t top = most / (64 * 64 * 64) + 1;

	if (top <= b->top)
		return;
	top = top * 5 / 4 + 1;
	free(b->word);
	b->word = calloc((size_t)top * (64 * 64 + 64 + 1), sizeof(*b->word));
	if (!b->word)
		base_oom((size_t)top * (64 * 64 + 64 + 1) * sizeof(*b->word));
	b->top = top;
}

static void
sort_bits(struct query_bits *b, struct query_list *l)
{
	uint64_t *low, *mid, *top;
	uint32_t most = 0, n = 0;

	for (uint32_t i = 0; i < l->n; i++)
		most |= l->v[i];
	bits_room(b, set_number(most));
	top = b->word;
	mid = top + b->top;
	low = mid + (size_t)b->top * 64;
	for (uint32_t i = 0; i < l->n; i++) {
		uint32_t v = set_number(l->v[i]);

		low[v >> 6] |= (uint64_t)1 << (v & 63);
		mid[v >> 12] |= (uint64_t)1 << (v >> 6 & 63);
		top[v >> 18] |= (uint64_t)1 << (v >> 12 & 63);
	}
	for (uint32_t t = 0; t < b->top; t++)
		for (; top[t]; top[t] &= top[t] - 1) {
			uint32_t m = t << 6 | (uint32_t)__builtin_ctzll(top[t]);

			for (; mid[m]; mid[m] &= mid[m] - 1) {
				uint32_t w = m << 6 | (uint32_t)__builtin_ctzll(mid[m]);

				for (uint64_t bits = low[w]; bits; bits &= bits - 1)
					l->v[n++] = w << 6 | (uint32_t)__builtin_ctzll(bits);
				low[w] = 0;
			}
		}
	l->n = n;
}

#define RUNS_MAX 64
#define MERGE_MAX 8192          /* elements; for more, bits are faster */

/* Sorted elements to numbers, each once. */
static void
to_numbers(struct query_list *l)
{
	uint32_t n = 0;

	for (uint32_t i = 0; i < l->n; i++) {
		uint32_t number = set_number(l->v[i]);

		if (n == 0 || l->v[n - 1] != number)
			l->v[n++] = number;
	}
	l->n = n;
}

/* How many of n ascending elements are before v. */
static uint32_t
count_before(const uint32_t *x, uint32_t n, uint32_t v)
{
	uint32_t at = 0;

	while (n) {
		uint32_t half = (n + 1) / 2;
		bool before = x[at + half - 1] < v;

		at += before ? half : 0;
		n = before ? n - half : half - 1;
	}
	return at;
}

/* Merges the ascending runs of a and of b elements behind it that begin at v. */
static void
merge_two(uint32_t *v, uint32_t a, uint32_t b, struct query_list *spare)
{
	uint32_t *x, *x_end, *y = v + a, *y_end = y + b;

	spare->n = 0;
	query_list_room(spare, a);
	x = memcpy(spare->v, v, a * sizeof(*v));
	x_end = x + a;
	if (a < b / 8) {
		/* Few into many: search the place of each. */
		for (; x < x_end; x++) {
			uint32_t n = count_before(y, (uint32_t)(y_end - y), *x);

			memmove(v, y, n * sizeof(*v));
			v += n;
			y += n;
			*v++ = *x;
		}
		return;
	}
	/* Which one is next cannot be foreseen, so nothing branches on it. */
	while (x < x_end && y < y_end) {
		uint32_t p = *x, q = *y, is_y = q < p;

		*v++ = is_y ? q : p;
		x += 1 - is_y;
		y += is_y;
	}
	memcpy(v, x, (size_t)(x_end - x) * sizeof(*x));
}

/*
 * Merges neighbouring ascending runs until one is left; run[n] is the end.  A run waits
 * until the next is as long, so that each element is moved about as often as the runs'
 * lengths can be halved.
 */
static void
merge_runs(struct query_list *l, struct query_list *spare, const uint32_t *run, unsigned n)
{
	uint32_t start[RUNS_MAX + 1];
	unsigned k = 0;

	for (unsigned i = 0; i < n; i++) {
		start[k++] = run[i];
		while (k > 1 && (i + 1 == n ||
		    start[k - 1] - start[k - 2] <= run[i + 1] - start[k - 1])) {
			merge_two(l->v + start[k - 2], start[k - 1] - start[k - 2],
			    run[i + 1] - start[k - 1], spare);
			k--;
		}
	}
}

void
query_collect(struct index_reader *rd, struct query_answer *a, uint32_t first, uint32_t n,
    struct query_list *out)
{
	uint32_t run[RUNS_MAX + 1];
	bool sorted = n <= RUNS_MAX;

	out->n = 0;
	for (uint32_t i = 0; i < n; i++) {
		const struct query_source *s = &a->sources.v[first + i];

		if (sorted)
			run[i] = out->n;
		if (s->kind == SOURCE_SET) {
			collect_set(&rd->ix->store, s->set, s->bits, out);
		} else {
			collect_range(rd, s, out);
			sorted = false;
		}
	}
	a->cost.collected += out->n;
	if (!sorted || (out->n > MERGE_MAX && n > 1)) {
		sort_bits(&a->bits, out);
		return;
	}
	run[n] = out->n;
	merge_runs(out, &a->spare, run, n);
	to_numbers(out);
}
