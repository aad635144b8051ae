/* SPDX-License-Identifier: MPL-2.0 */
/*
 * Source files of any size, read in pieces.
 *
 * The parser reads a piece as it reads a file.  Where the piece ends and the file does
 * not, it stops without a word and says where the first sentence begins that it has not
 * seen the end of; the next piece begins with that sentence.  Nothing but the place
 * carries over: a sentence is read the same wherever it stands.
 *
 * A piece keeps some of the line before its first sentence, which is not read again but
 * shown where there is an error in that line; and as much behind its last.
 */
#include "parse_int.h"

#include <ctype.h>
#include <stdlib.h>

#include "../compiler/base/text.h"
#include "grammar/rule.h"

struct piece {
	const struct parse_pieces *in;
	struct diags *diags;
	struct src src;                 /* what of the buffer is whole characters */
	char *p;
	size_t n, cap;                  /* bytes held, and room */
	size_t from;                    /* where what is not read yet begins, behind the context */
	size_t rest;                    /* where the next piece's does */
	bool end;                       /* of the file */
};

/* Reads on until the piece is full; false after an error. */
static bool
fill(struct piece *w)
{
	while (!w->end && w->n < w->cap) {
		ssize_t n = w->in->read(w->in->context, w->p + w->n, w->cap - w->n);

		if (n < 0)
			return false;
		w->end = n == 0;
		w->n += (size_t)n;
	}
	return true;
}

/* The last character may be cut, too; then it is left for the next piece. */
static bool
check_utf8(struct piece *w)
{
	size_t good = w->from + text_utf8_bad((struct slice){ w->p + w->from, w->n - w->from });

	w->src.text = (struct slice){ w->p, w->n };
	if (good < w->n && (w->end || w->n - good >= TEXT_UTF8_MAX)) {
		diag_add(w->diags, DIAG_not_utf8, &w->src, (struct span){ (uint32_t)good, 1 },
		    (unsigned char)w->p[good]);
		return false;
	}
	w->src.text.n = good;
	return true;
}

/* Lets go what stands before rest, but for the context. */
static void
drop(struct piece *w, size_t rest)
{
	size_t start = rest > SRC_AROUND ? rest - SRC_AROUND : 0, line = 0;
	const char *nl;

	while ((nl = memchr(w->p + line, '\n', rest - line)) != NULL) {
		line = (size_t)(nl + 1 - w->p);
		w->src.before.lines++;
		w->src.before.columns = 0;
	}
	if (start < line)
		start = line;
	for (size_t i = line; i < start; i++)
		w->src.before.columns += ((unsigned char)w->p[i] & 0xc0) != 0x80;
	w->src.before.bytes += start;
	w->src.known_off = w->src.known_line = 0;
	w->n -= start;
	w->from = rest - start;
	memmove(w->p, w->p + start, w->n);
}

/* Makes room for a sentence that is longer than the piece. */
static bool
grow(struct piece *w)
{
	struct diag *d;

	if (w->cap >= PARSE_MAX_PIECE) {
		d = diag_add(w->diags, DIAG_too_long, &w->src, (struct span){ (uint32_t)w->from, 0 },
		    w->n - w->from, PARSE_MAX_PIECE);
		d->field = "rule";
		d->is_syntax = true;
		return false;
	}
	w->cap *= 2;
	w->p = base_grow(w->p, w->cap);
	return true;
}

/* Reads a piece and makes room for the next; false at the end, or after an error that ends all. */
static bool
read_piece(struct parse *px, struct piece *w, struct arena *scratch, struct lang_opts opts)
{
	if (!fill(w) || !check_utf8(w))
		return false;
	parse_begin(px, scratch, w->diags, &w->src, opts);
	px->more = !w->end;
	px->from = px->rest = (uint32_t)w->from;
	parse_run(px, START_FILE, true);
	if (w->end)
		return false;
	diag_rewind(w->diags, px->mark);
	for (w->rest = px->rest; w->rest < w->src.text.n &&
	    isspace((unsigned char)w->p[w->rest]);)
		w->rest++;
	return w->rest > w->from || grow(w);
}

void
parse_each(struct parse *px, struct arena *scratch, struct diags *diags,
    const struct parse_pieces *in, struct lang_opts opts, parse_sink *sink, void *context)
{
	struct parse_file none = { 0 };
	struct piece w = { .in = in, .diags = diags, .src.name = in->name, .cap = in->size };
	bool more = true;

	w.p = base_alloc(w.cap);
	px->file = &none;
	px->sink = sink;
	px->context = context;
	while (more) {
		uint32_t before = diags->list.n;

		more = read_piece(px, &w, scratch, opts);
		diag_keep_places(diags, before, &w.src);
		if (more)
			drop(&w, w.rest);
	}
	px->sink = NULL;
	px->file = NULL;
	free(w.p);
}
