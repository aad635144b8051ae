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

/*
 * The text of a source with its fixes applied, as far as they do not touch each other;
 * returns how many.  *alone: no other file of the set changes in the same round; it
 * becomes false if a rule was removed that rules of other files stand in for, and then
 * none may.
 */
uint32_t lint_apply_fixes(const struct lint *l, const struct src *src, bool unsafe, bool *alone,
    struct buf *out);

/* Fingerprints of findings that are known and not shown. */
struct lint_baseline {
	uint64_t *prints;               /* sorted */
	uint32_t n;
};

bool lint_read_baseline(struct arena *arena, struct diags *ds, const struct src *src,
    struct lint_baseline *out);
void lint_apply_baseline(struct lint *l, const struct lint_baseline *b);
void lint_write_baseline(struct buf *out, const struct lint *l);

struct lint_place lint_place(const struct src *src, struct span at);
/* Without "./" before it. */
struct slice lint_path(struct slice name);

#endif
