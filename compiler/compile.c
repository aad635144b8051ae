/* SPDX-License-Identifier: MPL-2.0 */
#include "compile.h"

#include "passes/passes.h"
#include "passes/verify.h"
#include "policy/essentials.h"

#include <stdlib.h>
#include <time.h>

struct job {
	const struct inventory *inv;
	const struct compile_opts *opts;
	compile_sink *sink;
	void *context;
	struct compile_stats *stats;
	struct passes *passes;
	struct backend_warning warning;
	struct buf text;
	struct buf dump;                /* of --debug */
};

struct slice
compile_date(struct arena *arena)
{
	const char *epoch = getenv("SOURCE_DATE_EPOCH");
	char text[32], *end;
	time_t now = time(NULL);
	struct tm tm;

	if (epoch && *epoch) {
		long long v = strtoll(epoch, &end, 10);

		if (*end == '\0' && v >= 0)
			now = (time_t)v;
	}
	if (!gmtime_r(&now, &tm))
		return slice_of("an unknown time");
	return arena_slice(arena, (struct slice){ text,
	    strftime(text, sizeof(text), "%Y-%m-%dT%H:%M:%SZ", &tm) });
}

static bool
add_backend(struct compile_opts *o, const struct backend *b)
{
	for (unsigned i = 0; i < o->n_emit; i++)
		if (o->emit[i] == b)
			return true;
	if (!b || o->n_emit == COMPILE_EMIT_MAX)
		return false;
	o->emit[o->n_emit++] = b;
	return true;
}

bool
compile_add_emit(struct compile_opts *o, struct slice list, struct slice *bad)
{
	for (;;) {
		const char *comma = list.n ? memchr(list.p, ',', list.n) : NULL;
		struct slice name = { list.p, comma ? (size_t)(comma - list.p) : list.n };

		if (!add_backend(o, backend_find(name))) {
			if (bad)
				*bad = name;
			return false;
		}
		if (!comma)
			return true;
		list = (struct slice){ comma + 1, list.n - name.n - 1 };
	}
}

static uint64_t
count_lines(struct slice s)
{
	uint64_t n = 0;
	const char *p = s.p, *end = s.p + s.n;

	while (p < end) {
		n += *p != '#' && *p != '\n';
		p = memchr(p, '\n', (size_t)(end - p));
		if (!p)
			break;
		p++;
	}
	return n;
}

static bool
hand_out(struct job *j, const struct vm *vm, const struct backend *b)
{
	if (j->stats) {
		j->stats->files++;
		j->stats->bytes += j->text.n;
		if (vm)
			j->stats->lines += count_lines(buf_view(&j->text));
	}
	return j->sink(j->context, vm, b, buf_view(&j->text));
}

static bool
prove(struct job *j, const struct backend *b, const struct policy *meaning)
{
	struct verify v = { .diags = j->inv->diags, .level = j->opts->backend.level,
		.tags = j->opts->backend.tags, .file = b->file, .fam = b->fam };

	return verify_file(&v, meaning, buf_view(&j->text));
}

/* Where a pass met a limit and left out what it is for. */
static void
report_limits(struct job *j, const struct vm *vm)
{
	struct buf text = { 0 };
	const struct passes_note *notes;
	uint32_t n;

	notes = passes_notes(j->passes, &n);
	for (uint32_t i = 0; i < n; i++) {
		if (!notes[i].shortened)
			continue;
		text.n = 0;
		buf_uuid(&text, vm->uuid);
		buf_printf(&text, ", pass %s, ", notes[i].pass);
		passes_note_text(&text, &notes[i]);
		buf_char(&text, '\0');
		diag_add(j->inv->diags, DIAG_pass_limit, NULL, (struct span){ 0, 0 }, text.p);
	}
	buf_free(&text);
}

static bool
compile_vm(struct job *j, struct policy_host *host, uint32_t number, struct arena *arena)
{
	struct policy policy, meaning;
	const char *wrong;

	policy_build(host, number, arena, &policy);
	meaning = policy;
	wrong = passes_run(j->passes, arena, &policy, j->opts->debug, &j->dump);
	if (wrong) {
		diag_add(j->inv->diags, DIAG_internal, NULL, (struct span){ 0, 0 }, wrong);
		return false;
	}
	if (j->opts->warn)
		report_limits(j, policy.vm);
	for (unsigned i = 0; i < j->opts->n_emit; i++) {
		const struct backend *b = j->opts->emit[i];

		if (!b->write_vm)
			continue;
		j->text.n = 0;
		b->write_vm(&j->text, &policy, &j->opts->backend);
		if (j->opts->verify && !prove(j, b, &meaning))
			return false;
		if (j->opts->warn && b->warn)
			b->warn(&j->warning, &meaning, b, buf_view(&j->text));
		if (!hand_out(j, policy.vm, b))
			return false;
	}
	if (j->stats)
		j->stats->vms++;
	return true;
}

static bool
wanted(const struct job *j, const struct vm *vm)
{
	if (!vm->firewall)
		return false;
	for (uint32_t i = 0; i < j->opts->n_only; i++)
		if (uuid_cmp(j->opts->only[i], vm->uuid) == 0)
			return true;
	return j->opts->n_only == 0;
}

static bool
check_only(const struct job *j)
{
	bool good = true;

	for (uint32_t i = 0; i < j->opts->n_only; i++) {
		uint32_t number = inventory_find(j->inv, j->opts->only[i]);
		char text[UUID_TEXT + 1];

		if (number < j->inv->n_local)
			continue;
		uuid_write(text, j->opts->only[i]);
		text[UUID_TEXT] = '\0';
		diag_add(j->inv->diags, DIAG_unknown_vm, NULL, (struct span){ 0, 0 }, text);
		good = false;
	}
	return good;
}

static int
by_uuid(const void *a, const void *b)
{
	const struct rule *const *x = a, *const *y = b;

	return uuid_cmp((*x)->uuid, (*y)->uuid);
}

/* From -O1 on the order of the input does not matter. */
static struct rule *const *
sorted_rules(struct arena *arena, struct rule *const *rules, uint32_t n)
{
	struct rule **sorted = arena_alloc(arena, n * sizeof(*sorted));

	if (n)
		memcpy(sorted, rules, n * sizeof(*sorted));
	if (n > 1)
		qsort(sorted, n, sizeof(*sorted), by_uuid);
	return sorted;
}

static bool
compile_vms(struct job *j, struct rule *const *rules, uint32_t n_rules)
{
	struct arena arena = { 0 }, each = { 0 };
	struct policy_opts popts = { .tags = j->opts->backend.tags };
	struct policy_host *host;
	uint32_t *order = arena_alloc(&arena, j->inv->n_local * sizeof(*order)), n = 0;
	bool good = true;

	for (uint32_t i = 0; i < j->inv->n_local; i++)
		if (wanted(j, j->inv->vms.v[i]))
			order[n++] = i;
	inventory_sort(j->inv, order, n);
	if (j->opts->icmp6)
		rules = essentials_add(&arena, rules, &n_rules);
	if (j->opts->backend.level)
		rules = sorted_rules(&arena, rules, n_rules);
	host = policy_host_new(&arena, j->inv, rules, n_rules, popts);
	j->passes = passes_new(&arena, n_rules, j->opts->backend.level, j->opts->backend.tags);
	if (j->stats)
		passes_count_bound(j->passes);
	if (j->opts->limits)
		passes_limit(j->passes, j->opts->limits);
	j->warning = (struct backend_warning){ .diags = j->inv->diags,
		.level = j->opts->backend.level, .seen = arena_zero(&arena, n_rules) };
	for (uint32_t i = 0; i < n && good; i++) {
		good = compile_vm(j, host, order[i], &each);
		arena_reset(&each);
	}
	if (j->stats)
		j->stats->bound += passes_bound(j->passes);
	passes_free(j->passes);
	free(j->warning.table);
	arena_free(&each);
	arena_free(&arena);
	return good;
}

bool
compile_host(const struct inventory *inv, struct rule *const *rules, uint32_t n_rules,
    const struct compile_opts *opts, compile_sink *sink, void *context,
    struct compile_stats *stats)
{
	struct job j = { .inv = inv, .opts = opts, .sink = sink, .context = context,
		.stats = stats };
	bool good = check_only(&j), vms = false;

	for (unsigned i = 0; i < opts->n_emit; i++)
		vms |= opts->emit[i]->write_vm != NULL;
	if (good && vms)
		good = compile_vms(&j, rules, n_rules);
	for (unsigned i = 0; i < opts->n_emit && good; i++) {
		if (!opts->emit[i]->write_rules)
			continue;
		j.text.n = 0;
		opts->emit[i]->write_rules(&j.text, rules, n_rules, &opts->backend);
		good = hand_out(&j, NULL, opts->emit[i]);
	}
	if (opts->dumped)
		buf_slice(opts->dumped, buf_view(&j.dump));
	buf_free(&j.dump);
	buf_free(&j.text);
	return good;
}
