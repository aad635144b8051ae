/* SPDX-License-Identifier: MPL-2.0 */
/*
 * Round trips over random rules: canonical text is stable and means the same
 * rule, a serialized rule read again is the same one, and so is a stored record,
 * but for what the specification says is lost on the way.
 */
#include "compiler/backends/backend.h"
#include "compiler/base/text.h"
#include "compiler/convert/convert.h"
#include "compiler/input/input.h"
#include "tests/random.h"
#include "tests/sentence.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

#define RULES 8000

/* Everything of one rule that can be compared, in one arena. */
struct world {
	struct arena arena;
	struct diags diags;
	struct input in;
};

static void
world_open(struct world *w)
{
	*w = (struct world){ 0 };
	w->diags.arena = &w->arena;
	input_init(&w->in, &w->arena, &w->diags, (struct lang_opts){ 0 });
}

static void
world_close(struct world *w)
{
	input_done(&w->in);
	arena_free(&w->arena);
}

static void
no_errors(const struct world *w, const char *what, struct slice input)
{
	if (w->diags.errors)
		fail_msg("%s: %s in %.*s", what, w->diags.list.v[0].text, (int)input.n, input.p);
}

/* A rule of a payload that must be good. */
static struct rule *
make(struct world *w, const char *what, json_t *payload)
{
	struct slice rule = { "", 0 };
	struct rule *r = input_payload(&w->in, payload, (struct slice){ "", 0 });

	json_get_slice(payload, "rule", &rule);
	no_errors(w, what, rule);
	assert_non_null(r);
	return r;
}

/* A form of a rule as JSON; the caller owns it. */
static json_t *
form(void (*write)(struct buf *, const struct rule *), const struct rule *r)
{
	struct buf b = { 0 };
	json_error_t error;
	json_t *v;

	write(&b, r);
	v = json_loadb(b.p, b.n, JSON_ALLOW_NUL, &error);
	if (!v)
		fail_msg("%s in %.*s", error.text, (int)b.n, b.p);
	buf_free(&b);
	return v;
}

static void
same_json(const char *what, const json_t *a, const json_t *b, struct slice sentence)
{
	char *x, *y;

	if (json_equal(a, b))
		return;
	x = json_dumps(a, JSON_SORT_KEYS | JSON_ENCODE_ANY);
	y = json_dumps(b, JSON_SORT_KEYS | JSON_ENCODE_ANY);
	print_error("%s\n  of %.*s\n  want %s\n  got  %s\n", what, (int)sentence.n, sentence.p,
	    x, y);
	free(x);
	free(y);
	fail();
}

/* --- payloads --------------------------------------------------------------------- */

static json_t *
random_bool(void)
{
	switch (random_below(4)) {
	case 0:
		return json_true();
	case 1:
		return json_false();
	case 2:
		return json_string("true");
	default:
		return json_string("false");
	}
}

static json_t *
random_payload(struct slice sentence)
{
	static const char uuid[] = "788f6311-3c33-45c0-987e-1dfa0140e662";
	json_t *p = json_object();

	json_object_set_new(p, "rule", json_stringn(sentence.p, sentence.n));
	json_object_set_new(p, "uuid", json_string(uuid));
	json_object_set_new(p, "version", json_stringn("1\n2\0\"", 5));
	if (random_below(2))
		json_object_set_new(p, "owner_uuid", json_string(uuid));
	if (random_below(2))
		json_object_set_new(p, "enabled", random_bool());
	if (random_below(2))
		json_object_set_new(p, "log", random_bool());
	if (random_below(4) == 0)
		json_object_set_new(p, "created_by", json_string(random_below(2) ? "" : "fwadm"));
	if (random_below(4) == 0)
		json_object_set_new(p, "description",
		    json_string(random_below(2) ? "" : "a \x01\xc3\xa9"));
	return p;
}

/* --- text ------------------------------------------------------------------------ */

/*
 * In a world of its own, so that nothing of the first rule is left.  Lone
 * surrogates may be in the text: no JSON between.
 */
static void
check_text_stable(struct slice sentence)
{
	struct world w;
	struct src src = { .name = slice_of("first"), .text = sentence }, again = src;
	struct rule_fields fields = { .version = slice_of("1") };
	struct lang_opts opts = { 0 };
	struct ast_rule *ast;
	struct rule *r, *r2;
	struct buf raw = { 0 }, raw2 = { 0 };

	world_open(&w);
	ast = parse_sentence(w.in.px, &w.arena, &w.diags, &src, opts);
	no_errors(&w, "parse", sentence);
	r = rule_make(&w.arena, &w.diags, ast, &fields, opts);
	no_errors(&w, "make", sentence);
	again.text = r->text;
	ast = parse_sentence(w.in.px, &w.arena, &w.diags, &again, opts);
	no_errors(&w, "parse of canonical text", r->text);
	r2 = rule_make(&w.arena, &w.diags, ast, &fields, opts);
	no_errors(&w, "make of canonical text", r->text);
	if (!slice_eq(r->text, r2->text))
		fail_msg("text of text:\n %.*s\n %.*s", (int)r->text.n, r->text.p,
		    (int)r2->text.n, r2->text.p);
	rule_write_raw(&raw, r);
	rule_write_raw(&raw2, r2);
	if (!slice_eq(buf_view(&raw), buf_view(&raw2)))
		fail_msg("raw of text:\n %.*s\n %.*s", (int)raw.n, raw.p, (int)raw2.n, raw2.p);
	buf_free(&raw);
	buf_free(&raw2);
	world_close(&w);
}

static void
test_text(void **state)
{
	struct sentence_opts o = { .surrogates = true };
	struct buf b = { 0 };

	(void)state;
	random_start(1);
	for (int i = 0; i < RULES; i++) {
		b.n = 0;
		sentence_random(&b, random_u64(), &o);
		check_text_stable(buf_view(&b));
	}
	buf_free(&b);
}

/* --- serialized rules --------------------------------------------------------------- */

static void
test_serialized(void **state)
{
	struct sentence_opts o = { 0 };
	struct buf b = { 0 };

	(void)state;
	random_start(2);
	for (int i = 0; i < RULES; i++) {
		struct world w, w2;
		json_t *payload, *serialized, *again, *raw, *raw2;
		struct rule *r, *r2;

		b.n = 0;
		sentence_random(&b, random_u64(), &o);
		world_open(&w);
		world_open(&w2);
		payload = random_payload(buf_view(&b));
		r = make(&w, "payload", payload);
		serialized = form(rule_write_serialized, r);
		r2 = make(&w2, "serialized", serialized);
		again = form(rule_write_serialized, r2);
		raw = form(rule_write_raw, r);
		raw2 = form(rule_write_raw, r2);
		same_json("serialized rule read again", serialized, again, buf_view(&b));
		same_json("raw of the serialized rule", raw, raw2, buf_view(&b));
		json_decref(payload);
		json_decref(serialized);
		json_decref(again);
		json_decref(raw);
		json_decref(raw2);
		world_close(&w);
		world_close(&w2);
	}
	buf_free(&b);
}

/* --- stored records ------------------------------------------------------------------ */

/* Ports of a raw rule as they come back: a range of all is all, one of one is a port. */
static void
lose_ranges(json_t *raw)
{
	json_t *ports = json_object_get(raw, "ports"), *port;
	size_t i;

	json_array_foreach(ports, i, port) {
		json_t *start = json_object_get(port, "start"), *end = json_object_get(port, "end");

		if (!start)
			continue;
		if (json_integer_value(start) == 1 && json_integer_value(end) == 65535) {
			json_array_clear(ports);
			json_array_append_new(ports, json_string("all"));
			return;
		}
		if (json_equal(start, end))
			json_array_set(ports, i, start);
	}
}

static bool
is_bare(const json_t *tags, const json_t *key)
{
	const json_t *tag;
	size_t i;

	json_array_foreach(tags, i, tag)
		if (json_equal(tag, key))
			return true;
	return false;
}

/* An empty value is a bare key, which swallows the key's other values. */
static void
lose_empty_values(json_t *side)
{
	json_t *tags = json_object_get(side, "tags"), *tag;
	json_t *kept = json_array();
	size_t i;

	json_array_foreach(tags, i, tag)
		if (json_is_array(tag) && json_string_length(json_array_get(tag, 1)) == 0)
			json_array_set(tags, i, json_array_get(tag, 0));
	json_array_foreach(tags, i, tag)
		if (!is_bare(kept, tag) &&
		    !(json_is_array(tag) && is_bare(tags, json_array_get(tag, 0))))
			json_array_append(kept, tag);
	json_object_set_new(side, "tags", kept);
}

static void
lose_what_is_not_stored(json_t *raw)
{
	json_object_del(raw, "created_by");
	lose_ranges(raw);
	lose_empty_values(json_object_get(raw, "from"));
	lose_empty_values(json_object_get(raw, "to"));
}

static void
test_moray(void **state)
{
	struct sentence_opts o = { 0 };
	struct buf b = { 0 };

	(void)state;
	random_start(3);
	for (int i = 0; i < RULES; i++) {
		struct world w, w2;
		json_t *payload, *raw, *record, *raw2, *record2;
		struct rule *r, *r2;

		b.n = 0;
		sentence_random(&b, random_u64(), &o);
		world_open(&w);
		world_open(&w2);
		payload = random_payload(buf_view(&b));
		r = make(&w, "payload", payload);
		raw = form(rule_write_raw, r);
		lose_what_is_not_stored(raw);
		record = form(moray_write_record, r);
		r2 = input_object(&w2.in, record, (struct slice){ "", 0 });
		no_errors(&w2, "record", buf_view(&b));
		assert_non_null(r2);
		raw2 = form(rule_write_raw, r2);
		same_json("rule of the stored record", raw, raw2, buf_view(&b));
		/* What comes back is stored as it came: nothing more is lost. */
		record2 = form(moray_write_record, r2);
		r = input_object(&w.in, record2, (struct slice){ "", 0 });
		assert_non_null(r);
		json_decref(raw);
		raw = form(rule_write_raw, r);
		same_json("rule stored twice", raw2, raw, buf_view(&b));
		json_decref(payload);
		json_decref(raw);
		json_decref(record);
		json_decref(raw2);
		json_decref(record2);
		world_close(&w);
		world_close(&w2);
	}
	buf_free(&b);
}

/* --- from format to format ------------------------------------------------------------- */

/* Rules of random payloads, read as one document. */
static void
read_random(struct world *w, uint32_t n)
{
	struct sentence_opts o = { 0 };
	struct buf sentence = { 0 };
	json_t *rules = json_array();
	char *text;

	for (uint32_t i = 0; i < n; i++) {
		char uuid[37];
		json_t *p;

		sentence.n = 0;
		sentence_random(&sentence, random_u64(), &o);
		p = random_payload(buf_view(&sentence));
		snprintf(uuid, sizeof(uuid), "%08x-3c33-45c0-987e-1dfa0140e662", i);
		json_object_set_new(p, "uuid", json_string(uuid));
		json_array_append_new(rules, p);
	}
	text = json_dumps(rules, 0);
	input_read_text(&w->in, slice_of("random"), slice_of(text));
	no_errors(w, "payloads", slice_of(text));
	assert_int_equal(w->in.rules.n, n);
	free(text);
	json_decref(rules);
	buf_free(&sentence);
}

static void
serialize(struct buf *out, const struct input *in)
{
	out->n = 0;
	for (uint32_t i = 0; i < in->rules.n; i++) {
		rule_write_serialized(out, in->rules.v[i]);
		buf_char(out, '\n');
	}
}

/* Converts and reads back into a new world; how many warnings that gave. */
static uint32_t
convert(struct world *from, const struct convert_format *to, struct world *back)
{
	uint32_t warnings = from->diags.warnings;
	struct buf text = { 0 };

	assert_true(convert_write(&text, &from->in, to));
	world_open(back);
	input_read_text(&back->in, slice_of(to->name), arena_slice(&back->arena, buf_view(&text)));
	no_errors(back, to->name, buf_view(&text));
	assert_int_equal(back->in.rules.n, from->in.rules.n);
	buf_free(&text);
	return from->diags.warnings - warnings;
}

/* Either nothing is lost or it was said; and what has come through once always does. */
static void
check_pair(const struct convert_format *a, const struct convert_format *b)
{
	struct buf first = { 0 }, second = { 0 };
	struct world w, in_a, in_b, again;
	uint32_t warnings;

	world_open(&w);
	read_random(&w, 40);
	serialize(&first, &w.in);
	warnings = convert(&w, a, &in_a);
	warnings += convert(&in_a, b, &in_b);
	serialize(&second, &in_b.in);
	assert_int_equal(warnings == 0, slice_eq(buf_view(&first), buf_view(&second)));
	assert_int_equal(convert(&in_b, a, &again), 0);
	serialize(&first, &again.in);
	assert_true(slice_eq(buf_view(&first), buf_view(&second)));
	buf_free(&first);
	buf_free(&second);
	world_close(&w);
	world_close(&in_a);
	world_close(&in_b);
	world_close(&again);
}

static void
test_convert(void **state)
{
	(void)state;
	random_start(4);
	for (int n = 0; n < 12; n++)
		for (size_t a = 0; a < convert_count; a++)
			for (size_t b = 0; b < convert_count; b++)
				check_pair(&convert_table[a], &convert_table[b]);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_text),
		cmocka_unit_test(test_serialized),
		cmocka_unit_test(test_moray),
		cmocka_unit_test(test_convert),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
