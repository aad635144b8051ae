/* SPDX-License-Identifier: MPL-2.0 */
/*
 * Lines that stand once in each text and in the same order are taken for the same
 * (the longest such sequence: Bram Cohen's patience diff); between two of them
 * Myers's greedy algorithm (An O(ND) Difference Algorithm and Its Variations,
 * 1986) finds the rest, as long as that takes few steps.  Cost: n log n, and for
 * each gap at most STEPS squared.
 */
#include "unified.h"

#include "../base/hash.h"

#define AROUND 3
#define STEPS 400                       /* more insertions and deletions become one block */

struct side {
	VEC(struct slice) line;
	uint32_t *number;               /* of each line's text */
	bool *changed;
};

struct diff {
	struct arena *scratch;
	struct side s[2];
	struct strmap texts;
	uint32_t n_texts;
};

static void
cut_lines(struct diff *d, struct side *s, struct slice text)
{
	size_t at = 0;

	while (at < text.n) {
		const char *nl = memchr(text.p + at, '\n', text.n - at);
		size_t end = nl ? (size_t)(nl - text.p) + 1 : text.n;

		*vec_push(d->scratch, &s->line) = (struct slice){ text.p + at, end - at };
		at = end;
	}
	s->number = arena_alloc(d->scratch, (s->line.n + 1) * sizeof(*s->number));
	s->changed = arena_zero(d->scratch, s->line.n + 1);
	for (uint32_t i = 0; i < s->line.n; i++) {
		uint32_t *at_text = strmap_put(d->scratch, &d->texts, s->line.v[i]);

		if (*at_text == UINT32_MAX)
			*at_text = d->n_texts++;
		s->number[i] = *at_text;
	}
}

/* --- within a gap ------------------------------------------------------------------ */

static void
mark(struct side *s, uint32_t from, uint32_t to)
{
	if (to > from)
		memset(s->changed + from, true, to - from);
}

static void
walk_back(struct diff *d, const int *trace, int steps, int k, uint32_t a0, uint32_t b0)
{
	for (int n = steps; n > 0; n--) {
		const int *v = trace + (size_t)(n - 1) * (2 * STEPS + 3) + STEPS + 1;
		bool down = k == -n || (k != n && v[k - 1] < v[k + 1]);

		if (down) {
			k++;
			d->s[1].changed[b0 + (uint32_t)(v[k] - k)] = true;
		} else {
			k--;
			d->s[0].changed[a0 + (uint32_t)v[k]] = true;
		}
	}
}

/* v[k] is how far the furthest path of n steps comes on diagonal k = x - y. */
static bool
greedy(struct diff *d, uint32_t a0, uint32_t a1, uint32_t b0, uint32_t b1)
{
	enum { ROW = 2 * STEPS + 3 };
	int *trace = arena_alloc(d->scratch, (size_t)(STEPS + 1) * ROW * sizeof(*trace));
	int an = (int)(a1 - a0), bn = (int)(b1 - b0);

	memset(trace, 0, ROW * sizeof(*trace));
	for (int n = 0; n <= STEPS; n++) {
		int *v = trace + (size_t)n * ROW + STEPS + 1;
		const int *was = n ? v - ROW : v;

		for (int k = -n; k <= n; k += 2) {
			int x = n == 0 ? 0 : k == -n || (k != n && was[k - 1] < was[k + 1])
			    ? was[k + 1] : was[k - 1] + 1;
			int y = x - k;

			while (x < an && y >= 0 && y < bn && d->s[0].number[a0 + (uint32_t)x] ==
			    d->s[1].number[b0 + (uint32_t)y]) {
				x++;
				y++;
			}
			v[k] = x;
			if (x >= an && y >= bn && x == an && y == bn) {
				walk_back(d, trace, n, k, a0, b0);
				return true;
			}
		}
	}
	return false;
}

static void
compare_gap(struct diff *d, uint32_t a0, uint32_t a1, uint32_t b0, uint32_t b1)
{
	while (a0 < a1 && b0 < b1 && d->s[0].number[a0] == d->s[1].number[b0]) {
		a0++;
		b0++;
	}
	while (a0 < a1 && b0 < b1 && d->s[0].number[a1 - 1] == d->s[1].number[b1 - 1]) {
		a1--;
		b1--;
	}
	if (a0 < a1 && b0 < b1 && a1 - a0 < INT32_MAX / 2 && b1 - b0 < INT32_MAX / 2) {
		struct arena own = { 0 }, *scratch = d->scratch;
		bool found;

		d->scratch = &own;
		found = greedy(d, a0, a1, b0, b1);
		d->scratch = scratch;
		arena_free(&own);
		if (found)
			return;
	}
	mark(&d->s[0], a0, a1);
	mark(&d->s[1], b0, b1);
}

/* --- lines that stand once ----------------------------------------------------------- */

struct pair {
	uint32_t a, b;
	uint32_t before;                /* the pair before it in the best sequence, or UINT32_MAX */
};

/* Where each text stands in a side, if it stands there once; else UINT32_MAX. */
static uint32_t *
once(struct diff *d, const struct side *s)
{
	uint32_t *at = arena_alloc(d->scratch, (d->n_texts + 1) * sizeof(*at));
	bool *seen = arena_zero(d->scratch, d->n_texts + 1);

	memset(at, 0xff, (d->n_texts + 1) * sizeof(*at));
	for (uint32_t i = 0; i < s->line.n; i++) {
		at[s->number[i]] = seen[s->number[i]] ? UINT32_MAX : i;
		seen[s->number[i]] = true;
	}
	return at;
}

/* The longest sequence that rises on both sides: by patience sorting. */
static uint32_t
longest(struct diff *d, struct pair *pair, uint32_t n)
{
	uint32_t *top = arena_alloc(d->scratch, (n + 1) * sizeof(*top)), piles = 0;

	for (uint32_t i = 0; i < n; i++) {
		uint32_t lo = 0, hi = piles;

		while (lo < hi) {
			uint32_t mid = lo + (hi - lo) / 2;

			if (pair[top[mid]].b < pair[i].b)
				lo = mid + 1;
			else
				hi = mid;
		}
		pair[i].before = lo ? top[lo - 1] : UINT32_MAX;
		top[lo] = i;
		if (lo == piles)
			piles++;
	}
	return piles ? top[piles - 1] : UINT32_MAX;
}

static void
compare(struct diff *d)
{
	uint32_t *a_once = once(d, &d->s[0]), *b_once = once(d, &d->s[1]);
	uint32_t last, a1 = d->s[0].line.n, b1 = d->s[1].line.n;
	VEC(struct pair) pairs = { 0 };

	for (uint32_t i = 0; i < d->s[0].line.n; i++) {
		uint32_t number = d->s[0].number[i];

		if (a_once[number] == i && b_once[number] != UINT32_MAX)
			*vec_push(d->scratch, &pairs) = (struct pair){ i, b_once[number], 0 };
	}
	last = longest(d, pairs.v, pairs.n);
	for (; last != UINT32_MAX; last = pairs.v[last].before) {
		const struct pair *p = &pairs.v[last];

		compare_gap(d, p->a + 1, a1, p->b + 1, b1);
		a1 = p->a;
		b1 = p->b;
	}
	compare_gap(d, 0, a1, 0, b1);
}

/* --- writing --------------------------------------------------------------------------- */

struct hunk {
	uint32_t a0, a1, b0, b1;
};

static void
write_range(struct buf *out, char sign, uint32_t from, uint32_t n)
{
	buf_printf(out, "%c%u", sign, n ? from + 1 : from);
	if (n != 1)
		buf_printf(out, ",%u", n);
}

static void
write_line(struct buf *out, char sign, struct slice line)
{
	buf_char(out, sign);
	buf_slice(out, line);
	if (line.n == 0 || line.p[line.n - 1] != '\n')
		buf_str(out, "\n\\ No newline at end of file\n");
}

static void
write_hunk(struct buf *out, const struct diff *d, const struct hunk *h)
{
	uint32_t a = h->a0, b = h->b0;

	buf_str(out, "@@ ");
	write_range(out, '-', h->a0, h->a1 - h->a0);
	buf_char(out, ' ');
	write_range(out, '+', h->b0, h->b1 - h->b0);
	buf_str(out, " @@\n");
	while (a < h->a1 || b < h->b1)
		if (a < h->a1 && d->s[0].changed[a])
			write_line(out, '-', d->s[0].line.v[a++]);
		else if (b < h->b1 && d->s[1].changed[b])
			write_line(out, '+', d->s[1].line.v[b++]);
		else {
			write_line(out, ' ', d->s[0].line.v[a++]);
			b++;
		}
}

static bool
same(const struct diff *d, uint32_t a, uint32_t b)
{
	return a < d->s[0].line.n && b < d->s[1].line.n && !d->s[0].changed[a] &&
	    !d->s[1].changed[b];
}

/* The next hunk from h's end on; false if there is none. */
static bool
next_hunk(const struct diff *d, struct hunk *h)
{
	uint32_t a = h->a1, b = h->b1, equal = 0;

	while (same(d, a, b)) {
		a++;
		b++;
		equal++;
	}
	if (a == d->s[0].line.n && b == d->s[1].line.n)
		return false;
	equal = equal < AROUND ? equal : AROUND;
	h->a0 = a - equal;
	h->b0 = b - equal;
	for (equal = 0; equal <= 2 * AROUND && (a < d->s[0].line.n || b < d->s[1].line.n);) {
		if (same(d, a, b)) {
			a++;
			b++;
			equal++;
			continue;
		}
		equal = 0;
		if (a < d->s[0].line.n && d->s[0].changed[a])
			a++;
		else
			b++;
	}
	equal = equal > AROUND ? equal - AROUND : 0;
	h->a1 = a - equal;
	h->b1 = b - equal;
	return true;
}

void
unified_diff(struct buf *out, struct arena *scratch, struct slice old_name,
    struct slice new_name, struct slice old_text, struct slice new_text)
{
	struct diff d = { .scratch = scratch };
	struct hunk h = { 0 };

	if (slice_eq(old_text, new_text))
		return;
	cut_lines(&d, &d.s[0], old_text);
	cut_lines(&d, &d.s[1], new_text);
	compare(&d);
	buf_str(out, "--- ");
	buf_slice(out, old_name);
	buf_str(out, "\n+++ ");
	buf_slice(out, new_name);
	buf_char(out, '\n');
	while (next_hunk(&d, &h))
		write_hunk(out, &d, &h);
}
