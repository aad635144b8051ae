/* SPDX-License-Identifier: MPL-2.0 */
/*
 * jansson as this project uses it: strict about duplicate keys, NUL allowed in
 * strings, numbers as JavaScript has them (big integers become doubles), and an
 * allocator that a program can switch to an arena, because most of a small
 * document's reading is malloc.
 */
#ifndef FWR_BASE_JSON_H
#define FWR_BASE_JSON_H

#include <jansson.h>

#include "diag.h"

/*
 * Reads the value that begins at src->text[*at] (whitespace before it is passed
 * over) and moves *at behind it.  NULL and a diagnostic if it is not JSON; then
 * *at stays.  Depth is limited by jansson to 2,048.
 */
json_t *json_read(const struct src *src, size_t *at, struct diags *diags);
/*
 * The same for the plain values that most documents are, and without a word: NULL if
 * it is no such value, or none at all.  *at must stand where the value begins.
 */
json_t *json_read_plain(struct slice text, size_t *at);
/* The whole text as one value. */
json_t *json_read_all(const struct src *src, struct diags *diags);

static inline struct slice
json_slice(const json_t *string)
{
	return (struct slice){ json_string_value(string), json_string_length(string) };
}

/* The member as a slice; false if it is absent or not a string. */
bool json_get_slice(const json_t *object, const char *key, struct slice *out);

/* A number as JavaScript prints it: "5", "1.5", "1e+21". */
void json_write_number(struct buf *out, double v);
/* Any scalar as JavaScript's String() has it; false for objects and arrays. */
bool json_write_js(struct buf *out, const json_t *value);
/* Any value, compact. */
void json_write(struct buf *out, const json_t *value);

/*
 * Where the members of an object, or the elements of an array, stand in a text
 * that json_read has accepted: jansson keeps no places.  at is that of the opening
 * bracket; false if there is none.  Each step costs the value's length.
 */
struct json_walk {
	struct slice text;
	size_t at;
};

bool json_walk_begin(struct json_walk *w, struct slice text, size_t at);
/* The next value, and for a member its key as it is spelled, without the quotes. */
bool json_walk_next(struct json_walk *w, struct slice *key, struct span *value);
/* The value of a member, by a key without escapes. */
bool json_walk_find(struct slice text, size_t object, const char *key, struct span *value);

/* The same over lines, indented by two spaces a level, as JSON.stringify has it. */
void json_write_indented(struct buf *out, const json_t *value);
/* A text that is one value, so indented, without being read: it may hold lone surrogates. */
void json_indent(struct buf *out, struct slice text);
/*
 * Copies JSON that text_json has written.  A lone surrogate, which no reader of JSON
 * here takes, becomes the six characters of its escape: in the quotes of a sentence
 * they mean the same.
 */
void json_spell_surrogates(struct buf *out, struct slice text);

/* What JavaScript takes for true. */
bool json_truthy(const json_t *value);

/*
 * Lets jansson allocate from arenas, in the whole process: for programs, never
 * for a library inside another program.  Between json_arena_begin and
 * json_arena_end all values of this thread come from the arena and none need be
 * released; they must not be used after the arena was reset, and values from
 * outside must not be released inside.  Without json_arena_install begin and end
 * do nothing and values are the heap's: release them with json_arena_drop, which
 * does nothing inside an arena.  A pair may stand inside another.
 */
#define JSON_ARENA_DEPTH 8
void json_arena_install(void);
void json_arena_begin(struct arena *a);
void json_arena_end(void);
void json_arena_drop(json_t *value);

#endif
