/* SPDX-License-Identifier: MPL-2.0 */
/*
 * What stands under the cursor: a target and the VMs and addresses it stands for, or
 * a rule and the filter lines it compiles to.  And the places that a finding speaks
 * of: the rule that covers another.
 */
#include "../../compiler/base/text.h"
#include "../eval/eval.h"
#include "lsp_int.h"

#define SHOWN_VMS 12            /* VMs of a target */
#define SHOWN_HOSTS 3           /* VMs whose lines are shown */
#define SHOWN_LINES 12          /* lines of a VM */
#define LEVEL 1                 /* of optimisation, as compile has it by default */

struct place {
	const struct input_tree *tree;
	uint32_t number;                /* of the rule, in the document */
	unsigned side;
	const struct ast_target *target;        /* NULL: elsewhere in the rule */
};

static bool
within(struct span at, uint32_t off)
{
	return off >= at.off && off <= at.off + at.len;
}

static bool
find_place(const struct lsp_document *d, uint32_t off, struct place *out)
{
	for (uint32_t i = 0; i < d->in.trees.n; i++) {
		const struct input_tree *t = &d->in.trees.v[i];

		if (!t->is_source || !within(t->ast->span, off))
			continue;
		*out = (struct place){ .tree = t };
		while (d->in.rules.v[out->number] != t->rule)
			out->number++;
		for (out->side = 0; out->side < 2; out->side++)
			for (uint32_t k = 0; k < t->ast->side[out->side].targets.n; k++) {
				out->target = &t->ast->side[out->side].targets.v[k];
				if (within(out->target->span, off))
					return true;
			}
		out->target = NULL;
		return true;
	}
	return false;
}

/* --- VMs --------------------------------------------------------------------------------- */

static void
write_vm(struct buf *md, const struct vm *vm)
{
	buf_str(md, "- `");
	buf_uuid(md, vm->uuid);
	buf_str(md, vm->local ? "`" : "`, on another host");
	for (uint32_t i = 0; i < vm->n_addrs; i++) {
		char text[NET_TEXT_MAX];

		buf_str(md, i ? ", " : ": ");
		buf_add(md, text, addr_write(text, vm->addrs[i].a, vm->addrs[i].fam));
	}
	if (vm->local && !vm->firewall)
		buf_str(md, " (its firewall is off)");
	buf_char(md, '\n');
}

static void
write_vms(struct buf *md, const struct inventory *inv, const uint32_t *vms, uint32_t n)
{
	uint32_t local = 0;

	for (uint32_t i = 0; i < n; i++)
		local += vms[i] < inv->n_local;
	if (n == 0) {
		buf_str(md, "No VM that the rule may name.\n");
		return;
	}
	buf_printf(md, "%u %s of this host, %u of others:\n\n", local, local == 1 ? "VM" : "VMs",
	    n - local);
	for (uint32_t i = 0; i < n && i < SHOWN_VMS; i++)
		write_vm(md, inv->vms.v[vms[i]]);
	if (n > SHOWN_VMS)
		buf_printf(md, "- and %u more\n", n - SHOWN_VMS);
}

static bool
is_that(const struct policy_named *named, const struct ast_target *t)
{
	switch (t->kind) {
	case AST_ALL_VMS:
		return named->target == POLICY_WILDCARD;
	case AST_VM:
		return named->target == POLICY_VM && uuid_cmp(*named->vm, t->vm) == 0;
	case AST_TAG:
		return (named->target == POLICY_TAG || named->target == POLICY_TAG_VALUE) &&
		    slice_eq(named->tag->key, t->text) && named->tag->has_value == t->has_value &&
		    (!t->has_value || slice_eq(named->tag->value, t->value));
	default:
		return false;
	}
}

static void
write_named(struct buf *md, const struct lsp_document *d, const struct inventory *inv,
    struct arena *arena, const struct place *p)
{
	struct policy_host *host = policy_host_new(arena, inv, d->in.rules.v, d->in.rules.n,
	    (struct policy_opts){ 0 });
	uint32_t n;
	const struct policy_named *named = policy_side(host, p->number, p->side, &n);

	for (uint32_t i = 0; i < n; i++)
		if (is_that(&named[i], p->target)) {
			write_vms(md, inv, named[i].vms, named[i].n);
			return;
		}
	if (p->target->kind == AST_TAG && p->target->has_value)
		buf_str(md, "The same side names the tag with any value, which this value is "
		    "among.\n");
	else
		write_vms(md, inv, NULL, 0);
}

/* The VMs that have addresses of a prefix. */
static void
write_holders(struct buf *md, const struct inventory *inv, struct arena *arena, struct prefix p)
{
	VEC(uint32_t) vms = { 0 };

	for (uint32_t i = 0; i < inv->vms.n; i++) {
		const struct vm *vm = inv->vms.v[i];

		for (uint32_t k = 0; k < vm->n_addrs; k++)
			if (vm->addrs[k].fam == p.fam && prefix_contains(p, vm->addrs[k])) {
				*vec_push(arena, &vms) = i;
				break;
			}
	}
	if (vms.n == 0)
		buf_str(md, "No VM has an address of it.\n");
	else
		write_vms(md, inv, vms.v, vms.n);
}

static void
write_prefix(struct buf *md, struct prefix p)
{
	char first[NET_TEXT_MAX], last[NET_TEXT_MAX];
	size_t n = addr_write(first, prefix_first(p), p.fam);
	size_t m = addr_write(last, prefix_last(p), p.fam);

	buf_printf(md, "`%.*s` to `%.*s`\n\n", (int)n, first, (int)m, last);
}

static void
write_target(struct buf *md, const struct lsp_document *d, const struct inventory *inv,
    struct arena *arena, const struct place *p)
{
	const struct ast_target *t = p->target;

	switch (t->kind) {
	case AST_ANY:
		buf_str(md, "Every address, IPv4 and IPv6.\n");
		return;
	case AST_SUBNET:
		write_prefix(md, t->prefix);
		break;
	default:
		break;
	}
	if (!inv)
		buf_str(md, "Start the server with `--vms` to see which VMs that is.\n");
	else if (t->kind == AST_IP || t->kind == AST_SUBNET)
		write_holders(md, inv, arena, t->prefix);
	else
		write_named(md, d, inv, arena, p);
}

/* --- filter lines ------------------------------------------------------------------------- */

static bool
stands_for(const struct rule **rules, uint32_t n, const struct rule *r)
{
	for (uint32_t i = 0; i < n; i++)
		if (rules[i] == r)
			return true;
	return false;
}

/* The lines of one file of a VM that stand for the rule; how many there are. */
static uint32_t
write_lines(struct buf *md, struct eval_host *h, const struct eval_file *f,
    const struct rule *r, uint32_t before)
{
	uint32_t lines = before;

	for (uint32_t i = 0; i < f->file.lines.n; i++) {
		const struct ipf_line *l = &f->file.lines.v[i];
		uint32_t n;
		const struct rule **rules = eval_line_rules(h, f, l, h->arena, &n);

		if (!stands_for(rules, n, r))
			continue;
		if (lines++ < SHOWN_LINES) {
			buf_slice(md, (struct slice){ f->src.text.p + l->at.off, l->at.len });
			buf_char(md, '\n');
		}
	}
	return lines;
}

static void
write_host(struct buf *md, struct eval_host *h, uint32_t vm, const struct rule *r)
{
	struct slice text[2];
	uint32_t lines = 0;

	buf_str(md, "\nVM `");
	buf_uuid(md, h->inv->vms.v[vm]->uuid);
	if (!h->inv->vms.v[vm]->firewall) {
		buf_str(md, "`: its firewall is off.\n");
		return;
	}
	buf_str(md, "`\n\n```\n");
	if (eval_emit(h, vm, h->arena, text)) {
		static const enum net_family fams[2] = { NET_V4, NET_V6 };

		for (int i = 0; i < 2; i++) {
			struct eval_file f;

			if (eval_read(h, h->arena, fams[i], text[i], &f))
				lines = write_lines(md, h, &f, r, lines);
		}
	}
	if (lines > SHOWN_LINES)
		buf_printf(md, "# and %u more lines\n", lines - SHOWN_LINES);
	else if (lines == 0)
		buf_str(md, "# no line: it only repeats the default policy here\n");
	buf_str(md, "```\n");
}

/* Local VMs that either side names, in their order, each once. */
static uint32_t
hosts_of(struct eval_host *h, uint32_t rule, bool *is_named)
{
	uint32_t count = 0;

	for (unsigned side = 0; side < 2; side++) {
		uint32_t n;
		const struct policy_named *named = policy_side(h->policies, rule, side, &n);

		for (uint32_t i = 0; i < n; i++)
			for (uint32_t k = 0; k < named[i].n; k++) {
				uint32_t vm = named[i].vms[k];

				if (vm < h->inv->n_local && !is_named[vm] &&
				    policy_applies(h->rules[rule], h->inv->vms.v[vm])) {
					is_named[vm] = true;
					count++;
				}
			}
	}
	return count;
}

static void
write_rule(struct buf *md, const struct lsp_document *d, const struct inventory *inv,
    struct arena *arena, const struct place *p)
{
	const struct rule *r = p->tree->rule;
	uint32_t n, shown = 0, number = 0;
	struct eval_host h;
	bool *is_named;

	buf_str(md, "Rule `");
	buf_uuid(md, r->uuid);
	buf_str(md, rule_is_true((enum rule_bool)r->enabled) ? "`\n" : "`, disabled\n");
	if (!inv) {
		buf_str(md, "\nStart the server with `--vms` to see what it compiles to.\n");
		return;
	}
	eval_host_init(&h, arena, inv, d->in.rules.v, d->in.rules.n,
	    (struct eval_opts){ .level = LEVEL, .icmp6 = d->config.icmp6 });
	while (h.rules[number] != r)
		number++;
	is_named = arena_zero(arena, inv->vms.n + 1);
	n = hosts_of(&h, number, is_named);
	buf_printf(md, "\nIt is for %u of this host's VMs.\n", n);
	for (uint32_t vm = 0; vm < inv->n_local && shown < SHOWN_HOSTS; vm++)
		if (is_named[vm] && shown++ < SHOWN_HOSTS)
			write_host(md, &h, vm, r);
	if (n > SHOWN_HOSTS)
		buf_printf(md, "\nand %u more VMs\n", n - SHOWN_HOSTS);
	eval_host_end(&h);
}

void
lsp_hover(struct lsp_call *c)
{
	const struct inventory *inv = lsp_inventory(c->s);
	struct lsp_position at;
	struct place p;
	struct buf md = { 0 };

	if (!c->doc || !lsp_read_position(c->params, "position", &at) ||
	    !find_place(c->doc, lsp_offset(c->s, c->doc, at), &p)) {
		buf_str(c->out, "null");
		return;
	}
	if (p.target)
		write_target(&md, c->doc, inv, &c->s->scratch, &p);
	else
		write_rule(&md, c->doc, inv, &c->s->scratch, &p);
	buf_str(c->out, "{\"contents\":{\"kind\":\"markdown\",\"value\":");
	text_json(c->out, buf_view(&md));
	buf_str(c->out, "},\"range\":");
	lsp_write_range(c->out, c->s, c->doc, p.target ? p.target->span : p.tree->ast->span);
	buf_char(c->out, '}');
	buf_free(&md);
}

/* The places of a finding that are not in the rule itself. */
static void
write_related(struct lsp_call *c, const struct lint_finding *f, struct span rule, bool *any)
{
	for (const struct diag_related *r = f->d.related; r; r = r->next) {
		if (!lsp_is_here(c->doc, r->src) || within(rule, r->at.off))
			continue;
		if (*any)
			buf_char(c->out, ',');
		*any = true;
		lsp_write_location(c->out, c->s, c->doc, r->at);
	}
}

void
lsp_define(struct lsp_call *c)
{
	struct lsp_position at;
	bool any = false;
	struct place p;

	buf_char(c->out, '[');
	if (c->doc && lsp_read_position(c->params, "position", &at) &&
	    find_place(c->doc, lsp_offset(c->s, c->doc, at), &p)) {
		const struct lint *l = &c->doc->lint;

		for (uint32_t i = 0; i < l->found.n; i++)
			if (l->found.v[i].rule == p.tree->rule)
				write_related(c, &l->found.v[i], p.tree->ast->span, &any);
	}
	buf_char(c->out, ']');
}
