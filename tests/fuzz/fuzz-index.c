/* SPDX-License-Identifier: MPL-2.0 */
/*
 * Index files: any bytes as a file, and pages of a sound file changed under
 * checksums that are made to match, so that what lies behind them is met.  An
 * answer may be wrong then, or be refused; it must end, inside the file.
 */
#include <stdlib.h>
#include <unistd.h>

#include "compiler/input/input.h"
#include "runtime/index/index_int.h"
#include "runtime/index/query.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);

#define RULES 300

static char *sound;
static size_t sound_bytes;
static uint32_t sound_pages;

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
	sound_pages = ((struct index_head *)sound)->pages;
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

	if (index_view(rd, number, &r, &room))
		rule_write_raw(&text, &r);
	buf_free(&text);
	return ++*n < 100000;
}

/* All kinds of questions, and a change. */
static void
use(struct index *ix, const uint8_t *data, size_t n)
{
	static const char *const texts[] = { "10.0.0.1", "10.3.0.0/16", "0.0.0.0/0", "fd00::/8" };
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
	index_walk(rd, count_rule, context);
	for (unsigned i = 0; i < 4 * BASE_COUNT(texts) + 4; i++) {
		struct query q;

		query_init(&q);
		q.match = (enum query_match)(i % 4);
		if (i / 4 == 0)
			addr_read(slice_of(texts[0]), vec_push(&arena, &q.ips));
		else if (i / 4 < BASE_COUNT(texts))
			prefix_read(slice_of(texts[i / 4]), vec_push(&arena, &q.subnets));
		else if (i % 2)
			*vec_push(&arena, &q.tags) = (struct query_tag){ slice_of("k1"), { 0 }, false };
		else
			q.protocol = LANG_TCP;
		q.action = n && data[0] & 1 ? LANG_ALLOW : QUERY_NONE;
		q.explain = i % 3 != 0;
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

/* Each four bytes of the input put one byte somewhere behind the checksums. */
static void
change_pages(const uint8_t *data, size_t n)
{
	char *copy = malloc(sound_bytes);
	struct index_head *h = (struct index_head *)copy;
	uint64_t *sums = (uint64_t *)(copy + INDEX_HEAD_BYTES);
	char *pages = copy + sound_bytes - (size_t)sound_pages * STORE_PAGE;

	memcpy(copy, sound, sound_bytes);
	for (; n >= 4; n -= 4, data += 4) {
		uint32_t at = (uint32_t)data[0] << 16 | (uint32_t)data[1] << 8 | data[2];

		if (at % 64 == 0)
			((char *)&h->state)[at / 64 % sizeof(h->state)] = (char)data[3];
		else
			pages[at % (sound_pages * STORE_PAGE)] = (char)data[3];
	}
	for (uint32_t i = 0; i < sound_pages; i++)
		sums[i] = store_sum(pages + i * STORE_PAGE, STORE_PAGE);
	h->sums = store_sum(sums, (size_t)(pages - (char *)sums));
	h->sum = index_head_sum(copy);
	open_and_use(copy, sound_bytes, data, n);
	free(copy);
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
