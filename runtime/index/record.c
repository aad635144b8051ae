/* SPDX-License-Identifier: MPL-2.0 */
/* Rules to records and back; what is read may come from a damaged file. */
#include "record.h"

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

void
record_write(struct buf *out, const struct rule *r)
{
	struct record rec = { .flags = record_flags(r), .uuid = r->uuid, .owner = r->owner,
		.priority = r->priority, .n_items = r->n_items };
	struct buf texts;
	char small[2048];
	uint32_t total;

	buf_borrow(&texts, small, sizeof(small));
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
	buf_add(out, &rec, sizeof(rec));
	for (int s = 0; s < 2; s++)
		buf_add(out, r->side[s].vms, r->side[s].n_vms * sizeof(struct uuid));
	add_items(out, r);
	for (int s = 0; s < 2; s++) {
		add_prefixes(out, r->side[s].ips, r->side[s].n_ips);
		add_prefixes(out, r->side[s].subnets, r->side[s].n_subnets);
	}
	for (int s = 0; s < 2; s++)
		add_tags(out, &texts, &r->side[s]);
	buf_slice(out, buf_view(&texts));
	buf_free(&texts);
	total = (uint32_t)out->n;
	memcpy(out->p, &total, sizeof(total));
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
view_sides(struct reader *rd, struct rule *out, struct record_room *room)
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
	return read_tags(tags[0], rd, room->tag[0], out->side[0].n_tags) &&
	    read_tags(tags[1], rd, room->tag[1], out->side[1].n_tags);
}

bool
record_view(const struct record *rec, size_t bytes, struct rule *out, struct record_room *room)
{
	struct reader rd = { (const char *)(rec + 1), (const char *)rec + bytes };

	view_head(rec, out);
	if (out->proto >= LANG_PROTOS)
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
	if (!read_items(&rd, out->items, out->n_items) || !view_sides(&rd, out, room))
		return false;
	return view_texts(rec, rd, out);
}

static bool
skip_prefixes(struct reader *rd, unsigned n)
{
	for (unsigned i = 0; i < n; i++) {
		const char *head = take(rd, 2);

		if (!head || !take(rd, head[0] == NET_V4 ? sizeof(uint32_t) : sizeof(struct addr)))
			return false;
	}
	return true;
}

bool
record_view_texts(const struct record *rec, size_t bytes, struct rule *out)
{
	struct reader rd = { (const char *)(rec + 1), (const char *)rec + bytes };
	const uint8_t *from = rec->n[0], *to = rec->n[1];

	if (!take(&rd, (size_t)(from[VMS] + to[VMS]) * sizeof(struct uuid) +
	    (size_t)rec->n_items * ITEM_BYTES) ||
	    !skip_prefixes(&rd, from[IPS]) || !skip_prefixes(&rd, from[SUBNETS]) ||
	    !skip_prefixes(&rd, to[IPS]) || !skip_prefixes(&rd, to[SUBNETS]) ||
	    !take(&rd, (size_t)(from[TAGS] + to[TAGS]) * sizeof(struct packed_tag)))
		return false;
	view_head(rec, out);
	out->n_items = 0;
	for (int s = 0; s < 2; s++) {
		struct rule_side *side = &out->side[s];

		side->n_ips = side->n_subnets = side->n_tags = side->n_vms = 0;
	}
	return out->proto < LANG_PROTOS && view_texts(rec, rd, out);
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
