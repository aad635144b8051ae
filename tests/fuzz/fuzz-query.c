/* SPDX-License-Identifier: MPL-2.0 */
/*
 * The parameters of a question: any JSON is refused with entries that are JSON, or
 * answered; the answer in pages is the answer.
 */
#include <stdlib.h>

#include "compiler/input/input.h"
#include "runtime/index/query.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);

#define REQUIRE(x) ((x) ? (void)0 : abort())

static struct index *ix;
static struct index_reader *rd;

static void
make_index(void)
{
	static const char text[] =
	    "@global\nFROM any TO all vms ALLOW tcp PORT 80\n"
	    "@owner 930896af-bf8c-48d4-885c-6573a94b1853\n"
	    "FROM (ip 10.0.0.1 OR subnet 10.0.0.0/8 OR ip fd00::1) TO tag \"a\" = \"b\" BLOCK udp "
	    "PORTS 1 - 20\n"
	    "FROM tag \"a\" TO subnet fd00::/8 ALLOW icmp6 TYPE 8\n"
	    "FROM vm 5c3ea269-75b8-42fa-badc-956684fb4d4e TO any ALLOW esp\n";
	static struct arena arena;
	struct diags ds = { .arena = &arena };
	struct input in;

	input_init(&in, &arena, &ds, (struct lang_opts){ 0 });
	input_read_text(&in, slice_of("rules"), slice_of(text));
	REQUIRE(in.rules.n == 4);
	ix = index_build(in.rules.v, in.rules.n);
	rd = index_reader_new(ix);
	input_done(&in);
}

static void
check_errors(const struct query_errors *errors, struct diags *ds)
{
	struct buf b = { 0 };
	struct src src = { 0 };
	json_t *v;

	query_write_errors(&b, errors);
	src.text = buf_view(&b);
	v = json_read_all(&src, ds);
	REQUIRE(json_is_array(v) && json_array_size(v) == errors->list.n);
	json_decref(v);
	buf_free(&b);
}

/* The service's reading of the same: refused with a body that is JSON, or answered. */
static bool
check_http(const json_t *params, struct query *q, struct arena *arena, struct diags *ds)
{
	struct query_errors errors;
	struct buf b = { 0 };
	struct src src = { 0 };
	unsigned status;
	json_t *v;

	query_read_http(q, params, arena, &errors);
	status = query_write_refusal(&b, &errors);
	REQUIRE((errors.list.n == 0) == (status == 0) && (b.n == 0) == (status == 0));
	if (status) {
		REQUIRE(status == 409 || status == 422);
		src.text = buf_view(&b);
		v = json_read_all(&src, ds);
		REQUIRE(json_is_string(json_object_get(v, "code")));
		json_decref(v);
	}
	buf_free(&b);
	return status == 0;
}

static void
check_answer(struct query *q)
{
	struct query_answer all = { 0 }, some = { 0 };
	struct buf b = { 0 };
	uint32_t found;

	index_begin(rd);
	REQUIRE(query_run(rd, q, &all) && all.total <= 4);
	REQUIRE(query_write(&b, rd, q, &all));
	found = all.found.n;
	if (!q->count && found) {
		q->offset += found / 2;
		q->limit = 1;
		REQUIRE(query_run(rd, q, &some));
		REQUIRE(some.found.n == 1 && some.found.v[0] == all.found.v[found / 2]);
	}
	index_end(rd);
	query_answer_free(&all);
	query_answer_free(&some);
	buf_free(&b);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	struct arena arena = { 0 };
	struct diags ds = { .arena = &arena, .limit = 10 };
	struct src src = { .name = slice_of("params"), .text = { (const char *)data, n } };
	struct query_errors errors;
	struct query q;
	json_t *params;

	if (!ix)
		make_index();
	params = json_read_all(&src, &ds);
	if (json_is_object(params)) {
		query_read(&q, params, &arena, &errors);
		if (errors.list.n)
			check_errors(&errors, &ds);
		else
			check_answer(&q);
		if (check_http(params, &q, &arena, &ds))
			check_answer(&q);
	}
	json_decref(params);
	arena_free(&arena);
	return 0;
}
