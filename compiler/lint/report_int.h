/* SPDX-License-Identifier: MPL-2.0 */
/* What the forms of findings share. */
#ifndef FWR_LINT_REPORT_INT_H
#define FWR_LINT_REPORT_INT_H

#include "report.h"

void lint_write_text(struct buf *out, const struct lint *l, const struct lint_report_opts *opts);
void lint_write_json(struct buf *out, const struct lint *l, const struct lint_report_opts *opts);
void lint_write_jsonl(struct buf *out, const struct lint *l, const struct lint_report_opts *opts);

void lint_write_sarif(struct buf *out, const struct lint *l, const struct lint_report_opts *opts);
void lint_write_junit(struct buf *out, const struct lint *l, const struct lint_report_opts *opts);
void lint_write_github(struct buf *out, const struct lint *l, const struct lint_report_opts *opts);
void lint_write_gitlab(struct buf *out, const struct lint *l, const struct lint_report_opts *opts);

/* ,"key":"text" with the comma; nothing for NULL. */
void lint_json_member(struct buf *out, const char *key, const char *text);

#endif
