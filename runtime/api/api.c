/* SPDX-License-Identifier: MPL-2.0 */
/* libfwrule over the toolchain's own functions. */
#include <stdlib.h>

#include "../../compiler/compile.h"
#include "../../compiler/input/input.h"
#include "../../compiler/passes/passes.h"
#include "../index/index.h"
#include "../rpc/rpc.h"
#include "api_int.h"
#include "config.h"

struct fwr {
	struct arena arena;
	struct diags diags;
	struct input in;
	struct rpc *rpc;                /* made when first called */
	struct buf out;
	struct api_errors errors;
};

struct fwr_host {
	struct arena arena;
	struct arena scratch;           /* diagnostics and what they point to */
	struct diags diags;
	struct input in;
	struct inventory inv;
	struct api_errors errors;
	uint32_t remote_done;           /* payloads' remote VMs that are in the inventory */
};

EXPORT const char *
fwr_version(void)
{
	return PACKAGE_VERSION;
}

EXPORT void
fwr_set_out_of_memory(void (*handler)(size_t))
{
	base_set_oom(handler);
}

struct lang_opts
api_options(const struct fwr_options *o)
{
	if (!o)
		return (struct lang_opts){ 0 };
	return (struct lang_opts){ o->max_version, o->enforce_subnet_mask, o->enforce_global };
}

/* --- errors --------------------------------------------------------------------- */

static void
convert(struct arena *a, const struct diag *d, struct fwr_error *e)
{
	*e = (struct fwr_error){ .field = d->field, .message = d->text, .code = d->code,
		.help = d->help, .is_syntax = d->is_syntax,
		.is_warning = d->severity != DIAG_ERROR };
	if (!d->src)
		return;
	if (d->src->within.n)
		e->where = arena_copy(a, d->src->within.p, d->src->within.n);
	else if (d->src->name.n)
		e->where = arena_copy(a, d->src->name.p, d->src->name.n);
	if (d->src->text.p) {
		e->offset = d->at.off;
		e->length = d->at.len;
		src_position(d->src, d->at.off, &e->line, &e->column, NULL);
	}
}

const struct fwr_error *
api_hand_out(struct api_errors *out, const struct diags *ds, size_t *n)
{
	out->v = arena_alloc(ds->arena, ds->list.n * sizeof(*out->v));
	for (uint32_t i = 0; i < ds->list.n; i++)
		convert(ds->arena, &ds->list.v[i], &out->v[i]);
	*n = out->n = ds->list.n;
	return out->v;
}

EXPORT const struct fwr_error *
fwr_errors(struct fwr *f, size_t *n)
{
	return api_hand_out(&f->errors, &f->diags, n);
}

EXPORT const struct fwr_error *
fwr_host_errors(struct fwr_host *h, size_t *n)
{
	return api_hand_out(&h->errors, &h->diags, n);
}

/* --- rules ---------------------------------------------------------------------- */

EXPORT struct fwr *
fwr_new(void)
{
	struct fwr *f = base_alloc(sizeof(*f));

	memset(f, 0, sizeof(*f));
	index_add_input_format();
	f->diags.arena = &f->arena;
	input_init(&f->in, &f->arena, &f->diags, (struct lang_opts){ 0 });
	return f;
}

EXPORT void
fwr_free(struct fwr *f)
{
	if (!f)
		return;
	input_done(&f->in);
	rpc_free(f->rpc);
	buf_free(&f->out);
	arena_free(&f->arena);
	free(f);
}

static void
begin(struct fwr *f, const struct fwr_options *o)
{
	arena_reset(&f->arena);
	arena_reset(&f->in.scratch);
	input_forget(&f->in);
	f->diags = (struct diags){ .arena = &f->arena };
	f->in.opts = api_options(o);
	f->out.n = 0;
}

static int
finish(struct fwr *f, struct fwr_text *out)
{
	if (f->diags.errors)
		return -1;
	*buf_room(&f->out, 1) = '\0';
	*out = (struct fwr_text){ f->out.p, f->out.n };
	return 0;
}

struct src *
api_source(struct arena *a, const char *name, const char *text, size_t n)
{
	struct src *src = arena_zero(a, sizeof(*src));

	src->name = arena_slice(a, slice_of(name));
	src->text = arena_slice(a, (struct slice){ text, n });
	return src;
}

EXPORT int
fwr_parse(struct fwr *f, const char *rule, size_t n, const struct fwr_options *o,
    struct fwr_text *json)
{
	struct ast_rule *ast;

	begin(f, o);
	ast = parse_sentence(f->in.px, &f->arena, &f->diags, api_source(&f->arena, "rule", rule, n),
	    f->in.opts);
	if (!f->diags.errors)
		ast_write_parsed(&f->out, ast);
	return finish(f, json);
}

void
api_write_form(struct buf *out, const struct rule *r, enum fwr_form form)
{
	switch (form) {
	case FWR_TEXT:
		buf_slice(out, r->text);
		break;
	case FWR_SERIALIZED:
		rule_write_serialized(out, r);
		break;
	case FWR_RAW:
		rule_write_raw(out, r);
		break;
	case FWR_MORAY:
		moray_write_record(out, r);
		break;
	}
}

EXPORT int
fwr_create(struct fwr *f, const char *payload, size_t n, const struct fwr_options *o,
    enum fwr_form form, struct fwr_text *out)
{
	struct src *src;
	struct rule *r;
	json_t *v;

	begin(f, o);
	src = api_source(&f->arena, "payload", payload, n);
	v = json_read_all(src, &f->diags);
	if (v && !json_is_object(v))
		diag_add(&f->diags, DIAG_json_shape, src, (struct span){ 0, 0 },
		    "a rule is a JSON object");
	else if (v && (r = input_object(&f->in, v, (struct slice){ 0 })) != NULL)
		api_write_form(&f->out, r, form);
	json_decref(v);
	return finish(f, out);
}

EXPORT void
fwr_call(struct fwr *f, const char *request, size_t n, struct fwr_text *answer)
{
	begin(f, NULL);
	if (!f->rpc)
		f->rpc = rpc_new(NULL);
	rpc_answer(f->rpc, (struct slice){ request, n }, &f->out);
	*buf_room(&f->out, 1) = '\0';
	*answer = (struct fwr_text){ f->out.p, f->out.n };
}

/* --- hosts ----------------------------------------------------------------------- */

EXPORT struct fwr_host *
fwr_host_new(const struct fwr_options *o)
{
	struct fwr_host *h = base_alloc(sizeof(*h));

	memset(h, 0, sizeof(*h));
	index_add_input_format();
	h->diags.arena = &h->scratch;
	input_init(&h->in, &h->arena, &h->diags, api_options(o));
	inventory_init(&h->inv, &h->arena, &h->diags);
	return h;
}

EXPORT void
fwr_host_free(struct fwr_host *h)
{
	if (!h)
		return;
	input_done(&h->in);
	arena_free(&h->arena);
	arena_free(&h->scratch);
	free(h);
}

static void
begin_host(struct fwr_host *h)
{
	arena_reset(&h->scratch);
	h->diags = (struct diags){ .arena = &h->scratch };
}

static int
status(const struct fwr_host *h)
{
	return h->diags.errors ? -1 : 0;
}

EXPORT int
fwr_host_add_rules(struct fwr_host *h, const char *name, const char *text, size_t n)
{
	begin_host(h);
	input_read_text(&h->in, slice_of(name), api_source(&h->scratch, name, text, n)->text);
	return status(h);
}

EXPORT int
fwr_host_add_vms(struct fwr_host *h, const char *name, const char *json, size_t n)
{
	begin_host(h);
	inventory_read(&h->inv, api_source(&h->scratch, name, json, n), false, &h->in.scratch);
	return status(h);
}

EXPORT int
fwr_host_add_remote_vms(struct fwr_host *h, const char *name, const char *json, size_t n)
{
	begin_host(h);
	inventory_read(&h->inv, api_source(&h->scratch, name, json, n), true, &h->in.scratch);
	return status(h);
}

struct handing {
	fwr_file *file;
	void *context;
};

static bool
hand_file(void *context, const struct vm *vm, const struct backend *b, struct slice text)
{
	const struct handing *to = context;
	char zone[UUID_TEXT + 1];

	if (vm) {
		uuid_write(zone, vm->uuid);
		zone[UUID_TEXT] = '\0';
	}
	return to->file(to->context, vm ? zone : NULL, b->file, text.p, text.n) == 0;
}

EXPORT int
fwr_host_compile(struct fwr_host *h, const struct fwr_compile *c, fwr_file *file, void *context)
{
	struct handing to = { file, context };
	struct compile_opts o = { 0 };

	begin_host(h);
	for (; h->remote_done < h->in.remote_vms.n; h->remote_done++)
		inventory_read(&h->inv, h->in.remote_vms.v[h->remote_done], true, &h->in.scratch);
	if (h->diags.errors)
		return -1;
	if (c->level > PASSES_LEVEL_MAX) {
		diag_add(&h->diags, DIAG_json_shape, NULL, (struct span){ 0, 0 },
		    arena_printf(&h->scratch, "level is 0 to %d", PASSES_LEVEL_MAX));
		return -1;
	}
	o.backend.tags = c->ipf_tags;
	o.backend.level = c->level;
	o.backend.date = c->date ? slice_of(c->date) : compile_date(&h->scratch);
	if (!compile_add_emit(&o, slice_of(c->emit ? c->emit : "ipf,ipf6"), NULL)) {
		diag_add(&h->diags, DIAG_json_shape, NULL, (struct span){ 0, 0 },
		    "emit is a list of ipf, ipf6, fwapi and moray");
		return -1;
	}
	if (!compile_host(&h->inv, h->in.rules.v, h->in.rules.n, &o, hand_file, &to, NULL))
		return -1;
	return status(h);
}
