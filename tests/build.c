/* SPDX-License-Identifier: MPL-2.0 */
#include "build.h"

#include <stdio.h>
#include <stdlib.h>

static struct src *
source(struct build *b, const char *name, const struct buf *text)
{
	struct src *src = arena_zero(&b->arena, sizeof(*src));

	src->name = slice_of(name);
	src->text = buf_view(text);
	return src;
}

void
build_host(struct build *b, const struct m_host *h, const int *rules, const int *vms)
{
	memset(b, 0, sizeof(*b));
	b->diags.arena = &b->arena;
	input_init(&b->in, &b->arena, &b->diags, (struct lang_opts){ 0 });
	inventory_init(&b->inv, &b->arena, &b->diags);
	m_write_rules(&b->rules, h, rules);
	m_write_vms(&b->local, h, vms, true);
	m_write_vms(&b->remote, h, vms, false);
	input_read_text(&b->in, slice_of("rules"), buf_view(&b->rules));
	inventory_read(&b->inv, source(b, "vms", &b->local), false, &b->scratch);
	inventory_read(&b->inv, source(b, "remote", &b->remote), true, &b->scratch);
	if (b->diags.errors == 0)
		return;
	build_print(b);
	abort();
}

void
build_free(struct build *b)
{
	input_done(&b->in);
	buf_free(&b->rules);
	buf_free(&b->local);
	buf_free(&b->remote);
	arena_free(&b->scratch);
	arena_free(&b->arena);
}

void
build_print(const struct build *b)
{
	struct buf out = { 0 };

	buf_str(&out, "--- rules\n");
	buf_slice(&out, buf_view(&b->rules));
	buf_str(&out, "--- VMs\n");
	buf_slice(&out, buf_view(&b->local));
	buf_str(&out, "--- remote VMs\n");
	buf_slice(&out, buf_view(&b->remote));
	buf_str(&out, "--- messages\n");
	diag_print_all(&out, &b->diags, false);
	fwrite(out.p, 1, out.n, stderr);
	buf_free(&out);
}

struct sink {
	const struct m_host *host;
	struct built *out;
};

static bool
keep(void *context, const struct vm *vm, const struct backend *b, struct slice text)
{
	struct sink *s = context;
	struct buf uuid = { 0 };

	buf_uuid(&uuid, vm->uuid);
	for (int i = 0; i < s->host->n_vms; i++)
		if (memcmp(s->host->vm[i].uuid, uuid.p, uuid.n) == 0)
			buf_slice(&s->out->text[i][b->fam == NET_V6], text);
	buf_free(&uuid);
	return true;
}

bool
build_compile(struct build *b, const struct m_host *h, unsigned level, bool tags,
    struct built *out)
{
	struct compile_opts opts = { .verify = true };
	struct sink s = { h, out };

	memset(out, 0, sizeof(*out));
	opts.limits = b->limits;
	if (b->limits && level >= 2) {
		unsigned from;

		opts.debug = passes_stage(slice_of(level == 2 ? "pass:share" : "pass:tree"), &from);
		opts.dumped = &out->dump;
	}
	opts.backend = (struct backend_opts){ .date = slice_of("D"), .tags = tags, .level = level };
	compile_add_emit(&opts, slice_of("ipf,ipf6"), NULL);
	return compile_host(&b->inv, b->in.rules.v, b->in.rules.n, &opts, keep, &s,
	    &out->stats);
}

void
built_free(struct built *b)
{
	for (size_t i = 0; i < BASE_COUNT(b->text); i++) {
		buf_free(&b->text[i][0]);
		buf_free(&b->text[i][1]);
	}
	buf_free(&b->dump);
}
