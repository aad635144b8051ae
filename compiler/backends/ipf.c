/* SPDX-License-Identifier: MPL-2.0 */
/*
 * The ipfilter back end, for both families (spec 3).
 *
 * What a rule's author chooses (tag keys, versions) gets into comments only
 * escaped and cut, so that nobody writes filter lines through them.  Lines are
 * put together from parts made once an entry: it is these bytes that a compile
 * spends its time on.
 */
#include "../base/text.h"
#include "backend_int.h"

/* ipf's loader hangs on comments of 8,192 characters; lines end below 1,000 bytes. */
#define COMMENT_MAX 990
#define VERSION_MAX 400         /* of a comment, so that the target has room */

struct ipf {
	struct buf *out;
	const struct backend_opts *o;
	unsigned fam;
	/* " port = 80 keep frags keep state ...\n" for each item of the entry's rule. */
	struct buf tails;
	VEC(uint32_t) tail_end;
	struct arena arena;
	const struct lang_item *tails_of;
	const struct rule *tails_rule;
	uint32_t tails_head, tails_group;
	bool tails_state;
	uint8_t tails_side, tails_kind;
};

/* --- comments ------------------------------------------------------------------ */

/* ASCII that fits even if every character needs the longest escape. */
static bool
fits_surely(const struct buf *out, struct slice s, size_t limit)
{
	if (s.n * strlen("\\u0000") > limit - out->n)
		return false;
	for (size_t i = 0; i < s.n; i++)
		if ((unsigned char)s.p[i] >= 0x80)
			return false;
	return true;
}

/* Up to the given length of the whole text; what does not fit is replaced by "...". */
static void
write_escaped(struct buf *out, struct slice s, size_t limit)
{
	size_t i = 0;

	if (fits_surely(out, s, limit)) {
		rule_escape(out, s);
		return;
	}
	while (i < s.n) {
		size_t at = i, mark = out->n;
		uint32_t cp = text_decode(s, &i);

		if (cp == TEXT_BAD || (cp >= 0xd800 && cp <= 0xdfff))
			buf_str(out, "\xef\xbf\xbd");
		else
			rule_escape(out, (struct slice){ s.p + at, i - at });
		if (out->n > limit) {
			out->n = mark;
			buf_str(out, "...");
			return;
		}
	}
}

static void
write_target(struct buf *out, const struct policy_entry *e, size_t limit)
{
	switch (e->target) {
	case POLICY_WILDCARD:
		buf_str(out, e->vmall ? "wildcard=vmall" : "wildcard=any");
		break;
	case POLICY_IP:
		buf_str(out, "ip=");
		buf_addr(out, *e->prefix);
		break;
	case POLICY_SUBNET:
		buf_str(out, "subnet=");
		buf_prefix(out, *e->prefix);
		break;
	case POLICY_TAG:
	case POLICY_TAG_VALUE:
		buf_str(out, e->target == POLICY_TAG ? "tag=" : "tagValue=");
		write_escaped(out, e->tag->key, limit);
		break;
	case POLICY_VM:
		buf_str(out, "vm=");
		buf_uuid(out, *e->vm);
		break;
	case POLICY_MERGED:
		buf_printf(out, "targets=%u", e->n_targets);
		break;
	}
}

/* All rules of an entry that stands for several, on as many lines as they need. */
static void
write_rules(struct buf *out, const struct policy_entry *e)
{
	enum { A_LINE = 20 };

	for (uint32_t i = 0; i < e->n_rules; i++) {
		buf_str(out, i % A_LINE ? ", " : i ? "\n# rules=" : "# rules=");
		buf_uuid(out, e->rules[i]->uuid);
	}
	buf_char(out, '\n');
}

/* Marks lines that no rule of the host asks for, or not only. */
static void
write_added(struct buf *out, const struct policy_entry *e)
{
	const char *added = e->kind == POLICY_RULE && e->rule ? e->rule->added : NULL;

	for (uint32_t i = 0; i < e->n_rules && !added; i++)
		added = e->rules[i]->added;
	if (added)
		buf_printf(out, "# added: %s\n", added);
}

static void
write_header(struct ipf *w, const struct policy_entry *e)
{
	struct buf *out = w->out;
	size_t start;

	buf_str(out, "\n");
	write_added(out, e);
	if (e->kind != POLICY_RULE) {
		buf_str(out, "# default policy\n");
		return;
	}
	if (e->n_rules) {
		write_rules(out, e);
		return;
	}
	start = out->n;
	buf_str(out, "# rule=");
	buf_uuid(out, e->rule->uuid);
	buf_str(out, ", version=");
	write_escaped(out, e->rule->version, start + VERSION_MAX);
	buf_str(out, ", ");
	write_target(out, e, start + COMMENT_MAX);
	buf_char(out, '\n');
}

/* --- lines ------------------------------------------------------------------------ */

/* By whether it decides nothing, side, action, protocol. */
static const char *const head[2][2][2][LANG_PROTOS] = {
#define HEADS(start)                                                           \
	{ start " proto ah from ", start " proto esp from ",                   \
	  start " proto icmp from ", start " proto ipv6-icmp from ",           \
	  start " proto tcp from ", start " proto udp from " }
	{
		{ HEADS("pass out quick"), HEADS("block out quick") },
		{ HEADS("pass in quick"), HEADS("block in quick") },
	}, {
		{ HEADS("pass out"), HEADS("block out") },
		{ HEADS("pass in"), HEADS("block in") },
	},
#undef HEADS
};

static void
write_item(struct buf *b, const struct policy_entry *e, const struct lang_item *i)
{
	if (lang_has_types(e->proto)) {
		buf_str(b, " icmp-type ");
		buf_uint(b, i->a);
		if (i->b != LANG_ANY_CODE) {
			buf_str(b, " code ");
			buf_uint(b, i->b);
		}
	} else if (i->range) {
		buf_str(b, " port ");
		buf_uint(b, i->a);
		buf_str(b, " : ");
		buf_uint(b, i->b);
	} else {
		buf_str(b, " port = ");
		buf_uint(b, i->a);
	}
}

/*
 * Names of groups are shared by directions and families, so they say which: i4, o6.
 * At most 15 characters.
 */
static void
write_group(struct ipf *w, const char *word, unsigned side, uint32_t group)
{
	if (group)
		buf_printf(&w->tails, " %s %c%ug%x", word, side == LANG_FROM ? 'o' : 'i', w->fam,
		    group);
}

static void
write_keep(struct buf *b, const struct policy_entry *e)
{
	if (e->kind == POLICY_OPENING)
		buf_str(b, " flags S/SA");
	/* What no rule passes keeps no fragments (as the fallback lines have it). */
	if (e->kind == POLICY_RULE)
		buf_str(b, " keep frags");
	if (e->keep_state)
		buf_str(b, " keep state");
}

static void
add_tail(struct ipf *w, const struct policy_entry *e, const struct lang_item *i)
{
	struct buf *b = &w->tails;

	/* Where there is no item the reference leaves its place's space. */
	if (i)
		write_item(b, e, i);
	else if (e->kind == POLICY_RULE)
		buf_char(b, ' ');
	write_keep(b, e);
	write_group(w, "head", e->side, e->head);
	write_group(w, "group", e->side, e->group);
	if (w->o->tags && e->kind == POLICY_RULE) {
		buf_str(b, " set-tag(uuid=");
		buf_uuid(b, e->rule->uuid);
		buf_str(b, rule_is_true(e->rule->log) ? ", cfwlog)" : ")");
	}
	buf_char(b, '\n');
	*vec_push(&w->arena, &w->tail_end) = (uint32_t)b->n;
}

static void
make_tails(struct ipf *w, const struct policy_entry *e)
{
	if (w->tails_of == e->items && e->items && w->tails_rule == e->rule &&
	    w->tails_state == e->keep_state && w->tails_side == e->side &&
	    w->tails_kind == e->kind && w->tails_head == e->head && w->tails_group == e->group)
		return;
	w->tails_of = e->items;
	w->tails_rule = e->rule;
	w->tails_state = e->keep_state;
	w->tails_side = e->side;
	w->tails_kind = e->kind;
	w->tails_head = e->head;
	w->tails_group = e->group;
	w->tails.n = 0;
	w->tail_end.n = 0;
	if (e->all_items)
		add_tail(w, e, NULL);
	for (unsigned i = 0; i < e->n_items; i++)
		add_tail(w, e, &e->items[i]);
}

static void
write_lines(struct ipf *w, const struct policy_entry *e, const struct prefix *p)
{
	const char *h = head[e->kind == POLICY_WALK][e->side][e->action][e->proto];
	char middle[160], *m = middle;
	size_t n = strlen(h);
	uint32_t from = 0;

	memcpy(m, h, n);
	m += n;
	if (e->side == LANG_FROM || !p) {
		memcpy(m, "any to ", 7);
		m += 7;
	}
	if (!p) {
		memcpy(m, "any", 3);
		m += 3;
	} else {
		m += e->target == POLICY_SUBNET || p->len < 128 ? prefix_write(m, *p) : addr_write(m, p->a, p->fam);
	}
	if (e->side == LANG_TO && p) {
		memcpy(m, " to any", 7);
		m += 7;
	}
	n = (size_t)(m - middle);
	for (unsigned i = 0; i < w->tail_end.n; i++) {
		size_t tail = w->tail_end.v[i] - from;
		char *to = buf_room(w->out, n + tail);

		memcpy(to, middle, n);
		memcpy(to + n, w->tails.p + from, tail);
		w->out->n += n + tail;
		from = w->tail_end.v[i];
	}
}

static bool
of_family(enum lang_proto proto, unsigned fam)
{
	return proto == LANG_ICMP ? fam == NET_V4 : proto == LANG_ICMP6 ? fam == NET_V6 : true;
}

static bool
has_lines(const struct policy_entry *e, unsigned fam)
{
	bool some = e->any;

	for (uint32_t i = 0; i < e->n_addrs && !some; i++)
		some = e->addrs[i].fam == fam;
	return some && of_family(e->proto, fam);
}

static void
write_entry(struct ipf *w, const struct policy_entry *e)
{
	if (e->fam && e->fam != w->fam)
		return;
	if (e->target != POLICY_MERGED || has_lines(e, w->fam))
		write_header(w, e);
	if (!of_family(e->proto, w->fam))
		return;
	make_tails(w, e);
	if (e->any)
		write_lines(w, e, NULL);
	for (uint32_t i = 0; i < e->n_addrs; i++)
		if (e->addrs[i].fam == w->fam)
			write_lines(w, e, &e->addrs[i]);
}

/* --- the file ----------------------------------------------------------------------- */

static void
write_file_head(struct ipf *w)
{
	struct buf *out = w->out;

	buf_str(out, "# DO NOT EDIT THIS FILE. THIS FILE IS AUTO-GENERATED BY fwadm(8)\n"
	    "# AND MAY BE OVERWRITTEN AT ANY TIME.\n"
	    "#\n"
	    "# File generated at ");
	write_escaped(out, w->o->date, out->n + VERSION_MAX);
	buf_str(out, "\n#\n");
	if (w->o->tags)
		buf_str(out, "# smartos_ipf_version 2\n");
	buf_str(out, "#\n\n");
}

static void
write_fallbacks(struct ipf *w)
{
	const char *icmp = w->fam == NET_V4 ? "icmp" : "ipv6-icmp";

	buf_printf(w->out, "\n# fwadm fallbacks\n"
	    "block in all\n"
	    "pass out quick proto tcp from any to any flags S/SA keep state\n"
	    "pass out proto tcp from any to any\n"
	    "pass out proto udp from any to any keep state\n"
	    "pass out quick proto %s from any to any keep state\n"
	    "pass out proto %s from any to any\n", icmp, icmp);
}

static void
write_file(struct buf *out, const struct policy *p, const struct backend_opts *o, unsigned fam)
{
	struct ipf w = { .out = out, .o = o, .fam = fam };

	write_file_head(&w);
	for (uint32_t i = 0; i < p->entries.n; i++)
		write_entry(&w, &p->entries.v[i]);
	write_fallbacks(&w);
	buf_free(&w.tails);
	arena_free(&w.arena);
}

void
ipf_write_v4(struct buf *out, const struct policy *p, const struct backend_opts *o)
{
	write_file(out, p, o, NET_V4);
}

void
ipf_write_v6(struct buf *out, const struct policy *p, const struct backend_opts *o)
{
	write_file(out, p, o, NET_V6);
}
