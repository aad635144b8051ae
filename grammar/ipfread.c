/* SPDX-License-Identifier: MPL-2.0 */
/*
 * The driver of the ipf.conf reader: limits, lines and comments, and the words
 * of syntax errors.
 *
 * The parser sees only lines with a rule; a line's comment is the block of
 * comment lines above it, up to a blank line that follows a rule.
 */
#include "ipfast_int.h"

#include "../compiler/base/text.h"
#include "grammar/ipf.h"

/* --- lines -------------------------------------------------------------- */

static void
begin_line(struct ipf_reader *rd, uint32_t off)
{
	memset(&rd->line, 0, sizeof(rd->line));
	rd->insert = false;
	rd->keep = NULL;
	rd->line_start = off;
	rd->line_number++;
	rd->rule_start = IPFAST_NO_RULE;
	rd->errors_before = rd->diags->errors;
	rd->done = rd->diags->errors >= (rd->diags->limit ? rd->diags->limit : DIAG_LIMIT);
}

static void
blank_line(struct ipf_reader *rd)
{
	rd->comment_open = false;
	if (rd->comment_used)
		rd->comment.len = 0;
}

void
ipfast_comment(struct ipf_reader *rd, struct ipf_token t)
{
	uint32_t n = t.off + t.n - rd->line_start;

	if (rd->rule_start != IPFAST_NO_RULE)
		return;
	if (n >= IPF_COMMENT_MAX)
		diag_help(rd->diags, ipfast_report(rd, long_comment, ipf_token_span(t), n,
		    IPF_COMMENT_MAX), "keep comment lines under 1,000 bytes");
	if (!rd->comment_open)
		rd->comment.off = t.off;
	rd->comment.len = t.off + t.n - rd->comment.off;
	rd->comment_open = true;
	rd->comment_used = false;
	/* Its newline is no blank line. */
	rd->line_has_comment = true;
}

/* The newline at off ends a line; true if the parser is to see it. */
static bool
end_line(struct ipf_reader *rd, uint32_t off)
{
	uint32_t end = rd->at.off + rd->at.n;

	if (rd->rule_start == IPFAST_NO_RULE) {
		if (!rd->line_has_comment)
			blank_line(rd);
		rd->line_has_comment = false;
		begin_line(rd, off + 1);
		return false;
	}
	rd->line.at = (struct span){ rd->rule_start, end - rd->rule_start };
	rd->line.number = rd->line_number;
	rd->line.comment = rd->comment;
	rd->comment_open = false;
	rd->comment_used = true;
	if (off - rd->line_start > IPF_LINE_MAX)
		ipfast_report(rd, long_line, rd->line.at, off - rd->line_start, IPF_LINE_MAX);
	return true;
}

/* A text that does not end in a newline gets one, with a diagnostic. */
static int
end_of_text(struct ipf_reader *rd, IPF_YYSTYPE *value)
{
	uint32_t n = (uint32_t)rd->file->src->text.n;
	struct diag *d;

	if (n && !rd->ended && rd->file->src->text.p[n - 1] != '\n') {
		d = ipfast_report(rd, last_line, ((struct span){ n, 0 }));
		diag_help(rd->diags, d, "put a newline at the end of the file");
		rd->ended = true;
		value->tok = (struct ipf_token){ rd->base + n, 0, n };
		if (end_line(rd, n))
			return T_EOL;
	}
	return T_YYEOF;
}

int
ipf_yylex(IPF_YYSTYPE *value, struct ipf_reader *rd)
{
	int token;

	if (rd->last == T_EOL)
		begin_line(rd, rd->at.off + rd->at.n);
	do {
		if (rd->done && rd->rule_start == IPFAST_NO_RULE) {
			token = T_YYEOF;
			break;
		}
		token = ipf_scan(value, rd->scanner);
	} while (token == T_EOL && !end_line(rd, value->tok.off));
	if (token == T_YYEOF && !rd->done)
		token = end_of_text(rd, value);
	if (token != T_EOL && token != T_YYEOF && rd->rule_start == IPFAST_NO_RULE)
		rd->rule_start = value->tok.off;
	if (token != T_YYEOF)
		rd->at = value->tok;
	rd->last = token;
	return token;
}

/* --- reading ------------------------------------------------------------ */

static bool
only_blank(struct slice text)
{
	for (size_t i = 0; i < text.n; i++)
		if (!strchr(" \t\r\n", text.p[i]) || text.p[i] == '\0')
			return false;
	return text.n != 0;
}

static void
parse(struct ipf_reader *rd)
{
	struct slice text = rd->file->src->text;
	char *copy = arena_alloc(rd->arena, text.n + 2);
	void *buffer;

	if (text.n)
		memcpy(copy, text.p, text.n);
	copy[text.n] = copy[text.n + 1] = '\0';
	rd->base = copy;
	rd->scanner = ipf_scanner_new(rd);
	buffer = ipf_scan_text(rd->scanner, copy, text.n + 2);
	begin_line(rd, 0);
	ipf_yyparse(rd);
	ipf_scan_done(rd->scanner, buffer);
	ipf_scanner_free(rd->scanner);
}

bool
ipf_read(struct arena *arena, struct diags *diags, const struct src *src, unsigned fam,
    struct ipf_file *file)
{
	struct ipf_reader rd = { .arena = arena, .diags = diags, .file = file };
	uint32_t errors = diags->errors;

	*file = (struct ipf_file){ .src = src, .fam = (uint8_t)fam };
	for (int dir = IPF_IN; dir <= IPF_OUT; dir++)
		*vec_push(arena, &file->groups) = (struct ipf_group){ .dir = (uint8_t)dir };
	if (src->text.n > IPF_FILE_MAX) {
		ipfast_report(&rd, large, ((struct span){ 0, 0 }), src->text.n, IPF_FILE_MAX);
		return false;
	}
	if (only_blank(src->text)) {
		diag_help(diags, ipfast_report(&rd, only_blank, ((struct span){ 0, 0 })),
		    "an empty file loads, and so does one with a comment");
		return false;
	}
	parse(&rd);
	if (!file->fam)
		file->fam = (uint8_t)rd.fam_guess;
	if (diags->errors == errors)
		ipfgroup_check(&rd);
	return diags->errors == errors;
}

bool
ipfast_family(struct ipf_reader *rd, unsigned fam, struct span at, const char *what)
{
	struct diag *d;

	if (!rd->file->fam) {
		rd->file->fam = (uint8_t)fam;
		rd->fam_from = at;
		rd->fam_told = true;
	}
	if (rd->file->fam == fam)
		return true;
	d = ipfast_report(rd, family, at, what, rd->file->fam == NET_V4 ? 4 : 6);
	if (rd->fam_told)
		diag_relate(rd->diags, d, rd->file->src, rd->fam_from,
		    "this made it a file for IPv%d", rd->file->fam == NET_V4 ? 4 : 6);
	diag_help(rd->diags, d, "IPv4 lines belong in ipf.conf, IPv6 lines in ipf6.conf");
	return false;
}

/* --- errors ------------------------------------------------------------- */

void
ipfast_bad_char(struct ipf_reader *rd, struct ipf_token t)
{
	struct buf name = { 0 };
	struct diag *d;

	buf_char(&name, '"');
	text_visible(&name, ipf_token_text(t));
	buf_add(&name, "\"", 2);
	d = ipfast_report(rd, bad_char, ipf_token_span(t), name.p);
	buf_free(&name);
	if (t.p[0] == '\\')
		diag_help(rd->diags, d, "a rule stands on one line");
	else if (t.p[0] == ';')
		diag_help(rd->diags, d, "the end of the line ends a rule");
	else if (t.p[0] == '$')
		diag_help(rd->diags, d, "variables are not read: write their values");
	else if (t.p[0] == '%')
		diag_help(rd->diags, d, "an address has no zone index here");
	else if (t.p[0] == '{' || t.p[0] == '}')
		diag_help(rd->diags, d, "write one line for each member of the list");
}

static bool
among(const char *name, const char **list, int n)
{
	for (int i = 0; i < n; i++)
		if (strcmp(list[i], name) == 0)
			return true;
	return false;
}

/* What ipf knows at this place and the evaluator does not: why, or NULL. */
static const char *
unsupported(const struct ipf_reader *rd, const char **expected, int n)
{
	static const struct {
		int token;
		const char *instead;            /* one of what is expected there */
		const char *why;
	} table[] = {
		{ T_LOG, "pass", "as an action it decides nothing" },
		{ T_TO, "from", "where a packet is sent is no part of its verdict" },
		{ '(', "an address", "write one line for each member of the list" },
		{ '(', "a number", "write one line for each member of the list" },
		{ '(', "=", "write one line for each member of the list" },
		{ '(', "in", "options of an action are no part of its verdict" },
	};

	if (rd->last == T_WORD)
		return ipfname_unsupported(ipf_token_text(rd->at));
	for (size_t i = 0; i < BASE_COUNT(table); i++)
		if (table[i].token == rd->last && among(table[i].instead, expected, n))
			return table[i].why;
	return NULL;
}

/* A kind of token whose text says more than its name. */
static bool
is_named(const char *name)
{
	return strncmp(name, "a ", 2) == 0 || strncmp(name, "an ", 3) == 0;
}

static void
help_syntax(struct ipf_reader *rd, struct diag *d, const char **expected, int n)
{
	static const char *const tail[] = { "keep", "head", "group", "set-tag", "flags",
		"icmp-type" };
	struct slice text = ipf_token_text(rd->at);
	const char *near = rd->last == T_WORD ? ipfname_near(text) : NULL;

	if (near && among(near, expected, n)) {
		diag_help(rd->diags, d, "did you mean %s?", near);
		return;
	}
	for (size_t i = 0; i < BASE_COUNT(tail); i++)
		if (slice_is(text, tail[i]) && among("the end of the line", expected, n)) {
			diag_help(rd->diags, d, "the order is: flags, icmp-type, keep, head, "
			    "group, set-tag");
			return;
		}
	if (among("an address", expected, n) && rd->last == T_NUMBER)
		diag_help(rd->diags, d, "an address is written with all its parts: 10.0.0.0/8");
	else if (among("an address", expected, n) && rd->last == T_WORD)
		diag_help(rd->diags, d, "names are not looked up: write the address");
	else if (among("pass", expected, n))
		diag_help(rd->diags, d, "a line is: pass|block in|out [quick] [proto P] all | from "
		    "ADDRESS [port] to ADDRESS [port] ...");
	else if ((rd->last == T_QUICK || rd->last == T_LOG) && among("proto", expected, n))
		diag_help(rd->diags, d, "the order is: pass|block in|out log quick proto");
}

void
ipfast_syntax_error(struct ipf_reader *rd, const char *found, const char **expected, int n)
{
	struct buf text = { 0 }, word = { 0 };
	const char *why;
	struct diag *d;

	if (rd->last == T_BAD)
		return;                 /* the scanner has said what is wrong */
	text_visible(&word, ipf_token_text(rd->at));
	buf_char(&word, '\0');
	why = unsupported(rd, expected, n);
	if (why) {
		ipfast_report(rd, unsupported, ipf_token_span(rd->at), word.p, why);
		buf_free(&word);
		return;
	}
	if (n && strcmp(expected[0], "the end of the file") == 0) {
		expected++;             /* true, but no help */
		n--;
	}
	for (int i = 0; i < n; i++)
		buf_printf(&text, "%s%s", i == 0 ? "expected " : i == n - 1 ? " or " : ", ",
		    expected[i]);
	if (n == 0)
		buf_str(&text, "nothing can follow here");
	if (is_named(found) && rd->at.n < 60)
		buf_printf(&text, ", found \"%s\"", word.p);
	else
		buf_printf(&text, ", found %s", found);
	buf_char(&text, '\0');
	d = ipfast_report(rd, syntax, ipf_token_span(rd->at), text.p);
	help_syntax(rd, d, expected, n);
	buf_free(&text);
	buf_free(&word);
}
