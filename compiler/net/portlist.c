/* SPDX-License-Identifier: MPL-2.0 */
/* Reading and writing lists of ports. */
#include "portlist.h"

#define SHOWN_MAX 40            /* bytes */

struct reader {
	const struct src *src;
	const char *p, *end;
	struct diags *diags;
};

static bool
is_space(char c)
{
	return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

static void
skip_space(struct reader *r)
{
	while (r->p < r->end && is_space(*r->p))
		r->p++;
}

static struct span
span_from(const struct reader *r, const char *start)
{
	return (struct span){ (uint32_t)(start - r->src->text.p), (uint32_t)(r->p - start) };
}

/* Of a word that is wrong, as much as a message can use. */
static int
shown(const char *p, const char *end)
{
	return end - p < SHOWN_MAX ? (int)(end - p) : SHOWN_MAX;
}

/* A word up to a space, a comma or the sign of a range, which must be a port. */
static bool
read_port(struct reader *r, uint16_t *out)
{
	const char *start = r->p;
	uint32_t n = 0;
	bool good = true;

	while (r->p < r->end && !is_space(*r->p) && *r->p != ',' && *r->p != '-') {
		good &= *r->p >= '0' && *r->p <= '9' && r->p - start < 5;
		n = good ? n * 10 + (uint32_t)(*r->p - '0') : n;
		r->p++;
	}
	*out = (uint16_t)n;
	if (good && r->p > start && n <= UINT16_MAX)
		return true;
	diag_help(r->diags, diag_add(r->diags, DIAG_port_invalid, r->src, span_from(r, start),
	    shown(start, r->p), start), "a list of ports is like 22, 80, 8000 - 8010");
	return false;
}

static bool
read_item(struct reader *r, struct port_range *out)
{
	const char *first = r->p, *last;
	int length;

	if (!read_port(r, &out->first))
		return false;
	out->last = out->first;
	length = (int)(r->p - first);
	skip_space(r);
	if (r->p == r->end || *r->p != '-')
		return true;
	r->p++;
	skip_space(r);
	last = r->p;
	if (!read_port(r, &out->last))
		return false;
	if (out->first <= out->last)
		return true;
	diag_add(r->diags, DIAG_range_reversed, r->src, span_from(r, first),
	    (int)(r->p - last), last, length, first);
	return false;
}

bool
portlist_read(struct arena *a, struct portset *set, const struct src *src, struct diags *ds)
{
	struct reader r = { src, src->text.p, src->text.n ? src->text.p + src->text.n : src->text.p, ds };
	struct port_range item;
	const char *start;

	if (src->text.n > PORTLIST_MAX) {
		diag_add(ds, DIAG_too_long, src, (struct span){ 0, 0 }, src->text.n,
		    (size_t)PORTLIST_MAX);
		return false;
	}
	skip_space(&r);
	while (r.p < r.end) {
		if (!read_item(&r, &item))
			return false;
		portset_push(a, set, item.first, item.last);
		skip_space(&r);
		if (r.p == r.end)
			break;
		start = r.p++;
		if (*start != ',') {
			diag_help(ds, diag_add(ds, DIAG_range_invalid, src, span_from(&r, start),
			    shown(start, r.end), start), "ports and ranges are parted by commas");
			return false;
		}
		skip_space(&r);
		/* Something must follow the comma. */
		if (r.p == r.end)
			return read_port(&r, &item.first);
	}
	portset_close(set);
	return true;
}

void
portlist_write(struct buf *out, const struct portset *set)
{
	for (uint32_t i = 0; i < set->n; i++) {
		buf_str(out, i ? ", " : "");
		buf_uint(out, set->v[i].first);
		if (set->v[i].first == set->v[i].last)
			continue;
		buf_str(out, " - ");
		buf_uint(out, set->v[i].last);
	}
}
