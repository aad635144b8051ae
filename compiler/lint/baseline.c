/* SPDX-License-Identifier: MPL-2.0 */
/* Findings that were there when the linter came: a file of their fingerprints. */
#include <stdio.h>
#include <stdlib.h>

#include "../base/text.h"
#include "report.h"

static int
by_value(const void *a, const void *b)
{
	uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;

	return x < y ? -1 : x > y;
}

static bool
read_print(const json_t *entry, uint64_t *out)
{
	struct slice s;
	uint64_t v = 0;

	if (!json_get_slice(entry, "fingerprint", &s) || s.n != 16)
		return false;
	for (size_t i = 0; i < s.n; i++) {
		const char *digits = "0123456789abcdef", *at = memchr(digits, s.p[i], 16);

		if (!at)
			return false;
		v = v << 4 | (uint64_t)(at - digits);
	}
	*out = v;
	return true;
}

bool
lint_read_baseline(struct arena *arena, struct diags *ds, const struct src *src,
    struct lint_baseline *out)
{
	struct arena scratch = { 0 };
	const json_t *list, *entry;
	json_t *v;
	size_t i;
	bool good;

	memset(out, 0, sizeof(*out));
	json_arena_begin(&scratch);
	v = json_read_all(src, ds);
	list = json_object_get(v, "findings");
	good = json_is_array(list);
	if (good)
		out->prints = arena_alloc(arena, json_array_size(list) * sizeof(*out->prints));
	json_array_foreach(list, i, entry)
		good = good && read_print(entry, &out->prints[out->n++]);
	if (v && !good)
		diag_add(ds, DIAG_json_shape, src, (struct span){ 0, 0 },
		    "no baseline: {\"findings\": [{\"fingerprint\": 16 hexadecimal digits, ...}]}");
	json_arena_drop(v);
	json_arena_end();
	arena_free(&scratch);
	if (good && out->n)
		qsort(out->prints, out->n, sizeof(*out->prints), by_value);
	return good;
}

void
lint_apply_baseline(struct lint *l, const struct lint_baseline *b)
{
	uint32_t kept = 0;

	for (uint32_t i = 0; i < l->found.n; i++) {
		const struct lint_finding *f = &l->found.v[i];

		if (f->check && b->n && bsearch(&f->print, b->prints, b->n, sizeof(*b->prints),
		    by_value))
			continue;
		l->found.v[kept++] = *f;
	}
	l->found.n = kept;
}

void
lint_write_baseline(struct buf *out, const struct lint *l)
{
	bool any = false;

	buf_str(out, "{\"version\":1,\"findings\":[");
	for (uint32_t i = 0; i < l->found.n; i++) {
		const struct lint_finding *f = &l->found.v[i];

		if (!f->check)
			continue;
		buf_printf(out, "%s\n{\"fingerprint\":\"%016llx\",\"code\":\"%s\",\"file\":",
		    any ? "," : "", (unsigned long long)f->print, f->d.code);
		text_json(out, lint_place(f->d.src, f->d.at).file);
		buf_str(out, ",\"message\":");
		text_json(out, slice_of(f->d.text));
		buf_char(out, '}');
		any = true;
	}
	buf_str(out, any ? "\n]}\n" : "]}\n");
}
