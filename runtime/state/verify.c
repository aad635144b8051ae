/* SPDX-License-Identifier: MPL-2.0 */
/*
 * verify: are the files on disk what the rules say?  A file that is not the text
 * that a compile would write is read back, and both are compared as decisions over
 * all packets, so files of another level or of the reference are as good.
 */
#include <errno.h>
#include <unistd.h>

#include "../../compiler/base/text.h"
#include "../eval/compare.h"
#include "apply_int.h"

#define SHOWN 5                         /* pairs of lines a file */

struct verify {
	struct state_call *c;
	struct host *h;
	struct arena arena;             /* of one VM */
	struct buf text, json;
	uint32_t checked, found, files;
};

/* One finding: "VM U: PATH: problem", and the differences. */
static void
report(struct verify *v, const struct vm *vm, unsigned place, const char *problem,
    const struct compare *differences)
{
	const char *path = apply_path(&v->arena, v->c->s, vm, place);

	buf_str(&v->text, "VM ");
	buf_uuid(&v->text, vm->uuid);
	buf_str(&v->text, ": ");
	text_visible(&v->text, slice_of(path));
	buf_str(&v->text, ": ");
	text_visible(&v->text, slice_of(problem));
	buf_char(&v->text, '\n');
	buf_str(&v->json, v->files++ ? ",{\"vm\":" : "{\"vm\":");
	state_write_uuid(&v->json, vm->uuid);
	buf_str(&v->json, ",\"path\":");
	text_json(&v->json, slice_of(path));
	buf_str(&v->json, ",\"problem\":");
	text_json(&v->json, slice_of(problem));
	if (differences) {
		compare_write_text(&v->text, differences);
		buf_str(&v->json, ",\"comparison\":");
		compare_write_json(&v->json, differences);
	}
	buf_char(&v->json, '}');
}

/* The file on disk against the text it should have; both as decisions. */
static bool
check_decision(struct verify *v, const struct vm *vm, unsigned place, struct slice there,
    struct slice should)
{
	unsigned fam = place ? NET_V6 : NET_V4;
	struct diags diags = { .arena = &v->arena }, own = { .arena = &v->arena };
	struct src src[2] = { { .name = slice_of("disk"), .text = there },
		{ .name = slice_of("rules"), .text = should } };
	struct ipf_file file[2];
	struct compare c;
	uint32_t line = 0, column;

	if (!ipf_read(&v->arena, &own, &src[1], fam, &file[1])) {
		report(v, vm, place, "internal error: what the rules give cannot be read back", NULL);
		return false;
	}
	if (!ipf_read(&v->arena, &diags, &src[0], fam, &file[0])) {
		src_position(&src[0], diags.list.v[0].at.off, &line, &column, NULL);
		report(v, vm, place, arena_printf(&v->arena, "line %u: %s", line,
		    diags.list.v[0].text), NULL);
		return false;
	}
	compare_init(&c, &v->arena, &file[0], &file[1], SHOWN);
	switch (compare_run(&c)) {
	case FILTER_EQUAL:
		return true;
	case FILTER_DIFFERENT:
		report(v, vm, place, "does not decide as the rules say", &c);
		return false;
	default:
		report(v, vm, place, "too large to compare", NULL);
		return false;
	}
}

static bool
check_file(struct verify *v, const struct vm *vm, int folder, unsigned place, struct slice should)
{
	struct buf there = { 0 };
	int error = files_read(folder, apply_file[place], STATE_CONF_MAX, &there, NULL);
	bool good;

	if (error)
		report(v, vm, place, error == ENOENT ? "is not there" : files_why(error), NULL);
	good = !error && (apply_same_text(buf_view(&there), should) ||
	    check_decision(v, vm, place, buf_view(&there), should));
	buf_free(&there);
	return good;
}

static bool
check_vm(struct verify *v, uint32_t number)
{
	const struct vm *vm = v->h->inv.vms.v[number];
	struct slice should[2];
	const char *wrong = apply_compile_one(v->c->s, v->h, number, &v->arena, should);
	bool good = true;
	int folder, error;

	v->checked++;
	if (wrong)
		return state_fail(v->c, DIAG_internal, wrong);
	error = apply_open_config(v->c->s, vm->zonepath, false, &folder);
	if (error) {
		report(v, vm, 0, error == ENOENT ? "is not there" : files_why(error), NULL);
	} else {
		for (unsigned i = 0; i < 2; i++)
			good = check_file(v, vm, folder, i, should[i]) && good;
		close(folder);
	}
	v->found += error || !good;
	return true;
}

/* The parameter uuids, or all VMs whose firewall is on, by UUID. */
static bool
choose(struct verify *v, uint32_t **order, uint32_t *n)
{
	const json_t *list = json_object_get(v->c->params, "uuids"), *name;
	struct state_call *c = v->c;
	uint32_t errors = c->diags->errors;
	struct uuid u;
	size_t i;

	*n = 0;
	*order = arena_alloc(c->arena, (v->h->inv.n_local + json_array_size(list)) * sizeof(**order));
	json_array_foreach((json_t *)list, i, name) {
		struct slice s = json_is_string(name) ? json_slice(name) : slice_of("that is no string");
		uint32_t vm = uuid_read(s, &u) ? host_find_local(v->h, u) : UINT32_MAX;

		if (vm == UINT32_MAX)
			state_fail(c, DIAG_state_vm_unknown, (int)s.n, s.p);
		else if (v->h->inv.vms.v[vm]->firewall)
			(*order)[(*n)++] = vm;
	}
	for (uint32_t k = 0; !json_array_size(list) && k < v->h->inv.n_local; k++)
		if (v->h->inv.vms.v[k]->firewall)
			(*order)[(*n)++] = k;
	inventory_sort(&v->h->inv, *order, *n);
	return c->diags->errors == errors;
}

bool
check_verify(struct state_call *c)
{
	struct verify v = { .c = c };
	uint32_t *order, n;
	bool good;

	if (!host_read(c, &v.h, "opts.vms ([object]) is required") || !load_refresh(c))
		return false;
	good = choose(&v, &order, &n);
	host_add_remote(v.h);
	for (uint32_t i = 0; good && i < n; i++) {
		good = check_vm(&v, order[i]);
		arena_reset(&v.arena);
	}
	buf_printf(&v.text, "%u of %u VMs are not what the rules say\n", v.found, v.checked);
	buf_printf(c->out, "{\"found\":%u,\"checked\":%u,\"files\":[", v.found, v.checked);
	buf_slice(c->out, buf_view(&v.json));
	buf_str(c->out, "],\"text\":");
	text_json(c->out, buf_view(&v.text));
	buf_char(c->out, '}');
	arena_free(&v.arena);
	buf_free(&v.text);
	buf_free(&v.json);
	return good;
}
