/* SPDX-License-Identifier: MPL-2.0 */
/*
 * States, changes and readers.
 *
 * A change makes new nodes for all that it touches, then publishes a new state
 * with one store.  A reader announces the epoch it begins in, then takes the
 * current state; what a change retires carries the epoch in which it could last
 * be reached, and is freed when every announced epoch is later.  (That is the
 * scheme of Fraser, "Practical lock-freedom", 2004, 5.2.3, with one epoch a
 * change.)  Announcing and taking are sequentially consistent: either the writer
 * sees the announcement, or the reader sees the writer's state.
 */
#include "index_int.h"

#include <stdlib.h>
#include <sys/mman.h>

#include "../../compiler/base/hash.h"

/* --- life ---------------------------------------------------------------------- */

struct index *
index_alloc(void)
{
	struct index *ix = base_alloc(sizeof(*ix));
	struct uuid seed;

	memset(ix, 0, sizeof(*ix));
	store_init(&ix->store);
	ix->number_page = mmap(NULL, NUMBER_PAGES * sizeof(*ix->number_page),
	    PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
	if (ix->number_page == MAP_FAILED)
		base_oom(NUMBER_PAGES * sizeof(*ix->number_page));
	for (int i = 0; i < 2; i++) {
		seed = uuid_random();
		memcpy(&ix->tag_key[2 * i], seed.b, sizeof(seed.b));
	}
	atomic_store(&ix->epoch, 1);
	pthread_mutex_init(&ix->lock, NULL);
	return ix;
}

struct index *
index_new(void)
{
	struct index *ix = index_alloc();
	struct index_state empty = { 0 };

	index_publish(ix, &empty);
	return ix;
}

void
index_free(struct index *ix)
{
	if (!ix)
		return;
	store_free_all(&ix->store);
	munmap(ix->number_page, NUMBER_PAGES * sizeof(*ix->number_page));
	free(ix->free_numbers.v);
	free(ix->retired.v);
	if (ix->file)
		munmap(ix->file, ix->file_bytes);
	pthread_mutex_destroy(&ix->lock);
	free(ix);
}

void
index_publish(struct index *ix, const struct index_state *state)
{
	struct index_state *p;
	uint32_t ref = store_alloc(&ix->store, sizeof(*p), &p);

	*p = *state;
	atomic_store(&ix->state, ref);
}

/* --- numbers -------------------------------------------------------------------- */

const struct index_number *
index_number_at(struct index *ix, uint32_t number)
{
	uint32_t page, at = number % NUMBERS_PER_PAGE * (uint32_t)sizeof(struct index_number);
	const char *p;

	if (number > SET_MAX_NUMBER) {
		store_mark_corrupt(&ix->store);
		return NULL;
	}
	page = atomic_load_explicit(&ix->number_page[number / NUMBERS_PER_PAGE],
	    memory_order_acquire);
	if (!page) {
		store_mark_corrupt(&ix->store);
		return NULL;
	}
	p = store_at(&ix->store, page + at / STORE_GRAIN, STORE_GRAIN);
	return p ? (const struct index_number *)(p + at % STORE_GRAIN) : NULL;
}

struct index_number *
index_number_make(struct index *ix, uint32_t number)
{
	_Atomic uint32_t *page = &ix->number_page[number / NUMBERS_PER_PAGE];
	char *p;

	if (!atomic_load(page))
		atomic_store(page, store_alloc_pages(&ix->store, 1, &p));
	return (struct index_number *)index_number_at(ix, number);
}

/* --- retiring -------------------------------------------------------------------- */

static void
retire(void *context, uint32_t ref, uint32_t bytes)
{
	struct index *ix = context;

	if (ix->retired.n == ix->retired.cap) {
		/* What was freed at the front makes room first. */
		if (ix->retired.first > ix->retired.n / 2) {
			ix->retired.n -= ix->retired.first;
			memmove(ix->retired.v, ix->retired.v + ix->retired.first,
			    ix->retired.n * sizeof(*ix->retired.v));
			ix->retired.first = 0;
		} else {
			ix->retired.cap = ix->retired.cap ? ix->retired.cap * 2 : 1024;
			ix->retired.v = base_grow(ix->retired.v,
			    ix->retired.cap * sizeof(*ix->retired.v));
		}
	}
	ix->retired.v[ix->retired.n++] = (struct store_retired){
		atomic_load_explicit(&ix->epoch, memory_order_relaxed), ref, bytes };
}

static void
free_number(struct index *ix, uint32_t number)
{
	/* A new rule there would break the order of the sorted numbers. */
	if (number < ix->sorted)
		return;
	if (ix->free_numbers.n == ix->free_numbers.cap) {
		ix->free_numbers.cap = ix->free_numbers.cap ? ix->free_numbers.cap * 2 : 64;
		ix->free_numbers.v = base_grow(ix->free_numbers.v,
		    ix->free_numbers.cap * sizeof(*ix->free_numbers.v));
	}
	ix->free_numbers.v[ix->free_numbers.n++] = number;
}

static void
reclaim(struct index *ix)
{
	uint64_t oldest = UINT64_MAX, e;

	for (struct index_reader *rd = ix->readers; rd; rd = rd->next) {
		e = atomic_load(&rd->epoch);
		if (e && e < oldest)
			oldest = e;
	}
	while (ix->retired.first < ix->retired.n &&
	    ix->retired.v[ix->retired.first].epoch < oldest) {
		struct store_retired *r = &ix->retired.v[ix->retired.first++];

		if (r->bytes)
			store_free(&ix->store, r->ref, r->bytes);
		else
			free_number(ix, r->ref);
	}
	if (ix->retired.first == ix->retired.n)
		ix->retired.first = ix->retired.n = 0;
}

/* --- changes ---------------------------------------------------------------------- */

struct change {
	struct index *ix;
	struct index_state state;
	struct tree_writer w;
};

static void
begin_change(struct change *c, struct index *ix)
{
	const struct index_state *now;

	c->ix = ix;
	c->w = (struct tree_writer){ &ix->store, retire, ix };
	pthread_mutex_lock(&ix->lock);
	now = store_at(&ix->store, atomic_load(&ix->state), sizeof(*now));
	if (now)
		c->state = *now;
}

static void
commit(struct change *c)
{
	struct index *ix = c->ix;

	/*
	 * A damaged file may show itself in the middle of a change.  The new state is
	 * then not published, and the index refuses all that follows.
	 */
	if (!store_is_corrupt(&ix->store)) {
		retire(ix, atomic_load(&ix->state), sizeof(struct index_state));
		index_publish(ix, &c->state);
		atomic_fetch_add(&ix->epoch, 1);
		ix->changes++;
		reclaim(ix);
	}
	pthread_mutex_unlock(&ix->lock);
}

/* Where prefixes of the rule meet, one more or one less. */
static void
change_meets(struct change *c, const struct index_key *keys, unsigned n_keys, int by)
{
	struct index_meet meets[INDEX_KEYS_MAX];
	unsigned n = index_meets(keys, n_keys, meets);

	for (unsigned i = 0; i < n; i++) {
		struct map_key *k = &meets[i].key;
		struct map_entry e = { k->hi, k->lo, k->len, 0, 0 }, old;
		uint32_t *root = &c->state.map[meets[i].map];

		if (map_find(&c->ix->store, *root, k, &old))
			e = old;
		e.weight = index_weight(e.weight, by);
		e.value += (uint32_t)by;
		*root = e.value ? map_put(&c->w, *root, &e) : map_remove(&c->w, *root, k);
	}
}

static void
add_number(struct change *c, const struct rule *r, uint32_t number)
{
	struct index_key keys[INDEX_KEYS_MAX];
	uint8_t set[INDEX_SETS], bits[INDEX_SETS];
	unsigned n_keys = index_keys(c->ix, r, keys), n;

	for (unsigned i = 0; i < n_keys; i++) {
		struct map_key *k = &keys[i].key;
		struct map_entry e = { k->hi, k->lo, k->len, 0, 0 }, old;
		uint32_t *root = &c->state.map[keys[i].map];

		if (map_find(&c->ix->store, *root, k, &old))
			e = old;
		e.weight = index_weight(e.weight, keys[i].outer);
		e.value = set_put(&c->w, e.value, number << 4 | keys[i].bits);
		*root = map_put(&c->w, *root, &e);
		index_note_length(&c->state, keys[i].map, k->len);
	}
	n = index_sets(r, set, bits);
	for (unsigned i = 0; i < n; i++)
		c->state.set[set[i]] = set_put(&c->w, c->state.set[set[i]], number << 4 | bits[i]);
	change_meets(c, keys, n_keys, 1);
}

static void
take_number(struct change *c, const struct rule *r, uint32_t number)
{
	struct index_key keys[INDEX_KEYS_MAX];
	uint8_t set[INDEX_SETS], bits[INDEX_SETS];
	unsigned n_keys = index_keys(c->ix, r, keys), n;

	for (unsigned i = 0; i < n_keys; i++) {
		struct map_key *k = &keys[i].key;
		struct map_entry e;
		uint32_t *root = &c->state.map[keys[i].map];

		if (!map_find(&c->ix->store, *root, k, &e))
			continue;
		e.weight = index_weight(e.weight, -(int)keys[i].outer);
		e.value = set_remove(&c->w, e.value, number);
		*root = e.value ? map_put(&c->w, *root, &e) : map_remove(&c->w, *root, k);
	}
	n = index_sets(r, set, bits);
	for (unsigned i = 0; i < n; i++)
		c->state.set[set[i]] = set_remove(&c->w, c->state.set[set[i]], number);
	change_meets(c, keys, n_keys, -1);
}

/* Takes the rule of that number out of everything but the map of UUIDs. */
static void
take_rule(struct change *c, uint32_t number)
{
	const struct index_number *at = index_number_at(c->ix, number);
	const struct record *rec = at ? store_at(&c->ix->store, at->record, sizeof(*rec)) : NULL;
	struct record_room room;
	struct rule r;

	if (!rec || !(rec = store_at(&c->ix->store, at->record, rec->bytes)) ||
	    rec->bytes < sizeof(*rec) || !record_view(rec, rec->bytes, &r, &room)) {
		store_mark_corrupt(&c->ix->store);
		return;
	}
	take_number(c, &r, number);
	retire(c->ix, at->record, rec->bytes);
	retire(c->ix, number, 0);
}

static bool
new_number(struct index *ix, uint32_t *out)
{
	if (ix->free_numbers.n) {
		*out = ix->free_numbers.v[--ix->free_numbers.n];
		return true;
	}
	if (ix->numbers > SET_MAX_NUMBER)
		return false;
	*out = ix->numbers++;
	return true;
}

enum index_result
index_put(struct index *ix, const struct rule *rule)
{
	struct buf text = { 0 };
	char small[4096], *p;
	struct map_key key = map_key_of_uuid(rule->uuid);
	struct map_entry e = { key.hi, key.lo, key.len, 0, 0 }, old;
	struct change c;
	struct index_number *at;
	uint32_t number;
	bool replaced;

	buf_borrow(&text, small, sizeof(small));
	record_write(&text, rule);
	begin_change(&c, ix);
	if (text.n > RECORD_MAX || store_is_corrupt(&ix->store) || !new_number(ix, &number)) {
		bool full = !store_is_corrupt(&ix->store);

		pthread_mutex_unlock(&ix->lock);
		buf_free(&text);
		return full ? INDEX_FULL : INDEX_CORRUPT;
	}
	replaced = map_find(&ix->store, c.state.map[MAP_UUID], &key, &old);
	if (replaced)
		take_rule(&c, old.value);
	at = index_number_make(ix, number);
	if (at) {
		at->record = store_alloc(&ix->store, text.n, &p);
		at->flags = record_flags(rule);
		memcpy(p, text.p, text.n);
		add_number(&c, rule, number);
		e.value = number;
		c.state.map[MAP_UUID] = map_put(&c.w, c.state.map[MAP_UUID], &e);
		c.state.rules += !replaced;
	}
	commit(&c);
	buf_free(&text);
	return store_is_corrupt(&ix->store) ? INDEX_CORRUPT
	    : replaced ? INDEX_REPLACED : INDEX_ADDED;
}

enum index_result
index_remove(struct index *ix, struct uuid uuid)
{
	struct map_key key = map_key_of_uuid(uuid);
	struct map_entry old;
	struct change c;

	begin_change(&c, ix);
	if (store_is_corrupt(&ix->store) ||
	    !map_find(&ix->store, c.state.map[MAP_UUID], &key, &old)) {
		pthread_mutex_unlock(&ix->lock);
		return store_is_corrupt(&ix->store) ? INDEX_CORRUPT : INDEX_ABSENT;
	}
	take_rule(&c, old.value);
	c.state.map[MAP_UUID] = map_remove(&c.w, c.state.map[MAP_UUID], &key);
	c.state.rules--;
	commit(&c);
	return store_is_corrupt(&ix->store) ? INDEX_CORRUPT : INDEX_REMOVED;
}

void
index_get_stats(struct index *ix, struct index_stats *out)
{
	const struct index_state *now;

	pthread_mutex_lock(&ix->lock);
	now = store_at(&ix->store, atomic_load(&ix->state), sizeof(*now));
	*out = (struct index_stats){
		.rules = now ? now->rules : 0,
		.changes = ix->changes,
		.memory = store_bytes(&ix->store) + ix->retired.cap * sizeof(*ix->retired.v) +
		    ix->free_numbers.cap * sizeof(*ix->free_numbers.v),
		.used = ix->store.live,
		.file = ix->file_bytes,
		.waiting = ix->retired.n - ix->retired.first,
	};
	pthread_mutex_unlock(&ix->lock);
}

/* --- readers ----------------------------------------------------------------------- */

struct index_reader *
index_reader_new(struct index *ix)
{
	struct index_reader *rd = aligned_alloc(_Alignof(struct index_reader), sizeof(*rd));

	if (!rd)
		base_oom(sizeof(*rd));
	memset(rd, 0, sizeof(*rd));
	rd->ix = ix;
	pthread_mutex_lock(&ix->lock);
	rd->next = ix->readers;
	ix->readers = rd;
	pthread_mutex_unlock(&ix->lock);
	return rd;
}

void
index_reader_free(struct index_reader *rd)
{
	struct index_reader **at;
	struct index *ix;

	if (!rd)
		return;
	ix = rd->ix;
	pthread_mutex_lock(&ix->lock);
	for (at = &ix->readers; *at != rd; at = &(*at)->next)
		;
	*at = rd->next;
	pthread_mutex_unlock(&ix->lock);
	free(rd);
}

void
index_begin(struct index_reader *rd)
{
	struct index *ix = rd->ix;
	const struct index_state *now;

	atomic_store(&rd->epoch, atomic_load(&ix->epoch));
	now = store_at(&ix->store, atomic_load(&ix->state), sizeof(*now));
	if (now)
		rd->state = *now;
	else
		memset(&rd->state, 0, sizeof(rd->state));
}

void
index_end(struct index_reader *rd)
{
	atomic_store_explicit(&rd->epoch, 0, memory_order_release);
}

uint32_t
index_rules(struct index_reader *rd)
{
	return rd->state.rules;
}

bool
index_is_corrupt(struct index_reader *rd)
{
	return store_is_corrupt(&rd->ix->store);
}

bool
index_find(struct index_reader *rd, struct uuid uuid, uint32_t *number)
{
	struct map_key key = map_key_of_uuid(uuid);
	struct map_entry e;

	if (!map_find(&rd->ix->store, rd->state.map[MAP_UUID], &key, &e))
		return false;
	*number = e.value;
	return true;
}

const struct record *
index_record(struct index_reader *rd, uint32_t number)
{
	struct store *st = &rd->ix->store;
	const struct index_number *at = index_number_at(rd->ix, number);
	const struct record *rec = at ? store_at(st, at->record, sizeof(*rec)) : NULL;

	if (rec && (rec->bytes < sizeof(*rec) || rec->bytes > RECORD_MAX)) {
		store_mark_corrupt(st);
		return NULL;
	}
	return rec ? store_at(st, at->record, rec->bytes) : NULL;
}

bool
index_view(struct index_reader *rd, uint32_t number, struct rule *out, struct record_room *room)
{
	const struct record *rec = index_record(rd, number);

	if (!rec)
		return false;
	if (record_view(rec, rec->bytes, out, room))
		return true;
	store_mark_corrupt(&rd->ix->store);
	return false;
}

bool
index_view_texts(struct index_reader *rd, uint32_t number, struct rule *out)
{
	const struct record *rec = index_record(rd, number);

	if (!rec)
		return false;
	if (record_view_texts(rec, rec->bytes, out))
		return true;
	store_mark_corrupt(&rd->ix->store);
	return false;
}

bool
index_write_json(struct buf *out, struct index_reader *rd, uint32_t number)
{
	const struct record *rec = index_record(rd, number);

	if (!rec)
		return false;
	if (record_write_json(out, rec, rec->bytes))
		return true;
	store_mark_corrupt(&rd->ix->store);
	return false;
}

bool
index_check(struct index_reader *rd, const uint32_t *numbers, uint32_t n)
{
	struct store *st = &rd->ix->store;

	for (uint32_t i = 0; i < n && !store_is_corrupt(st); i++) {
		const struct index_number *at = index_number_at(rd->ix, numbers[i]);

		if (at)
			store_at(st, at->record, sizeof(struct record));
	}
	return !store_is_corrupt(st);
}

/* A number's entry so far ahead, and its record so far: a miss each. */
#define AHEAD_ENTRY 16
#define AHEAD_RECORD 8

void
index_prefetch(struct index_reader *rd, const uint32_t *numbers, uint32_t n, uint32_t at,
    enum index_fetch what)
{
	struct store *st = &rd->ix->store;
	const struct index_number *e;

	if (at + AHEAD_ENTRY < n)
		__builtin_prefetch(index_number_at(rd->ix, numbers[at + AHEAD_ENTRY]));
	if (at + AHEAD_RECORD < n &&
	    (e = index_number_at(rd->ix, numbers[at + AHEAD_RECORD])) != NULL)
		store_prefetch(st, e->record, what + offsetof(struct record, priority));
}

void
index_walk(struct index_reader *rd, bool (*each)(void *context, uint32_t number), void *context)
{
	const struct map_entry *e;
	struct tree_iter it;
	uint32_t n;

	tree_begin(&it, &rd->ix->store, TREE_MAP, rd->state.map[MAP_UUID], NULL);
	while ((e = tree_next_run(&it, &n)) != NULL)
		for (uint32_t i = 0; i < n; i++)
			if (!each(context, e[i].value))
				return;
}
