/* SPDX-License-Identifier: MPL-2.0 */
/* What scanner, parser and their driver share. */
#ifndef FWR_GRAMMAR_PARSE_INT_H
#define FWR_GRAMMAR_PARSE_INT_H

#include "parse.h"

/* Where in a sentence the scanner is; only syntax errors look at it. */
enum parse_part { PART_START, PART_FROM, PART_TO, PART_ACTION, PART_PROTO, PART_PRIORITY,
	PART_END };

struct parse {
	void *scanner;
	struct ast_builder b;
	struct ast_target whole[2];     /* the builder's */
	struct parse_file *file;        /* NULL: one sentence */
	parse_sink *sink;               /* of a file that is not kept, or NULL */
	void *context;
	/* Of a file that is read in pieces (pieces.c). */
	bool more;                      /* the text goes on behind this piece */
	bool cut;                       /* a sentence had begun where the piece ends */
	uint32_t from;                  /* where the piece's own text begins */
	uint32_t rest;                  /* where the first sentence begins that is not complete */
	struct diag_mark mark;          /* the diagnostics before that sentence */
	int start;                      /* the token that selects the grammar's entrance, or 0 */
	bool at_once;                   /* targets and ports may be; then errors are not told */
	bool plain;                     /* tokens are the scanner's: one sentence, which has begun */
	bool begun;                     /* a sentence of a file has begun */
	bool good;                      /* the last sentence of a file had no error */
	bool have_held;                 /* a token is held back behind a sentence's end */
	int held;
	struct span held_text;
	int last;                       /* the token before */
	enum parse_part part;
	uint32_t open;                  /* offset + 1 of an open parenthesis, or 0 */
	struct span long_string;        /* the sentence's last string of several lines, in a file */
	uint32_t errors_before;         /* diagnostics when the sentence began */
	struct span at;                 /* the token that was read last */
	/* What could stand at the end of the text is asked for, and where the answer goes. */
	const char **wanted;
	unsigned n_wanted;
	bool asked;                     /* the end was reached, and a token that cannot follow given */
};

/* The scanner, over a writable text that ends in two NULs (counted in size). */
union RULE_YYSTYPE;
int rule_scan(union RULE_YYSTYPE *value, void *scanner);
void *rule_scanner_new(struct parse *px);
void rule_scanner_free(void *scanner);
void rule_scan_text(void *scanner, char *text, size_t size, bool file);

/* The parser's first token, and those of a file. */
int parse_token_slow(union RULE_YYSTYPE *value, struct parse *px);

/* The empty token behind one. */
static inline struct span
parse_end_of(struct span t)
{
	return (struct span){ t.off + t.len, 0 };
}

/* The scanner's errors, as token kinds that the grammar never accepts. */
void parse_report_char(struct parse *px, struct span t);
void parse_report_string(struct parse *px, struct span t);

/* Begins with a text and reads it; whether it had no syntax error. */
void parse_begin(struct parse *px, struct arena *arena, struct diags *diags,
    const struct src *src, struct lang_opts opts);
bool parse_run(struct parse *px, int start, bool file);

/* A syntax error at px->at: token names as in rule.y, n of them 0 when nothing is known. */
void parse_report_syntax(struct parse *px, const char *found, const char **expected, int n);

/* Attribute and comment lines of a file. */
void parse_attribute(struct parse *px, struct span line);
void parse_comment(struct parse *px, struct span line);

/* A sentence of a file is complete, or was given up after an error. */
void parse_sentence_done(struct parse *px);
void parse_sentence_failed(struct parse *px);

#endif
