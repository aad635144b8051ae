/* SPDX-License-Identifier: MPL-2.0 */
#include "compare.h"

#include "../../compiler/base/text.h"
#include "eval.h"

/* Pairs of lines, not regions, are what a person can go through. */
static bool
gather(void *arg, const struct filter_difference *d)
{
	struct compare *c = arg;
	struct {
		const struct ipf_line *a, *b;
		uint64_t class;
	} key = { d->a.line, d->b.line, (uint64_t)d->class.dir << 16 |
		(uint64_t)d->class.fam << 8 | d->class.proto };
	struct slice bytes = { (const char *)&key, sizeof(key) };
	const uint32_t *known = strmap_get(&c->known, bytes);

	if (known) {
		c->pairs.v[*known].regions++;
	} else if (c->pairs.n == c->max) {
		c->more++;
	} else {
		*strmap_put(c->arena, &c->known, arena_slice(c->arena, bytes)) = c->pairs.n;
		*vec_push(c->arena, &c->pairs) = (struct compare_pair){ *d, 1 };
	}
	return true;
}

/* --- output --------------------------------------------------------------------------- */

static void
write_side(struct buf *out, const struct compare *c, unsigned side, const struct filter_result *r)
{
	const struct src *src = c->file[side]->src;

	buf_str(out, "  ");
	text_visible(out, src->name);
	if (r->line)
		buf_printf(out, ":%u", r->line->number);
	buf_str(out, ": ");
	filter_outcome_text(out, &r->outcome);
	if (r->line) {
		buf_str(out, ": ");
		text_visible(out, (struct slice){ src->text.p + r->line->at.off,
		    r->line->at.len });
	}
	if (r->state_refused)
		buf_str(out, " (no state can be kept)");
	buf_char(out, '\n');
}

void
compare_write_text(struct buf *out, const struct compare *c)
{
	for (uint32_t i = 0; i < c->pairs.n; i++) {
		const struct compare_pair *p = &c->pairs.v[i];

		filter_packet_text(out, &p->first.packet);
		buf_char(out, '\n');
		write_side(out, c, 0, &p->first.a);
		write_side(out, c, 1, &p->first.b);
		if (p->regions > 1)
			buf_printf(out, "  and %llu more region%s between these lines\n",
			    (unsigned long long)p->regions - 1, p->regions > 2 ? "s" : "");
	}
	if (c->more)
		buf_printf(out, c->pairs.n ? "and %llu more between other lines\n"
		    : "differing regions: %llu\n", (unsigned long long)c->more);
}

static void
write_side_json(struct buf *out, const struct compare *c, const char *name, unsigned side, const struct filter_result *r)
{
	buf_printf(out, ",\"%s\":{", name);
	eval_write_outcome(out, &r->outcome);
	buf_str(out, ",\"by\":");
	eval_write_line(out, c->file[side]->src->name, c->file[side], r->line);
	buf_char(out, '}');
}

void
compare_write_json(struct buf *out, const struct compare *c)
{
	buf_printf(out, "{\"equal\":%s,\"differences\":[", c->pairs.n || c->more ? "false"
	    : "true");
	for (uint32_t i = 0; i < c->pairs.n; i++) {
		const struct compare_pair *p = &c->pairs.v[i];

		buf_str(out, i ? ",{\"packet\":" : "{\"packet\":");
		eval_write_packet(out, &p->first.packet);
		write_side_json(out, c, "a", 0, &p->first.a);
		write_side_json(out, c, "b", 1, &p->first.b);
		buf_printf(out, ",\"regions\":%llu}", (unsigned long long)p->regions);
	}
	buf_printf(out, "],\"moreRegions\":%llu}", (unsigned long long)c->more);
}

/* --- the run -------------------------------------------------------------------------- */

void
compare_init(struct compare *c, struct arena *arena, const struct ipf_file *a,
    const struct ipf_file *b, unsigned max)
{
	memset(c, 0, sizeof(*c));
	c->arena = arena;
	c->file[0] = a;
	c->file[1] = b;
	c->max = max;
}

enum filter_equal
compare_run(struct compare *c)
{
	return filter_compare(c->file[0], c->file[1], gather, c);
}
