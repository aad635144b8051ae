/* SPDX-License-Identifier: MPL-2.0 */
/* Rules to records and back; what is read may come from a damaged file. */
#include "record.h"

#include "../../compiler/base/text.h"

enum { IPS, SUBNETS, TAGS, VMS };

#define NO_VALUE UINT32_MAX
#define ITEM_BYTES 5

struct packed_tag {
	uint32_t key, key_n;            /* offset among the texts, and length */
	uint32_t value, value_n;        /* NO_VALUE: a bare key */
};

uint32_t
record_flags(const struct rule *r)
{
	return (r->action == LANG_BLOCK ? RECORD_BLOCK : 0u) |
	    (uint32_t)r->proto << RECORD_PROTO_SHIFT |
	    (rule_is_true(r->enabled) ? RECORD_ENABLED : 0u) |
	    (r->enabled >= RULE_FALSE_TEXT ? RECORD_ENABLED_TEXT : 0u) |
	    (rule_is_true(r->log) ? RECORD_LOG : 0u) |
	    (r->log >= RULE_FALSE_TEXT ? RECORD_LOG_TEXT : 0u) |
	    (r->has_owner ? RECORD_OWNER : 0u) | (r->all ? RECORD_ALL : 0u) |
	    ((uint32_t)r->side[0].any | (uint32_t)r->side[1].any << 1) << RECORD_ANY_SHIFT |
	    ((uint32_t)r->side[0].vmall | (uint32_t)r->side[1].vmall << 1) << RECORD_VMALL_SHIFT |
	    (r->has_created_by ? RECORD_CREATED : 0u) |
	    (r->has_description ? RECORD_DESCRIPTION : 0u);
}

/* --- writing ----------------------------------------------------------------- */

static void
add_prefixes(struct buf *out, const struct prefix *p, unsigned n)
{
	for (unsigned i = 0; i < n; i++) {
		uint32_t v4 = (uint32_t)p[i].a.lo;

		buf_char(out, (char)p[i].fam);
		buf_char(out, (char)p[i].len);
		if (p[i].fam == NET_V4)
			buf_add(out, &v4, sizeof(v4));
		else
			buf_add(out, &p[i].a, sizeof(p[i].a));
	}
}

static void
add_items(struct buf *out, const struct rule *r)
{
	for (unsigned i = 0; i < r->n_items; i++) {
		buf_add(out, &r->items[i].a, 2);
		buf_add(out, &r->items[i].b, 2);
		buf_char(out, r->items[i].range);
	}
}

/* Where s stands among the texts; it is added if it does not stand there yet. */
static uint32_t
place_text(struct buf *texts, struct slice s)
{
	const char *at = s.n ? memmem(texts->p, texts->n, s.p, s.n) : texts->p;

	if (at)
		return (uint32_t)(at - texts->p);
	buf_slice(texts, s);
	return (uint32_t)(texts->n - s.n);
}

static void
add_tags(struct buf *out, struct buf *texts, const struct rule_side *side)
{
	for (unsigned i = 0; i < side->n_tags; i++) {
		const struct rule_tag *t = &side->tags[i];
		struct packed_tag p = { place_text(texts, t->key), (uint32_t)t->key.n, 0, NO_VALUE };

		if (t->has_value) {
			p.value = place_text(texts, t->value);
			p.value_n = (uint32_t)t->value.n;
		}
		buf_add(out, &p, sizeof(p));
	}
}

/* The marks of a sentence; false if it has bytes that a backslash does not mend. */
static bool
add_marks(struct buf *out, struct slice text)
{
	size_t from = 0;

	for (size_t i = 0; i < text.n; i++) {
		unsigned char c = (unsigned char)text.p[i];
		bool mark = c == '"' || c == '\\';

		if (!mark && text_json_is_special(c))
			return false;
		if (i - from == RECORD_NO_MARK) {
			buf_char(out, (char)RECORD_NO_MARK);
			from = i;
		}
		if (mark) {
			buf_char(out, (char)(i - from));
			from = i;
		}
	}
	return out->n < RECORD_UNMARKED;
}

void
record_write(struct buf *out, const struct rule *r)
{
	struct record rec = { .flags = record_flags(r), .uuid = r->uuid, .owner = r->owner,
		.priority = r->priority, .n_items = r->n_items };
	char lists_room[1024], texts_room[2048], marks_room[256];
	struct buf lists, texts, marks;

	buf_borrow(&marks, marks_room, sizeof(marks_room));
	buf_borrow(&lists, lists_room, sizeof(lists_room));
	buf_borrow(&texts, texts_room, sizeof(texts_room));
	rec.text_n = (uint32_t)r->text.n;
	rec.version_n = (uint32_t)r->version.n;
	rec.created_n = r->has_created_by ? (uint32_t)r->created_by.n : 0;
	rec.description_n = r->has_description ? (uint32_t)r->description.n : 0;
	buf_slice(&texts, r->text);
	buf_slice(&texts, r->version);
	buf_add(&texts, r->created_by.p, rec.created_n);
	buf_add(&texts, r->description.p, rec.description_n);
	for (int s = 0; s < 2; s++) {
		const struct rule_side *side = &r->side[s];

		rec.n[s][IPS] = side->n_ips;
		rec.n[s][SUBNETS] = side->n_subnets;
		rec.n[s][TAGS] = side->n_tags;
		rec.n[s][VMS] = side->n_vms;
	}
	for (int s = 0; s < 2; s++)
		buf_add(&lists, r->side[s].vms, r->side[s].n_vms * sizeof(struct uuid));
	add_items(&lists, r);
	for (int s = 0; s < 2; s++) {
		add_prefixes(&lists, r->side[s].ips, r->side[s].n_ips);
		add_prefixes(&lists, r->side[s].subnets, r->side[s].n_subnets);
	}
	for (int s = 0; s < 2; s++)
		add_tags(&lists, &texts, &r->side[s]);
	if (!add_marks(&marks, r->text)) {
		marks.n = 0;
		rec.marks_n = RECORD_UNMARKED;
	} else {
		rec.marks_n = (uint16_t)marks.n;
	}
	rec.lists_n = (uint16_t)lists.n;        /* at most 5 kB */
	rec.bytes = (uint32_t)(sizeof(rec) + marks.n + texts.n + lists.n);
	buf_add(out, &rec, sizeof(rec));
	buf_slice(out, buf_view(&marks));
	buf_slice(out, buf_view(&texts));
	buf_slice(out, buf_view(&lists));
	buf_free(&marks);
	buf_free(&texts);
	buf_free(&lists);
}

/* --- reading ----------------------------------------------------------------- */

struct reader {
	const char *at, *end;
};

static const char *
take(struct reader *rd, size_t n)
{
	const char *p = rd->at;

	if ((size_t)(rd->end - rd->at) < n)
		return NULL;
	rd->at += n;
	return p;
}

static bool
read_prefixes(struct reader *rd, struct prefix *out, unsigned n)
{
	for (unsigned i = 0; i < n; i++) {
		const char *head = take(rd, 2), *bits;
		uint32_t v4;

		if (!head)
			return false;
		out[i].fam = (uint8_t)head[0];
		out[i].len = (uint8_t)head[1];
		if (out[i].fam == NET_V4) {
			if ((bits = take(rd, sizeof(v4))) == NULL || out[i].len < NET_V4_BASE ||
			    out[i].len > 128)
				return false;
			memcpy(&v4, bits, sizeof(v4));
			out[i].a = addr_v4(v4);
		} else {
			if (out[i].fam != NET_V6 || out[i].len > 128 ||
			    (bits = take(rd, sizeof(out[i].a))) == NULL)
				return false;
			memcpy(&out[i].a, bits, sizeof(out[i].a));
		}
	}
	return true;
}

static bool
read_items(struct reader *rd, struct lang_item *out, unsigned n)
{
	for (unsigned i = 0; i < n; i++) {
		const char *p = take(rd, ITEM_BYTES);

		if (!p)
			return false;
		memcpy(&out[i].a, p, 2);
		memcpy(&out[i].b, p + 2, 2);
		out[i].range = p[4] != 0;
	}
	return true;
}

static bool
slice_in(struct reader *texts, uint32_t off, uint32_t n, struct slice *out)
{
	size_t all = (size_t)(texts->end - texts->at);

	*out = (struct slice){ texts->at + off, n };
	return off <= all && n <= all - off;
}

static bool
read_tags(const char *packed, struct reader *texts, struct rule_tag *out, unsigned n)
{
	for (unsigned i = 0; i < n; i++) {
		struct packed_tag p;

		memcpy(&p, packed + i * sizeof(p), sizeof(p));
		out[i].has_value = p.value_n != NO_VALUE;
		out[i].value = (struct slice){ 0 };
		if (!slice_in(texts, p.key, p.key_n, &out[i].key) ||
		    (out[i].has_value && !slice_in(texts, p.value, p.value_n, &out[i].value)))
			return false;
	}
	return true;
}

static void
view_head(const struct record *rec, struct rule *out)
{
	uint32_t f = rec->flags;

	out->uuid = rec->uuid;
	out->owner = rec->owner;
	out->added = NULL;
	out->has_owner = f & RECORD_OWNER;
	out->has_created_by = f & RECORD_CREATED;
	out->has_description = f & RECORD_DESCRIPTION;
	out->enabled = (uint8_t)(f / RECORD_ENABLED & 3);
	out->log = (uint8_t)(f / RECORD_LOG & 3);
	out->action = f & RECORD_BLOCK ? LANG_BLOCK : LANG_ALLOW;
	out->proto = (uint8_t)((f & RECORD_PROTO) >> RECORD_PROTO_SHIFT);
	out->priority = rec->priority;
	out->all = f & RECORD_ALL;
	out->n_items = rec->n_items;
	for (int s = 0; s < 2; s++) {
		out->side[s].any = f >> (RECORD_ANY_SHIFT + s) & 1;
		out->side[s].vmall = f >> (RECORD_VMALL_SHIFT + s) & 1;
		out->side[s].n_ips = rec->n[s][IPS];
		out->side[s].n_subnets = rec->n[s][SUBNETS];
		out->side[s].n_tags = rec->n[s][TAGS];
		out->side[s].n_vms = rec->n[s][VMS];
	}
}

static bool
view_texts(const struct record *rec, struct reader texts, struct rule *out)
{
	const char *p;

	if ((p = take(&texts, rec->text_n)) == NULL)
		return false;
	out->text = (struct slice){ p, rec->text_n };
	if ((p = take(&texts, rec->version_n)) == NULL)
		return false;
	out->version = (struct slice){ p, rec->version_n };
	if ((p = take(&texts, rec->created_n)) == NULL)
		return false;
	out->created_by = (struct slice){ p, rec->created_n };
	if ((p = take(&texts, rec->description_n)) == NULL)
		return false;
	out->description = (struct slice){ p, rec->description_n };
	return true;
}

static bool
view_sides(struct reader *rd, struct reader *texts, struct rule *out, struct record_room *room)
{
	const char *tags[2];

	for (int s = 0; s < 2; s++) {
		struct rule_side *side = &out->side[s];

		side->ips = room->prefix[2 * s];
		side->subnets = room->prefix[2 * s + 1];
		if (!read_prefixes(rd, side->ips, side->n_ips) ||
		    !read_prefixes(rd, side->subnets, side->n_subnets))
			return false;
	}
	for (int s = 0; s < 2; s++) {
		out->side[s].tags = room->tag[s];
		tags[s] = take(rd, out->side[s].n_tags * sizeof(struct packed_tag));
		if (!tags[s])
			return false;
	}
	return read_tags(tags[0], texts, room->tag[0], out->side[0].n_tags) &&
	    read_tags(tags[1], texts, room->tag[1], out->side[1].n_tags);
}

/* The marks, and behind them texts and lists; NULL if they are not in the record. */
static const unsigned char *
find_parts(const struct record *rec, size_t bytes, struct reader *texts, struct reader *lists)
{
	const char *marks = (const char *)(rec + 1);
	size_t marks_n = rec->marks_n == RECORD_UNMARKED ? 0 : rec->marks_n;

	if (bytes < sizeof(*rec) + marks_n + rec->lists_n)
		return NULL;
	texts->at = marks + marks_n;
	lists->end = (const char *)rec + bytes;
	texts->end = lists->at = lists->end - rec->lists_n;
	return (const unsigned char *)marks;
}

bool
record_view(const struct record *rec, size_t bytes, struct rule *out, struct record_room *room)
{
	struct reader texts, rd;

	view_head(rec, out);
	if (out->proto >= LANG_PROTOS || !find_parts(rec, bytes, &texts, &rd))
		return false;
	for (int s = 0; s < 2; s++) {
		struct rule_side *side = &out->side[s];
		const char *vms;

		if (side->n_ips > LANG_MAX_TARGETS || side->n_subnets > LANG_MAX_TARGETS ||
		    side->n_tags > LANG_MAX_TARGETS || side->n_vms > LANG_MAX_TARGETS ||
		    (vms = take(&rd, side->n_vms * sizeof(struct uuid))) == NULL)
			return false;
		side->vms = room->vm[s];
		memcpy(side->vms, vms, side->n_vms * sizeof(struct uuid));
	}
	out->items = room->item;
	return read_items(&rd, out->items, out->n_items) &&
	    view_sides(&rd, &texts, out, room) && view_texts(rec, texts, out);
}

bool
record_view_texts(const struct record *rec, size_t bytes, struct rule *out)
{
	struct reader texts, lists;

	if (!find_parts(rec, bytes, &texts, &lists))
		return false;
	view_head(rec, out);
	out->n_items = 0;
	for (int s = 0; s < 2; s++) {
		struct rule_side *side = &out->side[s];

		side->n_ips = side->n_subnets = side->n_tags = side->n_vms = 0;
	}
	return out->proto < LANG_PROTOS && view_texts(rec, texts, out);
}

/* --- JSON -------------------------------------------------------------------- */

#define RUN 32                  /* bytes that are copied as fast as one */

static inline char *
put_run(char *p, const char *from, size_t n, const char *end)
{
	if (n <= RUN && end - from >= RUN)
		memcpy(p, from, RUN);
	else
		memcpy(p, from, n);
	return p + n;
}

/* The sentence as JSON from its marks, in a record that ends at end; false if they do not fit. */
static bool
write_marked(struct buf *out, const unsigned char *marks, unsigned n_marks, struct slice text,
    const char *end)
{
	char *from = buf_room(out, text.n + n_marks + RUN + 2), *p = from;

	*p++ = '"';
	for (unsigned i = 0; i < n_marks; i++) {
		size_t n = marks[i];

		if (n > text.n)
			return false;
		p = put_run(p, text.p, n, end);
		text.p += n;
		text.n -= n;
		if (n != RECORD_NO_MARK)
			*p++ = '\\';
	}
	p = put_run(p, text.p, text.n, end);
	*p++ = '"';
	out->n += (size_t)(p - from);
	return true;
}

bool
record_write_json(struct buf *out, const struct record *rec, size_t bytes)
{
	struct reader texts, lists;
	const unsigned char *marks = find_parts(rec, bytes, &texts, &lists);
	struct rule r;

	if (!marks || !view_texts(rec, texts, &r))
		return false;
	view_head(rec, &r);
	buf_char(out, '{');
	rule_write_before_text(out, &r);
	if (rec->marks_n == RECORD_UNMARKED)
		text_json(out, r.text);
	else if (!write_marked(out, marks, rec->marks_n, r.text, lists.end))
		return false;
	rule_write_after_text(out, &r);
	buf_char(out, '}');
	return true;
}

/* --- copying ----------------------------------------------------------------- */

static void *
copy_list(struct arena *arena, const void *p, size_t bytes)
{
	return bytes ? memcpy(arena_alloc(arena, bytes), p, bytes) : NULL;
}

struct rule *
record_copy(struct arena *arena, const struct rule *view)
{
	struct rule *r = arena_alloc(arena, sizeof(*r));

	*r = *view;
	r->text = arena_slice(arena, view->text);
	r->version = arena_slice(arena, view->version);
	r->created_by = arena_slice(arena, view->created_by);
	r->description = arena_slice(arena, view->description);
	r->items = copy_list(arena, view->items, r->n_items * sizeof(*r->items));
	for (int s = 0; s < 2; s++) {
		struct rule_side *side = &r->side[s];

		side->ips = copy_list(arena, side->ips, side->n_ips * sizeof(*side->ips));
		side->subnets = copy_list(arena, side->subnets,
		    side->n_subnets * sizeof(*side->subnets));
		side->vms = copy_list(arena, side->vms, side->n_vms * sizeof(*side->vms));
		side->tags = copy_list(arena, side->tags, side->n_tags * sizeof(*side->tags));
		for (unsigned i = 0; i < side->n_tags; i++) {
			side->tags[i].key = arena_slice(arena, side->tags[i].key);
			side->tags[i].value = arena_slice(arena, side->tags[i].value);
		}
	}
	return r;
}
