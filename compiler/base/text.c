/* SPDX-License-Identifier: MPL-2.0 */
#include "text.h"

#include <ctype.h>

uint32_t
text_decode(struct slice s, size_t *i)
{
	const unsigned char *p = (const unsigned char *)s.p + *i;
	size_t left = s.n - *i;
	uint32_t cp;

	if (p[0] < 0x80) {
		*i += 1;
		return p[0];
	}
	if (p[0] >= 0xc2 && p[0] <= 0xdf && left >= 2 && (p[1] & 0xc0) == 0x80) {
		*i += 2;
		return (uint32_t)(p[0] & 0x1f) << 6 | (p[1] & 0x3f);
	}
	if ((p[0] & 0xf0) == 0xe0 && left >= 3 && (p[1] & 0xc0) == 0x80 &&
	    (p[2] & 0xc0) == 0x80) {
		cp = (uint32_t)(p[0] & 0x0f) << 12 | (uint32_t)(p[1] & 0x3f) << 6 | (p[2] & 0x3f);
		if (cp >= 0x800) {
			*i += 3;
			return cp;
		}
	}
	if ((p[0] & 0xf8) == 0xf0 && left >= 4 && (p[1] & 0xc0) == 0x80 &&
	    (p[2] & 0xc0) == 0x80 && (p[3] & 0xc0) == 0x80) {
		cp = (uint32_t)(p[0] & 0x07) << 18 | (uint32_t)(p[1] & 0x3f) << 12 |
		    (uint32_t)(p[2] & 0x3f) << 6 | (p[3] & 0x3f);
		if (cp >= 0x10000 && cp <= 0x10ffff) {
			*i += 4;
			return cp;
		}
	}
	*i += 1;
	return TEXT_BAD;
}

size_t
text_encode(char *out, uint32_t cp)
{
	if (cp < 0x80) {
		out[0] = (char)cp;
		return 1;
	}
	if (cp < 0x800) {
		out[0] = (char)(0xc0 | cp >> 6);
		out[1] = (char)(0x80 | (cp & 0x3f));
		return 2;
	}
	if (cp < 0x10000) {
		out[0] = (char)(0xe0 | cp >> 12);
		out[1] = (char)(0x80 | (cp >> 6 & 0x3f));
		out[2] = (char)(0x80 | (cp & 0x3f));
		return 3;
	}
	out[0] = (char)(0xf0 | cp >> 18);
	out[1] = (char)(0x80 | (cp >> 12 & 0x3f));
	out[2] = (char)(0x80 | (cp >> 6 & 0x3f));
	out[3] = (char)(0x80 | (cp & 0x3f));
	return 4;
}

size_t
text_utf8_bad(struct slice s)
{
	size_t i = 0;

	while (i < s.n) {
		size_t at = i;
		uint32_t cp;

		if ((unsigned char)s.p[i] < 0x80) {
			i++;
			continue;
		}
		cp = text_decode(s, &i);
		if (cp == TEXT_BAD || text_is_surrogate(cp))
			return at;
	}
	return s.n;
}

/* The first UTF-16 code unit of a code point; bad bytes sort last. */
static uint32_t
first_unit(uint32_t cp)
{
	return cp >= 0x10000 && cp != TEXT_BAD ? 0xd800 + ((cp - 0x10000) >> 10) : cp;
}

/*
 * Byte order is UTF-16 order but where one side has a character above U+FFFF,
 * whose code units are surrogates, below U+E000 to U+FFFF.
 */
int
text_cmp16(struct slice a, struct slice b)
{
	size_t n = a.n < b.n ? a.n : b.n, i = 0;
	uint32_t ca, cb, ua, ub;

	while (i < n && a.p[i] == b.p[i])
		i++;
	if (i == n)
		return a.n == b.n ? 0 : a.n < b.n ? -1 : 1;
	if ((unsigned char)a.p[i] < 0xed && (unsigned char)b.p[i] < 0xed &&
	    ((unsigned char)a.p[i] & 0xc0) != 0x80 && ((unsigned char)b.p[i] & 0xc0) != 0x80)
		return (unsigned char)a.p[i] < (unsigned char)b.p[i] ? -1 : 1;
	while (i > 0 && ((unsigned char)a.p[i] & 0xc0) == 0x80)
		i--;
	n = i;
	ca = text_decode(a, &i);
	cb = text_decode(b, &n);
	ua = first_unit(ca);
	ub = first_unit(cb);
	if (ua != ub)
		return ua < ub ? -1 : 1;
	return ca == cb ? 0 : ca < cb ? -1 : 1;
}

size_t
text_len16(struct slice s)
{
	size_t units = 0;

	for (size_t i = 0; i < s.n;) {
		uint32_t cp = text_decode(s, &i);

		units += cp != TEXT_BAD && cp >= 0x10000 ? 2 : 1;
	}
	return units;
}

bool
text_is_space(uint32_t cp)
{
	return (cp >= 0x09 && cp <= 0x0d) || cp == 0x20 || cp == 0xa0 || cp == 0x1680 ||
	    (cp >= 0x2000 && cp <= 0x200a) || cp == 0x2028 || cp == 0x2029 ||
	    cp == 0x202f || cp == 0x205f || cp == 0x3000 || cp == 0xfeff;
}

/* --- for terminals ------------------------------------------------------ */

/* Characters that could drive a terminal or turn a line's direction round. */
static bool
is_hidden(uint32_t cp)
{
	return cp < 0x20 || (cp >= 0x7f && cp < 0xa0) || text_is_surrogate(cp) ||
	    (cp >= 0x200b && cp <= 0x200f) || (cp >= 0x2028 && cp <= 0x202e) ||
	    (cp >= 0x2060 && cp <= 0x2069) || cp == 0xfeff || (text_is_space(cp) && cp != 0x20);
}

void
text_visible(struct buf *out, struct slice s)
{
	for (size_t i = 0; i < s.n;) {
		size_t at = i;
		uint32_t cp = text_decode(s, &i);

		if (cp == TEXT_BAD)
			buf_printf(out, "\\x%02x", (unsigned char)s.p[at]);
		else if (cp == '\t')
			buf_char(out, ' ');
		else if (is_hidden(cp))
			buf_printf(out, "\\u%04x", cp);
		else
			buf_add(out, s.p + at, i - at);
	}
}

size_t
text_width(struct slice s)
{
	size_t w = 0;

	for (size_t i = 0; i < s.n;) {
		uint32_t cp = text_decode(s, &i);

		if (cp == TEXT_BAD)
			w += 4;
		else if (cp != '\t' && is_hidden(cp))
			w += 6;
		else
			/* Wide: CJK, Hangul, full-width forms and emoji. */
			w += (cp >= 0x1100 && cp <= 0x115f) || (cp >= 0x2e80 && cp <= 0xa4cf) ||
			    (cp >= 0xac00 && cp <= 0xd7a3) || (cp >= 0xf900 && cp <= 0xfaff) ||
			    (cp >= 0xff00 && cp <= 0xff60) || (cp >= 0x1f300 && cp <= 0x1faff) ||
			    (cp >= 0x20000 && cp <= 0x3fffd) ? 2 : 1;
	}
	return w;
}

/* Optimal string alignment distance (Damerau 1964, as in Navarro, "A guided tour"). */
unsigned
text_distance(struct slice a, struct slice b)
{
	unsigned d[34][34];

	if (a.n > 32 || b.n > 32)
		return 99;
	for (size_t i = 0; i <= a.n; i++)
		d[i][0] = (unsigned)i;
	for (size_t j = 0; j <= b.n; j++)
		d[0][j] = (unsigned)j;
	for (size_t i = 1; i <= a.n; i++)
		for (size_t j = 1; j <= b.n; j++) {
			int ca = tolower((unsigned char)a.p[i - 1]);
			int cb = tolower((unsigned char)b.p[j - 1]);
			unsigned best = d[i - 1][j - 1] + (ca != cb);

			if (d[i - 1][j] + 1 < best)
				best = d[i - 1][j] + 1;
			if (d[i][j - 1] + 1 < best)
				best = d[i][j - 1] + 1;
			if (i > 1 && j > 1 && ca == tolower((unsigned char)b.p[j - 2]) &&
			    cb == tolower((unsigned char)a.p[i - 2]) && d[i - 2][j - 2] + 1 < best)
				best = d[i - 2][j - 2] + 1;
			d[i][j] = best;
		}
	return d[a.n][b.n];
}

/* --- JSON --------------------------------------------------------------- */

/* Bytes that json_escape has to look at; 0xed begins the surrogates. */
static const bool json_special[256] = {
	[0 ... 0x1f] = true, ['"'] = true, ['\\'] = true, [0xed] = true, [0xf5 ... 0xff] = true,
};

bool
text_json_is_special(unsigned char c)
{
	return json_special[c];
}

static void
json_escape(struct buf *out, struct slice s, size_t *i)
{
	static const char letter[] = { ['\b'] = 'b', ['\t'] = 't', ['\n'] = 'n',
		['\f'] = 'f', ['\r'] = 'r' };
	size_t at = *i;
	uint32_t cp = text_decode(s, i);

	if (cp < sizeof(letter) && letter[cp]) {
		buf_char(out, '\\');
		buf_char(out, letter[cp]);
	} else if (cp == TEXT_BAD) {
		buf_str(out, "\\ufffd");
	} else if (cp < 0x20 || text_is_surrogate(cp)) {
		buf_printf(out, "\\u%04x", cp);
	} else {
		buf_add(out, s.p + at, *i - at);
	}
}

#define EVERY(byte) (0x0101010101010101u * (byte))

/*
 * Marks, by its upper bit, every byte of a word that has that bit set, is below ' ',
 * or is " or \; a mark above the lowest one may be false (Mycroft's test for zero bytes).
 */
static inline uint64_t
mark_special(uint64_t w)
{
	uint64_t quote = w ^ EVERY('"'), back = w ^ EVERY('\\');

	return (w | (w - EVERY(' ')) | (quote - EVERY(1)) | (back - EVERY(1))) & EVERY(0x80);
}

/*
 * Copies from s.p + i to the end, or to what only json_escape can write; returns where
 * that is.
 */
static size_t
copy_plain(struct buf *out, struct slice s, size_t i)
{
	char *to = buf_room(out, 2 * (s.n - i) + 1), *from = to, c;

	while (i < s.n) {
#if __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__
		uint64_t w, marks;

		if (s.n - i >= sizeof(w)) {
			size_t n;

			memcpy(&w, s.p + i, sizeof(w));
			memcpy(to, &w, sizeof(w));
			marks = mark_special(w);
			n = marks ? (unsigned)__builtin_ctzll(marks) / 8 : sizeof(w);
			i += n;
			to += n;
			if (!marks)
				continue;
		}
#endif
		c = s.p[i];
		if (c == '"' || c == '\\')
			*to++ = '\\';
		else if (json_special[(unsigned char)c])
			break;
		*to++ = c;
		i++;
	}
	out->n += (size_t)(to - from);
	return i;
}

void
text_json(struct buf *out, struct slice s)
{
	size_t i = 0;

	buf_char(out, '"');
	while ((i = copy_plain(out, s, i)) < s.n)
		json_escape(out, s, &i);
	buf_char(out, '"');
}

/* --- XML ------------------------------------------------------------------------------ */

void
text_xml(struct buf *out, struct slice s)
{
	for (size_t i = 0; i < s.n;) {
		size_t at = i;
		uint32_t cp = text_decode(s, &i);

		if (cp == '<')
			buf_str(out, "&lt;");
		else if (cp == '>')
			buf_str(out, "&gt;");
		else if (cp == '&')
			buf_str(out, "&amp;");
		else if (cp == '"')
			buf_str(out, "&quot;");
		else if (cp == '\n' || cp == '\t')
			buf_printf(out, "&#%u;", cp);
		else if (cp == TEXT_BAD || cp < 0x20 || text_is_surrogate(cp) || cp == 0xfffe ||
		    cp == 0xffff)
			buf_str(out, "\xef\xbf\xbd");
		else
			buf_add(out, s.p + at, i - at);
	}
}

void
text_xml_attribute(struct buf *out, const char *name, struct slice value)
{
	buf_printf(out, " %s=\"", name);
	text_xml(out, value);
	buf_char(out, '"');
}
