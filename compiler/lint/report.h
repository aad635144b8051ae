/* SPDX-License-Identifier: MPL-2.0 */
/*
 * Findings as text for people and in the forms that programs read.  One table:
 * a new form is a file and a line.  Errors of reading stand in every form, too.
 */
#ifndef FWR_LINT_REPORT_H
#define FWR_LINT_REPORT_H

#include "lint.h"

struct lint_report_opts {
	bool colour;
	const char *version;            /* the program's */
	/* Files that were checked, for forms that list them; their texts need not be there. */
	const char *const *files;
	uint32_t n_files;
};

struct lint_form {
	const char *name;
	void (*write)(struct buf *out, const struct lint *l, const struct lint_report_opts *opts);
};

extern const struct lint_form lint_forms[];
extern const size_t lint_form_count;

/* NULL if there is none of that name. */
const struct lint_form *lint_form_find(const char *name);

/* Sorts findings by file and place, and tells equal fingerprints apart. */
void lint_sort(struct lint *l);

/* A finding's place, in the file that it is a part of; file empty: no place. */
struct lint_place {
	struct slice file;
	bool has_lines;                 /* else only the file is known */
	uint32_t line, column, end_line, end_column;    /* 1-based, the end behind it */
};

struct lint_place lint_place(const struct src *src, struct span at);
/* Without "./" before it. */
struct slice lint_path(struct slice name);

#endif
