/* SPDX-License-Identifier: MPL-2.0 */
/* The diagnostics queue and its printer for people. */
#include "diag.h"

#include <inttypes.h>

#include "text.h"

static const struct {
	const char *code;
	enum diag_severity severity;
	const char *text;
} catalogue[] = {
#define DIAG(id, code, severity, text) { code, DIAG_##severity, text },
#include "diag.def"
#undef DIAG
};

const char *
diag_code(enum diag_id id)
{
	return catalogue[id].code;
}

const char *
diag_severity_name(enum diag_severity s)
{
	static const char *const name[] = { "error", "warning", "note" };

	return name[s];
}

struct diag *
diag_vadd(struct diags *ds, enum diag_id id, const struct src *src, struct span at, va_list ap)
{
	uint32_t limit = ds->limit ? ds->limit : DIAG_LIMIT;
	struct diag *d;

	if (catalogue[id].severity == DIAG_ERROR)
		ds->errors++;
	else if (catalogue[id].severity == DIAG_WARNING)
		ds->warnings++;
	d = ds->list.n < limit ? vec_push(ds->arena, &ds->list) : &ds->past;
	*d = (struct diag){
		.id = id,
		.severity = catalogue[id].severity,
		.code = catalogue[id].code,
		.src = src,
		.at = at,
	};
	/* However many there are, those past the limit take no memory. */
	d->text = d == &ds->past ? "" : arena_vprintf(ds->arena, NULL, catalogue[id].text, ap);
	return d;
}

struct diag *
diag_add(struct diags *ds, enum diag_id id, const struct src *src, struct span at, ...)
{
	struct diag *d;
	va_list ap;

	va_start(ap, at);
	d = diag_vadd(ds, id, src, at, ap);
	va_end(ap);
	return d;
}

void
diag_sort(struct diags *ds, uint32_t from, const struct src *src)
{
	for (uint32_t i = from + 1; i < ds->list.n; i++) {
		struct diag d = ds->list.v[i];
		uint32_t k = i;

		for (; k > from && d.src == src && ds->list.v[k - 1].src == src &&
		    ds->list.v[k - 1].at.off > d.at.off; k--)
			ds->list.v[k] = ds->list.v[k - 1];
		ds->list.v[k] = d;
	}
}

void
diag_help(struct diags *ds, struct diag *d, const char *fmt, ...)
{
	va_list ap;

	if (d == &ds->past)
		return;
	va_start(ap, fmt);
	d->help = arena_vprintf(ds->arena, NULL, fmt, ap);
	va_end(ap);
}

void
diag_relate(struct diags *ds, struct diag *d, const struct src *src, struct span at,
    const char *fmt, ...)
{
	struct diag_related *r, **end;
	va_list ap;

	if (d == &ds->past)
		return;
	r = arena_zero(ds->arena, sizeof(*r));
	r->src = src;
	r->at = at;
	va_start(ap, fmt);
	r->text = arena_vprintf(ds->arena, NULL, fmt, ap);
	va_end(ap);
	for (end = &d->related; *end; end = &(*end)->next)
		;
	*end = r;
}

void
diag_cut(struct diags *ds, uint32_t n)
{
	while (ds->list.n > n) {
		enum diag_severity severity = ds->list.v[--ds->list.n].severity;

		ds->errors -= severity == DIAG_ERROR;
		ds->warnings -= severity == DIAG_WARNING;
	}
}

/* --- positions ---------------------------------------------------------- */

void
src_index(struct arena *arena, struct src *src)
{
	const char *text = src->text.p, *end = text + src->text.n, *nl;
	VEC(uint32_t) lines = { 0 };

	if (src->lines)
		return;
	*vec_push(arena, &lines) = 0;
	for (const char *p = text; p < end && (nl = memchr(p, '\n', (size_t)(end - p))); p = nl + 1)
		*vec_push(arena, &lines) = (uint32_t)(nl + 1 - text);
	src->lines = lines.v;
	src->n_lines = lines.n;
}

static size_t
indexed_line(const struct src *src, uint32_t off, uint32_t *line)
{
	uint32_t lo = 0, hi = src->n_lines;

	while (hi - lo > 1) {
		uint32_t mid = lo + (hi - lo) / 2;

		if (src->lines[mid] <= off)
			lo = mid;
		else
			hi = mid;
	}
	*line = hi;
	return src->lines[lo];
}

/* Diagnostics come in order, so counting goes on from the last place asked for. */
static size_t
find_line(const struct src *src, uint32_t off, uint32_t *line)
{
	struct src *memory = (struct src *)src;
	const char *text = src->text.p, *nl;
	size_t at = src->known_off <= off ? src->known_off : 0;
	uint32_t l = src->known_off <= off ? src->known_line : 0;

	if (src->lines)
		return indexed_line(src, off, line);
	while (at < off && (nl = memchr(text + at, '\n', off - at)) != NULL) {
		at = (size_t)(nl - text) + 1;
		l++;
	}
	memory->known_off = (uint32_t)at;
	memory->known_line = l;
	*line = l + 1;
	return at;
}

void
src_position(const struct src *src, uint32_t off, uint32_t *line, uint32_t *column,
    struct slice *line_text)
{
	const char *text = src->text.p, *nl;
	size_t n = src->text.n, start, end;
	uint32_t c;

	if (off > n)
		off = (uint32_t)n;
	start = find_line(src, off, line);
	*line += src->before.lines;
	c = 1 + (start == 0 ? src->before.columns : 0);
	for (size_t i = start; i < off; i++)
		if (((unsigned char)text[i] & 0xc0) != 0x80)
			c++;
	nl = start < n ? memchr(text + start, '\n', n - start) : NULL;
	end = nl ? (size_t)(nl - text) : n;
	if (end > start && text[end - 1] == '\r')
		end--;
	*column = c;
	if (line_text)
		*line_text = (struct slice){ text + start, end - start };
}

/* --- pieces --------------------------------------------------------------- */

static size_t char_start(struct slice s, size_t i, int step);

const struct src *
src_excerpt(struct arena *arena, const struct src *src, struct span *at)
{
	struct src *piece = arena_zero(arena, sizeof(*piece));
	uint32_t line, column;
	struct slice all = src->text, text;
	size_t from, to, off = at->off < all.n ? at->off : all.n;

	src_position(src, at->off, &line, &column, &text);
	from = (size_t)(text.p - all.p);
	to = from + text.n;
	if (off > from + SRC_AROUND)
		from = char_start(all, off - SRC_AROUND, 1);
	/* src_position leaves one carriage return out, and will again. */
	if (to < all.n && all.p[to] == '\r')
		to++;
	if (to < off)
		to = off;
	if (to > off + SRC_AROUND)
		to = char_start(all, off + SRC_AROUND, -1);
	*piece = (struct src){ .name = src->name, .within = src->within, .outer = src->outer,
		.outer_at = src->outer_at, .before = { src->before.bytes + from, line - 1, column - 1 } };
	piece->text = arena_slice(arena, (struct slice){ all.p + from, to - from });
	for (size_t i = from; i < off; i++)
		piece->before.columns -= ((unsigned char)all.p[i] & 0xc0) != 0x80;
	at->off = (uint32_t)(off - from);
	return piece;
}

void
diag_keep_places(struct diags *ds, uint32_t n, const struct src *src)
{
	for (uint32_t i = n; i < ds->list.n; i++) {
		struct diag *d = &ds->list.v[i];

		if (d->src == src)
			d->src = src_excerpt(ds->arena, src, &d->at);
		for (struct diag_related *r = d->related; r; r = r->next)
			if (r->src == src)
				r->src = src_excerpt(ds->arena, src, &r->at);
	}
}

/* --- printing ----------------------------------------------------------- */

#define MESSAGE 2000    /* bytes of a message or help, which may hold what the input held */
#define EXCERPT 120     /* bytes of a long source line shown on either side of the caret */

static const char *
paint(bool colour, const char *code)
{
	return colour ? code : "";
}

static const char *
severity_colour(enum diag_severity s)
{
	static const char *const code[] = { "\033[1;31m", "\033[1;35m", "\033[1;36m" };

	return code[s];
}

/* Steps i back, or on, to the start of a character. */
static size_t
char_start(struct slice s, size_t i, int step)
{
	while (i > 0 && i < s.n && ((unsigned char)s.p[i] & 0xc0) == 0x80)
		i += (size_t)step;
	return i;
}

static void
print_message(struct buf *out, const char *text)
{
	struct slice s = slice_of(text);
	size_t n = s.n > MESSAGE ? char_start(s, MESSAGE, -1) : s.n;

	text_visible(out, (struct slice){ s.p, n });
	if (n < s.n)
		buf_str(out, "...");
}

static void
print_excerpt(struct buf *out, const struct src *src, struct span at, bool colour,
    const char *tint)
{
	uint32_t line, column;
	struct slice text, shown;
	size_t from, to, caret, caret_end, start;
	struct buf gutter = { 0 };

	src_position(src, at.off, &line, &column, &text);
	start = text.p ? (size_t)(text.p - src->text.p) : 0;
	caret = at.off > start ? at.off - start : 0;
	if (caret > text.n)
		caret = text.n;
	caret_end = caret + (at.len ? at.len : 1);
	if (caret_end > text.n)
		caret_end = text.n;
	from = caret > EXCERPT ? char_start(text, caret - EXCERPT, 1) : 0;
	to = caret_end + EXCERPT / 2 < text.n ? char_start(text, caret_end + EXCERPT / 2, -1)
	    : text.n;
	if (to > from + 4 * EXCERPT) {
		to = char_start(text, from + 4 * EXCERPT, -1);
		if (caret_end > to)
			caret_end = to;
	}
	buf_printf(&gutter, "%5u", line);
	buf_printf(out, "%s%.*s |%s %s", paint(colour, "\033[34m"), (int)gutter.n, gutter.p,
	    paint(colour, "\033[0m"), from ? "..." : "");
	shown = (struct slice){ text.p + from, to - from };
	text_visible(out, shown);
	buf_printf(out, "%s\n%s%*s |%s %s", to < text.n ? "..." : "",
	    paint(colour, "\033[34m"), (int)gutter.n, "", paint(colour, "\033[0m"),
	    from ? "   " : "");
	for (size_t w = text_width((struct slice){ text.p + from, caret - from }); w; w--)
		buf_char(out, ' ');
	buf_str(out, paint(colour, tint));
	buf_char(out, '^');
	if (caret_end > caret) {
		size_t w = text_width((struct slice){ text.p + caret, caret_end - caret });

		for (; w > 1; w--)
			buf_char(out, '~');
	}
	buf_str(out, paint(colour, "\033[0m"));
	buf_char(out, '\n');
	buf_free(&gutter);
}

static void
print_place(struct buf *out, const struct src *src, struct span at)
{
	uint32_t line, column;

	if (!src)
		return;
	if (src->within.n) {
		text_visible(out, src->within);
		buf_str(out, ": ");
	}
	text_visible(out, src->name);
	if (src->text.p) {
		src_position(src, at.off, &line, &column, NULL);
		buf_printf(out, ":%u:%u", line, column);
	}
	buf_str(out, ": ");
}

void
diag_print(struct buf *out, const struct diag *d, bool colour)
{
	const char *tint = severity_colour(d->severity);

	buf_str(out, paint(colour, "\033[1m"));
	print_place(out, d->src, d->at);
	buf_printf(out, "%s%s:%s%s ", paint(colour, tint), diag_severity_name(d->severity),
	    paint(colour, "\033[0m"), paint(colour, "\033[1m"));
	if (d->field && strcmp(d->field, "rule") != 0)
		buf_printf(out, "%s: ", d->field);
	print_message(out, d->text);
	buf_printf(out, "%s [%s]\n", paint(colour, "\033[0m"), d->code);
	if (d->src && d->src->text.n)
		print_excerpt(out, d->src, d->at, colour, tint);
	for (const struct diag_related *r = d->related; r; r = r->next) {
		buf_str(out, "      ");
		print_place(out, r->src, r->at);
		buf_printf(out, "%snote:%s ", paint(colour, "\033[1;36m"), paint(colour, "\033[0m"));
		print_message(out, r->text);
		buf_char(out, '\n');
		if (r->src && r->src->text.n)
			print_excerpt(out, r->src, r->at, colour, "\033[1;36m");
	}
	if (d->help) {
		buf_printf(out, "      %shelp:%s ", paint(colour, "\033[1;32m"),
		    paint(colour, "\033[0m"));
		print_message(out, d->help);
		buf_char(out, '\n');
	}
}

void
diag_print_all(struct buf *out, const struct diags *ds, bool colour)
{
	uint32_t more = ds->errors + ds->warnings;

	for (uint32_t i = 0; i < ds->list.n; i++) {
		diag_print(out, &ds->list.v[i], colour);
		if (ds->list.v[i].severity != DIAG_NOTE && more)
			more--;
	}
	if (more)
		buf_printf(out, "and %u more\n", more);
}

void
diag_write_json(struct buf *out, const struct diag *d)
{
	uint32_t line, column;

	buf_str(out, "{\"field\":");
	if (d->field)
		text_json(out, slice_of(d->field));
	else
		buf_str(out, "null");
	buf_str(out, ",\"message\":");
	text_json(out, slice_of(d->text));
	buf_printf(out, ",\"code\":\"%s\"", d->code);
	if (d->src && d->src->text.p) {
		src_position(d->src, d->at.off, &line, &column, NULL);
		buf_printf(out, ",\"offset\":%" PRIu64 ",\"length\":%u,\"line\":%u,\"column\":%u",
		    d->src->before.bytes + d->at.off, d->at.len, line, column);
	}
	if (d->src && d->src->within.n) {
		buf_str(out, ",\"where\":");
		text_json(out, d->src->within);
	}
	if (d->help) {
		buf_str(out, ",\"help\":");
		text_json(out, slice_of(d->help));
	}
	if (d->details) {
		buf_str(out, ",\"details\":");
		buf_str(out, d->details);
	}
	buf_char(out, '}');
}
