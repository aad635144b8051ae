/* SPDX-License-Identifier: MPL-2.0 */
/*
 * The tree of a sentence as it was written, with the span of everything, and
 * the functions that the grammar's actions call to build it.  Values are checked
 * here, when the grammar has seen that the next token can follow, so errors come
 * in reading order.  A token is the span of its text, quotes included: one word,
 * which the parser's stack copies often.  A tree lives in the builder's arena; its
 * texts point into the scanned copy of the source or into the arena.
 */
#ifndef FWR_LANG_AST_H
#define FWR_LANG_AST_H

#include "../base/diag.h"
#include "../net/addr.h"
#include "lang.h"

enum ast_kind { AST_ANY, AST_ALL_VMS, AST_IP, AST_SUBNET, AST_TAG, AST_VM };

struct ast_target {
	uint8_t kind;                   /* enum ast_kind */
	bool has_value;                 /* tag k = v */
	/* Spelled as only a subnet may be: the family checks count it as neither. */
	bool loose;
	bool canonical;                 /* ip, subnet: text is the canonical text */
	struct span span;
	struct slice text;              /* address or prefix as typed, tag key, VM's UUID */
	union {
		struct slice value;             /* of a tag */
		struct prefix prefix;           /* ip, subnet */
		struct uuid vm;
	};
};

struct ast_side {
	VEC(struct ast_target) targets;
	struct span span;
};

struct ast_rule {
	const struct src *src;
	struct span span;
	struct ast_side side[2];        /* by enum lang_side */
	uint8_t action;                 /* enum lang_action */
	uint8_t proto;                  /* enum lang_proto */
	bool all;                       /* PORT ALL, TYPE ALL, and ah, esp */
	bool ports;                     /* with the word PORTS */
	bool has_priority;
	uint8_t priority;               /* 0 when not written */
	VEC(struct lang_item) items;    /* ports or types, as written */
	VEC(struct span) item_spans;
	struct span action_span, proto_span, priority_span, items_span;
};

struct ast_builder {
	struct arena *arena;
	struct diags *diags;
	const struct src *src;
	/* Of the source, as it is scanned: two NULs and AST_PAD bytes more stand behind it. */
	const char *text, *end;
	struct lang_opts opts;
	struct ast_rule *rule;          /* being built */
	enum lang_side side;
	struct ast_target *whole;       /* two of them, which the scanner reads at once by turns */
	unsigned turn;
};

#define AST_PAD 17

/* --- called by the grammar ---------------------------------------------- */

void ast_begin(struct ast_builder *b, struct span from);
void ast_side_done(struct ast_builder *b, struct span next);
void ast_wildcard(struct ast_builder *b, enum ast_kind kind, struct span at,
    struct span last);
void ast_ip(struct ast_builder *b, enum net_family fam, struct span kw, struct span addr);
void ast_subnet(struct ast_builder *b, enum net_family fam, struct span kw, struct span addr,
    struct span len);
void ast_vm(struct ast_builder *b, struct span kw, struct span uuid);
/* A VM by its name or UUID, which is not looked at: for policy tests. */
void ast_named_vm(struct ast_builder *b, struct span kw, struct span name);
/* value may be NULL */
void ast_tag(struct ast_builder *b, struct span kw, struct span key,
    const struct span *value);
void ast_action(struct ast_builder *b, enum lang_action action, struct span kw);
void ast_proto(struct ast_builder *b, enum lang_proto proto, struct span kw);
void ast_types_done(struct ast_builder *b);
void ast_port(struct ast_builder *b, struct span n);
/* One item of PORTS: "n", "a-b" as one word, or "a - b" with last given. */
void ast_range(struct ast_builder *b, struct span first, const struct span *last);
void ast_ports_done(struct ast_builder *b);
void ast_type(struct ast_builder *b, struct span type);
void ast_code(struct ast_builder *b, struct span code);    /* of the last type */
void ast_all(struct ast_builder *b, struct span all);
void ast_priority(struct ast_builder *b, struct span kw, struct span level);
void ast_check_priority(struct ast_builder *b, struct span level);
void ast_end(struct ast_builder *b);
/* A quoted string, decoded; false if an escape in it is bad. */
bool ast_string(struct ast_builder *b, struct slice quoted, struct slice *out);
/* Are the escapes between the quotes those of the language? */
bool ast_escapes_good(struct slice quoted);

/*
 * --- called by the scanner, for what nearly all rules hold ---------------------
 *
 * Behind a keyword, of which kw is the start and p the end: where the target ends that
 * is read into `whole`, or NULL if it is not spelt plainly or not right (whole.c).
 */
const char *ast_whole_ip(struct ast_builder *b, const char *kw, const char *p);
const char *ast_whole_subnet(struct ast_builder *b, const char *kw, const char *p);
const char *ast_whole_vm(struct ast_builder *b, const char *kw, const char *p);
const char *ast_whole_tag(struct ast_builder *b, const char *kw, const char *p);
/* Where a space and digits end, of which ast_port may make a port. */
const char *ast_whole_port(const char *p);
/* Adds such a target to the side; before the next but one is read. */
void ast_target(struct ast_builder *b, const struct ast_target *whole);

/* --- printing ----------------------------------------------------------- */

/* The parsed form of spec 1 as JSON: spellings, order and duplicates as written. */
void ast_write_parsed(struct buf *out, const struct ast_rule *r);
/* Everything, spans included, for --debug=ast; indented JSON. */
void ast_dump(struct buf *out, const struct ast_rule *r);

#endif
