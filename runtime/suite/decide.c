/* SPDX-License-Identifier: MPL-2.0 */
/*
 * One expectation: for each VM and family the emitted file becomes rectangles of
 * which the first decides (decide.h), behind others that cover what the expectation
 * does not speak of; laid open (region.h), every cell says who decides it.
 *
 * Cost: a VM is compiled once; an expectation costs each VM what laying open its
 * file's rectangles of one protocol and direction costs.
 */
#include "../../compiler/base/text.h"
#include "../../compiler/filter/decide.h"
#include "../../compiler/net/portset.h"
#include "suite.h"

#define UNTOUCHED UINT32_MAX    /* a box's source: not spoken of */

/* A VM's files, and which of their lines were found to decide something. */
struct suite_files {
	struct eval_file file[2];
	bool *seen[2];
	bool good;
};

/* What an expectation speaks of. */
struct scope {
	VEC(uint32_t) vms;              /* local ones */
	bool *has_vm;
	struct pset addrs[2];           /* by eval_place */
	struct portset keys;
};

void
suite_host_init(struct suite_host *h, struct arena *arena, struct diags *diags,
    const struct inventory *inv, struct rule *const *rules, uint32_t n_rules,
    struct eval_opts opts)
{
	*h = (struct suite_host){ .arena = arena, .diags = diags, .inv = inv };
	eval_host_init(&h->eval, arena, inv, rules, n_rules, opts);
	h->touched = arena_zero(arena, h->eval.n_rules + 1);
	for (uint32_t i = 0; i < inv->n_local; i++)
		*vec_push(arena, &h->files) = NULL;
}

void
suite_host_end(struct suite_host *h)
{
	eval_host_end(&h->eval);
}

/* --- VMs --------------------------------------------------------------------------- */

static struct slice
written(const struct src *src, struct span at)
{
	return (struct slice){ src->text.p + at.off, at.len };
}

static const char *
visible(struct suite_host *h, struct slice s)
{
	struct buf b = { 0 };
	const char *text;

	text_visible(&b, s);
	text = arena_printf(h->diags->arena, "%.*s", (int)b.n, b.n ? b.p : "");
	buf_free(&b);
	return text;
}

static bool
has_tag(const struct vm *vm, const struct ast_target *t)
{
	for (uint32_t i = 0; i < vm->n_tags; i++)
		if (slice_eq(vm->tags[i].key, t->text) &&
		    (!t->has_value || slice_eq(vm->tags[i].value, t->value)))
			return true;
	return false;
}

static bool
has_address(const struct vm *vm, struct prefix p)
{
	for (uint32_t i = 0; i < vm->n_addrs; i++)
		if (prefix_contains(p, vm->addrs[i]))
			return true;
	return false;
}

/* Does a name name the VM: its UUID or its alias? */
static bool
has_name(const struct vm *vm, struct slice name)
{
	struct uuid u;

	return uuid_read(name, &u) ? uuid_cmp(u, vm->uuid) == 0
	    : name.n && slice_eq(vm->alias, name);
}

static bool
names(const struct ast_target *t, const struct vm *vm)
{
	switch (t->kind) {
	case AST_ANY:
	case AST_ALL_VMS:
		return true;
	case AST_TAG:
		return has_tag(vm, t);
	case AST_VM:
		return has_name(vm, t->text);
	default:
		return has_address(vm, t->prefix);
	}
}

/* A name must be one VM's. */
static bool
check_name(struct suite_host *h, const struct src *src, const struct ast_target *t)
{
	uint32_t n = 0;
	struct diag *d;

	if (t->kind != AST_VM)
		return true;
	for (uint32_t i = 0; i < h->inv->vms.n; i++)
		n += has_name(h->inv->vms.v[i], t->text);
	if (n == 1)
		return true;
	if (n == 0) {
		d = diag_add(h->diags, DIAG_ptest_no_vm, src, t->span, visible(h, t->text));
		diag_help(h->diags, d, "a VM goes by its UUID or its alias, among vms and "
		    "remote-vms");
	} else {
		d = diag_add(h->diags, DIAG_ptest_many_vms, src, t->span, n, visible(h, t->text));
		diag_help(h->diags, d, "name one by its UUID");
	}
	return false;
}

static bool
near_target(struct suite_host *h, const struct src *src, const struct ast_target *t,
    struct scope *s)
{
	bool some = false;

	for (uint32_t i = 0; i < h->inv->n_local; i++) {
		if (!names(t, h->inv->vms.v[i]))
			continue;
		some = true;
		s->has_vm[i] = true;
	}
	if (!some)
		diag_add(h->diags, DIAG_ptest_names_none, src, t->span,
		    visible(h, written(src, t->span)));
	return some;
}

/* --- addresses at the other end ------------------------------------------------------ */

static bool
speaks_of(const struct ptest *test, unsigned fam)
{
	return test->tree->proto == LANG_ICMP ? fam == NET_V4
	    : test->tree->proto == LANG_ICMP6 ? fam == NET_V6 : true;
}

static void
add_vm(struct suite_host *h, const struct vm *vm, struct scope *s)
{
	for (uint32_t i = 0; i < vm->n_addrs; i++)
		pset_push_prefix(h->arena, &s->addrs[eval_place(vm->addrs[i].fam)], vm->addrs[i]);
}

static bool
far_target(struct suite_host *h, const struct src *src, const struct ptest *test,
    const struct ast_target *t, struct scope *s)
{
	bool some = false;

	if (t->kind == AST_ANY) {
		for (unsigned fam = NET_V4; fam <= NET_V6; fam += 2)
			pset_push(h->arena, &s->addrs[eval_place(fam)], family_first(fam),
			    family_last(fam));
	} else if (t->kind == AST_IP || t->kind == AST_SUBNET) {
		pset_push_prefix(h->arena, &s->addrs[eval_place(t->prefix.fam)], t->prefix);
		some = speaks_of(test, t->prefix.fam);
	} else {
		for (uint32_t i = 0; i < h->inv->vms.n; i++) {
			const struct vm *vm = h->inv->vms.v[i];

			if (!names(t, vm))
				continue;
			add_vm(h, vm, s);
			for (uint32_t k = 0; k < vm->n_addrs; k++)
				some |= speaks_of(test, vm->addrs[k].fam);
		}
	}
	if (some || t->kind == AST_ANY)
		return true;
	diag_add(h->diags, DIAG_ptest_no_address, src, t->span, visible(h, written(src, t->span)),
	    test->tree->proto == LANG_ICMP ? "4"
	    : test->tree->proto == LANG_ICMP6 ? "6" : "4 or IPv6");
	return false;
}

static void
add_keys(struct suite_host *h, const struct ast_rule *tree, struct portset *keys)
{
	if (tree->all)
		portset_push(h->arena, keys, 0, UINT16_MAX);
	for (uint32_t i = 0; i < tree->items.n && !tree->all; i++) {
		struct lang_item it = tree->items.v[i];

		if (!lang_has_types(tree->proto))
			portset_push(h->arena, keys, it.a, it.b);
		else if (it.b == LANG_ANY_CODE)
			portset_push(h->arena, keys, (uint16_t)(it.a << 8),
			    (uint16_t)(it.a << 8 | 255));
		else
			portset_push(h->arena, keys, (uint16_t)(it.a << 8 | it.b),
			    (uint16_t)(it.a << 8 | it.b));
	}
	portset_close(keys);
}

static bool
find_scope(struct suite_host *h, const struct src *src, const struct ptest *test,
    struct scope *s)
{
	const struct ast_side *near = &test->tree->side[test->out ? LANG_FROM : LANG_TO];
	const struct ast_side *far = &test->tree->side[test->out ? LANG_TO : LANG_FROM];
	bool good = true;

	memset(s, 0, sizeof(*s));
	s->has_vm = arena_zero(h->arena, h->inv->n_local + 1);
	s->addrs[0] = pset_none(NET_V4);
	s->addrs[1] = pset_none(NET_V6);
	for (uint32_t i = 0; i < near->targets.n; i++)
		good &= check_name(h, src, &near->targets.v[i]) &&
		    near_target(h, src, &near->targets.v[i], s);
	for (uint32_t i = 0; i < far->targets.n; i++)
		good &= check_name(h, src, &far->targets.v[i]) &&
		    far_target(h, src, test, &far->targets.v[i], s);
	for (uint32_t i = 0; i < h->inv->n_local; i++)
		if (s->has_vm[i])
			*vec_push(h->arena, &s->vms) = i;
	pset_close(&s->addrs[0]);
	pset_close(&s->addrs[1]);
	add_keys(h, test->tree, &s->keys);
	return good;
}

/* --- files --------------------------------------------------------------------------- */

static struct suite_files *
files_of(struct suite_host *h, uint32_t vm)
{
	struct suite_files *f = h->files.v[vm];
	struct slice text[2];

	if (f)
		return f;
	f = h->files.v[vm] = arena_zero(h->arena, sizeof(*f));
	if (!eval_emit(&h->eval, vm, h->arena, text))
		return f;
	for (unsigned fam = NET_V4; fam <= NET_V6; fam += 2) {
		unsigned i = eval_place(fam);

		if (!eval_read(&h->eval, h->arena, fam, text[i], &f->file[i]))
			return f;
		f->seen[i] = arena_zero(h->arena, f->file[i].file.lines.n + 1);
	}
	f->good = true;
	return f;
}

/* The rules of a line that decides something. */
static void
touch(struct suite_host *h, struct suite_files *f, unsigned place, uint32_t line)
{
	struct arena scratch = { 0 };
	const struct rule **rules;
	uint32_t n;

	if (f->seen[place][line])
		return;
	f->seen[place][line] = true;
	rules = eval_line_rules(&h->eval, &f->file[place], &f->file[place].file.lines.v[line],
	    &scratch, &n);
	for (uint32_t i = 0; i < n; i++) {
		const uint32_t *at = strmap_get(&h->eval.by_uuid, (struct slice){
			(const char *)rules[i]->uuid.b, sizeof(rules[i]->uuid.b) });

		h->touched[*at] = true;
	}
	arena_free(&scratch);
}

/* --- cells --------------------------------------------------------------------------- */

/* One VM's file of one family in one class of packets. */
struct look {
	struct suite_host *h;
	struct suite_files *files;
	const struct ptest *test;
	const struct scope *scope;
	struct arena scratch;
	struct filter_outcomes outcomes;
	unsigned fam;
	bool failed;
	struct filter_packet packet;    /* one for which the expectation does not hold */
};

static void
add_box(struct look *l, struct region_list *list, struct addr lo, struct addr hi,
    struct port_range k, uint32_t source)
{
	*vec_push(&l->scratch, &list->box) = (struct region_box){ lo, hi, k.first, k.last, 0,
		source };
}

/* Everything that is not in the scope, which is a product of addresses and keys. */
static void
add_outside(struct look *l, struct region_list *list)
{
	struct pset addrs = pset_none((enum net_family)l->fam);
	struct portset keys = { 0 };
	const struct port_range all = { 0, UINT16_MAX };

	pset_complement(&l->scratch, &addrs, &l->scope->addrs[eval_place(l->fam)]);
	portset_complement(&l->scratch, &keys, &l->scope->keys);
	for (uint32_t i = 0; i < addrs.n; i++)
		add_box(l, list, addrs.v[i].first, addrs.v[i].last, all, UNTOUCHED);
	for (uint32_t i = 0; i < keys.n; i++)
		add_box(l, list, family_first(l->fam), family_last(l->fam), keys.v[i], UNTOUCHED);
}

/* A packet of a cell, with an address of documentation (RFC 5737, RFC 3849) if it has one. */
static void
choose_packet(struct look *l, const struct filter_class *c, const struct region_cell *cell,
    uint16_t key)
{
	struct addr at = l->fam == NET_V4 ? addr_v4(0xc0000201)
	    : (struct addr){ 0x20010db800000000, 1 };

	if (addr_less(at, cell->lo) || addr_less(cell->hi, at))
		at = cell->lo;
	filter_class_packet(c, at, key, &l->packet);
	l->failed = true;
}

static void
look_at_cell(struct look *l, const struct filter_class *c, const struct region_slab *slab,
    const struct region_cell *cell)
{
	enum filter_verdict want = l->test->tree->action == LANG_ALLOW ? FILTER_PASS
	    : FILTER_BLOCK;
	enum filter_verdict is = FILTER_NONE;

	if (cell->box && cell->box->source == UNTOUCHED)
		return;
	if (cell->box) {
		is = (enum filter_verdict)l->outcomes.list.v[cell->box->outcome].verdict;
		touch(l->h, l->files, eval_place(l->fam), cell->box->source);
	}
	if (is != want && !l->failed)
		choose_packet(l, c, cell, slab->klo);
}

static bool
look_at_class(struct look *l, const struct filter_class *c)
{
	const struct ipf_file *file = &l->files->file[eval_place(l->fam)].file;
	struct region_list list = { 0 }, text;
	struct region_decision decision;

	add_outside(l, &list);
	if (!filter_boxes(&l->scratch, file, c, &l->outcomes, &text))
		return false;
	for (uint32_t i = 0; i < text.box.n; i++)
		*vec_push(&l->scratch, &list.box) = text.box.v[i];
	region_decide(&l->scratch, family_first(l->fam), family_last(l->fam), &list, &decision);
	for (uint32_t i = 0; i < decision.slab.n; i++)
		for (uint32_t k = 0; k < decision.slab.v[i].n; k++)
			look_at_cell(l, c, &decision.slab.v[i], &decision.slab.v[i].cell[k]);
	return true;
}

static unsigned
number_of(enum lang_proto proto)
{
	for (unsigned i = 0; i < 256; i++)
		if (eval_proto(i) == proto)
			return i;
	return 0;
}

/* The packets of the family; false, without a diagnostic, if the file is too large. */
static bool
look_at_family(struct look *l)
{
	unsigned proto = number_of(l->test->tree->proto), place = eval_place(l->fam);
	struct filter_space *space;
	bool good = true;

	if (!speaks_of(l->test, l->fam) || pset_is_empty(&l->scope->addrs[place]))
		return true;
	space = arena_zero(&l->scratch, sizeof(*space));
	filter_space_init(space, &l->scratch, l->fam);
	filter_space_add(space, &l->files->file[place].file);
	filter_space_proto(space, proto);
	good = filter_space_close(space);
	for (uint32_t i = 0; i < space->list.n && good; i++) {
		const struct filter_class *c = &space->list.v[i];

		if (c->proto == proto && !c->other_proto &&
		    c->dir == (l->test->out ? IPF_OUT : IPF_IN))
			good = look_at_class(l, c);
	}
	return good;
}

static bool
look_at_vm(struct look *l, uint32_t vm)
{
	bool good = true;

	l->failed = false;
	l->files = files_of(l->h, vm);
	for (l->fam = NET_V4; l->fam <= NET_V6 && good && l->files->good; l->fam += 2) {
		good = look_at_family(l);
		memset(&l->outcomes, 0, sizeof(l->outcomes));
		l->outcomes.arena = &l->scratch;
		arena_reset(&l->scratch);
	}
	if (!good) {
		char text[UUID_TEXT + 1] = { 0 };

		uuid_write(text, l->h->inv->vms.v[vm]->uuid);
		diag_add(l->h->diags, DIAG_ptest_large, NULL, (struct span){ 0, 0 }, text);
	}
	return good && l->files->good;
}

/* --- an expectation ------------------------------------------------------------------ */

static void
describe(struct suite_host *h, const struct src *src, const struct ptest *test,
    struct suite_case *out)
{
	struct slice text = written(src, test->span);
	struct buf one = { 0 };
	uint32_t column;
	bool comment = false;

	src_position(src, test->span.off, &out->line, &column, NULL);
	/* A list may go over several lines, with comments. */
	for (size_t i = 0; i < text.n; i++) {
		comment = text.p[i] != '\n' && (comment || (text.p[i] == '#' && memchr(text.p, '\n',
		    text.n)));
		if (comment)
			continue;
		if (!strchr(" \t\r\f\n", text.p[i]))
			buf_char(&one, text.p[i]);
		else if (one.n && one.p[one.n - 1] != ' ')
			buf_char(&one, ' ');
	}
	out->text = arena_slice(h->arena, buf_view(&one));
	buf_free(&one);
}

bool
suite_decide(struct suite_host *h, const struct src *src, const struct ptest *test,
    struct suite_case *out)
{
	struct look l = { .h = h, .test = test };
	struct scope scope;
	bool good = find_scope(h, src, test, &scope);

	memset(out, 0, sizeof(*out));
	out->test = test;
	out->n_vms = scope.vms.n;
	l.scope = &scope;
	l.outcomes.arena = &l.scratch;
	describe(h, src, test, out);
	for (uint32_t i = 0; i < scope.vms.n && good; i++) {
		good = look_at_vm(&l, scope.vms.v[i]);
		if (!good || !l.failed)
			continue;
		out->n_failed++;
		if (out->why)
			continue;
		out->why = arena_zero(h->arena, sizeof(*out->why));
		good = explain_packet(&h->eval, h->arena, scope.vms.v[i], &l.packet, false,
		    out->why);
	}
	arena_free(&l.scratch);
	return good;
}
