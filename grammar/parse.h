/* SPDX-License-Identifier: MPL-2.0 */
/*
 * From text to trees.  Two entrances: one sentence, as it stands in a payload,
 * and a source file of many with attributes and comments (spec 6).
 *
 * Errors are queued in the builder's diagnostics; values are checked as spec 1
 * says, so the first diagnostic of a sentence is the one that programs get.
 */
#ifndef FWR_GRAMMAR_PARSE_H
#define FWR_GRAMMAR_PARSE_H

#include <sys/types.h>

#include "../compiler/lang/ast.h"

/* Longer texts are refused: spans are 32 bits wide. */
#define PARSE_MAX_SENTENCE ((size_t)16 << 20)
#define PARSE_MAX_FILE ((size_t)1 << 30)

/* An attribute line "@name value", or a comment, of a source file. */
struct parse_line {
	struct span span;               /* the whole line from @ or #, without the newline */
	struct slice name;              /* of an attribute: what stands behind the @; empty: a comment */
	struct slice value;             /* decoded; empty if none */
	struct span comment;            /* behind an attribute on its line, from # on; len 0: none */
	bool is_default;                /* after @default: for the rest of the file */
};

struct parse_file {
	VEC(struct ast_rule *) rules;   /* only those without an error */
	VEC(struct parse_line) lines;   /* in the order of the text */
};

struct parse;

/*
 * A parser that is used for many texts: it keeps the scanner's memory.  NULL is
 * never returned.
 */
struct parse *parse_new(void);
void parse_free(struct parse *px);

/*
 * Parses src->text as one sentence into arena.  Returns NULL after a syntax
 * error; a tree whose values are bad is returned, so look at diags->errors.
 */
struct ast_rule *parse_sentence(struct parse *px, struct arena *arena, struct diags *diags,
    const struct src *src, struct lang_opts opts);

/*
 * Parses a whole source file.  After an error it goes on with the next rule;
 * all errors up to diags->limit are queued.
 */
struct parse_file *parse_source(struct parse *px, struct arena *arena, struct diags *diags,
    const struct src *src, struct lang_opts opts);

/*
 * What could stand next at the end of an unfinished source file: names of tokens, which
 * for keywords are the keywords ("TO", "(", "a word", "an IPv4 address").  Returns how
 * many; 0 if its last sentence has an error before the end.  Trees are made in scratch.
 */
#define PARSE_EXPECTED 40
unsigned parse_expected(struct parse *px, struct arena *scratch, struct slice text,
    const char *expected[PARSE_EXPECTED]);

/* Is there a blank line, which ends an @default block, between two places? */
bool parse_blank_between(const struct src *src, uint32_t from, uint32_t to);

/*
 * A source file of any size that is read in pieces and not kept: each sentence without
 * an error is handed to sink as soon as it is read, and its tree, which is in scratch,
 * is gone when sink returns.  Attribute lines are only checked for their form.
 * Diagnostics are those of parse_source and own the lines that they show.
 *
 * Memory: two pieces, which grow to hold the longest sentence with the attribute lines
 * before it, at most PARSE_MAX_PIECE bytes; longer ones end the reading with an error.  So
 * does a byte that is not UTF-8, and from its piece on nothing is handed out.
 */
#define PARSE_PIECE ((size_t)1 << 20)
#define PARSE_MAX_PIECE (2 * PARSE_MAX_SENTENCE)

struct parse_pieces {
	struct slice name;              /* for diagnostics */
	/* Reads up to n bytes to p: how many, 0 at the end, -1 when it has queued an error. */
	ssize_t (*read)(void *context, char *p, size_t n);
	void *context;
	size_t size;                    /* of a piece to begin with: PARSE_PIECE */
};

typedef void parse_sink(void *context, const struct ast_rule *rule);

void parse_each(struct parse *px, struct arena *scratch, struct diags *diags,
    const struct parse_pieces *in, struct lang_opts opts, parse_sink *sink, void *context);

#endif
