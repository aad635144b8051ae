/* SPDX-License-Identifier: MPL-2.0 */
#include "ortc.h"

/* What a node may inherit: an outcome that a line can have, or nothing yet. */
enum { FALL = OUT_DEFAULT, STATES = OUT_COUNT };
enum { NO_LINE = 0xff };

/* Lines at and below a node, by what is inherited. */
struct costs {
	uint64_t of[STATES];
};

struct node {
	struct prefix p;
	struct ortc_label label;        /* of a leaf; of the siblings along a chain */
	uint8_t chain;                  /* bits between p and left, when right is NULL */
	bool leaf;
	uint8_t line[STATES];           /* by what is inherited: the outcome of a line here */
	struct costs cost;
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
static struct costs
choose(struct costs bare)
{
	struct costs c;
	uint64_t least = bare.of[0];

	for (unsigned d = 1; d < FALL; d++)
		least = bare.of[d] < least ? bare.of[d] : least;
	least = capped(1, least);
	for (unsigned h = 0; h < STATES; h++)
		c.of[h] = bare.of[h] <= least ? bare.of[h] : least;
	return c;
}

static struct costs
leaf_costs(struct ortc_label label)
{
	struct costs c;

	for (unsigned h = 0; h < STATES; h++)
		c.of[h] = right_already(h, label) ? 0 : one_line(label);
	return c;
}

/* Of a node with one child, n bits further down, and the rest around that. */
static struct costs
bare_chain(struct costs child, unsigned n, struct ortc_label rest)
{
	for (unsigned h = 0; h < STATES; h++)
		child.of[h] = capped(right_already(h, rest) ? 0 : one_line(rest) * n, child.of[h]);
	return child;
}

static struct costs
bare_fork(struct costs left, struct costs right)
{
	for (unsigned h = 0; h < STATES; h++)
		left.of[h] = capped(left.of[h], right.of[h]);
	return left;
}

/* Chooses the lines of a node. */
static void
finish(struct node *n, struct costs bare)
{
	n->cost = choose(bare);
	for (unsigned h = 0; h < STATES; h++) {
		n->line[h] = NO_LINE;
		for (unsigned d = 0; d < FALL && n->cost.of[h] < bare.of[h]; d++)
			if (capped(1, bare.of[d]) == n->cost.of[h]) {
				n->line[h] = (uint8_t)d;
				break;
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
	n->cost = leaf_costs(label);
	for (unsigned h = 0; h < STATES; h++)
		n->line[h] = right_already(h, label) ? NO_LINE : label.want;
	return n;
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
		finish(node, bare_fork(node->left->cost, node->right->cost));
	}
	if (node->p.len == p.len)
		return node;
	chain = new_node(s, p);
	chain->chain = (uint8_t)(node->p.len - p.len);
	chain->left = node;
	chain->label = s->rest;
	finish(chain, bare_chain(node->cost, chain->chain, s->rest));
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

static struct prefix
whole(enum net_family fam)
{
	return (struct prefix){ fam == NET_V4 ? addr_v4(0) : (struct addr){ 0, 0 },
		fam == NET_V4 ? NET_V4_BASE : 0, (uint8_t)fam };
}

uint64_t
ortc_solve(struct arena *scratch, const struct ortc_prefix *list, uint32_t n,
    enum net_family fam, struct ortc_label rest, struct arena *out, struct ortc_lines *lines)
{
	struct solver s = { scratch, rest, out, lines };
	struct node *root = build(&s, whole(fam), list, n);

	if (root->cost.of[FALL] < ORTC_NEVER)
		emit(&s, root, FALL);
	return root->cost.of[FALL];
}

/* --- only how many ---------------------------------------------------------------- */

/* A tree that is finished: its costs and the length of its prefix. */
struct counted {
	struct costs cost;
	unsigned len;
};

/* The tree as seen from a prefix of this length. */
static struct counted
lifted(struct counted c, unsigned len, struct ortc_label rest)
{
	if (c.len > len)
		c.cost = choose(bare_chain(c.cost, c.len - len, rest));
	c.len = len;
	return c;
}

/*
 * From left to right: on the stack are the left halves of forks that want their right
 * one, the fork with the longest prefix on top; neighbours fork behind what they have in
 * common.
 */
uint64_t
ortc_count(const struct ortc_prefix *list, uint32_t n, enum net_family fam,
    struct ortc_label rest)
{
	unsigned top = whole(fam).len, fork;
	struct counted left[129], now = { leaf_costs(rest), top };
	uint32_t depth = 0;

	for (uint32_t i = 0; i < n; i++) {
		now = (struct counted){ leaf_costs(list[i].label), list[i].p.len };
		fork = i + 1 < n ? common_bits(list[i].p.a, list[i + 1].p.a) : top;
		while (depth > 0 && (i + 1 == n || left[depth - 1].len > fork + 1)) {
			unsigned len = left[depth - 1].len;

			now = lifted(now, len, rest);
			now.cost = choose(bare_fork(left[--depth].cost, now.cost));
			now.len = len - 1;
		}
		if (i + 1 < n)
			left[depth++] = lifted(now, fork + 1, rest);
	}
	return lifted(now, top, rest).cost.of[FALL];
}
