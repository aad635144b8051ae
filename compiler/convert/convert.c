/* SPDX-License-Identifier: MPL-2.0 */
/* Cost: each rule is written twice and read once more. */
#include "convert.h"

#include "../backends/backend.h"
#include "../format/format.h"

/* --- formats ----------------------------------------------------------------------- */

static void
attribute(struct buf *out, const char *name, struct slice value)
{
	format_attribute(out, slice_of(name), value);
	buf_char(out, '\n');
}

static void
attribute_uuid(struct buf *out, const char *name, struct uuid u)
{
	char text[UUID_TEXT];

	uuid_write(text, u);
	attribute(out, name, (struct slice){ text, UUID_TEXT });
}

/* Canonical text, which the formatter then lays out. */
static void
source_text(struct buf *out, const struct rule *r)
{
	static const struct slice none;

	attribute_uuid(out, "uuid", r->uuid);
	if (r->has_owner)
		attribute_uuid(out, "owner", r->owner);
	attribute(out, "version", r->version);
	if (r->has_created_by)
		attribute(out, "created_by", r->created_by);
	if (r->has_description)
		attribute(out, "description", r->description);
	if (rule_is_true(r->log))
		attribute(out, "log", none);
	if (!rule_is_true(r->enabled))
		attribute(out, "disabled", none);
	buf_slice(out, r->text);
	buf_char(out, '\n');
}

static void
lay_out(struct buf *out, struct slice text)
{
	struct src src = { .name = slice_of("<rules>"), .text = text };
	struct arena scratch = { 0 };
	struct diags diags = { .arena = &scratch };
	struct parse *px = parse_new();

	/* What cannot be read stands as it is, and whoever reads it back will say so. */
	if (!format_source(out, px, &scratch, &diags, &src))
		buf_slice(out, text);
	parse_free(px);
	arena_free(&scratch);
}

static void
write_source_rule(struct buf *out, const struct rule *r)
{
	struct buf text = { 0 };

	source_text(&text, r);
	lay_out(out, buf_view(&text));
	buf_free(&text);
}

static void
write_source(struct buf *out, const struct input *in)
{
	struct buf text = { 0 };

	for (uint32_t i = 0; i < in->rules.n; i++) {
		if (i)
			buf_char(&text, '\n');
		source_text(&text, in->rules.v[i]);
	}
	lay_out(out, buf_view(&text));
	buf_free(&text);
}

static void
write_payload(struct buf *out, const struct input *in)
{
	buf_str(out, "{\"rules\":[");
	for (uint32_t i = 0; i < in->rules.n; i++) {
		buf_str(out, i ? ",\n" : "\n");
		rule_write_serialized(out, in->rules.v[i]);
	}
	buf_str(out, in->rules.n ? "\n]" : "]");
	for (uint32_t i = 0; i < in->remote_vms.n; i++) {
		buf_str(out, i ? ",\n" : ",\"remoteVMs\":[\n");
		buf_slice(out, in->remote_vms.v[i]->text);
	}
	buf_str(out, in->remote_vms.n ? "\n]}\n" : "}\n");
}

static void
write_fwapi(struct buf *out, const struct input *in)
{
	static const struct backend_opts opts;

	backend_find(slice_of("fwapi"))->write_rules(out, in->rules.v, in->rules.n, &opts);
}

static void
write_moray(struct buf *out, const struct input *in)
{
	static const struct backend_opts opts;

	backend_find(slice_of("moray"))->write_rules(out, in->rules.v, in->rules.n, &opts);
}

const struct convert_format convert_table[] = {
	{ "fwrule", "rule source text", write_source_rule, write_source, false },
	{ "payload", "a payload", rule_write_serialized, write_payload, true },
	{ "moray", "a Moray record", moray_write_record, write_moray, false },
	{ "fwapi", "FWAPI's JSON", rule_write_serialized, write_fwapi, false },
};

const size_t convert_count = BASE_COUNT(convert_table);

const struct convert_format *
convert_find(struct slice name)
{
	for (size_t i = 0; i < convert_count; i++)
		if (slice_is(name, convert_table[i].name))
			return &convert_table[i];
	return NULL;
}

/* --- what is lost -------------------------------------------------------------------- */

enum field { CREATED_BY, DESCRIPTION, VERSION, OWNER, BOOLEANS, FIELDS };

static const char *const field_text[FIELDS] = {
	"created_by", "description", "version", "owner_uuid",
	"enabled and log as texts (they become true and false)",
};

struct check {
	struct input *in;
	const struct convert_format *format;
	struct arena scratch;
	uint32_t lost[FIELDS];
};

static bool
same_text(bool has_a, struct slice a, bool has_b, struct slice b)
{
	return has_a == has_b && (!has_a || slice_eq(a, b));
}

static void
compare(struct check *c, const struct rule *a, const struct rule *b)
{
	char uuid[UUID_TEXT + 1] = { 0 };

	c->lost[CREATED_BY] += !same_text(a->has_created_by, a->created_by, b->has_created_by,
	    b->created_by);
	c->lost[DESCRIPTION] += !same_text(a->has_description, a->description, b->has_description,
	    b->description);
	c->lost[VERSION] += !slice_eq(a->version, b->version);
	c->lost[OWNER] += a->has_owner != b->has_owner ||
	    (a->has_owner && uuid_cmp(a->owner, b->owner) != 0);
	c->lost[BOOLEANS] += a->enabled != b->enabled || a->log != b->log;
	if (slice_eq(a->text, b->text))
		return;
	uuid_write(uuid, a->uuid);
	diag_add(c->in->diags, DIAG_convert_sentence, NULL, (struct span){ 0, 0 }, uuid,
	    c->format->title, (int)b->text.n, b->text.p);
}

/* Reads a rule back from what the format makes of it. */
static void
check_rule(struct check *c, const struct rule *r, struct buf *text)
{
	struct diags diags = { .arena = &c->scratch };
	char uuid[UUID_TEXT + 1] = { 0 };
	struct input back;

	text->n = 0;
	c->format->write_rule(text, r);
	input_init(&back, &c->scratch, &diags, (struct lang_opts){ 0 });
	input_read_text(&back, slice_of("rule"), buf_view(text));
	uuid_write(uuid, r->uuid);
	if (diags.errors)
		diag_add(c->in->diags, DIAG_convert_refused, NULL, (struct span){ 0, 0 }, uuid,
		    c->format->title, diags.list.v[0].text);
	else if (back.rules.n != 1 || uuid_cmp(back.rules.v[0]->uuid, r->uuid) != 0)
		diag_add(c->in->diags, DIAG_internal, NULL, (struct span){ 0, 0 },
		    "a rule that was written is not read back");
	else
		compare(c, r, back.rules.v[0]);
	input_done(&back);
	arena_reset(&c->scratch);
}

/* cure may name the format, by its %s. */
__attribute__((format(printf, 4, 0))) static void
left_out(struct check *c, const char *what, uint32_t n, const char *cure)
{
	struct diag *d;

	if (n == 0)
		return;
	d = diag_add(c->in->diags, DIAG_convert_other, NULL, (struct span){ 0, 0 }, n, what,
	    n == 1 ? " is" : "s are");
	diag_help(c->in->diags, d, cure, c->format->title);
}

bool
convert_write(struct buf *out, struct input *in, const struct convert_format *format)
{
	struct check c = { .in = in, .format = format };
	uint32_t errors = in->diags->errors;
	struct buf text = { 0 };

	for (uint32_t i = 0; i < in->rules.n; i++)
		check_rule(&c, in->rules.v[i], &text);
	buf_free(&text);
	arena_free(&c.scratch);
	for (int i = 0; i < FIELDS; i++)
		if (c.lost[i])
			diag_add(in->diags, DIAG_convert_field, NULL, (struct span){ 0, 0 },
			    format->title, field_text[i], in->rules.n, c.lost[i]);
	left_out(&c, "comment", in->n_comments, "only `fwrule fmt` keeps them");
	left_out(&c, "localVM", in->n_local_vms, "%s holds rules");
	if (!format->remote_vms)
		left_out(&c, "remoteVM", in->remote_vms.n, "%s holds rules only; a payload both");
	if (in->diags->errors != errors)
		return false;
	format->write(out, in);
	return true;
}
