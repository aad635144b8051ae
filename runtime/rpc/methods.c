/* SPDX-License-Identifier: MPL-2.0 */
/* parse, create and compile. */
#include "../../compiler/base/text.h"
#include "../../compiler/passes/passes.h"
#include "../../compiler/policy/essentials.h"
#include "rpc_int.h"

enum rpc_code
rpc_parse(struct rpc_call *c)
{
	struct src *src = arena_zero(c->arena, sizeof(*src));
	struct lang_opts opts;
	struct ast_rule *ast;

	if (!rpc_get_opts(c, &opts))
		return RPC_INVALID_PARAMS;
	if (!json_get_slice(c->params, "rule", &src->text)) {
		c->message = "rule must be a string";
		return RPC_INVALID_PARAMS;
	}
	src->name = slice_of("rule");
	ast = parse_sentence(c->in->px, c->arena, c->diags, src, opts);
	if (c->diags->errors) {
		diag_cut(c->diags, 1);
		return RPC_FAILED;
	}
	ast_write_parsed(c->out, ast);
	return RPC_OK;
}

enum rpc_code
rpc_create(struct rpc_call *c)
{
	const json_t *payload = json_object_get(c->params, "payload");
	struct rule *r;

	if (!rpc_get_opts(c, &c->in->opts))
		return RPC_INVALID_PARAMS;
	if (!json_is_object(payload)) {
		c->message = "payload must be an object";
		return RPC_INVALID_PARAMS;
	}
	r = input_payload(c->in, payload, (struct slice){ 0 });
	if (!r)
		return RPC_FAILED;
	buf_str(c->out, "{\"raw\":");
	rule_write_raw(c->out, r);
	buf_str(c->out, ",\"serialized\":");
	rule_write_serialized(c->out, r);
	buf_str(c->out, ",\"text\":");
	text_json(c->out, r->text);
	buf_str(c->out, ",\"moray\":");
	moray_write_record(c->out, r);
	buf_char(c->out, '}');
	return RPC_OK;
}

/* --- compile ----------------------------------------------------------------------- */

bool
rpc_read_rules(struct rpc_call *c)
{
	const json_t *rules = json_object_get(c->params, "rules"), *o;
	struct rule *r;
	size_t i;

	if (!rules)
		return true;
	if (!json_is_array(rules)) {
		c->message = "rules must be an array";
		return false;
	}
	json_array_foreach((json_t *)rules, i, o) {
		struct slice within = slice_of(arena_printf(c->arena, "rule %zu", i + 1));

		if (!json_is_object(o)) {
			c->message = "a rule must be an object";
			return false;
		}
		r = input_object(c->in, o, within);
		if (r)
			input_add(c->in, r, NULL, (struct span){ 0, 0 });
	}
	return true;
}

static bool
read_vms(struct rpc_call *c, struct inventory *inv, const char *name, bool remote)
{
	const json_t *vms = json_object_get(c->params, name), *vm;
	size_t i;

	if (!vms || json_is_null(vms))
		return true;
	if (!json_is_array(vms)) {
		c->message = arena_printf(c->arena, "%s must be an array", name);
		return false;
	}
	json_array_foreach((json_t *)vms, i, vm)
		if (remote)
			inventory_add_remote(inv, vm, (struct slice){ 0 }, false);
		else
			inventory_add_local(inv, vm, (struct slice){ 0 });
	return true;
}

static bool
read_emit(struct rpc_call *c, struct compile_opts *o)
{
	const json_t *emit = json_object_get(c->params, "emit"), *name;
	bool good = true;
	size_t i;

	if (!emit || json_is_null(emit))
		return compile_add_emit(o, slice_of("ipf,ipf6"), NULL);
	if (json_is_array(emit))
		json_array_foreach((json_t *)emit, i, name)
			good &= json_is_string(name) && compile_add_emit(o, json_slice(name), NULL);
	else
		good = json_is_string(emit) && compile_add_emit(o, json_slice(emit), NULL);
	if (!good)
		c->message = "emit must be a list of ipf, ipf6, fwapi and moray";
	return good;
}

static bool
read_icmp6(struct rpc_call *c, struct compile_opts *o)
{
	const json_t *v = json_object_get(c->params, "icmp6");

	if (!v || json_is_null(v))
		return true;
	if (!json_is_string(v) || !essentials_read(json_slice(v), &o->icmp6))
		c->message = "icmp6 must be none or rfc4890";
	else if (o->icmp6 && o->backend.level == 0)
		c->message = "icmp6 needs optimize 1 or higher: 0 is the reference's output";
	return !c->message;
}

static bool
read_opts(struct rpc_call *c, struct compile_opts *o)
{
	struct backend_opts *b = &o->backend;

	b->level = 1;
	if (!rpc_get_uint(c, "optimize", PASSES_LEVEL_MAX, &b->level) || !rpc_get_bool(c, "ipfTags", &b->tags) ||
	    !rpc_get_bool(c, "verify", &o->verify) ||
	    !read_emit(c, o))
		return false;
	if (!read_icmp6(c, o))
		return false;
	if (!json_get_slice(c->params, "date", &b->date))
		b->date = compile_date(c->arena);
	return true;
}

/* Files come VM by VM; what is written is the inside of "files" and what follows it. */
struct collect {
	struct rpc_call *c;
	const struct vm *vm;
	struct buf vms, documents;
};

static bool
collect(void *context, const struct vm *vm, const struct backend *b, struct slice text)
{
	struct collect *k = context;
	struct buf *out = k->c->out;

	if (!vm) {
		bool lines = strcmp(b->name, "moray") == 0;

		buf_printf(&k->documents, ",\"%s\":%s", b->name, lines ? "[" : "");
		for (size_t i = 0; i < text.n; i++)
			if (text.p[i] != '\n')
				buf_char(&k->documents, text.p[i]);
			else if (lines && i + 1 < text.n)
				buf_char(&k->documents, ',');
		buf_str(&k->documents, lines ? "]" : "");
		return true;
	}
	if (vm != k->vm) {
		buf_str(out, k->vm ? "},\"" : "\"");
		buf_uuid(out, vm->uuid);
		buf_str(out, "\":{");
		buf_str(&k->vms, k->vm ? ",\"" : "\"");
		buf_uuid(&k->vms, vm->uuid);
		buf_char(&k->vms, '"');
		k->vm = vm;
	} else {
		buf_char(out, ',');
	}
	buf_printf(out, "\"%s\":", b->file);
	text_json(out, text);
	return true;
}

enum rpc_code
rpc_compile(struct rpc_call *c)
{
	struct compile_opts o = { 0 };
	struct collect k = { .c = c };
	struct inventory inv;

	inventory_init(&inv, c->arena, c->diags);
	if (!rpc_get_opts(c, &c->in->opts) || !read_opts(c, &o) || !rpc_read_rules(c) ||
	    !read_vms(c, &inv, "vms", false) || !read_vms(c, &inv, "remoteVMs", true))
		return RPC_INVALID_PARAMS;
	if (c->diags->errors)
		return RPC_FAILED;
	buf_str(c->out, "{\"files\":{");
	if (!compile_host(&inv, c->in->rules.v, c->in->rules.n, &o, collect, &k, NULL)) {
		buf_free(&k.vms);
		buf_free(&k.documents);
		return RPC_FAILED;
	}
	buf_str(c->out, k.vm ? "}},\"vms\":[" : "},\"vms\":[");
	buf_slice(c->out, buf_view(&k.vms));
	buf_char(c->out, ']');
	buf_slice(c->out, buf_view(&k.documents));
	buf_char(c->out, '}');
	buf_free(&k.vms);
	buf_free(&k.documents);
	return RPC_OK;
}
