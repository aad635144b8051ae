/* SPDX-License-Identifier: MPL-2.0 */
/*
 * A language server for rule source text (LSP 3.17): findings of the linter as one
 * types, the layout of `fwrule fmt`, what a target names and a rule compiles to,
 * what can stand next, the rule that covers another, and fixes.
 *
 * A message in, messages out; who carries them is the caller's affair.  A document is
 * read and checked anew after each change: milliseconds for some thousand rules.
 */
#ifndef FWR_LSP_LSP_H
#define FWR_LSP_LSP_H

#include "../../compiler/base/base.h"

#define LSP_MAX_MESSAGE ((size_t)64 << 20)
#define LSP_MAX_HEADER ((size_t)8 << 10)
#define LSP_MAX_DOCUMENTS 1000

struct lsp;

/*
 * vms and remote name documents of VMs, as `fwrule compile` takes them; vms may be
 * NULL.  They are read when they are first needed and again when they have changed.
 * The texts must live as long as the server.
 */
struct lsp *lsp_new(const char *vms, const char *const *remote, unsigned n_remote);
void lsp_free(struct lsp *s);

/*
 * Takes the first message of a stream, header and all, from in.  Adds what there is to
 * answer, headers and all, to out.  Returns how many bytes it took; 0: the message
 * is not whole yet; -1: the stream is no LSP and cannot be read on.
 */
ptrdiff_t lsp_take(struct lsp *s, struct slice in, struct buf *out);

/* The status to exit with once the client has said so: 0, or 1 without a shutdown; else -1. */
int lsp_ended(const struct lsp *s);

#endif
