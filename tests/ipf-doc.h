/* SPDX-License-Identifier: MPL-2.0 */
/* Reading a text as ipf.conf, for tests. */
#ifndef FWR_TESTS_IPF_DOC_H
#define FWR_TESTS_IPF_DOC_H

#include "grammar/ipfast.h"

struct doc {
	struct arena arena;
	struct diags diags;
	struct src src;
	struct ipf_file file;
	struct buf printed;
	bool good;
};

static inline void
doc_read(struct doc *d, struct slice text, unsigned fam)
{
	memset(d, 0, sizeof(*d));
	d->diags.arena = &d->arena;
	d->src = (struct src){ .name = slice_of("f"), .text = text };
	d->good = ipf_read(&d->arena, &d->diags, &d->src, fam, &d->file);
	diag_print_all(&d->printed, &d->diags, false);
	buf_char(&d->printed, '\0');
}

static inline void
doc_free(struct doc *d)
{
	buf_free(&d->printed);
	arena_free(&d->arena);
}

#endif
