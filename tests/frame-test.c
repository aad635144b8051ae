/* SPDX-License-Identifier: MPL-2.0 */
/*
 * The frames of the agents' protocol against known ones, and random texts against a
 * checksum that works bit by bit on UTF-16 code units that were made one by one.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdlib.h>

#include "compiler/base/text.h"
#include "runtime/feed/frame.h"
#include "tests/random.h"

#define LIMIT 65536

/* --- an independent checksum ------------------------------------------------------------ */

static uint16_t
slow_crc(const uint16_t *unit, size_t n)
{
	uint32_t crc = 0;

	for (size_t i = 0; i < n; i++)
		for (int bit = 7; bit >= 0; bit--) {
			uint32_t in = (uint32_t)unit[i] >> bit & 1, top = crc >> 15 & 1;

			crc = crc << 1 & 0xffff;
			if (in != top)
				crc ^= 0x1021;
		}
	return (uint16_t)crc;
}

/* --- known frames --------------------------------------------------------------------------- */

static size_t
from_hex(const char *hex, char *out)
{
	size_t n = strlen(hex) / 2;

	for (size_t i = 0; i < n; i++) {
		char byte[3] = { hex[2 * i], hex[2 * i + 1], 0 };

		out[i] = (char)strtoul(byte, NULL, 16);
	}
	return n;
}

static const struct known {
	const char *header, *payload;
	uint32_t id;
} known[] = {
	{ "0101020000000100002ee600000024", "{\"m\":{\"uts\":1,\"name\":\"ping\"},\"d\":[]}", 1 },
	{ "010101000000020000c6e100000048", "{\"m\":{\"uts\":1,\"name\":\"messages\"},\"d\":"
	    "[{\"name\":\"x\",\"value\":\"\xc3\xa9\xec\x82\xbc\xf0\x9f\x98\x80\"}]}", 2 },
};

static void
test_known(void **state)
{
	(void)state;
	assert_int_equal(frame_crc(slice_of("123456789")), 0x31c3);
	assert_int_equal(frame_crc(slice_of("")), 0);
	for (size_t i = 0; i < BASE_COUNT(known); i++) {
		struct slice payload = slice_of(known[i].payload);
		char bytes[256], header[FRAME_HEADER];
		size_t n = from_hex(known[i].header, bytes);
		struct frame f;
		json_t *v;

		assert_int_equal(n, FRAME_HEADER);
		memcpy(bytes + n, payload.p, payload.n);
		assert_int_equal(frame_read((struct slice){ bytes, n + payload.n }, LIMIT, &f),
		    FRAME_OK);
		assert_int_equal(f.id, known[i].id);
		assert_int_equal(f.status, i == 0 ? FRAME_END : FRAME_DATA);
		assert_int_equal(f.length, payload.n);
		assert_non_null(v = frame_decode(&f, payload));
		json_decref(v);
		frame_write_header(header, f.status, f.id, frame_crc(payload),
		    (uint32_t)payload.n);
		assert_memory_equal(header, bytes, FRAME_HEADER);
	}
}

static void
test_written(void **state)
{
	struct buf out = { 0 };

	(void)state;
	frame_write_payload(&out, 1, slice_of("ping"), slice_of(FRAME_EMPTY));
	assert_true(slice_is(buf_view(&out), known[0].payload));
	out.n = 0;
	frame_write_payload(&out, 1, slice_of("messages"),
	    slice_of("[{\"name\":\"x\",\"value\":\"\xc3\xa9\xec\x82\xbc\xf0\x9f\x98\x80\"}]"));
	assert_true(slice_is(buf_view(&out), "{\"m\":{\"uts\":1,\"name\":\"messages\"},\"d\":"
	    "[{\"name\":\"x\",\"value\":\"\\u00e9\\uc0bc\\ud83d\\ude00\"}]}"));
	out.n = 0;
	/* A lone surrogate, as a rule's text may have one, and bytes that are no character. */
	frame_write_ascii(&out, slice_of("\"\xed\xa0\x80 \xff\xc3\""));
	assert_true(slice_is(buf_view(&out), "\"\\ud800 \\ufffd\\ufffd\""));
	buf_free(&out);
}

/* --- wrong ones --------------------------------------------------------------------------- */

static void
test_header(void **state)
{
	char good[256], bytes[256];
	size_t n = from_hex(known[0].header, good), whole;
	struct frame f;

	(void)state;
	strcpy(good + n, known[0].payload);
	whole = n + strlen(known[0].payload);
	for (size_t i = 0; i < whole; i++)
		assert_int_equal(frame_read((struct slice){ good, i }, LIMIT, &f), FRAME_MORE);
	/* Each byte of version, type and status has few values, and is refused as soon as seen. */
	for (size_t at = 0; at < 3; at++)
		for (int v = 0; v < 256; v++) {
			bool right = at < 2 ? v == 1 : v >= 1 && v <= 3;

			memcpy(bytes, good, whole);
			bytes[at] = (char)v;
			assert_int_equal(frame_read((struct slice){ bytes, whole }, LIMIT, &f),
			    right ? FRAME_OK : FRAME_BAD);
			assert_int_equal(frame_read((struct slice){ bytes, at + 1 }, LIMIT, &f),
			    right ? FRAME_MORE : FRAME_BAD);
		}
	memcpy(bytes, good, whole);
	bytes[3] = (char)0x80;
	assert_int_equal(frame_read((struct slice){ bytes, whole }, LIMIT, &f), FRAME_BAD);
	assert_int_equal(frame_read((struct slice){ good, whole }, 0x24, &f), FRAME_OK);
	assert_int_equal(frame_read((struct slice){ good, whole }, 0x23, &f), FRAME_BAD);
	memset(bytes + 11, 0xff, 4);
	bytes[3] = 0;
	assert_int_equal(frame_read((struct slice){ bytes, FRAME_HEADER }, LIMIT, &f), FRAME_BAD);
}

static void
test_payload(void **state)
{
	static const struct {
		const char *text;
		enum frame_status status;
		bool right;
	} cases[] = {
		{ "{\"m\":{},\"d\":[]}", FRAME_DATA, true },
		{ "{\"d\":[null]}", FRAME_END, true },
		{ "{\"d\":[],\"d\":[1]}", FRAME_DATA, true },
		{ "{\"d\":[\"\\u0000\"]}", FRAME_DATA, true },
		{ "{\"d\":{}}", FRAME_DATA, false },
		{ "{\"d\":null}", FRAME_END, false },
		{ "{}", FRAME_DATA, false },
		{ "[]", FRAME_DATA, false },
		{ "null", FRAME_DATA, false },
		{ "7", FRAME_DATA, false },
		{ "", FRAME_DATA, false },
		{ "{\"d\":[]", FRAME_DATA, false },
		{ "{\"d\":[]} x", FRAME_DATA, false },
		{ "{\"d\":[\"\xff\"]}", FRAME_DATA, false },
		{ "{\"d\":[\"\xed\xa0\x80\"]}", FRAME_DATA, false },
		{ "\xef\xbb\xbf{\"d\":[]}", FRAME_DATA, false },
		{ "{\"d\":{\"name\":\"E\",\"message\":\"m\"}}", FRAME_ERROR, true },
		{ "{\"d\":{\"name\":\"E\"}}", FRAME_ERROR, false },
		{ "{\"d\":[]}", FRAME_ERROR, false },
	};

	(void)state;
	for (size_t i = 0; i < BASE_COUNT(cases); i++) {
		struct slice text = slice_of(cases[i].text);
		struct frame f = { .status = cases[i].status, .crc = frame_crc(text) };
		json_t *v = frame_decode(&f, text);

		if ((v != NULL) != cases[i].right)
			fail_msg("%s: %s", cases[i].text, v ? "taken" : "refused");
		json_decref(v);
		f.crc ^= 0x10000;
		assert_null(frame_decode(&f, text));
		f.crc ^= 0x10001;
		assert_null(frame_decode(&f, text));
	}
}

static void
test_deep(void **state)
{
	struct frame f = { .status = FRAME_DATA };
	struct buf text = { 0 };

	(void)state;
	buf_str(&text, "{\"d\":");
	for (int i = 0; i < 30000; i++)
		buf_char(&text, '[');
	for (int i = 0; i < 30000; i++)
		buf_char(&text, ']');
	buf_char(&text, '}');
	f.crc = frame_crc(buf_view(&text));
	assert_null(frame_decode(&f, buf_view(&text)));
	buf_free(&text);
}

/* --- random texts ---------------------------------------------------------------------------- */

static uint32_t
random_character(void)
{
	static const uint32_t edge[] = { 0x20, 0x7f, 0x80, 0xff, 0x100, 0x7ff, 0x800, 0xd7ff,
		0xe000, 0xfffd, 0xffff, 0x10000, 0x10ffff, '"', '\\', '\n' };
	uint32_t cp;

	switch (random_below(3)) {
	case 0:
		return edge[random_below(BASE_COUNT(edge))];
	case 1:
		return 1 + random_below(0x7e);
	default:
		do
			cp = 1 + random_below(0x10ffff);
		while (cp >= 0xd800 && cp < 0xe000);
		return cp;
	}
}

/* A string of up to 40 characters, as UTF-8 and as code units. */
static size_t
random_string(char *text, uint16_t *unit, size_t *units)
{
	size_t n = 0;

	*units = 0;
	for (uint32_t left = random_below(40); left > 0; left--) {
		uint32_t cp = random_character();

		n += text_encode(text + n, cp);
		if (cp >= 0x10000) {
			unit[(*units)++] = (uint16_t)(0xd7c0 + (cp >> 10));
			unit[(*units)++] = (uint16_t)(0xdc00 + cp % 0x400);
		} else {
			unit[(*units)++] = (uint16_t)cp;
		}
	}
	return n;
}

static void
round_trip(struct slice text)
{
	struct buf d = { 0 }, frame = { 0 };
	struct slice payload;
	const json_t *back;
	struct frame f;
	json_t *v;

	buf_char(&d, '[');
	text_json(&d, text);
	buf_char(&d, ']');
	buf_room(&frame, FRAME_HEADER);
	frame.n = FRAME_HEADER;
	frame_write_payload(&frame, random_u64() >> 12, slice_of("m"), buf_view(&d));
	payload = (struct slice){ frame.p + FRAME_HEADER, frame.n - FRAME_HEADER };
	for (size_t i = 0; i < payload.n; i++)
		assert_in_range((unsigned char)payload.p[i], 0x20, 0x7e + 1);
	frame_write_header(frame.p, FRAME_DATA, random_below(FRAME_ID_MAX), frame_crc(payload),
	    (uint32_t)payload.n);
	assert_int_equal(frame_read(buf_view(&frame), LIMIT, &f), FRAME_OK);
	assert_non_null(v = frame_decode(&f, payload));
	back = json_array_get(json_object_get(v, "d"), 0);
	assert_true(slice_eq(json_slice(back), text));
	json_decref(v);
	buf_free(&d);
	buf_free(&frame);
}

static void
test_random(void **state)
{
	char text[40 * 4];
	uint16_t unit[40 * 2];
	size_t n, units;

	(void)state;
	for (int i = 0; i < 20000; i++) {
		n = random_string(text, unit, &units);
		assert_int_equal(frame_crc((struct slice){ text, n }), slow_crc(unit, units));
		round_trip((struct slice){ text, n });
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_known),
		cmocka_unit_test(test_written),
		cmocka_unit_test(test_header),
		cmocka_unit_test(test_payload),
		cmocka_unit_test(test_deep),
		cmocka_unit_test(test_random),
	};

	random_start(7);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
