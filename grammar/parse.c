/* SPDX-License-Identifier: MPL-2.0 */
/*
 * The driver between scanner and parser: it copies the text to where the scanner
 * may write, cuts a file into sentences, and keeps what a file holds besides
 * them.
 *
 * FROM stands only at the beginning of a sentence and is a keyword wherever it
 * stands, so the end of a sentence in a file is simply the next FROM, the next
 * attribute line, or the end of the file; that is also where parsing goes on
 * after an error.
 */
#include "parse_int.h"

#include <ctype.h>
#include <stdlib.h>

#include "../compiler/base/text.h"
#include "grammar/rule.h"

struct parse *
parse_new(void)
{
	struct parse *px = base_alloc(sizeof(*px));

	memset(px, 0, sizeof(*px));
	px->scanner = rule_scanner_new(px);
	return px;
}

void
parse_free(struct parse *px)
{
	if (!px)
		return;
	rule_scanner_free(px->scanner);
	free(px);
}

/* --- tokens ------------------------------------------------------------- */

static struct slice
text_of(const struct parse *px, struct span t)
{
	return (struct slice){ px->b.text + t.off, t.len };
}

static int
hold(struct parse *px, int token, const struct span *t)
{
	px->have_held = true;
	px->held = token;
	px->held_text = *t;
	px->begun = false;
	px->at = parse_end_of(px->at);
	px->last = SENTENCE_END;
	return SENTENCE_END;
}

/* All before rest is read, and what is wrong with it is told. */
static void
passed(struct parse *px, uint32_t rest)
{
	px->rest = rest;
	px->mark = diag_mark(px->b.diags);
}

/*
 * Is this the end of a piece?  A token that touches it may go on in the next, and what is
 * shown behind an error must be there, too.
 */
static bool
ends_piece(const struct parse *px, int token, struct span t)
{
	return px->more && (token == RULE_YYEOF ||
	    px->b.end - (px->b.text + t.off + t.len) <= SRC_AROUND);
}

/* A file's tokens: between two sentences an end is put in. */
static int
next_in_file(RULE_YYSTYPE *value, struct parse *px)
{
	struct diag_mark mark = diag_mark(px->b.diags);
	enum parse_part part = px->part;
	int token;

	if (px->have_held) {
		px->have_held = false;
		/* The sentence before is complete only now: its end was the last look-ahead. */
		px->good = px->b.diags->errors == px->errors_before;
		token = px->held;
		value->tok = px->held_text;
		px->part = PART_START;
		passed(px, value->tok.off);
	} else {
		token = rule_scan(value, px->scanner);
		if (token == RULE_YYEOF)
			value->tok = parse_end_of(px->at);
		if (ends_piece(px, token, value->tok)) {
			diag_rewind(px->b.diags, mark);
			px->cut = px->begun;
			return RULE_YYEOF;
		}
		if (token == RULE_YYEOF && px->wanted && !px->asked) {
			px->asked = true;
			return BAD_TOKEN;
		}
		if (px->begun && (token == FROM || token == ATTRIBUTE || token == RULE_YYEOF)) {
			px->part = part;
			return hold(px, token, &value->tok);
		}
	}
	if (token != ATTRIBUTE && token != RULE_YYEOF && !px->begun) {
		px->begun = true;
		px->open = 0;
		px->long_string.len = 0;
		px->part = token == FROM ? PART_FROM : PART_START;
		px->errors_before = px->b.diags->errors;
	}
	return token;
}

int
parse_token_slow(RULE_YYSTYPE *value, struct parse *px)
{
	int token;

	if (px->start) {
		token = px->start;
		px->start = 0;
		px->plain = !px->file;
		return token;
	}
	token = next_in_file(value, px);
	if (token != SENTENCE_END) {
		px->last = token;
		px->at = value->tok;
	}
	if (token == STRING && memchr(px->b.text + px->at.off, '\n', px->at.len))
		px->long_string = px->at;
	return token;
}

/* --- sentences ---------------------------------------------------------- */

void
parse_begin(struct parse *px, struct arena *arena, struct diags *diags, const struct src *src,
    struct lang_opts opts)
{
	px->b = (struct ast_builder){
		.arena = arena, .diags = diags, .src = src, .opts = opts, .whole = px->whole,
	};
	px->last = px->held = 0;
	px->have_held = px->begun = false;
	px->part = PART_START;
	px->open = 0;
	px->errors_before = diags->errors;
	px->more = px->cut = false;
	px->from = px->rest = 0;
	px->mark = diag_mark(diags);
}

static bool
check_text(struct diags *diags, const struct src *src, size_t max)
{
	struct diag *d;

	if (src->text.n <= max)
		return true;
	d = diag_add(diags, DIAG_too_long, src, (struct span){ 0, 0 }, src->text.n, max);
	d->field = "rule";
	d->is_syntax = true;
	return false;
}

bool
parse_run(struct parse *px, int start, bool file)
{
	const struct src *src = px->b.src;
	/* Outside the arena when that is emptied after each sentence. */
	char *copy = px->sink ? base_alloc(src->text.n + 2 + AST_PAD)
	    : arena_alloc(px->b.arena, src->text.n + 2 + AST_PAD);
	bool good;

	if (src->text.n)
		memcpy(copy, src->text.p, src->text.n);
	memset(copy + src->text.n, '\0', 2 + AST_PAD);
	px->b.text = copy;
	px->b.end = copy + src->text.n;
	px->at = (struct span){ px->from, 0 };
	px->start = start;
	px->plain = false;
	rule_scan_text(px->scanner, copy + px->from, src->text.n - px->from + 2, file);
	good = rule_yyparse(px) == 0;
	if (px->sink)
		free(copy);
	return good;
}

/* Are there no features or values that are only refused by request? */
static bool
takes_all(struct lang_opts opts)
{
	return (opts.max_version == 0 || opts.max_version >= LANG_VERSION) &&
	    !opts.enforce_subnet_mask;
}

/* What is plain is read fast; what is not, or has an error, with all care. */
struct ast_rule *
parse_sentence(struct parse *px, struct arena *arena, struct diags *diags,
    const struct src *src, struct lang_opts opts)
{
	bool good;

	if (!check_text(diags, src, PARSE_MAX_SENTENCE))
		return NULL;
	px->file = NULL;
	if (takes_all(opts)) {
		parse_begin(px, arena, diags, src, opts);
		px->at_once = true;
		good = parse_run(px, START_SENTENCE, false) && diags->errors == px->mark.errors;
		px->at_once = false;
		if (good)
			return px->b.rule;
		diag_rewind(diags, px->mark);
	}
	parse_begin(px, arena, diags, src, opts);
	return parse_run(px, START_SENTENCE, false) ? px->b.rule : NULL;
}

struct parse_file *
parse_source(struct parse *px, struct arena *arena, struct diags *diags, const struct src *src,
    struct lang_opts opts)
{
	struct parse_file *f = arena_zero(arena, sizeof(*f));

	if (!check_text(diags, src, PARSE_MAX_FILE))
		return f;
	parse_begin(px, arena, diags, src, opts);
	px->file = f;
	parse_run(px, START_FILE, true);
	return f;
}

unsigned
parse_expected(struct parse *px, struct arena *scratch, struct slice text,
    const char *expected[PARSE_EXPECTED])
{
	struct diags diags = { .arena = scratch };
	struct src src = { .text = text };

	px->wanted = expected;
	px->n_wanted = 0;
	px->asked = false;
	parse_source(px, scratch, &diags, &src, (struct lang_opts){ 0 });
	px->wanted = NULL;
	px->asked = false;
	return px->n_wanted;
}

static void
forget_sentence(struct parse *px)
{
	px->b.rule = NULL;
	if (px->sink)
		arena_reset(px->b.arena);
}

void
parse_sentence_done(struct parse *px)
{
	if (px->good && px->sink)
		px->sink(px->context, px->b.rule);
	else if (px->good)
		*vec_push(px->b.arena, &px->file->rules) = px->b.rule;
	forget_sentence(px);
}

void
parse_sentence_failed(struct parse *px)
{
	forget_sentence(px);
}

/* --- lines that are not sentences --------------------------------------- */

static struct slice
trim(struct slice s)
{
	while (s.n && strchr(" \t\r\v\f", s.p[0])) {
		s.p++;
		s.n--;
	}
	while (s.n && strchr(" \t\r\v\f", s.p[s.n - 1]))
		s.n--;
	return s;
}

/*
 * The parser takes an attribute only when the scanner has passed over the comments
 * behind it, so its line may have to go before theirs.
 */
static struct parse_line *
add_line(struct parse *px, struct span t)
{
	struct parse_line *l = px->sink ? arena_alloc(px->b.arena, sizeof(*l))
	    : vec_push(px->b.arena, &px->file->lines);

	for (; !px->sink && l > px->file->lines.v && l[-1].span.off > t.off; l--)
		*l = l[-1];
	memset(l, 0, sizeof(*l));
	l->span = t;
	return l;
}

void
parse_comment(struct parse *px, struct span line)
{
	add_line(px, line);
	if (!px->begun && px->last != ATTRIBUTE && !ends_piece(px, 0, line))
		passed(px, parse_end_of(line).off);
}

static struct slice
take_word(struct slice *s)
{
	struct slice word = *s;
	size_t i = 0;

	while (i < s->n && s->p[i] != ' ' && s->p[i] != '\t')
		i++;
	word.n = i;
	*s = trim((struct slice){ s->p + i, s->n - i });
	return word;
}

static void
bad_attribute(struct parse *px, struct span line, const char *text)
{
	diag_add(px->b.diags, DIAG_bad_attribute, px->b.src, line, text);
}

/* A quoted value, or what stands before a comment; *all becomes that comment. */
static bool
attribute_value(struct parse *px, struct slice *all, struct slice *value)
{
	struct slice rest = *all;
	size_t i = 0;

	if (rest.n && rest.p[0] == '"') {
		for (i = 1; i < rest.n && rest.p[i] != '"'; i++)
			if (rest.p[i] == '\\')
				i++;
		if (i >= rest.n)
			return false;
		if (!ast_string(&px->b, (struct slice){ rest.p, i + 1 }, value))
			return false;
		rest = *all = trim((struct slice){ rest.p + i + 1, rest.n - i - 1 });
		return rest.n == 0 || rest.p[0] == '#';
	}
	while (i < rest.n && !(rest.p[i] == '#' && (i == 0 || rest.p[i - 1] == ' ' ||
	    rest.p[i - 1] == '\t')))
		i++;
	*value = trim((struct slice){ rest.p, i });
	*all = (struct slice){ rest.p + i, rest.n - i };
	return true;
}

void
parse_attribute(struct parse *px, struct span t)
{
	struct slice line = text_of(px, t), rest = trim((struct slice){ line.p + 1, line.n - 1 });
	struct parse_line *l = add_line(px, t);

	l->name = take_word(&rest);
	if (slice_is(l->name, "default") && rest.n && rest.p[0] == '@') {
		l->is_default = true;
		rest = (struct slice){ rest.p + 1, rest.n - 1 };
		l->name = take_word(&rest);
	}
	if (l->name.n == 0)
		bad_attribute(px, t, "an attribute's name must follow the @");
	else if (!attribute_value(px, &rest, &l->value))
		bad_attribute(px, t, "the attribute's value is not a word or a well-formed quoted string");
	else if (rest.n)
		l->comment = (struct span){ t.off + (uint32_t)(rest.p - line.p), (uint32_t)rest.n };
	/* Another has been read.  Else it belongs to the sentence that begins. */
	if (px->last == ATTRIBUTE)
		passed(px, parse_end_of(t).off);
}

bool
parse_blank_between(const struct src *src, uint32_t from, uint32_t to)
{
	unsigned newlines = 0;

	for (uint32_t i = from; i < to; i++)
		if (src->text.p[i] == '\n' && ++newlines == 2)
			return true;
		else if (!memchr(" \t\r\n", src->text.p[i], 4))
			newlines = 0;
	return false;
}

/* --- errors ------------------------------------------------------------- */

static struct diag *
syntax_error(struct parse *px, enum diag_id id, struct span at, const char *text)
{
	struct diag *d = diag_add(px->b.diags, id, px->b.src, at, text);

	d->field = "rule";
	d->is_syntax = true;
	return d;
}

void
parse_report_char(struct parse *px, struct span t)
{
	struct buf name = { 0 };
	struct slice s = text_of(px, t);
	unsigned char c = (unsigned char)s.p[0];
	struct diag *d;
	/* Of a target that was read at once px->at says nothing; then this is not the last word. */
	bool adjacent = px->at.off + px->at.len == t.off;
	bool after_v6 = px->last == IPV6 && adjacent;
	bool in_tag = px->last == WORD && adjacent && px->part < PART_ACTION;

	if (t.len == 1 && c >= 0x80) {
		d = diag_add(px->b.diags, DIAG_not_utf8, px->b.src, t, c);
		d->field = "rule";
		d->is_syntax = true;
		return;
	}
	buf_char(&name, '"');
	text_visible(&name, s);
	buf_add(&name, "\"", 2);
	d = syntax_error(px, DIAG_bad_char, t, name.p);
	buf_free(&name);
	if (c == '%' && after_v6)
		diag_help(px->b.diags, d, "an address in a rule has no zone index: leave out %% and "
		    "what follows it");
	else if (c == '.' && after_v6)
		diag_help(px->b.diags, d, "an IPv6 address has no dotted part here: write "
		    "::ffff:1.2.3.4 as ::ffff:102:304");
	else if (c == '\'' || t.len > 1 || in_tag)
		diag_help(px->b.diags, d, "tags with other characters than letters, digits, - and _ "
		    "stand in double quotes");
	else if (c == '.')
		diag_help(px->b.diags, d, "an IPv4 address is four numbers with dots between them");
	else if (c == ':')
		diag_help(px->b.diags, d, "an IPv6 address holds hexadecimal digits and at least two "
		    "colons");
	else if (c == '/')
		diag_help(px->b.diags, d, "a prefix length is one to three digits right behind the "
		    "slash");
	else if (c == '#' || c == '@')
		diag_help(px->b.diags, d, "comments and attributes belong to source files, not to a "
		    "single sentence");
	else if (c == ';')
		diag_help(px->b.diags, d, "a rule needs no mark at its end");
}

void
parse_report_string(struct parse *px, struct span t)
{
	struct slice s = text_of(px, t);
	struct span at = t;
	struct diag *d;

	for (uint32_t i = 1; i < s.n; i++) {
		uint32_t digits;

		if (s.p[i] != '\\' || i + 1 == s.n)
			continue;
		for (digits = 0; s.p[i + 1] == 'u' && digits < 4 && i + 2 + digits < s.n &&
		    strchr("0123456789abcdefABCDEF", s.p[i + 2 + digits]) &&
		    s.p[i + 2 + digits]; digits++)
			;
		if (s.p[i + 1] == 'u' ? digits == 4
		    : s.p[i + 1] && strchr("\"\\/()bfnrt", s.p[i + 1]) != NULL) {
			i++;
			continue;
		}
		at = (struct span){ t.off + i, 2 + digits };
		d = syntax_error(px, DIAG_bad_string, at, "unknown escape in a quoted string");
		diag_help(px->b.diags, d, "escapes are \\\" \\\\ \\/ \\( \\) \\b \\f \\n \\r \\t and "
		    "\\u with four hexadecimal digits");
		return;
	}
	d = syntax_error(px, DIAG_bad_string, at, "the quoted string does not end");
	diag_help(px->b.diags, d, "put a double quote at its end; inside, write it as \\\"");
}

/* What the state's look-ahead would take, but not this sentence: sides share their states. */
static bool
possible(const struct parse *px, const char *name)
{
	if (strcmp(name, "OR") == 0 || strcmp(name, "AND") == 0 || strcmp(name, ")") == 0)
		return px->open != 0;
	if (strcmp(name, "TO") == 0)
		return px->part == PART_FROM && !px->open;
	if (strcmp(name, "ALLOW") == 0 || strcmp(name, "BLOCK") == 0)
		return px->part == PART_TO && !px->open;
	if (strcmp(name, "PRIORITY") == 0 || strcmp(name, "the end of the text") == 0)
		return !px->open && !(px->file && name[0] == 't');
	if (strcmp(name, "the end of the rule") == 0)
		return !px->open && px->file;
	return true;
}

static bool
is_keyword_name(const char *name)
{
	return name[0] >= 'A' && name[0] <= 'Z';
}

static bool
among(const char *name, const char **list, int n)
{
	for (int i = 0; i < n; i++)
		if (strcmp(list[i], name) == 0)
			return true;
	return false;
}

/* A word that is a keyword in another mixture of cases, or nearly one that could stand here. */
static bool
help_keyword(struct parse *px, struct diag *d, const char **expected, int n)
{
	struct slice text = text_of(px, px->at);
	const char *near = lang_nearest_keyword(text);
	char upper[16];
	size_t len;

	if (!near)
		return false;
	len = strlen(near);
	for (size_t i = 0; i <= len; i++)
		upper[i] = (char)(near[i] >= 'a' && near[i] <= 'z' ? near[i] - 32 : near[i]);
	if (len == text.n && text_distance(text, slice_of(near)) == 0)
		diag_help(px->b.diags, d, "keywords are all upper or all lower case: %s", upper);
	else if (among(upper, expected, n))
		diag_help(px->b.diags, d, "did you mean %s?", upper);
	else
		return false;
	return true;
}

/* Words of other filters for an action. */
static const char *
other_action(struct slice s)
{
	static const struct {
		const char *word, *keyword;
	} known[] = {
		{ "accept", "ALLOW" }, { "deny", "BLOCK" }, { "drop", "BLOCK" }, { "forbid", "BLOCK" },
		{ "pass", "ALLOW" }, { "permit", "ALLOW" }, { "refuse", "BLOCK" }, { "reject", "BLOCK" },
	};

	for (size_t i = 0; i < BASE_COUNT(known); i++)
		if (text_distance(s, slice_of(known[i].word)) == 0)
			return known[i].keyword;
	return NULL;
}

/* The token and what a word would have gone on with: `to-do` and not only `to`. */
static struct slice
whole_word(const struct parse *px)
{
	struct slice all = px->b.src->text;
	size_t end = px->at.off + px->at.len;

	if (end < all.n && all.p[end] == '-')
		while (end < all.n && (all.p[end] == '-' || all.p[end] == '_' ||
		    isalnum((unsigned char)all.p[end])))
			end++;
	return (struct slice){ all.p + px->at.off, end - px->at.off };
}

static bool
is_one_of(const char *name, const char *a, const char *b)
{
	return strcmp(name, a) == 0 || strcmp(name, b) == 0;
}

/* For OR, AND and commas that stand where nothing can be joined so. */
static const char *
cure_joint(const struct parse *px, const char *found, const char **expected, int n)
{
	bool targets = px->part < PART_PROTO;

	if (strcmp(found, "OR") == 0 && targets && px->open)
		return among(")", expected, n)
		    ? "any and all vms stand alone on their side, not in a list" : NULL;
	if (strcmp(found, "OR") == 0 && targets)
		return "several targets stand in parentheses: (ip 10.0.0.1 OR ip 10.0.0.2)";
	if (strcmp(found, "OR") == 0)
		return px->open ? "ports and types are joined by AND"
		    : "several ports or types stand in parentheses, joined by AND";
	if (strcmp(found, "AND") == 0 && targets)
		return px->open ? "targets are joined by OR"
		    : "several targets stand in parentheses, joined by OR";
	if (strcmp(found, "AND") == 0)
		return "several ports or types stand in parentheses: (PORT 80 AND PORT 443)";
	if (is_one_of(found, "-", ",") && px->part == PART_PROTO)
		return "ranges and comma lists need PORTS: PORTS 80, 8000 - 8080";
	return NULL;
}

/* For a token that belongs elsewhere. */
static const char *
cure_found(const struct parse *px, const char *found, const char **expected, int n)
{
	if (strcmp(found, ")") == 0 && !px->open)
		return "there is no ( before it";
	if (strcmp(found, "a quoted string") == 0 && among("a word", expected, n))
		return "only tags stand in quotes";
	if (is_one_of(found, "ANY", "ALL"))
		return "any and all vms stand alone on their side, not in a list";
	if (among("SUBNET", expected, n) && is_one_of(found, "an IPv4 address", "an IPv6 address"))
		return "an address is written ip ADDRESS, a prefix subnet ADDRESS/LENGTH";
	if (is_one_of(found, "a word", "a quoted string") && among("=", expected, n))
		return "a tag's value stands behind =";
	if (strcmp(found, "VM") == 0 && among("VMS", expected, n))
		return "did you mean all vms?";
	if (strcmp(found, "a prefix length") == 0)
		return "a prefix is written subnet ADDRESS/LENGTH";
	if (strcmp(found, "PORTS") == 0 && px->open)
		return "PORTS and its list stand without parentheses";
	if (is_one_of(found, "PORT", "PORTS") && px->b.rule && px->part == PART_PROTO &&
	    !lang_has_ports(px->b.rule->proto))
		return "only tcp and udp have ports";
	if (strcmp(found, "FROM") == 0 && among("the end of the text", expected, n))
		return "one rule is expected here; several stand in a file of rules";
	return NULL;
}

/* For what is missing. */
static const char *
cure_expected(const struct parse *px, const char *found, const char **expected, int n)
{
	if (px->open && among(")", expected, n))
		return "a list is closed with )";
	if (among("a prefix length", expected, n))
		return "a subnet is written ADDRESS/LENGTH; a single address is ip ADDRESS";
	if (among("an IPv4 address", expected, n))
		return "an address is four numbers with dots between them, or an IPv6 address";
	if (among("FROM", expected, n))
		return "a rule is FROM targets TO targets ALLOW|BLOCK protocol ports";
	if (among("PORTS", expected, n))
		return "tcp and udp need ports: PORT 80, PORTS 8000 - 8080 or PORT all";
	if (among("TYPE", expected, n) && among("(", expected, n))
		return "icmp and icmp6 need types: TYPE 8, TYPE 8 CODE 0 or TYPE all";
	if (strcmp(found, "a word") == 0 && among("-", expected, n))
		return "a range is written 80 - 90 or 80-90";
	return NULL;
}

/* The cure, where one can be named. */
static void
help_syntax(struct parse *px, struct diag *d, const char *found, const char **expected, int n)
{
	const char *cure;

	if (strcmp(found, "a word") == 0 && help_keyword(px, d, expected, n))
		return;
	if (strcmp(found, "a word") == 0 && among("ALLOW", expected, n) &&
	    (cure = other_action(text_of(px, px->at))) != NULL) {
		diag_help(px->b.diags, d, "did you mean %s?", cure);
		return;
	}
	if (is_keyword_name(found) && among("a quoted string", expected, n)) {
		struct slice word = whole_word(px);

		diag_help(px->b.diags, d, "%s is a keyword; a tag of that name stands in quotes: "
		    "\"%.*s\"", found, (int)word.n, word.p);
		return;
	}
	if ((cure = cure_joint(px, found, expected, n)) != NULL ||
	    (cure = cure_found(px, found, expected, n)) != NULL ||
	    (cure = cure_expected(px, found, expected, n)) != NULL)
		diag_help(px->b.diags, d, "%s", cure);
}

/* A token's name as a message has it: punctuation in quotes. */
static void
add_name(struct buf *text, const char *name)
{
	buf_printf(text, name[1] ? "%s" : "\"%s\"", name);
}

void
parse_report_syntax(struct parse *px, const char *found, const char **expected, int n)
{
	struct buf text = { 0 };
	struct diag *d;
	int kept = 0;

	if (px->at_once || px->cut)
		return;                 /* it will be read again */
	if (px->last == BAD_TOKEN && !px->asked)
		return;                 /* the scanner has said what is wrong */
	for (int i = 0; i < n; i++)
		if (possible(px, expected[i]))
			expected[kept++] = expected[i];
	if (px->asked) {
		px->n_wanted = (unsigned)kept;
		for (int i = 0; i < kept; i++)
			px->wanted[i] = expected[i];
		return;
	}
	for (int i = 0; i < kept; i++) {
		buf_str(&text, i == 0 ? "expected " : i == kept - 1 ? " or " : ", ");
		add_name(&text, expected[i]);
	}
	if (kept == 0)
		buf_str(&text, "nothing can follow here");
	buf_str(&text, ", found ");
	add_name(&text, found);
	if (px->at.len && !is_keyword_name(found) && px->at.len < 60 && strlen(found) > 1) {
		buf_str(&text, strcmp(found, "a quoted string") == 0 ? " " : " \"");
		text_visible(&text, text_of(px, px->at));
		buf_str(&text, strcmp(found, "a quoted string") == 0 ? "" : "\"");
	}
	buf_char(&text, '\0');
	d = syntax_error(px, DIAG_syntax, px->at, text.p);
	buf_free(&text);
	if (strcmp(found, "the end of the text") == 0 || strcmp(found, "the end of the rule") == 0) {
		if (px->open)
			diag_relate(px->b.diags, d, px->b.src, (struct span){ px->open - 1, 1 },
			    "the parenthesis opened here is not closed");
	}
	if (px->long_string.len) {
		diag_relate(px->b.diags, d, px->b.src, (struct span){ px->long_string.off, 1 },
		    "the quoted string that begins here ends on another line");
		diag_help(px->b.diags, d, "is there a double quote missing on its first line?");
		return;
	}
	help_syntax(px, d, found, expected, kept);
}
