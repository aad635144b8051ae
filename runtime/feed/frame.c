/* SPDX-License-Identifier: MPL-2.0 */
/*
 * The frame codec.  Reading costs one pass for the checksum and one for the JSON;
 * nothing is allocated before a frame's length was held against the limit.
 */
#include "frame.h"

#include <stdio.h>

#include "../../compiler/base/text.h"

#define VERSION 1
#define TYPE_JSON 1

/* A nibble at a time: the table's 16 entries are the remainders of x^16 .. x^20. */
static const uint16_t crc_table[16] = {
	0x0000, 0x1021, 0x2042, 0x3063, 0x4084, 0x50a5, 0x60c6, 0x70e7,
	0x8108, 0x9129, 0xa14a, 0xb16b, 0xc18c, 0xd1ad, 0xe1ce, 0xf1ef,
};

static uint16_t
crc_add(uint16_t crc, uint8_t byte)
{
	crc = (uint16_t)(crc << 4 ^ crc_table[crc >> 12 ^ byte >> 4]);
	return (uint16_t)(crc << 4 ^ crc_table[crc >> 12 ^ (byte & 15)]);
}

/* The code units of a code point: one, or a surrogate pair. */
static unsigned
code_units(uint32_t cp, uint16_t *unit)
{
	if (cp == TEXT_BAD)
		cp = 0xfffd;
	if (cp < 0x10000) {
		unit[0] = (uint16_t)cp;
		return 1;
	}
	cp -= 0x10000;
	unit[0] = (uint16_t)(0xd800 | cp >> 10);
	unit[1] = (uint16_t)(0xdc00 | (cp & 0x3ff));
	return 2;
}

uint16_t
frame_crc(struct slice text)
{
	uint16_t crc = 0, unit[2];

	for (size_t i = 0; i < text.n;) {
		if ((unsigned char)text.p[i] < 0x80) {
			crc = crc_add(crc, (uint8_t)text.p[i++]);
			continue;
		}
		for (unsigned n = code_units(text_decode(text, &i), unit), k = 0; k < n; k++)
			crc = crc_add(crc, (uint8_t)unit[k]);
	}
	return crc;
}

/* --- reading ------------------------------------------------------------------------ */

static uint32_t
get32(const char *p)
{
	const uint8_t *b = (const uint8_t *)p;

	return (uint32_t)b[0] << 24 | (uint32_t)b[1] << 16 | (uint32_t)b[2] << 8 | b[3];
}

enum frame_result
frame_read(struct slice data, uint32_t limit, struct frame *out)
{
	/* What is wrong is told by the first byte that shows it. */
	if ((data.n > 0 && data.p[0] != VERSION) || (data.n > 1 && data.p[1] != TYPE_JSON) ||
	    (data.n > 2 && (data.p[2] < FRAME_DATA || data.p[2] > FRAME_ERROR)))
		return FRAME_BAD;
	if (data.n < FRAME_HEADER)
		return FRAME_MORE;
	out->status = (enum frame_status)data.p[2];
	out->id = get32(data.p + 3);
	out->crc = get32(data.p + 7);
	out->length = get32(data.p + 11);
	if (out->id > FRAME_ID_MAX || out->length > limit)
		return FRAME_BAD;
	return data.n - FRAME_HEADER < out->length ? FRAME_MORE : FRAME_OK;
}

static bool
has_form(enum frame_status status, const json_t *v)
{
	const json_t *d = json_object_get(v, "d");

	if (status != FRAME_ERROR)
		return json_is_array(d);
	return json_is_string(json_object_get(d, "name")) &&
	    json_is_string(json_object_get(d, "message"));
}

json_t *
frame_decode(const struct frame *f, struct slice payload)
{
	json_t *v;

	if (text_utf8_bad(payload) != payload.n || frame_crc(payload) != f->crc)
		return NULL;
	/* As JavaScript reads: a key given twice counts the last time. */
	v = json_loadb(payload.p, payload.n, JSON_ALLOW_NUL | JSON_DECODE_INT_AS_REAL, NULL);
	if (!v || has_form(f->status, v))
		return v;
	json_arena_drop(v);
	return NULL;
}

/* --- writing ------------------------------------------------------------------------ */

static void
put32(char *p, uint32_t v)
{
	p[0] = (char)(v >> 24);
	p[1] = (char)(v >> 16);
	p[2] = (char)(v >> 8);
	p[3] = (char)v;
}

void
frame_write_header(char *out, enum frame_status status, uint32_t id, uint16_t crc,
    uint32_t length)
{
	out[0] = VERSION;
	out[1] = TYPE_JSON;
	out[2] = (char)status;
	put32(out + 3, id);
	put32(out + 7, crc);
	put32(out + 11, length);
}

void
frame_write_ascii(struct buf *out, struct slice json)
{
	uint16_t unit[2];

	for (size_t i = 0; i < json.n;) {
		size_t from = i;

		while (i < json.n && (unsigned char)json.p[i] < 0x80)
			i++;
		buf_add(out, json.p + from, i - from);
		if (i == json.n)
			break;
		for (unsigned n = code_units(text_decode(json, &i), unit), k = 0; k < n; k++)
			buf_printf(out, "\\u%04x", unit[k]);
	}
}

void
frame_write_payload(struct buf *out, uint64_t uts, struct slice method, struct slice d)
{
	struct buf name = { 0 };

	buf_str(out, "{\"m\":{\"uts\":");
	buf_uint(out, uts);
	buf_str(out, ",\"name\":");
	text_json(&name, method);
	frame_write_ascii(out, buf_view(&name));
	buf_free(&name);
	buf_str(out, "},\"d\":");
	frame_write_ascii(out, d);
	buf_char(out, '}');
}
