/* SPDX-License-Identifier: MPL-2.0 */
/* A file of policy tests: what it names is read, each expectation decided. */
#include "suite.h"

#include "../../compiler/policy/inventory.h"

/* A path as it is written in the file at `of`: relative to where that stands. */
static const char *
relative(struct arena *arena, const char *of, struct slice path)
{
	const char *slash = strrchr(of, '/');

	if (!slash || (path.n && path.p[0] == '/'))
		return arena_copy(arena, path.p, path.n);
	return arena_printf(arena, "%.*s/%.*s", (int)(slash - of), of, (int)path.n, path.p);
}

struct reading {
	struct arena *arena;
	struct diags *diags;
	const char *path;
	struct ptest_file file;
	struct input in;
	struct inventory inv;
};

static void
missing(struct reading *r, const char *what, const char *cure)
{
	diag_help(r->diags, diag_add(r->diags, DIAG_ptest_missing, r->file.src,
	    (struct span){ 0, 0 }, what), "%s", cure);
}

static void
read_vms(struct reading *r, const struct ptest_path *paths, uint32_t n, bool remote)
{
	for (uint32_t i = 0; i < n; i++) {
		struct src *src = input_file(r->arena, r->diags, relative(r->arena, r->path,
		    paths[i].text));

		if (src)
			inventory_read(&r->inv, src, remote, &r->in.scratch);
	}
}

/* whole: the test file was read to its end, and names what it names. */
static void
read_host(struct reading *r, bool whole)
{
	if (whole && r->file.rules.n == 0)
		missing(r, "rules", "name a file of rules: rules site.fwrule");
	if (whole && r->file.vms.n == 0)
		missing(r, "VMs", "name what `vmadm lookup -j` prints: vms vms.json");
	for (uint32_t i = 0; i < r->file.rules.n; i++)
		input_read(&r->in, relative(r->arena, r->path, r->file.rules.v[i].text));
	read_vms(r, r->file.vms.v, r->file.vms.n, false);
	for (uint32_t i = 0; i < r->in.remote_vms.n; i++)
		inventory_read(&r->inv, r->in.remote_vms.v[i], true, &r->in.scratch);
	read_vms(r, r->file.remote.v, r->file.remote.n, true);
}

static void
note_rules(struct reading *r, const struct suite_host *h, struct suite *out)
{
	for (uint32_t i = 0; i < r->in.rules.n; i++) {
		const struct rule *rule = r->in.rules.v[i];
		const uint32_t *at = strmap_get(&h->eval.by_uuid, (struct slice){
			(const char *)rule->uuid.b, sizeof(rule->uuid.b) });

		*vec_push(r->arena, &out->rules) = (struct suite_rule){ rule, h->touched[*at] };
	}
}

static void
decide(struct reading *r, const struct suite_opts *opts, struct suite *out)
{
	struct suite_host h;

	suite_host_init(&h, r->arena, r->diags, &r->inv, r->in.rules.v, r->in.rules.n, opts->eval);
	for (uint32_t i = 0; i < r->file.tests.n; i++) {
		struct suite_case c;

		if (suite_decide(&h, r->file.src, &r->file.tests.v[i], &c))
			*vec_push(r->arena, &out->cases) = c;
		else
			out->broken = true;
	}
	note_rules(r, &h, out);
	suite_host_end(&h);
}

void
suite_run(struct arena *arena, struct diags *diags, const char *path,
    const struct suite_opts *opts, struct suite *out)
{
	struct reading r = { .arena = arena, .diags = diags, .path = path };
	uint32_t errors = diags->errors;
	struct src *src = input_file(arena, diags, path), *none;

	memset(out, 0, sizeof(*out));
	if (!src) {
		none = arena_zero(arena, sizeof(*none));
		none->name = slice_of(arena_copy(arena, path, strlen(path)));
		out->src = none;
		out->broken = true;
		return;
	}
	out->src = src;
	input_init(&r.in, arena, diags, (struct lang_opts){ 0 });
	inventory_init(&r.inv, arena, diags);
	read_host(&r, ptest_read(arena, diags, src, &r.file));
	if (diags->errors == errors)
		decide(&r, opts, out);
	else
		out->broken = true;
	input_done(&r.in);
}
