/* SPDX-License-Identifier: MPL-2.0 */
/* What the files of libfwrule share. */
#ifndef FWR_API_INT_H
#define FWR_API_INT_H

#include "../../compiler/lang/rule.h"
#include "fwrule.h"

#define EXPORT __attribute__((visibility("default")))

struct api_errors {
	struct fwr_error *v;
	size_t n;
};

/* The queue in the library's form, in the queue's arena; valid until that is reset. */
const struct fwr_error *api_hand_out(struct api_errors *out, const struct diags *ds, size_t *n);
/* A copy of a text, to be read. */
struct src *api_source(struct arena *a, const char *name, const char *text, size_t n);
struct lang_opts api_options(const struct fwr_options *o);
/* A rule in a form. */
void api_write_form(struct buf *out, const struct rule *r, enum fwr_form form);

#endif
