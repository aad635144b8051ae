/* SPDX-License-Identifier: MPL-2.0 */
/*
 * What can stand at the cursor: keywords that the grammar takes there, tags and their
 * values, VMs, attributes.
 *
 * The text before the cursor goes through the parser, without the word that is being
 * typed, and the parser says what it would take next.
 */
#include <ctype.h>

#include "../../compiler/base/text.h"
#include "lsp_int.h"

#define MOST 500                /* entries of an answer */

/* LSP's CompletionItemKind. */
enum { KIND_VALUE = 12, KIND_KEYWORD = 14, KIND_REFERENCE = 18, KIND_PROPERTY = 10 };

struct list {
	struct lsp_call *c;
	struct span word;               /* what is being typed: entries take its place */
	bool quoted;                    /* it begins with a double quote */
	uint32_t n;
	struct strmap seen;
};

/* detail may be empty. */
static void
add(struct list *l, struct slice label, int kind, struct slice detail)
{
	struct buf *out = l->c->out;
	uint32_t *known = strmap_put(&l->c->s->scratch, &l->seen,
	    arena_slice(&l->c->s->scratch, label));

	if (*known != UINT32_MAX || l->n == MOST)
		return;
	*known = 0;
	buf_str(out, l->n++ ? ",{\"label\":" : "{\"label\":");
	text_json(out, label);
	buf_printf(out, ",\"kind\":%d", kind);
	if (detail.n) {
		buf_str(out, ",\"detail\":");
		text_json(out, detail);
	}
	buf_str(out, ",\"textEdit\":{\"range\":");
	lsp_write_range(out, l->c->s, l->c->doc, l->word);
	buf_str(out, ",\"newText\":");
	text_json(out, label);
	buf_str(out, "}}");
}

/* --- words -------------------------------------------------------------------------------- */

static bool
is_word_char(char c)
{
	return isalnum((unsigned char)c) || c == '_' || c == '-' || c == '@';
}

/*
 * The word that ends at the cursor, or the quoted string that has begun on its line
 * and not ended.
 */
static struct span
find_word(struct slice text, uint32_t cursor)
{
	uint32_t line = cursor, at, quote = UINT32_MAX;

	while (line && text.p[line - 1] != '\n')
		line--;
	for (at = line; at < cursor; at++) {
		if (text.p[at] == '#' && quote == UINT32_MAX)
			break;
		if (text.p[at] == '\\' && quote != UINT32_MAX)
			at++;
		else if (text.p[at] == '"')
			quote = quote == UINT32_MAX ? at : UINT32_MAX;
	}
	if (quote == UINT32_MAX)
		for (quote = cursor; quote > line && is_word_char(text.p[quote - 1]); quote--)
			;
	return (struct span){ quote, cursor - quote };
}

/* As fwrule fmt writes keywords, unless what is typed is of the other case. */
static void
add_keyword(struct list *l, const char *name)
{
	static const char *const small[] = { "IP", "SUBNET", "ANY", "ALL", "TAG", "VM", "VMS",
		"TCP", "UDP", "ICMP", "ICMP6", "AH", "ESP" };
	char text[16];
	bool lower = false, upper = false;
	size_t n = strlen(name);

	for (size_t i = 0; i < BASE_COUNT(small); i++)
		lower |= strcmp(small[i], name) == 0;
	for (uint32_t i = 0; i < l->word.len; i++) {
		char c = l->c->doc->text.p[l->word.off + i];

		upper |= isupper((unsigned char)c) != 0;
		lower |= islower((unsigned char)c) != 0;
	}
	for (size_t i = 0; i < n && i < sizeof(text); i++)
		text[i] = (char)(lower && !upper ? tolower((unsigned char)name[i]) : name[i]);
	add(l, (struct slice){ text, n }, KIND_KEYWORD, (struct slice){ 0 });
}

static void
add_string(struct list *l, struct slice s, const char *detail)
{
	struct buf text = { 0 };

	buf_char(&text, '"');
	rule_escape_source(&text, s);
	buf_char(&text, '"');
	add(l, buf_view(&text), KIND_VALUE, slice_of(detail));
	buf_free(&text);
}

/* --- tags and VMs ---------------------------------------------------------------------------- */

/* Tags of the host's VMs and of the document's rules; of one key their values. */
static void
add_tags(struct list *l, const struct slice *key)
{
	const struct inventory *inv = lsp_inventory(l->c->s);
	const struct input *in = &l->c->doc->in;

	for (uint32_t i = 0; inv && i < inv->vms.n; i++)
		for (uint32_t k = 0; k < inv->vms.v[i]->n_tags; k++) {
			const struct vm_tag *t = &inv->vms.v[i]->tags[k];

			if (!key)
				add_string(l, t->key, "a VM's tag");
			else if (slice_eq(*key, t->key))
				add_string(l, t->value, "a VM's value of it");
		}
	for (uint32_t i = 0; i < in->rules.n; i++)
		for (unsigned side = 0; side < 2; side++)
			for (uint32_t k = 0; k < in->rules.v[i]->side[side].n_tags; k++) {
				const struct rule_tag *t = &in->rules.v[i]->side[side].tags[k];

				if (!key)
					add_string(l, t->key, "another rule's tag");
				else if (t->has_value && slice_eq(*key, t->key))
					add_string(l, t->value, "another rule's value of it");
			}
}

static void
add_vms(struct list *l)
{
	const struct inventory *inv = lsp_inventory(l->c->s);

	for (uint32_t i = 0; inv && i < inv->vms.n; i++) {
		const struct vm *vm = inv->vms.v[i];
		char uuid[UUID_TEXT];
		struct buf detail = { 0 };

		for (uint32_t k = 0; k < vm->n_tags && k < 4; k++) {
			buf_str(&detail, k ? ", " : "");
			buf_slice(&detail, vm->tags[k].key);
			buf_str(&detail, " = ");
			buf_slice(&detail, vm->tags[k].value);
		}
		uuid_write(uuid, vm->uuid);
		add(l, (struct slice){ uuid, UUID_TEXT }, KIND_REFERENCE, buf_view(&detail));
		buf_free(&detail);
	}
}

/* --- what the parser says ------------------------------------------------------------------- */

static struct slice
trim_end(struct slice s)
{
	while (s.n && strchr(" \t\r\n", s.p[s.n - 1]))
		s.n--;
	return s;
}

/* The text's last word, in capitals if it is a keyword; s loses it. */
static bool
ends_in(struct slice s, const char *keyword)
{
	size_t n = strlen(keyword);

	if (s.n < n || (s.n > n && is_word_char(s.p[s.n - n - 1])))
		return false;
	for (size_t i = 0; i < n; i++)
		if (toupper((unsigned char)s.p[s.n - n + i]) != keyword[i])
			return false;
	return true;
}

/* Of a text that ends in `tag KEY =` the key, decoded. */
static bool
key_before(struct lsp_call *c, struct slice s, struct slice *key)
{
	struct arena *a = &c->s->scratch;
	struct diags diags = { .arena = a };
	struct src src = { .name = slice_of("key") };
	struct ast_builder b = { .arena = a, .diags = &diags, .src = &src };
	size_t end;

	s.n--;
	s = trim_end(s);
	end = s.n;
	if (s.n && s.p[s.n - 1] == '"') {
		s.n--;
		while (s.n && (s.p[s.n - 1] != '"' || (s.n > 1 && s.p[s.n - 2] == '\\')))
			s.n--;
		if (s.n == 0)
			return false;
		return ast_string(&b, (struct slice){ s.p + s.n - 1, end - s.n + 1 }, key);
	}
	while (s.n && is_word_char(s.p[s.n - 1]))
		s.n--;
	*key = (struct slice){ s.p + s.n, end - s.n };
	return key->n > 0;
}

static void
add_attributes(struct list *l)
{
	static const struct {
		const char *name, *detail;
	} attributes[] = {
		{ "@created_by", "who made the rule" },
		{ "@default", "what follows is for the rest of the file" },
		{ "@description", "a text in double quotes" },
		{ "@disabled", "the rule is kept but not in force" },
		{ "@enabled", "the rule is in force, as it is unless it says otherwise" },
		{ "@global", "the rule is for VMs of every owner" },
		{ "@log", "log what the rule decides" },
		{ "@owner", "the UUID of whom the rule belongs to" },
		{ "@uuid", "the rule's UUID; without one it is made of file name and text" },
		{ "@version", "the rule's version" },
	};

	for (size_t i = 0; i < BASE_COUNT(attributes); i++)
		add(l, slice_of(attributes[i].name), KIND_PROPERTY, slice_of(attributes[i].detail));
}

static void
add_values(struct list *l, struct slice before, const char *name)
{
	struct slice key;

	before = trim_end(before);
	if (strcmp(name, "a word") == 0 && !l->quoted && ends_in(before, "VM"))
		add_vms(l);
	if (strcmp(name, "a quoted string") != 0)
		return;
	if (ends_in(before, "TAG"))
		add_tags(l, NULL);
	else if (before.n && before.p[before.n - 1] == '=' && key_before(l->c, before, &key))
		add_tags(l, &key);
}

static void
add_expected(struct list *l)
{
	struct slice before = { l->c->doc->text.p, l->word.off };
	const char *expected[PARSE_EXPECTED];
	unsigned n = parse_expected(l->c->s->px, &l->c->s->scratch, before, expected);
	bool ended = n == 0 && trim_end(before).n == 0;

	for (unsigned i = 0; i < n; i++) {
		if (expected[i][0] >= 'A' && expected[i][0] <= 'Z' && !l->quoted)
			add_keyword(l, expected[i]);
		else
			add_values(l, before, expected[i]);
		ended |= strcmp(expected[i], "the end of the rule") == 0 ||
		    strcmp(expected[i], "FROM") == 0;
	}
	if (!ended || l->quoted)
		return;
	add_keyword(l, "FROM");
	if (before.n == 0 || before.p[before.n - 1] == '\n')
		add_attributes(l);
}

void
lsp_complete(struct lsp_call *c)
{
	struct list l = { .c = c };
	struct lsp_position at;

	buf_str(c->out, "{\"isIncomplete\":false,\"items\":[");
	if (c->doc && lsp_read_position(c->params, "position", &at)) {
		l.word = find_word(buf_view(&c->doc->text), lsp_offset(c->s, c->doc, at));
		l.quoted = l.word.len && c->doc->text.p[l.word.off] == '"';
		add_expected(&l);
	}
	buf_str(c->out, "]}");
}
