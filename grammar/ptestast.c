/* SPDX-License-Identifier: MPL-2.0 */
/* The driver of the reader of policy tests, its errors, and its trees. */
#include "ptestast_int.h"

#include "../compiler/base/text.h"
#include "grammar/ptest.h"

/* --- errors ------------------------------------------------------------------------ */

static struct slice
text_of(const struct ptest_reader *rd, struct span t)
{
	return (struct slice){ rd->b.text + t.off, t.len };
}

void
ptestast_bad_char(struct ptest_reader *rd, struct span t)
{
	struct buf name = { 0 };
	struct diag *d;

	buf_char(&name, '"');
	text_visible(&name, text_of(rd, t));
	buf_add(&name, "\"", 2);
	d = diag_add(rd->b.diags, DIAG_ptest_char, rd->file->src, t, name.p);
	buf_free(&name);
	if (text_of(rd, t).p[0] == '.' && rd->last == T_WORD)
		diag_help(rd->b.diags, d, "a name with other characters than letters, digits, - and _ "
		    "stands in double quotes");
	else if (text_of(rd, t).p[0] == '@')
		diag_help(rd->b.diags, d, "attributes belong to files of rules");
}

void
ptestast_bad_string(struct ptest_reader *rd, struct span t)
{
	diag_add(rd->b.diags, DIAG_ptest_syntax, rd->file->src, t, slice_is(text_of(rd, t),
	    "\"\"") ? "a path is empty" : "the quoted string does not end, or has an "
	    "escape that does not exist");
}

static bool
among(const char *name, const char **list, int n)
{
	for (int i = 0; i < n; i++)
		if (strcmp(list[i], name) == 0)
			return true;
	return false;
}

/* The cure, where one can be named, or NULL. */
static const char *
cure(const struct ptest_reader *rd, const char *found, const char **expected, int n)
{
	bool word = strcmp(found, "a word") == 0;

	if (word && among("expect", expected, n) && text_distance(text_of(rd, rd->at),
	    slice_of("from")) == 0)
		return "this is a rule; a test names the file that it stands in: rules site.fwrule";
	if (among("expect", expected, n) && among("rules", expected, n))
		return "a line is: rules PATH, vms PATH, remote-vms PATH, or expect allow|block in|out "
		    "PROTOCOL [PORTS] from WHO to WHOM";
	if (among("allow", expected, n))
		return "expect allow|block in|out PROTOCOL [PORTS] from WHO to WHOM";
	if (among("VMS", expected, n))
		return "all is followed by vms";
	if (word && among("vm", expected, n))
		return "a VM is written vm NAME, a tag tag \"KEY\" or tag \"KEY\" = \"VALUE\"";
	if (strcmp(found, ",") == 0 && rd->open && among("or", expected, n))
		return "several stand in parentheses, joined by or";
	if (strcmp(found, "or") == 0)
		return "several stand in parentheses: (10.0.0.1 or vm web0)";
	if (among("a prefix length", expected, n) && n == 1)
		return "a subnet is written ADDRESS/LENGTH";
	if (word && among("from", expected, n) && among(",", expected, n))
		return "between several ports or types stand commas";
	return NULL;
}

void
ptestast_syntax_error(struct ptest_reader *rd, const char *found, const char **expected, int n)
{
	struct buf text = { 0 };
	const char *help = cure(rd, found, expected, n);
	bool numbers = among("port", expected, n) || among("type", expected, n);
	struct diag *d;
	int kept = 0;

	rd->open = 0;                   /* the end of this line is where reading goes on */
	if (rd->last == T_BAD)
		return;                 /* the scanner has said what is wrong */
	for (int i = 0; i < n; i++)
		if (strcmp(expected[i], "the end of the file") != 0)
			expected[kept++] = numbers && strcmp(expected[i], "a word") == 0 ? "a number"
			    : expected[i];
	for (int i = 0; i < kept; i++)
		buf_printf(&text, expected[i][1] ? "%s%s" : "%s\"%s\"", i == 0 ? "expected "
		    : i == kept - 1 ? " or " : ", ", strcmp(expected[i], "VMS") == 0 ? "vms"
		    : expected[i]);
	buf_str(&text, kept ? ", found " : "nothing can follow here, found ");
	if (strncmp(found, "a ", 2) == 0 && rd->at.len < 60) {
		buf_char(&text, '"');
		text_visible(&text, text_of(rd, rd->at));
		buf_char(&text, '"');
	} else {
		buf_str(&text, strcmp(found, "VMS") == 0 ? "vms" : found);
	}
	buf_char(&text, '\0');
	d = diag_add(rd->b.diags, DIAG_ptest_syntax, rd->file->src, rd->at, text.p);
	if (help)
		diag_help(rd->b.diags, d, "%s", help);
	buf_free(&text);
}

/* --- building ------------------------------------------------------------------------ */

static struct ptest_path
path_of(const struct ptest_reader *rd, struct span t)
{
	struct slice text = text_of(rd, t);

	if (text.p[0] == '"')
		text = (struct slice){ text.p + 1, text.n - 2 };
	return (struct ptest_path){ text, t };
}

void
ptestast_rules(struct ptest_reader *rd, struct span path)
{
	*vec_push(rd->b.arena, &rd->file->rules) = path_of(rd, path);
}

void
ptestast_vms(struct ptest_reader *rd, struct span path)
{
	*vec_push(rd->b.arena, &rd->file->vms) = path_of(rd, path);
}

void
ptestast_remote(struct ptest_reader *rd, struct span path)
{
	*vec_push(rd->b.arena, &rd->file->remote) = path_of(rd, path);
}

void
ptestast_begin(struct ptest_reader *rd, struct span expect)
{
	ast_begin(&rd->b, expect);
	rd->test = (struct ptest){ .tree = rd->b.rule, .span = expect };
}

void
ptestast_side(struct ptest_reader *rd, enum lang_side side)
{
	rd->b.side = side;
}

static enum net_family
family_of(const struct ptest_reader *rd, struct span addr)
{
	return memchr(rd->b.text + addr.off, ':', addr.len) ? NET_V6 : NET_V4;
}

void
ptestast_ip(struct ptest_reader *rd, struct span keyword, struct span addr)
{
	ast_ip(&rd->b, family_of(rd, addr), keyword, addr);
}

void
ptestast_subnet(struct ptest_reader *rd, struct span keyword, struct span addr, struct span len)
{
	ast_subnet(&rd->b, family_of(rd, addr), keyword, addr, len);
}

void
ptestast_vm(struct ptest_reader *rd, struct span keyword, struct span name)
{
	ast_named_vm(&rd->b, keyword, name);
}

void
ptestast_done(struct ptest_reader *rd)
{
	rd->complete = true;
}

void
ptestast_line(struct ptest_reader *rd)
{
	if (rd->complete && rd->b.diags->errors == rd->errors_before) {
		rd->test.tree->all |= rd->test.tree->items.n == 0;
		rd->test.span.len = rd->end - rd->test.span.off;
		*vec_push(rd->b.arena, &rd->file->tests) = rd->test;
	}
	rd->complete = false;
	rd->errors_before = rd->b.diags->errors;
}

/* --- reading ------------------------------------------------------------------------- */

int
ptest_yylex(PTEST_YYSTYPE *value, struct ptest_reader *rd)
{
	int token = ptest_scan(value, rd->scanner);

	if (token == T_YYEOF)
		value->tok = (struct span){ rd->at.off + rd->at.len, 0 };
	if (token == T_EOL)
		value->tok.len = 0;
	rd->last = token;
	rd->end = rd->at.off + rd->at.len;
	rd->at = value->tok;
	return token;
}

static void
parse(struct ptest_reader *rd)
{
	struct slice text = rd->file->src->text;
	char *copy = arena_alloc(rd->b.arena, text.n + 3);
	void *buffer;

	if (text.n)
		memcpy(copy, text.p, text.n);
	copy[text.n] = '\n';            /* the last line may have no end */
	copy[text.n + 1] = copy[text.n + 2] = '\0';
	rd->b.text = copy;
	rd->at = (struct span){ 0, 0 };
	rd->scanner = ptest_scanner_new(rd);
	buffer = ptest_scan_text(rd->scanner, copy, text.n + 3);
	ptest_yyparse(rd);
	ptest_scan_done(rd->scanner, buffer);
	ptest_scanner_free(rd->scanner);
}

bool
ptest_read(struct arena *arena, struct diags *diags, const struct src *src,
    struct ptest_file *file)
{
	struct ptest_reader rd = { .b = { .arena = arena, .diags = diags, .src = src },
		.file = file, .errors_before = diags->errors };
	uint32_t errors = diags->errors;
	size_t bad = text_utf8_bad(src->text);

	*file = (struct ptest_file){ .src = src };
	if (src->text.n > PTEST_MAX_FILE)
		diag_add(diags, DIAG_too_long, src, (struct span){ 0, 0 }, src->text.n,
		    PTEST_MAX_FILE);
	else if (bad < src->text.n)
		diag_add(diags, DIAG_not_utf8, src, (struct span){ (uint32_t)bad, 1 },
		    (unsigned char)src->text.p[bad]);
	else
		parse(&rd);
	return diags->errors == errors;
}
