/* SPDX-License-Identifier: MPL-2.0 */
#ifndef FWR_BACKENDS_BACKEND_INT_H
#define FWR_BACKENDS_BACKEND_INT_H

#include "backend.h"

void ipf_write_v4(struct buf *out, const struct policy *p, const struct backend_opts *o);
void ipf_write_v6(struct buf *out, const struct policy *p, const struct backend_opts *o);
void ipf_warn(struct backend_warning *w, const struct policy *p, const struct backend *b,
    struct slice text);
void fwapi_write(struct buf *out, struct rule *const *rules, uint32_t n,
    const struct backend_opts *o);
void moray_write(struct buf *out, struct rule *const *rules, uint32_t n,
    const struct backend_opts *o);

#endif
