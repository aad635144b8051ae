/* SPDX-License-Identifier: MPL-2.0 */
/*
 * Frames of the agents' protocol (spec 7): 15 bytes, then JSON.  The checksum is over
 * the low 8 bits of the text's UTF-16 code units.  What we send is ASCII, \u escapes
 * for the rest, so there it is over the bytes.
 */
#ifndef FWR_FEED_FRAME_H
#define FWR_FEED_FRAME_H

#include "../../compiler/base/json.h"

#define FRAME_HEADER 15
#define FRAME_ID_MAX 0x7fffffffu

enum frame_status { FRAME_DATA = 1, FRAME_END, FRAME_ERROR };

/* d of what is said of nothing: of END. */
#define FRAME_EMPTY "[]"

struct frame {
	enum frame_status status;
	uint32_t id;
	uint32_t crc;
	uint32_t length;                /* of the payload */
};

enum frame_result {
	FRAME_OK,
	FRAME_MORE,                     /* of bytes are needed more */
	FRAME_BAD                       /* no frame, or too long a one */
};

/* CRC-16/XMODEM of the low 8 bits of each code unit; text is UTF-8, lone surrogates too. */
uint16_t frame_crc(struct slice text);

/* Reads the header at the beginning of data; FRAME_OK when the payload is there too. */
enum frame_result frame_read(struct slice data, uint32_t limit, struct frame *out);
/*
 * The payload as JSON, NULL if its checksum, text or form is wrong: d is an array for
 * DATA and END, an object with name and message for ERROR.  The caller's, as json_read's.
 */
json_t *frame_decode(const struct frame *f, struct slice payload);

/* 15 bytes to out, for a payload of ASCII whose frame_crc is crc. */
void frame_write_header(char *out, enum frame_status status, uint32_t id, uint16_t crc,
    uint32_t length);
/* {"m":{"uts":...,"name":method},"d":d}; d is JSON, made ASCII here. */
void frame_write_payload(struct buf *out, uint64_t uts, struct slice method, struct slice d);
/* JSON text with every character beyond ASCII as \uXXXX; bytes that are none as \ufffd. */
void frame_write_ascii(struct buf *out, struct slice json);

#endif
