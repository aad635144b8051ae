/* SPDX-License-Identifier: MPL-2.0 */
/*
 * Whole targets and ports, read at once where they are spelt as nearly everybody spells
 * them: one space between the parts, tags in quotes and without escapes, values that are
 * right.  The scanner asks when it has seen the keyword; what is not so spelt goes the
 * long way, token by token.  A target of five tokens is one for the parser then.
 *
 * Nothing is reported here.  A sentence with an error anywhere is read once more without
 * this file (parse_sentence), and what that finds is told; so what is taken here must be
 * what the tokens would have given, and no more is needed.
 */
#include "ast.h"

/* No word, number or address goes on behind these, and here nothing else may stand there. */
static inline bool
ends_here(const char *p)
{
	return *p == ' ' || *p == ')' || *p == '\0';
}

/* Zeroed, as all trees begin; the target before may still have to be added. */
static inline struct ast_target *
next_target(struct ast_builder *b)
{
	b->turn ^= 1;
	return memset(&b->whole[b->turn], 0, sizeof(*b->whole));
}

/* t stands from kw to stop, its text from p on; NULL if it does not end there. */
static inline const char *
whole(const struct ast_builder *b, struct ast_target *t, enum ast_kind kind, const char *kw,
    const char *p, const char *stop)
{
	t->kind = (uint8_t)kind;
	t->span = (struct span){ (uint32_t)(kw - b->text), (uint32_t)(stop - kw) };
	t->text = (struct slice){ p, (size_t)(stop - p) };
	return ends_here(stop) ? stop : NULL;
}

/* Where the address that begins at p ends, or NULL. */
static inline const char *
read_address(const struct ast_builder *b, const char *p, struct ast_target *t)
{
	const char *stop = addr_scan_v4_in(p, &t->prefix.a);

	t->canonical = stop != NULL;
	t->prefix.fam = stop ? NET_V4 : NET_V6;
	return stop ? stop : addr_scan_v6(p, b->end, &t->prefix.a);
}

const char *
ast_whole_ip(struct ast_builder *b, const char *kw, const char *p)
{
	struct ast_target *t = next_target(b);
	const char *stop = *p++ == ' ' ? read_address(b, p, t) : NULL;

	if (!stop || (t->prefix.fam == NET_V4 && addr_v4_is_no_host(t->prefix.a)))
		return NULL;
	t->prefix.len = 128;
	return whole(b, t, AST_IP, kw, p, stop);
}

const char *
ast_whole_subnet(struct ast_builder *b, const char *kw, const char *p)
{
	struct ast_target *t = next_target(b);
	const char *stop = *p++ == ' ' ? read_address(b, p, t) : NULL;
	unsigned bits = 0, max;

	if (!stop || *stop++ != '/' || *stop < '1' || *stop > '9')
		return NULL;
	max = t->prefix.fam == NET_V4 ? 32 : 128;
	while (*stop >= '0' && *stop <= '9' && bits <= max)
		bits = bits * 10 + (unsigned)(*stop++ - '0');
	if (bits > max)
		return NULL;
	t->prefix.len = (uint8_t)(128 - max + bits);
	return whole(b, t, AST_SUBNET, kw, p, stop);
}

const char *
ast_whole_vm(struct ast_builder *b, const char *kw, const char *p)
{
	struct ast_target *t = next_target(b);
	struct slice text = { p + 1, UUID_TEXT };

	if (*p++ != ' ' || b->end - p < UUID_TEXT || !uuid_read(text, &t->vm))
		return NULL;
	return whole(b, t, AST_VM, kw, p, p + UUID_TEXT);
}

/* Behind a quoted string without escapes that begins at p, or NULL. */
static inline const char *
read_quoted(const struct ast_builder *b, const char *p, struct slice *out)
{
	const char *from = p + 1;

	if (*p != '"')
		return NULL;
	while (*++p != '"')
		if (*p == '\\' || p >= b->end)
			return NULL;
	*out = (struct slice){ from, (size_t)(p - from) };
	return p + 1;
}

const char *
ast_whole_tag(struct ast_builder *b, const char *kw, const char *p)
{
	struct ast_target *t = next_target(b);
	struct slice key;
	const char *stop = *p == ' ' ? read_quoted(b, p + 1, &key) : NULL;
	bool has_value = stop && stop[0] == ' ' && stop[1] == '=';

	if (has_value)
		stop = stop[2] == ' ' ? read_quoted(b, stop + 3, &t->value) : NULL;
	if (!stop || !whole(b, t, AST_TAG, kw, p, stop))
		return NULL;
	t->text = key;
	t->has_value = has_value;
	return stop;
}

/* The number is looked at when its item is added. */
const char *
ast_whole_port(const char *p)
{
	const char *from = p + 1;

	if (*p != ' ')
		return NULL;
	while (*++p >= '0' && *p <= '9')
		;
	return p > from && ends_here(p) ? p : NULL;
}

void
ast_target(struct ast_builder *b, const struct ast_target *whole)
{
	*vec_push(b->arena, &b->rule->side[b->side].targets) = *whole;
}
