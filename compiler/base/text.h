/* SPDX-License-Identifier: MPL-2.0 */
/*
 * Text inside is UTF-8 that may also hold lone surrogates as three bytes
 * (WTF-8), because a rule's `\ud800` is one.  Order and length of strings, where
 * the rule language speaks of them, are those of UTF-16 code units.
 */
#ifndef FWR_BASE_TEXT_H
#define FWR_BASE_TEXT_H

#include "base.h"

/*
 * Decodes the code point at s[*i] and moves *i on.  A byte that begins no valid
 * sequence gives TEXT_BAD and moves on by one.
 */
#define TEXT_BAD UINT32_MAX
#define TEXT_UTF8_MAX 4         /* bytes of a character */
uint32_t text_decode(struct slice s, size_t *i);
/* Writes 1 to 4 bytes; returns how many. */
size_t text_encode(char *out, uint32_t cp);

static inline bool
text_is_surrogate(uint32_t cp)
{
	return cp >= 0xd800 && cp <= 0xdfff;
}

/* Offset of the first byte that is not UTF-8 (surrogates refused), or s.n. */
size_t text_utf8_bad(struct slice s);

/* Order by UTF-16 code unit, as JavaScript sorts strings. */
int text_cmp16(struct slice a, struct slice b);
/* Length in UTF-16 code units. */
size_t text_len16(struct slice s);

/* Is cp one of the whitespace characters of the rule language? */
bool text_is_space(uint32_t cp);

/* For a terminal: control characters and bad bytes escaped. */
void text_visible(struct buf *out, struct slice s);
/* Columns that text_visible's output takes. */
size_t text_width(struct slice s);

/* Damerau-Levenshtein distance of two short ASCII words, case folded; 99 if over 32 bytes. */
unsigned text_distance(struct slice a, struct slice b);

/* A JSON string with its quotes; lone surrogates and control characters escaped. */
void text_json(struct buf *out, struct slice s);

/*
 * Character data of XML 1.0, also of an attribute's value; what XML has no way to say
 * becomes a replacement character.
 */
void text_xml(struct buf *out, struct slice s);
/* ` name="value"` */
void text_xml_attribute(struct buf *out, const char *name, struct slice value);

/* May a string not have this byte as it is?  Always so of quotes and backslashes. */
bool text_json_is_special(unsigned char c);

#endif
