/* SPDX-License-Identifier: MPL-2.0 */
/*
 * The nodes of both kinds have one shape: a head, then entries of one size.  An
 * inner entry begins with the key of the first entry below it, so that keys of
 * both levels are compared by the same code.
 *
 * Nothing read is trusted: counts and heights are checked against what the kind
 * allows, so a damaged file ends a walk instead of leading it astray.
 */
#include "tree.h"

#include <stdlib.h>

struct node {
	uint16_t n;                     /* entries; never 0 */
	uint8_t height;                 /* 0: leaf */
	uint8_t kind;
	uint32_t count;                 /* leaf entries below */
};

struct inner_set {
	uint32_t first;                 /* the first element below */
	uint32_t ref, count;
};

struct inner_map {
	uint64_t hi, lo;                /* the first key below */
	uint32_t len : 8, unused : 24;
	uint32_t ref, count;
	uint32_t weight;                /* of all entries below */
};

static const struct shape {
	uint16_t leaf_size, inner_size; /* bytes of an entry */
	uint16_t leaf_max, inner_max;   /* entries of a node */
	uint16_t key_size;
	uint16_t ref_at;                /* of an inner entry; the count follows it */
} shapes[] = {
	[TREE_SET] = { 4, sizeof(struct inner_set), TREE_LEAF_MAX, 40, 4,
	    offsetof(struct inner_set, ref) },
	[TREE_MAP] = { sizeof(struct map_entry), sizeof(struct inner_map), 30, 22, 20,
	    offsetof(struct inner_map, ref) },
};

#define ENTRY_MAX 32            /* bytes of the largest entry */
#define NODE_ROOM 1024          /* bytes of the largest node's entries, and one more */

static inline unsigned
entry_size(const struct shape *s, unsigned height)
{
	return height ? s->inner_size : s->leaf_size;
}

static inline unsigned
entry_max(const struct shape *s, unsigned height)
{
	return height ? s->inner_max : s->leaf_max;
}

static inline size_t
node_bytes(const struct shape *s, const struct node *n)
{
	return sizeof(*n) + (size_t)n->n * entry_size(s, n->height);
}

/* A node as it should be: of this kind, and below its parent. */
static inline const struct node *
read_node(struct store *st, enum tree_kind kind, uint32_t ref, unsigned max_height)
{
	const struct shape *s = &shapes[kind];
	const struct node *n = store_at(st, ref, sizeof(*n));

	if (__builtin_expect(!n, 0))
		return NULL;
	if (__builtin_expect(n->kind != kind || n->height > max_height || n->n == 0 ||
	    n->n > entry_max(s, n->height), 0)) {
		store_mark_corrupt(st);
		return NULL;
	}
	return store_at(st, ref, node_bytes(s, n));
}

static inline uint32_t
child_ref(const struct shape *s, const char *entry)
{
	uint32_t ref;

	memcpy(&ref, entry + s->ref_at, sizeof(ref));
	return ref;
}

static inline uint32_t
child_count(const struct shape *s, const char *entry)
{
	uint32_t count;

	memcpy(&count, entry + s->ref_at + sizeof(count), sizeof(count));
	return count;
}

/* --- keys -------------------------------------------------------------------- */

static inline bool
map_key_after(const struct map_key *e, const struct map_key *key)
{
	unsigned __int128 a = (unsigned __int128)e->hi << 64 | e->lo;
	unsigned __int128 b = (unsigned __int128)key->hi << 64 | key->lo;

	return (a > b) | ((a == b) & (e->len > key->len));
}

/*
 * How many of a node's entries have a key that is not behind the given one.  Which
 * half goes on cannot be foreseen, so nothing branches on it.
 */
static inline unsigned
count_until(enum tree_kind kind, const struct node *n, unsigned size, const void *key)
{
	const char *entry = (const char *)(n + 1), *at = entry;
	unsigned left = n->n, half;
	uint32_t number = kind == TREE_SET ? set_number(*(const uint32_t *)key) : 0;

	while (left) {
		const char *mid;
		bool behind;

		half = (left + 1) / 2;
		mid = at + (size_t)(half - 1) * size;
		behind = kind == TREE_SET ? set_number(*(const uint32_t *)mid) > number
		    : map_key_after((const struct map_key *)mid, key);
		at = behind ? at : mid + size;
		left = behind ? half - 1 : left - half;
	}
	return (unsigned)(at - entry) / size;
}

static inline bool
key_equal(enum tree_kind kind, const void *a, const void *b)
{
	const struct map_key *x = a, *y = b;

	if (kind == TREE_SET)
		return set_number(*(const uint32_t *)a) == set_number(*(const uint32_t *)b);
	return x->hi == y->hi && x->lo == y->lo && x->len == y->len;
}

/* --- finding ----------------------------------------------------------------- */

uint32_t
tree_count(struct store *st, uint32_t root)
{
	const struct node *n = root ? store_at(st, root, sizeof(*n)) : NULL;

	return n ? n->count : 0;
}

bool
map_floor_back(struct map_finger *f, struct store *st, uint32_t root, const struct map_key *key,
    struct map_entry *out)
{
	const struct shape *s = &shapes[TREE_MAP];
	unsigned height = TREE_MAX_HEIGHT;

	/* Up to a node that does not begin behind the key: the entry is below that. */
	while (f->depth && map_key_after((const struct map_key *)(f->node[f->depth - 1] + 1), key))
		f->depth--;
	for (;;) {
		const struct node *n = f->depth ? f->node[f->depth - 1] : NULL;
		const char *entry;
		unsigned i;

		if (!n && root)
			f->node[f->depth++] = n = read_node(st, TREE_MAP, root, height);
		if (!n) {
			f->depth = 0;
			return false;
		}
		i = count_until(TREE_MAP, n, entry_size(s, n->height), key);
		if (i == 0) {
			f->depth = 0;
			return false;
		}
		entry = (const char *)(n + 1) + (i - 1) * entry_size(s, n->height);
		if (n->height == 0) {
			memcpy(out, entry, sizeof(*out));
			return true;
		}
		height = n->height - 1u;
		store_prefetch(st, child_ref(s, entry), 704);
		n = read_node(st, TREE_MAP, child_ref(s, entry), height);
		if (!n) {
			f->depth = 0;
			return false;
		}
		f->node[f->depth++] = n;
	}
}

bool
map_floor(struct store *st, uint32_t root, const struct map_key *key, struct map_entry *out)
{
	struct map_finger f = { 0 };

	return map_floor_back(&f, st, root, key, out);
}

bool
map_find(struct store *st, uint32_t root, const struct map_key *key, struct map_entry *out)
{
	return map_floor(st, root, key, out) && key_equal(TREE_MAP, out, key);
}

uint32_t
map_rank(struct store *st, uint32_t root, const struct map_key *key)
{
	const struct shape *s = &shapes[TREE_MAP];
	unsigned height = TREE_MAX_HEIGHT;
	uint32_t rank = 0;

	while (root) {
		const struct node *n = read_node(st, TREE_MAP, root, height);
		const char *entry;
		unsigned i;

		if (!n)
			return rank;
		i = count_until(TREE_MAP, n, entry_size(s, n->height), key);
		entry = (const char *)(n + 1);
		if (i && n->height == 0 && key_equal(TREE_MAP, entry + (i - 1) * s->leaf_size, key))
			i--;
		if (n->height == 0 || i == 0)
			return rank + i;
		for (unsigned k = 0; k + 1 < i; k++)
			rank += child_count(s, entry + k * s->inner_size);
		root = child_ref(s, entry + (i - 1) * s->inner_size);
		height = n->height - 1u;
	}
	return rank;
}

static inline uint32_t
add_weight(uint32_t sum, uint32_t w)
{
	return sum > MAP_WEIGHT_UNKNOWN - w ? MAP_WEIGHT_UNKNOWN : sum + w;
}

/* What an entry of a map's node weighs with all below it. */
static inline uint32_t
entry_weight(const char *entry, unsigned height)
{
	if (height)
		return ((const struct inner_map *)entry)->weight;
	return ((const struct map_entry *)entry)->weight == MAP_WEIGHT_MAX ? MAP_WEIGHT_UNKNOWN
	    : ((const struct map_entry *)entry)->weight;
}

/* Below one node; without first or last, from its beginning or to its end. */
static uint32_t
weight_below(struct store *st, uint32_t ref, unsigned max_height, const struct map_key *first,
    const struct map_key *last)
{
	const struct shape *s = &shapes[TREE_MAP];
	const struct node *n = read_node(st, TREE_MAP, ref, max_height);
	uint32_t sum = 0, from = 0, to;
	const char *entry;
	unsigned size;

	if (!n)
		return 0;
	entry = (const char *)(n + 1);
	size = entry_size(s, n->height);
	to = last ? count_until(TREE_MAP, n, size, last) : n->n;
	if (first) {
		from = count_until(TREE_MAP, n, size, first);
		/* An inner entry may begin before first and reach behind it. */
		if (from && (n->height || key_equal(TREE_MAP, entry + (from - 1) * size, first)))
			from--;
	}
	for (uint32_t i = from; i < to; i++) {
		const struct map_key *f = i == from ? first : NULL, *l = i + 1 == to ? last : NULL;

		if (n->height && (f || l))
			sum = add_weight(sum, weight_below(st, child_ref(s, entry + i * size),
			    n->height - 1u, f, l));
		else
			sum = add_weight(sum, entry_weight(entry + i * size, n->height));
	}
	return sum;
}

uint32_t
map_weight(struct store *st, uint32_t root, const struct map_key *first,
    const struct map_key *last)
{
	return root ? weight_below(st, root, TREE_MAX_HEIGHT, first, last) : 0;
}

/* --- walking ----------------------------------------------------------------- */

static void
descend(struct tree_iter *it, uint32_t ref, const void *key)
{
	const struct shape *s = &shapes[it->kind];
	unsigned height = it->depth ? TREE_MAX_HEIGHT - it->depth : TREE_MAX_HEIGHT;

	for (;;) {
		const struct node *n = read_node(it->store, it->kind, ref, height);
		uint32_t at = 0;

		if (!n || it->depth > TREE_MAX_HEIGHT) {
			it->depth = 0;
			return;
		}
		if (key) {
			at = count_until(it->kind, n, entry_size(s, n->height), key);
			/* An inner entry may begin before the key and reach behind it. */
			if (at && (n->height || key_equal(it->kind, (const char *)(n + 1) +
			    (at - 1) * s->leaf_size, key)))
				at--;
		}
		it->path[it->depth].entry = (const char *)(n + 1);
		it->path[it->depth].at = at;
		it->path[it->depth++].n = n->n;
		if (n->height == 0)
			return;
		it->path[it->depth - 1].at++;
		ref = child_ref(s, (const char *)(n + 1) + at * s->inner_size);
		height = n->height - 1u;
	}
}

void
tree_begin(struct tree_iter *it, struct store *st, enum tree_kind kind, uint32_t root,
    const void *key)
{
	it->store = st;
	it->kind = kind;
	it->depth = 0;
	if (root)
		descend(it, root, key);
}

const void *
tree_next_run(struct tree_iter *it, uint32_t *n)
{
	const struct shape *s = &shapes[it->kind];

	while (it->depth) {
		uint32_t d = it->depth - 1, at = it->path[d].at;

		if (at < it->path[d].n) {
			/* The deepest of the path is the leaf. */
			*n = it->path[d].n - at;
			it->path[d].at = it->path[d].n;
			return it->path[d].entry + (size_t)at * s->leaf_size;
		}
		while (d > 0 && it->path[d - 1].at >= it->path[d - 1].n)
			d--;
		it->depth = d;
		if (d == 0)
			break;
		at = it->path[d - 1].at++;
		descend(it, child_ref(s, it->path[d - 1].entry + (size_t)at * s->inner_size), NULL);
	}
	return NULL;
}

/* --- changing ---------------------------------------------------------------- */

/* Up to two nodes that stand where one stood, as entries for their parent. */
struct made {
	unsigned n;
	_Alignas(8) char entry[2][ENTRY_MAX];
};

static void
retire_node(struct tree_writer *w, uint32_t ref, const struct node *n)
{
	w->retire(w->context, ref, (uint32_t)node_bytes(&shapes[n->kind], n));
}

static uint32_t
sum_counts(const struct shape *s, unsigned height, const char *entry, unsigned n)
{
	uint32_t sum = 0;

	if (height == 0)
		return n;
	for (unsigned i = 0; i < n; i++)
		sum += child_count(s, entry + i * s->inner_size);
	return sum;
}

static void
weigh_node(struct inner_map *parent, unsigned height, const char *entry, unsigned n)
{
	parent->unused = 0;             /* the first entry's weight, if that is of a leaf */
	for (unsigned i = 0; i < n; i++)
		parent->weight = add_weight(parent->weight, entry_weight(entry +
		    i * entry_size(&shapes[TREE_MAP], height), height));
}

/* Writes a node, and the entry that its parent will have for it. */
static uint32_t
write_node(struct store *st, enum tree_kind kind, unsigned height, const char *entry, unsigned n,
    char *parent)
{
	const struct shape *s = &shapes[kind];
	unsigned size = entry_size(s, height);
	struct node *node;
	uint32_t ref = store_alloc(st, sizeof(*node) + (size_t)n * size, &node), count;

	count = sum_counts(s, height, entry, n);
	*node = (struct node){ (uint16_t)n, (uint8_t)height, (uint8_t)kind, count };
	memcpy(node + 1, entry, (size_t)n * size);
	if (parent) {
		memset(parent, 0, s->inner_size);
		memcpy(parent, entry, s->key_size);
		if (kind == TREE_MAP)
			weigh_node((struct inner_map *)parent, height, entry, n);
		memcpy(parent + s->ref_at, &ref, sizeof(ref));
		memcpy(parent + s->ref_at + sizeof(ref), &count, sizeof(count));
	}
	return ref;
}

static void
write_split(struct store *st, enum tree_kind kind, unsigned height, const char *entry,
    unsigned n, struct made *out)
{
	unsigned size = entry_size(&shapes[kind], height), left = n;

	if (n > entry_max(&shapes[kind], height))
		left = n / 2;
	out->n = left < n ? 2 : 1;
	write_node(st, kind, height, entry, left, out->entry[0]);
	if (left < n)
		write_node(st, kind, height, entry + left * size, n - left, out->entry[1]);
}

static bool
put_below(struct tree_writer *w, enum tree_kind kind, uint32_t ref, unsigned max_height,
    const void *new, struct made *out)
{
	const struct shape *s = &shapes[kind];
	const struct node *n = read_node(w->store, kind, ref, max_height);
	_Alignas(8) char room[NODE_ROOM];
	struct made below;
	unsigned size, at, height;
	uint32_t count;

	if (!n)
		return false;
	size = entry_size(s, n->height);
	height = n->height;
	count = n->n;
	at = count_until(kind, n, size, new);
	memcpy(room, n + 1, count * size);
	if (height == 0) {
		if (at && key_equal(kind, room + (at - 1) * size, new)) {
			at--;
		} else {
			memmove(room + (at + 1) * size, room + at * size, (count - at) * size);
			count++;
		}
		memcpy(room + at * size, new, size);
	} else {
		at -= at > 0;
		if (!put_below(w, kind, child_ref(s, room + at * size), height - 1, new, &below))
			return false;
		if (below.n == 2) {
			memmove(room + (at + 2) * size, room + (at + 1) * size,
			    (count - at - 1) * size);
			count++;
		}
		for (unsigned i = 0; i < below.n; i++)
			memcpy(room + (at + i) * size, below.entry[i], size);
	}
	retire_node(w, ref, n);
	write_split(w->store, kind, height, room, count, out);
	return true;
}

static uint32_t
tree_put(struct tree_writer *w, enum tree_kind kind, uint32_t root, const void *new)
{
	const struct shape *s = &shapes[kind];
	const struct node *n;
	struct made top;

	if (root == 0)
		return write_node(w->store, kind, 0, new, 1, NULL);
	n = read_node(w->store, kind, root, TREE_MAX_HEIGHT);
	if (!n)
		return root;
	if (!put_below(w, kind, root, n->height, new, &top))
		return root;
	if (top.n == 1)
		return child_ref(s, top.entry[0]);
	/* The old root's block is only retired, so its height can still be read. */
	memcpy(top.entry[0] + s->inner_size, top.entry[1], s->inner_size);
	return write_node(w->store, kind, n->height + 1u, top.entry[0], 2, NULL);
}

/*
 * After a removal below: the child's new entry, or none; and where the child got
 * small, one node out of it and a neighbour, so that trees do not become sparse.
 */
static unsigned
merge_child(struct tree_writer *w, enum tree_kind kind, char *entries, unsigned count,
    unsigned at, unsigned size, unsigned height)
{
	const struct shape *s = &shapes[kind];
	unsigned left = at + 1 < count ? at : at - 1;
	const struct node *a, *b;
	_Alignas(8) char room[NODE_ROOM];
	uint32_t ref_a, ref_b;

	if (count < 2)
		return count;
	ref_a = child_ref(s, entries + left * size);
	ref_b = child_ref(s, entries + (left + 1) * size);
	a = read_node(w->store, kind, ref_a, height - 1);
	b = read_node(w->store, kind, ref_b, height - 1);
	if (!a || !b || a->height != b->height ||
	    (unsigned)a->n + b->n > entry_max(s, a->height) * 3u / 4)
		return count;
	memcpy(room, a + 1, (size_t)a->n * entry_size(s, a->height));
	memcpy(room + (size_t)a->n * entry_size(s, a->height), b + 1,
	    (size_t)b->n * entry_size(s, a->height));
	write_node(w->store, kind, a->height, room, (unsigned)a->n + b->n, entries + left * size);
	retire_node(w, ref_a, a);
	retire_node(w, ref_b, b);
	memmove(entries + (left + 1) * size, entries + (left + 2) * size,
	    (count - left - 2) * size);
	return count - 1;
}

/* out->n becomes 0 if nothing is left; false if the key is not there. */
static bool
remove_below(struct tree_writer *w, enum tree_kind kind, uint32_t ref, unsigned max_height,
    const void *key, struct made *out)
{
	const struct shape *s = &shapes[kind];
	const struct node *n = read_node(w->store, kind, ref, max_height);
	_Alignas(8) char room[NODE_ROOM];
	unsigned size, at, count, height;
	struct made below;

	if (!n)
		return false;
	size = entry_size(s, n->height);
	height = n->height;
	count = n->n;
	at = count_until(kind, n, size, key);
	if (at-- == 0)
		return false;
	memcpy(room, n + 1, count * size);
	if (height == 0) {
		if (!key_equal(kind, room + at * size, key))
			return false;
		below.n = 0;
	} else if (!remove_below(w, kind, child_ref(s, room + at * size), height - 1, key, &below)) {
		return false;
	}
	if (below.n) {
		memcpy(room + at * size, below.entry[0], size);
		count = merge_child(w, kind, room, count, at, size, height);
	} else {
		memmove(room + at * size, room + (at + 1) * size, (count - at - 1) * size);
		count--;
	}
	retire_node(w, ref, n);
	out->n = 0;
	if (count)
		write_split(w->store, kind, height, room, count, out);
	return true;
}

static uint32_t
tree_remove(struct tree_writer *w, enum tree_kind kind, uint32_t root, const void *key)
{
	const struct shape *s = &shapes[kind];
	struct made top;

	if (!root || !remove_below(w, kind, root, TREE_MAX_HEIGHT, key, &top))
		return root;
	root = top.n ? child_ref(s, top.entry[0]) : 0;
	/* A root with one child is not needed. */
	while (root) {
		const struct node *n = read_node(w->store, kind, root, TREE_MAX_HEIGHT);

		if (!n || n->height == 0 || n->n > 1)
			break;
		retire_node(w, root, n);
		root = child_ref(s, (const char *)(n + 1));
	}
	return root;
}

uint32_t
map_put(struct tree_writer *w, uint32_t root, const struct map_entry *e)
{
	return tree_put(w, TREE_MAP, root, e);
}

uint32_t
map_remove(struct tree_writer *w, uint32_t root, const struct map_key *key)
{
	return tree_remove(w, TREE_MAP, root, key);
}

static uint32_t
element_put(struct tree_writer *w, uint32_t root, uint32_t element)
{
	return tree_put(w, TREE_SET, root, &element);
}

static uint32_t
element_remove(struct tree_writer *w, uint32_t root, uint32_t number)
{
	uint32_t element = number << 4;

	return tree_remove(w, TREE_SET, root, &element);
}

/* --- building ---------------------------------------------------------------- */

void
tree_build_begin(struct tree_builder *b, struct store *st, enum tree_kind kind)
{
	memset(b, 0, sizeof(*b));
	b->store = st;
	b->kind = kind;
}

static void
build_add(struct tree_builder *b, unsigned height, const void *entry)
{
	const struct shape *s = &shapes[b->kind];
	unsigned size = entry_size(s, height);
	struct tree_level *l = &b->level[height];
	_Alignas(8) char parent[ENTRY_MAX];

	if (!l->entry)
		l->entry = base_alloc(NODE_ROOM);
	if (height >= b->levels)
		b->levels = height + 1;
	if (l->n == entry_max(s, height)) {
		write_node(b->store, b->kind, height, l->entry, l->n, parent);
		l->n = 0;
		build_add(b, height + 1, parent);
	}
	memcpy(l->entry + l->n++ * size, entry, size);
}

void
tree_build_add(struct tree_builder *b, const void *entry)
{
	build_add(b, 0, entry);
}

uint32_t
tree_build_end(struct tree_builder *b)
{
	_Alignas(8) char parent[ENTRY_MAX];
	uint32_t root = 0;

	for (unsigned h = 0; h < b->levels; h++) {
		struct tree_level *l = &b->level[h];

		root = write_node(b->store, b->kind, h, l->entry, l->n, parent);
		if (h + 1 < b->levels)
			build_add(b, h + 1, parent);
	}
	for (unsigned h = 0; h <= TREE_MAX_HEIGHT; h++)
		free(b->level[h].entry);
	return root;
}

/* --- sets as values ---------------------------------------------------------- */

uint32_t
set_put(struct tree_writer *w, uint32_t set, uint32_t element)
{
	if (set & SET_ONE) {
		uint32_t pair[2] = { set & ~SET_ONE, element };

		if (set_number(pair[0]) == set_number(element))
			return element | SET_ONE;
		if (pair[0] > element) {
			pair[0] = element;
			pair[1] = set & ~SET_ONE;
		}
		return write_node(w->store, TREE_SET, 0, (const char *)pair, 2, NULL);
	}
	return set ? element_put(w, set, element) : element | SET_ONE;
}

uint32_t
set_remove(struct tree_writer *w, uint32_t set, uint32_t number)
{
	const struct node *n;
	uint32_t root, one;

	if (set & SET_ONE)
		return set_number(set & ~SET_ONE) == number ? 0 : set;
	root = element_remove(w, set, number);
	n = root ? read_node(w->store, TREE_SET, root, TREE_MAX_HEIGHT) : NULL;
	if (!n || n->height || n->n > 1)
		return root;
	memcpy(&one, n + 1, sizeof(one));
	retire_node(w, root, n);
	return one | SET_ONE;
}

uint32_t
set_count(struct store *st, uint32_t set)
{
	return set & SET_ONE ? 1 : tree_count(st, set);
}

void
set_begin(struct set_iter *it, struct store *st, uint32_t set)
{
	it->single = set & SET_ONE;
	it->one = set & ~SET_ONE;
	tree_begin(&it->tree, st, TREE_SET, it->single ? 0 : set, NULL);
}

void
set_begin_at(struct set_iter *it, struct store *st, uint32_t set, uint32_t number)
{
	uint32_t element = number << 4;

	it->single = (set & SET_ONE) && set_number(set) >= number;
	it->one = set & ~SET_ONE;
	tree_begin(&it->tree, st, TREE_SET, set & SET_ONE ? 0 : set, &element);
}

const uint32_t *
set_next_run(struct set_iter *it, uint32_t *n)
{
	if (!it->single)
		return tree_next_run(&it->tree, n);
	it->single = false;
	*n = 1;
	return &it->one;
}

uint32_t
set_build(struct store *st, const uint32_t *element, uint32_t n)
{
	struct tree_builder b;

	if (n <= 1)
		return n ? element[0] | SET_ONE : 0;
	if (n <= TREE_LEAF_MAX)
		return write_node(st, TREE_SET, 0, (const char *)element, n, NULL);
	tree_build_begin(&b, st, TREE_SET);
	for (uint32_t i = 0; i < n; i++)
		tree_build_add(&b, &element[i]);
	return tree_build_end(&b);
}
