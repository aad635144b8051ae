/* SPDX-License-Identifier: MPL-2.0 */
/* What the parts of the language server share. */
#ifndef FWR_LSP_LSP_INT_H
#define FWR_LSP_LSP_INT_H

#include "../../compiler/lint/lint.h"
#include "lsp.h"

/* Lines from 0; units are UTF-16 ones, or bytes when the client takes UTF-8. */
struct lsp_position {
	uint32_t line, unit;
};

/* The VMs that hover and completion speak of. */
struct lsp_host {
	const char *const *path;        /* the first is the host's own, or NULL */
	unsigned n;
	uint64_t stamp;                 /* of the files that were read; 0: none yet */
	struct arena arena;
	struct diags diags;
	struct inventory inv;
	struct lint lint;               /* what rules are checked against, of the same files */
	bool usable;                    /* it was read without an error */
};

/* An open document, and what the last look at it found. */
struct lsp_document {
	char *uri;
	struct buf text;
	struct arena arena;             /* of the look, with everything below */
	struct diags diags;
	struct src *src;
	struct lint_config config;      /* by the project's file */
	struct input in;
	struct lint lint;
	VEC(uint32_t) lines;            /* where they begin */
	bool looked;
};

struct lsp {
	struct lsp_host host;
	struct lsp_document **documents;
	uint32_t n_documents;
	struct parse *px;               /* for completion */
	struct arena scratch;           /* of one message */
	bool utf8;                      /* positions count bytes */
	bool watches;                   /* the client tells of files that change, if asked to */
	bool initialized, shut;
	int ended;
	uint64_t told;                  /* the host's stamp when its errors were last shown */
};

/* One request: the answer is a JSON value that is added to out. */
struct lsp_call {
	struct lsp *s;
	const json_t *params;
	struct lsp_document *doc;       /* that params name; NULL: none, or not open */
	struct buf *out;
};

typedef void lsp_method(struct lsp_call *c);

lsp_method lsp_complete, lsp_hover, lsp_define, lsp_format, lsp_actions;

/* --- documents ------------------------------------------------------------------------- */

struct lsp_document *lsp_find(struct lsp *s, struct slice uri);
/* Opens or replaces; NULL if there are too many. */
struct lsp_document *lsp_open(struct lsp *s, struct slice uri, struct slice text);
void lsp_close(struct lsp *s, struct lsp_document *d);
/* Reads and checks the text as it is now, by the project's file as it is now. */
void lsp_look(struct lsp *s, struct lsp_document *d);
/* The text with all safe fixes, as `fwrule check --fix` makes it; false: nothing to mend. */
bool lsp_fix_all(struct lsp *s, const struct lsp_document *d, struct buf *out);

struct lsp_position lsp_position(const struct lsp *s, const struct lsp_document *d, uint32_t off);
/* The nearest offset there is. */
uint32_t lsp_offset(const struct lsp *s, const struct lsp_document *d, struct lsp_position p);
/* The position member of params; false if it is none. */
bool lsp_read_position(const json_t *params, const char *name, struct lsp_position *out);
/* {"start":...,"end":...} */
void lsp_write_range(struct buf *out, const struct lsp *s, const struct lsp_document *d,
    struct span at);
/* {"uri":...,"range":...} */
void lsp_write_location(struct buf *out, const struct lsp *s, const struct lsp_document *d,
    struct span at);
/* A finding as LSP's Diagnostic. */
void lsp_write_finding(struct buf *out, const struct lsp *s, const struct lsp_document *d,
    const struct lint_finding *f);
/* Is the place one of the document's own text? */
bool lsp_is_here(const struct lsp_document *d, const struct src *src);

/* --- the host -------------------------------------------------------------------------- */

/* Reads what is new; the inventory, or NULL if there is none that is good. */
const struct inventory *lsp_inventory(struct lsp *s);
void lsp_host_free(struct lsp_host *h);

#endif
