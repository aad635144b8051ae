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

/* Reads IPv6 whose last four bytes are written as IPv4. */
static bool
read_embedded(const char *p, const char *q, struct addr *a)
{
	const char *v4 = q;
	char text[NET_TEXT_MAX + 4];
	struct addr tail;
	size_t n;

	while (v4 > p && v4[-1] != ':')
		v4--;
	n = (size_t)(v4 - p);
	if (n == 0 || n > NET_TEXT_MAX || !addr_read_v4(slice_between(v4, q), &tail))
		return false;
	memcpy(text, p, n);
	memcpy(text + n, "0:0", 3);
	if (!addr_read_v6((struct slice){ text, n + 3 }, a))
		return false;
	a->lo |= tail.lo & UINT32_MAX;
	return true;
}

/* [p, q) should be an address but is none. */
static void
complain_address(struct reader *r, const char *p, const char *q)
{
	const char *slash = memchr(p, '/', (size_t)(q - p));
	char text[NET_TEXT_MAX];
	struct diag *d;
	struct addr a;

	if (slash)
		q = slash;
	if (addr_read_v4_loose(slice_between(p, q), &a)) {
		d = complain(r, DIAG_addrlist_zero, p, q);
		diag_help(r->diags, d, "leave the zeros out: %.*s",
		    (int)addr_write(text, a, NET_V4), text);
	} else if (read_embedded(p, q, &a)) {
		d = complain(r, DIAG_addrlist_embedded, p, q);
		diag_help(r->diags, d, "write groups only: %.*s",
		    (int)addr_write(text, a, NET_V6), text);
	} else {
		d = complain(r, DIAG_addrlist_address, p, q);
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
		d = complain(r, DIAG_addrlist_netmask, p, q);
		inverse = ~(uint32_t)a.lo;
		if ((inverse & (inverse + 1)) == 0)
			diag_help(r->diags, d, "write the length instead: /%d",
			    32 - __builtin_popcount(inverse));
		else
			diag_help(r->diags, d, "no prefix has this netmask");
		return;
	}
	d = complain(r, DIAG_addrlist_length, p, q);
	diag_help(r->diags, d, fam == NET_V4 ? "an IPv4 prefix has a length of 0 to 32"
	    : "an IPv6 prefix has a length of 0 to 128");
}

static void
complain_extra(struct reader *r, const char *p, const char *q)
{
	struct diag *d = complain(r, DIAG_addrlist_extra, p, q);

	diag_help(r->diags, d, "one entry a line; a comment starts with # or ;");
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
		d = complain(r, DIAG_addrlist_range_prefix, start, q);
		diag_help(r->diags, d, "write the first and the last address");
	} else if (!stop || stop < q) {
		complain_address(r, p, q);
	} else if (fam != last_fam) {
		d = complain(r, DIAG_addrlist_range_family, start, q);
		diag_help(r->diags, d, "write a range for each family");
	} else if (addr_less(last, first)) {
		d = complain(r, DIAG_addrlist_range_order, start, q);
		diag_help(r->diags, d, "write the lower address first: %.*s-%.*s",
		    (int)(q - p), p, (int)(first_end - start), start);
	} else {
		complain_extra(r, q, end);
	}
}

/* Says what is wrong with [p, end), which has neither comment nor outer blanks. */
static void
complain_entry(struct reader *r, const char *p, const char *end)
{
	struct entry e;
	struct addr a;
	unsigned fam;
	const char *word = word_end(p, end), *q = read_addr(p, end, &a, &fam);
	const char *behind = skip_blanks(word, end), *stop = read_entry(p, end, &e);
	bool has_length = q && q < word && *q == '/';

	if (has_length && q + 1 < word && behind < end && *behind == '-') {
		struct diag *d = complain(r, DIAG_addrlist_range_prefix, p, end);

		diag_help(r->diags, d, "write the first and the last address");
	} else if (stop && stop > word && (stop[-1] == ' ' || stop[-1] == '\t')) {
		complain_extra(r, stop, end);
	} else if (has_length) {
		complain_length(r, q + 1, word, fam);
	} else if (q && q == word) {
		complain_range(r, p, skip_blanks(behind + 1, end), end);
	} else {
		complain_address(r, p, word > p ? word : end);
	}
}

/* --- a whole text ------------------------------------------------------- */

/* The end of the line that p is in. */
static const char *
line_end(const char *p, const char *end)
{
	const char *nl = memchr(p, '\n', (size_t)(end - p));

	return nl ? nl : end;
}

/* An entry that could not be read: queues what is wrong, or only counts it. */
static void
refuse_entry(struct reader *r, const char *p, const char *end)
{
	uint32_t limit = r->diags->limit ? r->diags->limit : DIAG_LIMIT;
	const char *q = p;

	if (r->diags->list.n >= limit) {
		r->diags->errors++;
		return;
	}
	while (q < end && *q != '#' && *q != ';')
		q++;
	while (q > p && (q[-1] == ' ' || q[-1] == '\t' || q[-1] == '\r'))
		q--;
	complain_entry(r, p, q);
}

/*
 * Adds an entry that ends at p.  Room is made for as many as the text will hold
 * if it goes on as it began, but for 64 times as many at most.
 */
static void
add_entry(struct reader *r, const struct entry *e, const char *p)
{
	struct pset *s = e->fam == NET_V4 ? &r->list->v4 : &r->list->v6;

	if (s->n == s->cap && s->n >= 1024) {
		size_t done = (size_t)(p - r->src->text.p);
		double all = (double)r->src->text.n / (double)done * 1.05 * s->n;

		pset_reserve(r->arena, s, all < 64.0 * s->n ? (size_t)all : (size_t)s->n * 64);
	}
	pset_push(r->arena, s, e->first, e->last);
}

static void
read_lines(struct reader *r, const char *p)
{
	const char *end = r->end, *start;
	struct entry e;

	while ((p = skip_blanks(p, end)) < end) {
		if (*p == '\n') {
			p++;
			continue;
		}
		if (*p == '#' || *p == ';') {
			p = line_end(p, end);
			continue;
		}
		start = p;
		p = read_entry(p, end, &e);
		if (p && ends_entry(p, end)) {
			add_entry(r, &e, p);
		} else {
			p = line_end(start, end);
			refuse_entry(r, start, p);
		}
	}
}

/* Length of a UTF-8 byte order mark; SIZE_MAX for one of UTF-16. */
static size_t
byte_order_mark(struct slice s)
{
	if (s.n >= 3 && memcmp(s.p, "\xef\xbb\xbf", 3) == 0)
		return 3;
	if (s.n >= 2 && (memcmp(s.p, "\xff\xfe", 2) == 0 || memcmp(s.p, "\xfe\xff", 2) == 0))
		return SIZE_MAX;
	return 0;
}

void
addrlist_read(struct arena *a, struct addrlist *list, const struct src *src,
    struct diags *ds)
{
	struct reader r = { a, list, src, NULL, ds };
	enum diag_id refused;
	const char *cure;
	size_t mark;

	if (src->text.n == 0)
		return;
	if (src->text.n > UINT32_MAX) {
		refused = DIAG_addrlist_size;
		cure = "split it and give all the parts";
	} else if ((mark = byte_order_mark(src->text)) == SIZE_MAX) {
		refused = DIAG_addrlist_utf16;
		cure = "convert it first: iconv -f UTF-16 -t UTF-8";
	} else {
		r.end = src->text.p + src->text.n;
		read_lines(&r, src->text.p + mark);
		return;
	}
	diag_help(ds, complain(&r, refused, src->text.p, src->text.p), "%s", cure);
}

void
addrlist_close(struct addrlist *list)
{
	pset_close(&list->v4);
	pset_close(&list->v6);
}

/* --- writing ------------------------------------------------------------ */

struct addrlist_walk
addrlist_walk(const struct addrlist *list)
{
	return (struct addrlist_walk){ pset_walk(&list->v4), pset_walk(&list->v6) };
}

bool
addrlist_write(struct buf *out, struct addrlist_walk *w, size_t enough)
{
	size_t start = out->n, n;
	struct prefix p;
	char *text;

	while (out->n < enough && (pset_walk_next(&w->v4, &p) || pset_walk_next(&w->v6, &p))) {
		text = buf_room(out, NET_TEXT_MAX + 1);
		n = p.len == 128 ? addr_write(text, p.a, p.fam) : prefix_write(text, p);
		text[n] = '\n';
		out->n += n + 1;
	}
	return out->n > start;
}
