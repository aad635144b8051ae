/* SPDX-License-Identifier: MPL-2.0 */
#include "ortc.h"

/* What a node may inherit: an outcome that a line can have, or nothing yet. */
enum { FALL = OUT_DEFAULT, STATES = OUT_COUNT };
enum { NO_LINE = 0xff };

struct node {
	struct prefix p;
	struct ortc_label label;        /* of a leaf; of the siblings along a chain */
	uint8_t chain;                  /* bits between p and left, when right is NULL */
	bool leaf;
	uint8_t line[STATES];           /* by what is inherited: the outcome of a line here */
	uint64_t cost[STATES];
	struct node *left, *right;
};

struct solver {
	struct arena *arena;
	struct ortc_label rest;
	struct arena *out;
	struct ortc_lines *lines;
};

static bool
right_already(unsigned inherited, struct ortc_label l)
{
	return (inherited == FALL ? l.fall : inherited) == l.want;
}

static uint64_t
one_line(struct ortc_label l)
{
	return l.want == OUT_DEFAULT ? ORTC_NEVER : 1;
}

static uint64_t
capped(uint64_t a, uint64_t b)
{
	return a + b < ORTC_NEVER ? a + b : ORTC_NEVER;
}

/* From the costs without a line here to those with the best choice. */
static void
choose(struct node *n, const uint64_t bare[STATES])
{
	for (unsigned h = 0; h < STATES; h++) {
		n->cost[h] = bare[h];
		n->line[h] = NO_LINE;
		for (unsigned d = 0; d < FALL; d++)
			if (d != h && capped(1, bare[d]) < n->cost[h]) {
				n->cost[h] = capped(1, bare[d]);
				n->line[h] = (uint8_t)d;
			}
	}
}

static struct node *
new_node(struct solver *s, struct prefix p)
{
	struct node *n = arena_zero(s->arena, sizeof(*n));

	n->p = p;
	return n;
}

static struct node *
make_leaf(struct solver *s, struct prefix p, struct ortc_label label)
{
	struct node *n = new_node(s, p);

	n->leaf = true;
	n->label = label;
	for (unsigned h = 0; h < STATES; h++) {
		n->cost[h] = right_already(h, label) ? 0 : one_line(label);
		n->line[h] = right_already(h, label) ? NO_LINE : label.want;
	}
	return n;
}

static void
finish_chain(struct solver *s, struct node *n)
{
	uint64_t bare[STATES];

	n->label = s->rest;
	for (unsigned h = 0; h < STATES; h++) {
		uint64_t siblings = right_already(h, n->label) ? 0
		    : one_line(n->label) * n->chain;

		bare[h] = capped(siblings, n->left->cost[h]);
	}
	choose(n, bare);
}

static void
finish_fork(struct node *n)
{
	uint64_t bare[STATES];

	for (unsigned h = 0; h < STATES; h++)
		bare[h] = capped(n->left->cost[h], n->right->cost[h]);
	choose(n, bare);
}

static bool
bit_at(struct addr a, unsigned i)
{
	return i < 64 ? a.hi >> (63 - i) & 1 : a.lo >> (127 - i) & 1;
}

static unsigned
common_bits(struct addr a, struct addr b)
{
	if (a.hi != b.hi)
		return (unsigned)__builtin_clzll(a.hi ^ b.hi);
	return a.lo == b.lo ? 128 : 64 + (unsigned)__builtin_clzll(a.lo ^ b.lo);
}

/* The tree below p, which holds list[0..n). */
static struct node *
build(struct solver *s, struct prefix p, const struct ortc_prefix *list, uint32_t n)
{
	struct prefix top;
	struct node *node, *chain;
	uint32_t half;

	if (n == 0)
		return make_leaf(s, p, s->rest);
	top = list[0].p;
	if (n > 1) {
		top.len = (uint8_t)common_bits(list[0].p.a, list[n - 1].p.a);
		top = prefix_mask(top);
	}
	if (n == 1) {
		node = make_leaf(s, top, list[0].label);
	} else {
		uint32_t lo = 0, hi = n;

		while (lo < hi) {       /* the first with the next bit set */
			half = (lo + hi) / 2;
			if (bit_at(list[half].p.a, top.len))
				hi = half;
			else
				lo = half + 1;
		}
		node = new_node(s, top);
		top.len++;
		node->left = build(s, top, list, lo);
		if (top.len <= 64)
			top.a.hi |= (uint64_t)1 << (64 - top.len);
		else
			top.a.lo |= (uint64_t)1 << (128 - top.len);
		node->right = build(s, top, list + lo, n - lo);
		finish_fork(node);
	}
	if (node->p.len == p.len)
		return node;
	chain = new_node(s, p);
	chain->chain = (uint8_t)(node->p.len - p.len);
	chain->left = node;
	finish_chain(s, chain);
	return chain;
}

/* --- the lines ------------------------------------------------------------------------ */

static void
add_line(struct solver *s, struct prefix p, unsigned outcome, unsigned height)
{
	*vec_push(s->out, &s->lines->list) = (struct ortc_line){ p, (uint8_t)outcome,
		(uint16_t)height };
}

/* The sibling of the chain's node at each length below p down to the child. */
static void
add_siblings(struct solver *s, const struct node *n)
{
	for (unsigned len = n->p.len + 1u; len <= n->left->p.len; len++) {
		struct prefix q = n->left->p;

		q.len = (uint8_t)len;
		q = prefix_mask(q);
		if (len <= 64)
			q.a.hi ^= (uint64_t)1 << (64 - len);
		else
			q.a.lo ^= (uint64_t)1 << (128 - len);
		add_line(s, q, n->label.want, 0);
	}
}

/* Returns 1 + the greatest height of the lines at and below n, or 0 if there are none. */
static unsigned
emit(struct solver *s, const struct node *n, unsigned inherited)
{
	unsigned line = n->line[inherited], now = line == NO_LINE ? inherited : line;
	unsigned height = 0, other;

	if (!n->leaf) {
		height = emit(s, n->left, now);
		if (n->right) {
			other = emit(s, n->right, now);
			height = other > height ? other : height;
		} else if (!right_already(now, n->label)) {
			add_siblings(s, n);
			height = height ? height : 1;
		}
	}
	if (line == NO_LINE)
		return height;
	add_line(s, n->p, line, height);
	return height + 1;
}

uint64_t
ortc_solve(struct arena *scratch, const struct ortc_prefix *list, uint32_t n,
    enum net_family fam, struct ortc_label rest, struct arena *out, struct ortc_lines *lines)
{
	struct solver s = { scratch, rest, out, lines };
	struct prefix all = { fam == NET_V4 ? addr_v4(0) : (struct addr){ 0, 0 },
		fam == NET_V4 ? NET_V4_BASE : 0, (uint8_t)fam };
	struct node *root = build(&s, all, list, n);

	if (lines && root->cost[FALL] < ORTC_NEVER)
		emit(&s, root, FALL);
	return root->cost[FALL];
}
