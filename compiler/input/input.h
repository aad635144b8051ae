/* SPDX-License-Identifier: MPL-2.0 */
/*
 * Rules in every format of spec 6, told apart by content: a JSON rule, an array
 * of them, a payload, one JSON object a line, Moray records, a folder like
 * var/fw, or rule source text.
 *
 * Rules live in input.arena; sources that diagnostics point to live there too.
 * Reading goes on after an error, so that all errors of an input are found.
 */
#ifndef FWR_INPUT_INPUT_H
#define FWR_INPUT_INPUT_H

#include "../../grammar/parse.h"
#include "../base/json.h"
#include "../lang/rule.h"

#define INPUT_MAX_FILE ((size_t)1 << 30)

/* A rule with the tree it was made of; both live in input.arena. */
struct input_tree {
	const struct rule *rule;
	const struct ast_rule *ast;     /* its src is the file, or of JSON the sentence */
	bool is_source;                 /* rule source text: places are the file's own */
	/* Of the file's lines, those from the rule's first attribute to its last. */
	uint32_t own_line, own_end;
};

/* A file of rule source text and its attributes and comments. */
struct input_source {
	const struct src *src;
	const struct parse_file *file;
};

struct input {
	struct arena *arena;
	struct diags *diags;
	struct parse *px;
	struct lang_opts opts;
	VEC(struct rule *) rules;       /* in the order of the input */
	/* The remoteVMs of payloads and of a folder's vms, one JSON text each. */
	VEC(struct src *) remote_vms;
	/* Set before reading, to have trees kept as well, for what looks at the spelling. */
	bool keep_trees;
	VEC(struct input_tree) trees;   /* of rules, in their order */
	VEC(struct input_source) sources;
	const struct src *outer;        /* the JSON being read, and the object in it */
	struct span outer_at;
	/* What was read besides and is kept nowhere: comments of source files, VMs. */
	uint32_t n_comments, n_local_vms;
	struct arena scratch;           /* trees and JSON of what is being read */
	struct {
		uint32_t *slot, size;   /* rules by UUID: open addressing over indices */
	} known;
};

void input_init(struct input *in, struct arena *arena, struct diags *diags,
    struct lang_opts opts);
/* Forgets the rules, for the next use; their arena is the caller's. */
void input_forget(struct input *in);
/* Frees the parser and the scratch arena; rules stay. */
void input_done(struct input *in);

/* Reads a file, a folder, or "-" for standard input.  What fails is in diags. */
void input_read(struct input *in, const char *path);
/* The same of a text; name is for diagnostics. */
void input_read_text(struct input *in, struct slice name, struct slice text);

/* Would a text be read as rule source text, and not as JSON or another format? */
bool input_is_source(struct slice text);

/*
 * One payload object (spec 2).  All errors of its fields, and the one of its
 * sentence, are queued in spec 2's order; NULL if there were any.  within says
 * where the object stands, for people, and may be empty.
 */
struct rule *input_payload(struct input *in, const json_t *payload, struct slice within);
/* One stored rule (the value of a Moray record). */
struct rule *input_moray(struct input *in, const json_t *value, struct slice within);
/* Any object: a Moray record or a payload. */
struct rule *input_object(struct input *in, const json_t *object, struct slice within);

/*
 * The bytes of a file, or of standard input for "-", in arena, with src made for
 * them; NULL and a diagnostic if it cannot be read or is too large.
 */
struct src *input_file(struct arena *arena, struct diags *diags, const char *path);

/*
 * The same, opened to be read on and on: source files in pieces (parse_each).  name is in
 * the arena.  False, and a diagnostic, if it cannot be opened.
 */
struct input_stream {
	struct diags *diags;
	struct src *src;                /* the name alone */
	int fd;
};

bool input_open(struct arena *arena, struct diags *diags, const char *path,
    struct input_stream *in);
/* As parse_pieces wants it; the stream is its context. */
ssize_t input_next(void *stream, char *p, size_t n);
void input_close(struct input_stream *in);

/*
 * Another format that rules come in, told by its first bytes: for parts of the
 * program that stand behind this one.  To be added before anything is read.
 */
struct input_format {
	bool (*knows)(struct slice text);
	void (*read)(struct input *in, const struct src *src);
};
void input_add_format(const struct input_format *format);

/* Adds a rule; a UUID that is there already is an error at the given place. */
void input_add(struct input *in, struct rule *rule, const struct src *src, struct span at);
bool input_knows(struct input *in, struct uuid u);

/* A version for rules that have none: "<ms since epoch>.<pid, 6 digits>". */
struct slice input_new_version(struct arena *arena);

#endif
