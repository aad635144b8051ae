/* SPDX-License-Identifier: MPL-2.0 */
/*
 * Index files: any bytes as a file, and pages of a sound file changed under
 * checksums that are made to match, so that what lies behind them is met.  An
 * answer may be wrong then, or be refused; it must end, inside the file.
 *
 * The sound file is only as big as its trees need to have inner nodes, changes are taken
 * back afterwards instead of copying it again, and the input says which few questions are
 * asked: speed is what finds things here.
 */
#include <stdlib.h>
#include <unistd.h>

#include "compiler/input/input.h"
#include "runtime/index/index_int.h"
#include "runtime/index/query.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);

#define RULES 130               /* more than a leaf of a set has elements */
#define WRITTEN 6               /* rules of an answer that are written out */
#define ASKED 4                 /* questions an input */

static char *sound;
static size_t sound_bytes;
static uint32_t sound_pages;
static struct index_head sound_head;
static uint64_t *sound_sums;

static void
make_sound(void)
{
	struct arena arena = { 0 };
	struct diags ds = { .arena = &arena };
	char path[] = "/tmp/fuzz-index.XXXXXX";
	struct input in;
	struct buf b = { 0 };
	struct index *ix;
	struct src *src;
	int fd = mkstemp(path);

	input_init(&in, &arena, &ds, (struct lang_opts){ 0 });
	for (unsigned i = 0; i < RULES; i++)
		buf_printf(&b, "@uuid %08x-0000-4000-8000-000000000000\n@owner "
		    "00000000-0000-4000-8000-%012x\nFROM (ip 10.0.%u.1 OR subnet 10.%u.0.0/16 OR "
		    "subnet fd00:%x::/32) TO tag \"k%u\" = \"v\" ALLOW tcp PORT %u\n",
		    i * 2654435761u, i % 7, i % 200, i % 30, i, i % 5, i + 1);
	input_read_text(&in, slice_of("rules"), buf_view(&b));
	ix = index_build(in.rules.v, in.rules.n);
	if (in.rules.n != RULES || fd < 0 || !index_save(ix, path, &ds) ||
	    (src = input_file(&arena, &ds, path)) == NULL)
		abort();
	sound_bytes = src->text.n;
	sound = malloc(sound_bytes);
	memcpy(sound, src->text.p, sound_bytes);
	memcpy(&sound_head, sound, sizeof(sound_head));
	sound_pages = sound_head.pages;
	sound_sums = malloc(sound_pages * sizeof(*sound_sums));
	memcpy(sound_sums, sound + INDEX_HEAD_BYTES, sound_pages * sizeof(*sound_sums));
	close(fd);
	unlink(path);
	index_free(ix);
	input_done(&in);
	buf_free(&b);
	arena_free(&arena);
}

static bool
count_rule(void *context, uint32_t number)
{
	struct index_reader *rd = ((void **)context)[0];
	uint64_t *n = ((void **)context)[1];
	struct record_room room;
	struct rule r;
	struct buf text = { 0 };

	if (index_view(rd, number, &r, &room) && *n < WRITTEN)
		rule_write_raw(&text, &r);
	buf_free(&text);
	return ++*n < 100000;
}

/* One of all kinds of questions. */
static void
some_question(struct query *q, struct arena *arena, unsigned which)
{
	static const char *const texts[] = { "10.0.0.1", "10.3.0.0/16", "0.0.0.0/0", "fd00::/8" };
	unsigned what = which / 4 % 8;

	query_init(q);
	q->match = (enum query_match)(which % 4);
	if (what == 0)
		addr_read(slice_of(texts[0]), vec_push(arena, &q->ips));
	else if (what < BASE_COUNT(texts))
		prefix_read(slice_of(texts[what]), vec_push(arena, &q->subnets));
	if (what == 4 || what == 5)
		*vec_push(arena, &q->tags) = (struct query_tag){ slice_of("k1"), { 0 }, false };
	if (what == 5 || what == 6)
		uuid_read(slice_of("00000000-0000-4000-8000-000000000003"),
		    vec_push(arena, &q->owners));
	if (what == 7)
		q->protocol = LANG_TCP;
	q->action = which & 32 ? LANG_ALLOW : QUERY_NONE;
	q->count = which & 64;
	q->explain = which & 128;
	q->limit = WRITTEN;
}

/* Questions, as the input's last bytes say, and a change. */
static void
use(struct index *ix, const uint8_t *data, size_t n)
{
	struct index_reader *rd = index_reader_new(ix);
	struct query_answer a = { 0 };
	struct record_room room;
	struct arena arena = { 0 };
	struct buf out = { 0 };
	struct uuid u = { { 0 } };
	uint64_t seen = 0;
	void *context[2] = { rd, &seen };
	struct rule r;

	index_begin(rd);
	if (n == 0 || data[n - 1] % 4 == 0)
		index_walk(rd, count_rule, context);
	for (unsigned i = 0; i < ASKED; i++) {
		struct query q;

		some_question(&q, &arena, n > i ? data[n - 1 - i] : i * 37);
		if (query_run(rd, &q, &a))
			query_write(&out, rd, &q, &a);
		out.n = 0;
	}
	if (index_find(rd, u, &(uint32_t){ 0 }) || n == 0)
		index_view(rd, 0, &r, &room);
	if (index_view(rd, n > 1 ? data[1] : 0, &r, &room)) {
		struct rule *copy = record_copy(&arena, &r);

		index_put(ix, copy);
		index_remove(ix, copy->uuid);
	}
	index_end(rd);
	index_reader_free(rd);
	query_answer_free(&a);
	buf_free(&out);
	arena_free(&arena);
}

static void
open_and_use(const char *bytes, size_t size, const uint8_t *data, size_t n)
{
	struct arena arena = { 0 };
	struct diags ds = { .arena = &arena, .limit = 10 };
	struct index *ix = index_open_bytes(slice_of("file"), bytes, size, &ds);

	if (ix)
		use(ix, data, n);
	index_free(ix);
	arena_free(&arena);
}

#define CHANGES 1024

/* Each four bytes of the input put one byte somewhere behind the checksums. */
static void
change_pages(const uint8_t *data, size_t n)
{
	static struct { char *at; char old; } undo[CHANGES];
	struct index_head *h = (struct index_head *)sound;
	uint64_t *sums = (uint64_t *)(sound + INDEX_HEAD_BYTES);
	char *pages = sound + sound_bytes - (size_t)sound_pages * STORE_PAGE;
	unsigned changes = 0;

	for (size_t i = 0; i + 4 <= n && changes < CHANGES; i += 4) {
		uint32_t at = (uint32_t)data[i] << 16 | (uint32_t)data[i + 1] << 8 | data[i + 2];
		char *p = at % 64 == 0 ? (char *)&h->state + at / 64 % sizeof(h->state)
		    : pages + at % (sound_pages * STORE_PAGE);

		undo[changes].at = p;
		undo[changes++].old = *p;
		*p = (char)data[i + 3];
	}
	for (unsigned i = 0; i < changes; i++)
		if (undo[i].at >= pages)
			sums[(size_t)(undo[i].at - pages) / STORE_PAGE] = 0;
	for (uint32_t i = 0; i < sound_pages; i++)
		if (sums[i] == 0)
			sums[i] = store_sum(pages + i * STORE_PAGE, STORE_PAGE);
	h->sums = store_sum(sums, (size_t)(pages - (char *)sums));
	h->sum = index_head_sum(sound);
	open_and_use(sound, sound_bytes, data, n);
	while (changes--)
		*undo[changes].at = undo[changes].old;
	memcpy(h, &sound_head, sizeof(*h));
	memcpy(sums, sound_sums, sound_pages * sizeof(*sums));
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	char *aligned;

	if (!sound)
		make_sound();
	if (n && data[0] % 8 == 0) {
		aligned = malloc(n);
		memcpy(aligned, data + 1, n - 1);
		open_and_use(aligned, n - 1, data, n);
		free(aligned);
	} else if (n) {
		change_pages(data + 1, n - 1);
	}
	return 0;
}
