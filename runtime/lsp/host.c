/* SPDX-License-Identifier: MPL-2.0 */
/* The VMs beside the rules: read when they are needed, again when their files change. */
#include <stdlib.h>
#include <sys/stat.h>

#include "lsp_int.h"

/* What tells one state of the files from another; never 0. */
static uint64_t
stamp_of(const struct lsp_host *h)
{
	uint64_t stamp = 1;

	for (unsigned i = 0; i < h->n; i++) {
		struct stat st = { 0 };
		uint64_t parts[5] = { stamp };

		if (h->path[i] && stat(h->path[i], &st) == 0) {
			parts[1] = (uint64_t)st.st_mtim.tv_sec;
			parts[2] = (uint64_t)st.st_mtim.tv_nsec;
			parts[3] = (uint64_t)st.st_size;
			parts[4] = (uint64_t)st.st_ino;
		}
		stamp = hash_bytes(parts, sizeof(parts)) | 1;
	}
	return stamp;
}

static void
read_all(struct lsp_host *h)
{
	struct arena scratch = { 0 };

	lint_done(&h->lint);
	arena_reset(&h->arena);
	lint_init(&h->lint, &h->arena);
	h->diags = (struct diags){ .arena = &h->arena };
	inventory_init(&h->inv, &h->arena, &h->diags);
	for (unsigned i = 0; i < h->n; i++) {
		struct src *src = h->path[i] ? input_file(&h->arena, &h->diags, h->path[i]) : NULL;

		if (src) {
			inventory_read(&h->inv, src, i > 0, &scratch);
			lint_add_vms(&h->lint, src, i > 0);
		}
	}
	h->usable = h->diags.errors == 0;
	arena_free(&scratch);
}

const struct inventory *
lsp_inventory(struct lsp *s)
{
	struct lsp_host *h = &s->host;
	uint64_t stamp;

	if (h->n == 0 || (h->n == 1 && !h->path[0]))
		return NULL;
	stamp = stamp_of(h);
	if (stamp != h->stamp) {
		h->stamp = stamp;
		read_all(h);
	}
	return h->usable ? &h->inv : NULL;
}

void
lsp_host_free(struct lsp_host *h)
{
	lint_done(&h->lint);
	arena_free(&h->arena);
	free((void *)(uintptr_t)h->path);
}
