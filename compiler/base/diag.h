/* SPDX-License-Identifier: MPL-2.0 */
/*
 * Sources, spans and diagnostics.  Diagnostics are queued, never printed where
 * they arise; every text stands in diag.def.  A queue and all its texts live in
 * the arena it was given; a source must outlive the diagnostics that point into
 * it.
 */
#ifndef FWR_BASE_DIAG_H
#define FWR_BASE_DIAG_H

#include "base.h"

/* Byte offsets into a source's text. */
struct span {
	uint32_t off, len;
};

struct src {
	struct slice name;              /* a path, or what stands for one: "<rule>" */
	struct slice text;
	/*
	 * Where the text is only a part of a file (a rule in a JSON document), what
	 * the reader should look at besides: "rules.json, rule 3".  May be empty.
	 */
	struct slice within;
	const struct src *outer;        /* that file, where its text is at hand, or NULL */
	struct span outer_at;           /* the part in it: the object that holds the rule */
	/*
	 * Where the text is a piece of a longer one, what stands before it: bytes, whole
	 * lines, and characters of the line in which it begins.
	 */
	struct {
		uint64_t bytes;
		uint32_t lines, columns;
	} before;
	const uint32_t *lines;          /* where lines begin, if src_index was called; or NULL */
	uint32_t n_lines;
	uint32_t known_off, known_line; /* where src_position last was: lines before it, less 1 */
};

enum diag_severity { DIAG_ERROR, DIAG_WARNING, DIAG_NOTE };

enum diag_id {
#define DIAG(id, code, severity, text) DIAG_##id,
#include "diag.def"
#undef DIAG
	DIAG_COUNT
};

struct diag_related {
	const struct src *src;
	struct span at;
	const char *text;
	struct diag_related *next;
};

struct diag {
	enum diag_id id;
	enum diag_severity severity;
	const char *code;               /* "E0101" */
	const char *text;               /* the message; UTF-8, may hold what the input held */
	const char *field;              /* of a rule object: "rule", "uuid" ...; or NULL */
	const char *help;               /* the cure, or NULL */
	const char *details;            /* JSON: the object that is meant, or NULL */
	const struct src *src;          /* NULL: no place */
	struct span at;
	bool is_syntax;
	struct diag_related *related;
};

struct diags {
	struct arena *arena;
	VEC(struct diag) list;
	uint32_t limit;                 /* 0: DIAG_LIMIT; what comes later is only counted */
	uint32_t errors, warnings;      /* also those past the limit */
	struct diag past;               /* the last one past the limit */
};

#define DIAG_LIMIT 100

/*
 * Queues a diagnostic, its text made from the catalogue's format and the
 * arguments.  The result is valid until the next call, for diag_help and
 * diag_related; past the limit it is a scratch entry that nobody prints.
 */
struct diag *diag_add(struct diags *ds, enum diag_id id, const struct src *src,
    struct span at, ...);
struct diag *diag_vadd(struct diags *ds, enum diag_id id, const struct src *src,
    struct span at, va_list ap);
void diag_help(struct diags *ds, struct diag *d, const char *fmt, ...)
    __attribute__((format(printf, 3, 4)));
void diag_relate(struct diags *ds, struct diag *d, const struct src *src,
    struct span at, const char *fmt, ...) __attribute__((format(printf, 5, 6)));

/* Lets those from the n-th on outlive src, a piece that is read over by the next. */
void diag_keep_places(struct diags *ds, uint32_t n, const struct src *src);

/* Where a queue is, and back to there: what came since was said too early. */
struct diag_mark {
	uint32_t n, errors, warnings;
};

static inline struct diag_mark
diag_mark(const struct diags *ds)
{
	return (struct diag_mark){ ds->list.n, ds->errors, ds->warnings };
}

static inline void
diag_rewind(struct diags *ds, struct diag_mark m)
{
	ds->list.n = m.n;
	ds->errors = m.errors;
	ds->warnings = m.warnings;
}

/*
 * Drops what came after the first n diagnostics: programs get one error of a
 * sentence, the first in reading order.
 */
void diag_cut(struct diags *ds, uint32_t n);

/* Sorts those from `from` on by place, as far as they are about src. */
void diag_sort(struct diags *ds, uint32_t from, const struct src *src);

const char *diag_code(enum diag_id id);
const char *diag_severity_name(enum diag_severity s);

/* 1-based line, and column in code points; *line_text, where given, is the whole line. */
void src_position(const struct src *src, uint32_t off, uint32_t *line,
    uint32_t *column, struct slice *line_text);

/*
 * A source of its own in the arena, for one that will be gone: the line of *at with
 * what is shown of it.  *at is moved to where the same place is there.
 */
#define SRC_AROUND 512  /* bytes of the line on either side, which is more than is shown */
const struct src *src_excerpt(struct arena *arena, const struct src *src, struct span *at);

/* Makes src_position as quick at any place as at the next: for sources with many findings. */
void src_index(struct arena *arena, struct src *src);

/*
 * For people: "name:line:column: error: text [E0101]", the source line, a caret
 * range, related places and the help.  Control characters of the input are
 * shown escaped, so that no input drives the terminal.
 */
void diag_print(struct buf *out, const struct diag *d, bool colour);
/* For programs: {field, message, code, offset, length, line, column ...} as JSON. */
void diag_write_json(struct buf *out, const struct diag *d);
void diag_print_all(struct buf *out, const struct diags *ds, bool colour);

#endif
