/* SPDX-License-Identifier: MPL-2.0 */
/*
 * One thread reads the store and hands rules over in packs; the others parse them.
 * Each parser has arenas of its own, and all are freed when the index stands.
 */
#include "load.h"

#include <malloc.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#define PACK 2048               /* rules handed over at once */
#define WAITING 8               /* packs that may wait */

struct pack {
	struct arena arena;
	struct rule_fields fields[PACK];
	struct slice sentence[PACK];
	uint32_t n;
	struct pack *next;
};

struct loader {
	pthread_mutex_t lock;
	pthread_cond_t more, room;
	struct pack *first, **last;
	unsigned waiting;
	bool closed, failed;
	char error[DB_ERROR_SIZE];
	struct pack *filling;           /* the reader's */
};

struct parser {
	struct loader *l;
	struct arena arena, text;
	struct diags diags;
	struct input in;
	struct rule **rule;
	uint32_t n, cap;
	pthread_t thread;
};

/* --- parsing -------------------------------------------------------------------- */

static void
complain(struct loader *l, struct parser *p, const struct rule_fields *f)
{
	char uuid[UUID_TEXT + 1] = "";

	uuid_write(uuid, f->uuid);
	pthread_mutex_lock(&l->lock);
	if (!l->failed)
		snprintf(l->error, sizeof(l->error), "the stored rule %s is refused: %s", uuid,
		    p->diags.list.n ? p->diags.list.v[0].text : "it is no rule");
	l->failed = true;
	pthread_mutex_unlock(&l->lock);
}

static bool
parse_pack(struct parser *p, const struct pack *pack)
{
	for (uint32_t i = 0; i < pack->n; i++) {
		struct rule *r = db_rule(&p->in, &pack->fields[i], pack->sentence[i]);

		arena_reset(&p->in.scratch);
		if (!r) {
			complain(p->l, p, &pack->fields[i]);
			return false;
		}
		if (p->n == p->cap) {
			p->cap = p->cap ? p->cap * 2 : 4096;
			p->rule = base_grow(p->rule, p->cap * sizeof(*p->rule));
		}
		p->rule[p->n++] = r;
	}
	return true;
}

/* The next pack, or NULL when there are no more. */
static struct pack *
take_pack(struct loader *l)
{
	struct pack *pack;

	pthread_mutex_lock(&l->lock);
	while (!l->first && !l->closed)
		pthread_cond_wait(&l->more, &l->lock);
	pack = l->first;
	if (pack) {
		l->first = pack->next;
		if (!l->first)
			l->last = &l->first;
		l->waiting--;
		pthread_cond_signal(&l->room);
	}
	pthread_mutex_unlock(&l->lock);
	return pack;
}

static void *
parse_packs(void *context)
{
	struct parser *p = context;
	struct pack *pack;
	bool good = true;

	/* After a failure packs are only taken away, so that the reader is not held up. */
	while ((pack = take_pack(p->l)) != NULL) {
		good = good && parse_pack(p, pack);
		arena_free(&pack->arena);
		free(pack);
	}
	return NULL;
}

/* --- reading --------------------------------------------------------------------- */

static bool
hand_over(struct loader *l)
{
	struct pack *pack = l->filling;
	bool good;

	l->filling = NULL;
	pthread_mutex_lock(&l->lock);
	while (l->waiting >= WAITING)
		pthread_cond_wait(&l->room, &l->lock);
	*l->last = pack;
	l->last = &pack->next;
	l->waiting++;
	good = !l->failed;
	pthread_cond_signal(&l->more);
	pthread_mutex_unlock(&l->lock);
	return good;
}

static bool
take_row(void *context, const struct rule_fields *f, struct slice sentence)
{
	struct loader *l = context;
	struct pack *pack = l->filling;
	struct rule_fields *to;

	if (!pack) {
		pack = l->filling = base_alloc(sizeof(*pack));
		memset(&pack->arena, 0, sizeof(pack->arena));
		pack->n = 0;
		pack->next = NULL;
	}
	to = &pack->fields[pack->n];
	*to = *f;
	to->version = arena_slice(&pack->arena, f->version);
	to->description = arena_slice(&pack->arena, f->description);
	pack->sentence[pack->n++] = arena_slice(&pack->arena, sentence);
	return pack->n < PACK || hand_over(l);
}

static void
close_loader(struct loader *l)
{
	pthread_mutex_lock(&l->lock);
	l->closed = true;
	pthread_cond_broadcast(&l->more);
	pthread_mutex_unlock(&l->lock);
}

static void
parser_start(struct parser *p, struct loader *l)
{
	p->l = l;
	p->diags.arena = &p->text;
	input_init(&p->in, &p->arena, &p->diags, (struct lang_opts){ 0 });
	if (pthread_create(&p->thread, NULL, parse_packs, p) != 0)
		base_oom(0);
}

static struct index *
build(struct parser *p, unsigned n)
{
	uint32_t total = 0, at = 0;
	struct rule **all;
	struct index *ix;

	for (unsigned i = 0; i < n; i++)
		total += p[i].n;
	all = base_alloc((total + 1) * sizeof(*all));
	for (unsigned i = 0; i < n; i++) {
		if (p[i].n)
			memcpy(all + at, p[i].rule, p[i].n * sizeof(*all));
		at += p[i].n;
	}
	ix = index_build(all, total);
	free(all);
	return ix;
}

static void
parser_free(struct parser *p)
{
	free(p->rule);
	input_done(&p->in);
	arena_free(&p->arena);
	arena_free(&p->text);
}

struct index *
load_index(struct db *db, unsigned threads, uint64_t *seq)
{
	long cores = sysconf(_SC_NPROCESSORS_ONLN);
	unsigned n = threads ? threads : cores > 0 ? (unsigned)cores : 1;
	struct parser *p = base_alloc(n * sizeof(*p));
	struct loader l = { .lock = PTHREAD_MUTEX_INITIALIZER, .more = PTHREAD_COND_INITIALIZER,
		.room = PTHREAD_COND_INITIALIZER };
	struct index *ix = NULL;
	enum db_result result;

	memset(p, 0, n * sizeof(*p));
	l.last = &l.first;
	for (unsigned i = 0; i < n; i++)
		parser_start(&p[i], &l);
	result = db->kind->load(db, take_row, &l, seq);
	if (l.filling)
		hand_over(&l);
	close_loader(&l);
	for (unsigned i = 0; i < n; i++)
		pthread_join(p[i].thread, NULL);
	if (result == DB_OK && !l.failed)
		ix = build(p, n);
	else if (l.failed)
		db_fail(db, DB_DAMAGED, "%s", l.error);
	for (unsigned i = 0; i < n; i++)
		parser_free(&p[i]);
	free(p);
	malloc_trim(0);
	return ix;
}

/* --- again ------------------------------------------------------------------------- */

struct refresh {
	struct index *ix;
	struct arena arena;
	struct diags diags;
	struct input in;
	struct uuid *seen;
	size_t n, cap;
	bool failed;
};

static bool
refresh_row(void *context, const struct rule_fields *f, struct slice sentence)
{
	struct refresh *r = context;
	struct rule *rule = db_rule(&r->in, f, sentence);

	if (r->n == r->cap) {
		r->cap = r->cap ? r->cap * 2 : 4096;
		r->seen = base_grow(r->seen, r->cap * sizeof(*r->seen));
	}
	r->seen[r->n++] = f->uuid;
	r->failed = !rule;
	if (rule)
		index_put(r->ix, rule);
	arena_reset(&r->in.scratch);
	arena_reset(&r->arena);
	return rule != NULL;
}

static int
cmp_uuid(const void *a, const void *b)
{
	return uuid_cmp(*(const struct uuid *)a, *(const struct uuid *)b);
}

/* Removes what was not seen. */
struct sweep {
	struct refresh *r;
	struct index_reader *rd;
	struct uuid *gone;
	size_t n, cap;
};

static bool
sweep_one(void *context, uint32_t number)
{
	struct sweep *s = context;
	const struct record *rec = index_record(s->rd, number);

	if (!rec || bsearch(&rec->uuid, s->r->seen, s->r->n, sizeof(struct uuid), cmp_uuid))
		return true;
	if (s->n == s->cap) {
		s->cap = s->cap ? s->cap * 2 : 64;
		s->gone = base_grow(s->gone, s->cap * sizeof(*s->gone));
	}
	s->gone[s->n++] = rec->uuid;
	return true;
}

static void
sweep(struct refresh *r)
{
	struct sweep s = { .r = r, .rd = index_reader_new(r->ix) };

	if (r->n > 1)
		qsort(r->seen, r->n, sizeof(*r->seen), cmp_uuid);
	index_begin(s.rd);
	index_walk(s.rd, sweep_one, &s);
	index_end(s.rd);
	index_reader_free(s.rd);
	for (size_t i = 0; i < s.n; i++)
		index_remove(r->ix, s.gone[i]);
	free(s.gone);
}

enum db_result
load_index_again(struct db *db, struct index *ix, uint64_t *seq)
{
	struct refresh r = { .ix = ix };
	enum db_result result;

	r.diags.arena = &r.arena;
	input_init(&r.in, &r.arena, &r.diags, (struct lang_opts){ 0 });
	result = db->kind->load(db, refresh_row, &r, seq);
	if (result == DB_OK && r.failed)
		result = db_fail(db, DB_DAMAGED, "a stored rule is refused");
	if (result == DB_OK)
		sweep(&r);
	input_done(&r.in);
	arena_free(&r.arena);
	free(r.seen);
	return result;
}
