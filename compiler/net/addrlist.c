/* SPDX-License-Identifier: MPL-2.0 */
/*
 * Reading and writing address lists.  The reader takes what is right without
 * looking back; what is not is left to a second look at that one line, which
 * says what is wrong with it.
 */
#include "addrlist.h"

struct reader {
	struct arena *arena;
	struct addrlist *list;
	const struct src *src;
	const char *end;
	struct diags *diags;
};

struct entry {
	struct addr first, last;
	unsigned fam;
};

static inline const char *
skip_blanks(const char *p, const char *end)
{
	while (p < end && (*p == ' ' || *p == '\t' || *p == '\r'))
		p++;
	return p;
}

static inline bool
ends_entry(const char *p, const char *end)
{
	return p == end || *p == '\n' || *p == '#' || *p == ';';
}

/* --- one entry ---------------------------------------------------------- */

/* The readers of parts return where the part ends, or NULL. */
static inline const char *
read_addr(const char *p, const char *end, struct addr *a, unsigned *fam)
{
	const char *q = addr_scan_v4(p, end, a);

	*fam = q ? NET_V4 : NET_V6;
	return q ? q : addr_scan_v6(p, end, a);
}

/* A prefix length as people write it, to one in 128 bits. */
static inline const char *
read_length(const char *p, const char *end, unsigned fam, unsigned *len)
{
	const char *start = p;
	unsigned max = fam == NET_V4 ? 32 : 128, n = 0;

	while (p < end && *p >= '0' && *p <= '9' && p - start < 3)
		n = n * 10 + (unsigned)(*p++ - '0');
	if (p == start || n > max)
		return NULL;
	*len = 128 - max + n;
	return p;
}

/* An entry with the blanks behind it. */
static const char *
read_entry(const char *p, const char *end, struct entry *e)
{
	unsigned len, fam;

	p = read_addr(p, end, &e->first, &e->fam);
	if (!p)
		return NULL;
	e->last = e->first;
	if (p < end && *p == '/') {
		p = read_length(p + 1, end, e->fam, &len);
		if (!p)
			return NULL;
		e->first = addr_and(e->first, addr_mask(len));
		e->last = addr_or_not(e->first, addr_mask(len));
		return skip_blanks(p, end);
	}
	p = skip_blanks(p, end);
	if (p < end && *p == '-') {
		p = read_addr(skip_blanks(p + 1, end), end, &e->last, &fam);
		if (!p || fam != e->fam || addr_less(e->last, e->first))
			return NULL;
		p = skip_blanks(p, end);
	}
	return p;
}

/* --- what is wrong with a line ------------------------------------------ */

static struct diag *
complain(struct reader *r, enum diag_id id, const char *p, const char *q)
{
	struct span at = { (uint32_t)(p - r->src->text.p), (uint32_t)(q - p) };

	return diag_add(r->diags, id, r->src, at);
}

/* What stands together, up to a blank, the sign of a range or the end. */
static const char *
word_end(const char *p, const char *end)
{
	while (p < end && *p != ' ' && *p != '\t' && *p != '-')
		p++;
	return p;
}

static struct slice
slice_between(const char *p, const char *q)
{
	return (struct slice){ p, (size_t)(q - p) };
}

/* IPv6 with its last four bytes written as IPv4: where those start, or NULL. */
static const char *
find_embedded_v4(const char *p, const char *q, struct addr *a)
{
	const char *dot = memchr(p, '.', (size_t)(q - p)), *colon = dot;

	while (colon && colon > p && colon[-1] != ':')
		colon--;
	if (!colon || colon == p || !addr_read_v4(slice_between(colon, q), a))
		return NULL;
	return colon;
}

/* [p, q) should be an address but is none. */
static void
complain_address(struct reader *r, const char *p, const char *q)
{
	const char *v4, *slash = memchr(p, '/', (size_t)(q - p));
	char text[NET_TEXT_MAX];
	struct diag *d;
	struct addr a;

	if (slash)
		q = slash;
	if (addr_read_v4_loose(slice_between(p, q), &a)) {
		d = complain(r, DIAG_ADDRLIST_ZERO, p, q);
		diag_help(r->diags, d, "leave the zeros out: %.*s",
		    (int)addr_write(text, a, NET_V4), text);
	} else if ((v4 = find_embedded_v4(p, q, &a)) != NULL && v4 - p < NET_TEXT_MAX) {
		d = complain(r, DIAG_ADDRLIST_EMBEDDED, p, q);
		diag_help(r->diags, d, "write it as groups: %.*s%x:%x", (int)(v4 - p), p,
		    (unsigned)(a.lo >> 16 & 0xffff), (unsigned)(a.lo & 0xffff));
	} else {
		d = complain(r, DIAG_ADDRLIST_ADDRESS, p, q);
		diag_help(r->diags, d, "a line holds one address, one prefix ADDRESS/LENGTH or "
		    "one range ADDRESS-ADDRESS; a comment starts with # or ;");
	}
}

/* [p, q) stands behind an address and a slash but is no length. */
static void
complain_length(struct reader *r, const char *p, const char *q, unsigned fam)
{
	struct diag *d;
	struct addr a;
	uint32_t inverse;

	if (fam == NET_V4 && addr_read_v4(slice_between(p, q), &a)) {
		d = complain(r, DIAG_ADDRLIST_NETMASK, p, q);
		inverse = ~(uint32_t)a.lo;
		if ((inverse & (inverse + 1)) == 0)
			diag_help(r->diags, d, "write the length instead: /%d",
			    32 - __builtin_popcount(inverse));
		else
			diag_help(r->diags, d, "no prefix has this netmask");
		return;
	}
	d = complain(r, DIAG_ADDRLIST_LENGTH, p, q);
	diag_help(r->diags, d, fam == NET_V4 ? "an IPv4 prefix has a length of 0 to 32"
	    : "an IPv6 prefix has a length of 0 to 128");
}

/* A range whose second address starts at p; `start` is where the first does. */
static void
complain_range(struct reader *r, const char *start, const char *p, const char *end)
{
	struct addr first, last;
	unsigned fam, last_fam;
	const char *q = word_end(p, end), *first_end, *stop;
	struct diag *d;

	first_end = read_addr(start, end, &first, &fam);
	stop = read_addr(p, end, &last, &last_fam);
	if (stop && stop < q && *stop == '/') {
		d = complain(r, DIAG_ADDRLIST_RANGE_PREFIX, start, q);
		diag_help(r->diags, d, "write the first and the last address");
	} else if (!stop || stop < q) {
		complain_address(r, p, q);
	} else if (fam != last_fam) {
		d = complain(r, DIAG_ADDRLIST_RANGE_FAMILY, start, q);
		diag_help(r->diags, d, "write a range for each family");
	} else {
		d = complain(r, DIAG_ADDRLIST_RANGE_ORDER, start, q);
		diag_help(r->diags, d, "write the lower address first: %.*s-%.*s",
		    (int)(q - p), p, (int)(first_end - start), start);
	}
}

/* Says what is wrong with the entry that starts at p; the line's text ends at `end`. */
static void
complain_entry(struct reader *r, const char *p, const char *end)
{
	struct entry e;
	struct addr a;
	unsigned fam;
	const char *word = word_end(p, end), *q = read_addr(p, end, &a, &fam);
	const char *behind = skip_blanks(word, end), *stop;
	bool is_range = behind < end && *behind == '-';
	struct diag *d;

	stop = read_entry(p, end, &e);
	if (stop && stop > p && (stop[-1] == ' ' || stop[-1] == '\t')) {
		d = complain(r, DIAG_ADDRLIST_EXTRA, stop, end);
		diag_help(r->diags, d, "one entry a line; a comment starts with # or ;");
	} else if (!q || (q < word && *q != '/')) {
		complain_address(r, p, word > p ? word : end);
	} else if (q < word && is_range) {
		d = complain(r, DIAG_ADDRLIST_RANGE_PREFIX, p, word_end(behind, end));
		diag_help(r->diags, d, "write the first and the last address");
	} else if (q < word) {
		complain_length(r, q + 1, word, fam);
	} else {
		complain_range(r, p, skip_blanks(behind + 1, end), end);
	}
}
