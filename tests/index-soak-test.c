/* SPDX-License-Identifier: MPL-2.0 */
/*
 * Readers beside writers, and memory over many changes.
 *
 *   index-soak-test [CHANGES [READERS [WRITERS]]]     (20000 2 2)
 *
 * Every rule there is says the same thing in every place: its version v, the tag v,
 * the address 10.0.v and so on; half of the rules are always there and only change
 * their v.  So a reader knows what one state must look like: each UUID once, the
 * steady rules all there, and no rule found by one v that says another.
 */
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>

#include "compiler/input/input.h"
#include "runtime/index/query.h"
#include "tests/random.h"

#define STEADY 500              /* rules that are always there */
#define FLEETING 500            /* that come and go */
#define VERSIONS 16

static struct index *ix;
static struct rule *rule[STEADY + FLEETING][VERSIONS];
static _Atomic bool stop;
static _Atomic uint64_t questions, changes;

static void
die(const char *text)
{
	fprintf(stderr, "index-soak-test: %s\n", text);
	abort();
}

static void
make_rules(struct input *in)
{
	struct buf b = { 0 };

	for (unsigned i = 0; i < STEADY + FLEETING; i++)
		for (unsigned v = 0; v < VERSIONS; v++) {
			b.n = 0;
			input_forget(in);
			buf_printf(&b, "@uuid %08x-0000-4000-8000-000000000000\n"
			    "@owner 00000000-0000-4000-8000-%012x\n@version \"%u.1\"\n%s\n"
			    "FROM (ip 10.%u.0.%u OR subnet 10.%u.0.0/16 OR tag \"t\" = \"%u\") TO "
			    "(tag \"v\" = \"%u\" OR vm 00000000-0000-4000-8000-%012x) ALLOW tcp PORT %u\n",
			    i * 2654435761u, v, v, v % 2 ? "@enabled" : "@disabled", v, i % 200, v, v,
			    v, v, v + 1);
			input_read_text(in, slice_of("rule"), buf_view(&b));
			if (in->rules.n != 1)
				die("a rule of its own making was refused");
			rule[i][v] = in->rules.v[0];
		}
	buf_free(&b);
}

/* --- readers --------------------------------------------------------------------- */

struct asker {
	struct index_reader *rd;
	struct query_answer a;
	struct arena arena;
	uint64_t random;
};

static unsigned
asker_below(struct asker *k, unsigned n)
{
	k->random = k->random * 6364136223846793005u + 1442695040888963407u;
	return (unsigned)((k->random >> 33) % n);
}

/* All answers to a question for v say v; returns how many. */
static uint32_t
check_answers(struct asker *k, const struct query *q, unsigned v, unsigned *steady)
{
	struct record_room room;
	struct rule r, before = { 0 };

	if (!query_run(k->rd, q, &k->a))
		die("the index is called damaged");
	for (uint32_t i = 0; i < k->a.found.n; i++) {
		if (!index_view(k->rd, k->a.found.v[i], &r, &room))
			die("a rule cannot be read");
		if (i && uuid_cmp(before.uuid, r.uuid) >= 0)
			die("a UUID is there twice, or out of order");
		before.uuid = r.uuid;
		if ((unsigned)atoi(r.version.p) != v || r.items[0].a != v + 1 ||
		    r.owner.b[15] != v || rule_is_true(r.enabled) != (v % 2 == 1))
			die("a rule was found by what it does not say");
		for (unsigned s = 0; s < STEADY; s++)
			if (steady && uuid_cmp(r.uuid, rule[s][0]->uuid) == 0)
				++*steady;
	}
	return k->a.found.n;
}

static void
question(struct asker *k, struct query *q, unsigned kind, unsigned v)
{
	char text[64];
	int n;

	query_init(q);
	switch (kind) {
	case 0:
		n = snprintf(text, sizeof(text), "%u", v);
		*vec_push(&k->arena, &q->tags) = (struct query_tag){ slice_of("v"),
			arena_slice(&k->arena, (struct slice){ text, (size_t)n }), true };
		break;
	case 1:
		*vec_push(&k->arena, &q->owners) = rule[0][v]->owner;
		break;
	case 2:
		*vec_push(&k->arena, &q->vms) = rule[0][v]->side[LANG_TO].vms[0];
		break;
	default:
		q->match = kind == 3 ? QUERY_CONTAINS : QUERY_OVERLAPS;
		*vec_push(&k->arena, &q->ips) = (struct prefix){ addr_v4(10u << 24 | v << 16 | 201u),
			128, NET_V4 };
	}
}

static void *
read_along(void *context)
{
	struct asker k = { .random = (uint64_t)(uintptr_t)context };

	k.rd = index_reader_new(ix);
	while (!atomic_load(&stop)) {
		unsigned kind = asker_below(&k, 5), steady = 0;
		uint32_t all = 0;

		index_begin(k.rd);
		for (unsigned v = 0; v < VERSIONS; v++) {
			struct query q;

			question(&k, &q, kind, v);
			all += check_answers(&k, &q, v, asker_below(&k, 50) || v ? NULL : &steady);
		}
		if (all != index_rules(k.rd) || all < STEADY)
			die("the parts of one state are not the whole");
		index_end(k.rd);
		arena_reset(&k.arena);
		atomic_fetch_add(&questions, VERSIONS);
	}
	index_reader_free(k.rd);
	query_answer_free(&k.a);
	arena_free(&k.arena);
	return NULL;
}

/* --- writers ----------------------------------------------------------------------- */

struct writer {
	uint64_t changes, report;       /* report: after how many to print; 0: never */
	uint64_t random;
	size_t most;                    /* bytes that memory may reach */
};

static void
change(struct asker *k)
{
	unsigned i = asker_below(k, STEADY + FLEETING);

	if (i >= STEADY && asker_below(k, 2))
		index_remove(ix, rule[i][0]->uuid);
	else
		index_put(ix, rule[i][asker_below(k, VERSIONS)]);
}

static void *
write_along(void *context)
{
	struct writer *w = context;
	struct asker k = { .random = w->random };
	struct index_stats st;

	for (uint64_t i = 1; i <= w->changes; i++) {
		change(&k);
		atomic_fetch_add(&changes, 1);
		if (!w->report || i % w->report)
			continue;
		index_get_stats(ix, &st);
		printf("%llu changes: %zu bytes, %zu of them in use, %zu blocks waiting\n",
		    (unsigned long long)atomic_load(&changes), st.memory, st.used, st.waiting);
		if (st.memory > w->most)
			die("memory grows");
	}
	return NULL;
}

/*
 * Alone, memory is flat within a chunk of pages from the first tenth on.  Beside
 * readers it also holds what a reader that was put to sleep may still look at.
 */
static void
soak_alone(uint64_t n)
{
	struct writer w = { n / 10, 0, random_u64(), 0 };
	struct index_stats st;

	write_along(&w);
	index_get_stats(ix, &st);
	w = (struct writer){ n - n / 10, n / 5 + 1, random_u64(), st.memory + st.memory / 20 };
	printf("%llu changes: %zu bytes\n", (unsigned long long)atomic_load(&changes), st.memory);
	write_along(&w);
}

int
main(int argc, char **argv)
{
	uint64_t n = argc > 1 ? strtoull(argv[1], NULL, 10) : 20000;
	unsigned readers = argc > 2 ? (unsigned)atoi(argv[2]) : 2;
	unsigned writers = argc > 3 ? (unsigned)atoi(argv[3]) : 2;
	struct arena arena = { 0 }, scratch = { 0 };
	struct diags diags = { .arena = &scratch };
	struct writer w[16];
	pthread_t reader[16], thread[16];
	struct input in;

	if (readers > 16 || writers > 16 || writers == 0)
		return 2;
	random_start(11);
	input_init(&in, &arena, &diags, (struct lang_opts){ 0 });
	make_rules(&in);
	ix = index_new();
	for (unsigned i = 0; i < STEADY; i++)
		index_put(ix, rule[i][i % VERSIONS]);
	for (unsigned i = 0; i < readers; i++)
		pthread_create(&reader[i], NULL, read_along, (void *)(uintptr_t)(i + 1));
	for (unsigned i = 0; i < writers; i++) {
		w[i] = (struct writer){ n / writers, i ? 0 : n / writers / 5 + 1, random_u64(),
			(size_t)256 << 20 };
		pthread_create(&thread[i], NULL, write_along, &w[i]);
	}
	for (unsigned i = 0; i < writers; i++)
		pthread_join(thread[i], NULL);
	atomic_store(&stop, true);
	for (unsigned i = 0; i < readers; i++)
		pthread_join(reader[i], NULL);
	soak_alone(n);
	printf("%llu changes, %llu questions\n", (unsigned long long)atomic_load(&changes),
	    (unsigned long long)atomic_load(&questions));
	index_free(ix);
	input_done(&in);
	arena_free(&arena);
	arena_free(&scratch);
	return readers && atomic_load(&questions) == 0;
}
