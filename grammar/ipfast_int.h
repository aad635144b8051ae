/* SPDX-License-Identifier: MPL-2.0 */
/* What the scanner and the parser of ipf.conf, the builder and the driver share. */
#ifndef FWR_GRAMMAR_IPFAST_INT_H
#define FWR_GRAMMAR_IPFAST_INT_H

#include "ipfast.h"

#include "../compiler/base/hash.h"

struct ipf_token {
	const char *p;
	uint32_t n, off;
};

static inline struct slice
ipf_token_text(struct ipf_token t)
{
	return (struct slice){ t.p, t.n };
}

static inline struct span
ipf_token_span(struct ipf_token t)
{
	return (struct span){ t.off, t.n };
}

enum ipf_side { IPF_SRC, IPF_DST };

#define IPFAST_NO_RULE UINT32_MAX

struct ipf_reader {
	struct arena *arena;
	struct diags *diags;
	struct ipf_file *file;
	void *scanner;
	const char *base;               /* start of the scanned copy */

	struct ipf_line line;           /* the one being read */
	enum ipf_side side;
	struct span flags_at, type_at;
	struct ipf_keep *keep;          /* whose options are being read */
	bool insert;                    /* the line began with @number */
	uint32_t insert_at;
	struct span insert_span;

	struct ipf_token at;            /* the token that was read last */
	int last;                       /* its kind */
	uint32_t line_start, line_number;
	uint32_t rule_start;            /* where the line's first token stood, or IPFAST_NO_RULE */
	uint32_t errors_before;         /* diags->errors when the line began */
	struct span comment;
	bool comment_open;              /* the line before was a comment, too */
	bool comment_used;              /* a rule stood under it */
	bool line_has_comment;
	bool ended;                     /* the newline that was missing has been made up */
	unsigned fam_guess;             /* by protocols alone */
	bool fam_told;                  /* by the file, at fam_from */
	struct span fam_from;
	bool failed;                    /* some line was given up */
	bool done;                      /* too many errors: stop */

	struct strmap groups;           /* by name */
	uint32_t groups_before;         /* how many there were before the line's head */
};

/* --- scanner ------------------------------------------------------------ */

union IPF_YYSTYPE;
int ipf_scan(union IPF_YYSTYPE *value, void *scanner);
void *ipf_scanner_new(struct ipf_reader *rd);
void ipf_scanner_free(void *scanner);
/* text is writable and ends in two NULs, counted in size. */
void *ipf_scan_text(void *scanner, char *text, size_t size);
void ipf_scan_done(void *scanner, void *buffer);

/* --- driver and errors -------------------------------------------------- */

void ipfast_comment(struct ipf_reader *rd, struct ipf_token t);
void ipfast_bad_char(struct ipf_reader *rd, struct ipf_token t);
/* The names are those of ipf.y. */
void ipfast_syntax_error(struct ipf_reader *rd, const char *found, const char **expected, int n);
/* Queues DIAG_ipf_<id> at a place of the file. */
#define ipfast_report(rd, id, at, ...)                                         \
	diag_add((rd)->diags, DIAG_ipf_##id, (rd)->file->src, at, ##__VA_ARGS__)
/* Takes note that the file holds what only this family has; false if it is for the other. */
bool ipfast_family(struct ipf_reader *rd, unsigned fam, struct span at, const char *what);

/* --- building, one call an action --------------------------------------- */

void ipfast_line_done(struct ipf_reader *rd);
void ipfast_line_failed(struct ipf_reader *rd);
void ipfast_insert(struct ipf_reader *rd, struct ipf_token at, struct ipf_token number);
void ipfast_action(struct ipf_reader *rd, enum ipf_action action);
void ipfast_dir(struct ipf_reader *rd, enum ipf_dir dir);
void ipfast_log(struct ipf_reader *rd);
void ipfast_quick(struct ipf_reader *rd);
void ipfast_proto(struct ipf_reader *rd, struct ipf_token name);
void ipfast_proto_number(struct ipf_reader *rd, struct ipf_token number);
void ipfast_all(struct ipf_reader *rd, struct ipf_token t);
void ipfast_side(struct ipf_reader *rd, enum ipf_side side);
void ipfast_any(struct ipf_reader *rd, struct ipf_token t);
void ipfast_address(struct ipf_reader *rd, struct ipf_token t);
void ipfast_masked(struct ipf_reader *rd, struct ipf_token t, struct ipf_token mask);
void ipfast_not(struct ipf_reader *rd, struct ipf_token t);
void ipfast_port(struct ipf_reader *rd, enum ipf_compare op, struct ipf_token a);
void ipfast_ports(struct ipf_reader *rd, enum ipf_compare op, struct ipf_token a,
    struct ipf_token b);
/* Either may be NULL. */
void ipfast_flags(struct ipf_reader *rd, struct ipf_token keyword, const struct ipf_token *set,
    const struct ipf_token *mask);
void ipfast_type(struct ipf_reader *rd, struct ipf_token keyword, struct ipf_token type);
void ipfast_code(struct ipf_reader *rd, struct ipf_token code);
void ipfast_keep_state(struct ipf_reader *rd, struct ipf_token t);
void ipfast_keep_frags(struct ipf_reader *rd, struct ipf_token t);
/* Of the keep that was read last; numbers may be NULL. */
void ipfast_keep_option(struct ipf_reader *rd, struct ipf_token name,
    const struct ipf_token *number, const struct ipf_token *second);
void ipfast_head(struct ipf_reader *rd, struct ipf_token name);
void ipfast_group(struct ipf_reader *rd, struct ipf_token name);
void ipfast_tag(struct ipf_reader *rd);
void ipfast_tag_item(struct ipf_reader *rd, struct ipf_token name, const struct ipf_token *value);

/* --- groups ------------------------------------------------------------- */

/* The group of a name, or 0. */
uint32_t ipfgroup_find(const struct ipf_reader *rd, struct slice name);
uint32_t ipfgroup_add(struct ipf_reader *rd, struct slice name, struct span at, enum ipf_dir dir);
/* Groups within themselves, nested too deep, or too many lines for a packet. */
void ipfgroup_check(struct ipf_reader *rd);

/* --- names -------------------------------------------------------------- */

/* All return -1 for a name they do not know. */
int ipfname_type(struct slice name, unsigned fam);
int ipfname_code(struct slice name);
int ipfname_service(struct slice name);
/* A word of ipf's language that is not evaluated: why, or NULL. */
const char *ipfname_unsupported(struct slice word);
/* A word of the language that text may be a misspelling of, or NULL. */
const char *ipfname_near(struct slice text);
const char *ipfname_near_type(struct slice text, unsigned fam);
const char *ipfname_near_proto(struct slice text);

#endif
