/* SPDX-License-Identifier: MPL-2.0 */
/*
 * The linter: the examples in its table do what the table says, and what it says of
 * shadowed and redundant rules is what is true of every packet of a small world, in
 * which each rule is asked by itself.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>

#include "../compiler/lint/report.h"
#include "../compiler/lint/special.h"
#include "random.h"

struct world {
	struct arena arena;
	struct diags diags;
	struct input in;
	struct lint lint;
};

static void
world_init(struct world *w, const char *text)
{
	memset(w, 0, sizeof(*w));
	w->diags.arena = &w->arena;
	input_init(&w->in, &w->arena, &w->diags, (struct lang_opts){ 0 });
	w->in.keep_trees = true;
	lint_init(&w->lint, &w->arena);
	input_read_text(&w->in, slice_of("test.fwrule"), slice_of(text));
	if (w->diags.errors) {
		struct buf b = { 0 };

		diag_print_all(&b, &w->diags, false);
		printf("%.*s", (int)b.n, b.p);
		buf_free(&b);
	}
	assert_int_equal(w->diags.errors, 0);
}

static void
world_run(struct world *w)
{
	lint_add(&w->lint, &w->in, 0, 0, NULL);
	lint_run(&w->lint, NULL);
	lint_sort(&w->lint);
}

static void
world_free(struct world *w)
{
	lint_done(&w->lint);
	input_done(&w->in);
	arena_free(&w->arena);
}

static bool
fires(const char *text, const struct lint_check *check)
{
	struct world w;
	bool found = false;

	world_init(&w, text);
	world_run(&w);
	for (uint32_t i = 0; i < w.lint.found.n; i++)
		found |= w.lint.found.v[i].check == check;
	world_free(&w);
	return found;
}

static void
test_table(void **state)
{
	(void)state;
	for (int i = 0; i < LINT_COUNT; i++) {
		const struct lint_check *c = &lint_table[i];

		assert_true(lint_find(slice_of(c->code)) == (enum lint_id)i);
		assert_true(lint_find(slice_of(c->name)) == (enum lint_id)i);
		if (i)
			assert_true(strcmp(lint_table[i - 1].code, c->code) < 0);
		if (!c->bad)
			continue;
		if (!fires(c->bad, c))
			fail_msg("%s does not fire on its example", c->code);
		if (fires(c->good, c))
			fail_msg("%s fires on what comes close", c->code);
	}
}

/* A block of the registries by each of its prefixes, and by an address; others, and mixed ones. */
static void
test_special(void **state)
{
	static const struct {
		const char *at, *block;
		bool is_private, is_public;
	} known[] = {
		{ "10.9.8.7", "10.0.0.0/8", true, false }, { "127.0.0.1", "127.0.0.0/8", false, false },
		{ "192.0.0.1", "192.0.0.0/29", true, false }, { "192.0.0.9", "192.0.0.9/32", false, true },
		{ "192.0.0.99", "192.0.0.0/24", false, false }, { "192.0.0.0/28", NULL, false, true },
		{ "192.0.2.0/25", "192.0.2.0/24", false, true }, { "192.0.1.1", NULL, false, true },
		{ "198.19.255.255", "198.18.0.0/15", true, false },
		{ "255.255.255.255", "255.255.255.255/32", false, false },
		{ "255.255.255.254", "240.0.0.0/4", false, false }, { "0.0.0.0/0", NULL, false, true },
		{ "::", "::/128", false, false }, { "::1", "::1/128", false, false },
		{ "64:ff9b::1", "64:ff9b::/96", false, true }, { "::/0", NULL, false, true },
		{ "64:ff9b:1:2::", "64:ff9b:1::/48", true, false }, { "100::1", "100::/64", false, false },
		{ "100:0:0:1::1", "100:0:0:1::/64", false, false },
		{ "2001::5", "2001::/32", false, true }, { "2001:1::2", "2001:1::2/128", false, true },
		{ "2001:2::2", "2001:2::/48", true, false }, { "2001:1::4", "2001::/23", false, false },
		{ "2001:4:112::2", "2001:4:112::/48", false, true },
		{ "2001:2f::", "2001:20::/28", false, true }, { "2001:3f::", "2001:30::/28", false, true },
		{ "2001:db8:7::/48", "2001:db8::/32", false, true }, { "2002:1::", "2002::/16", false, true },
		{ "3fff:fff::", "3fff::/20", false, true }, { "3fff:1000::", NULL, false, true },
		{ "5f00::1", "5f00::/16", true, false }, { "fdff::1", "fc00::/7", true, false },
		{ "fe80::1", "fe80::/10", false, false }, { "fec0::1", "fec0::/10", false, false },
		{ "ff01::1", "ff01::/16", false, false }, { "ff02::1", "ff00::/8", false, false },
		{ "2600::1", NULL, false, true },
	};

	(void)state;
	for (size_t i = 0; i < BASE_COUNT(known); i++) {
		const struct special *s;
		struct prefix p;

		assert_true(prefix_read(slice_of(known[i].at), &p) || addr_read(slice_of(known[i].at), &p));
		s = special_find(p);
		if (known[i].block)
			assert_string_equal(s ? s->prefix : "none", known[i].block);
		else
			assert_null(s);
		assert_int_equal(special_is_private(s), known[i].is_private);
		assert_int_equal(special_is_public(s), known[i].is_public);
	}
}

/* --- every packet of a small world ----------------------------------------------------- */

#define RULES 12

/* A VM: 0 is none of an attribute; 3 is a tag's value and a UUID, C an owner, that no rule has. */
struct being {
	uint8_t uuid, owner, a, b;
};

static const char *const vm_uuids[] = {
	NULL, "11111111-0000-4000-8000-000000000000", "22222222-0000-4000-8000-000000000000",
	"33333333-0000-4000-8000-000000000000",
};
static const char *const owners[] = { NULL, "aaaaaaaa-0000-4000-8000-000000000000",
	"bbbbbbbb-0000-4000-8000-000000000000", "cccccccc-0000-4000-8000-000000000000" };

static const char *const addresses[] = {
	"10.0.0.0", "10.0.0.1", "10.0.0.2", "10.0.0.3", "10.0.0.4", "10.0.0.7", "1.1.1.1", "200.0.0.1",
	"2600::1", "2600::2", "fd00::1", "1::1",
};
static const char *const prefixes[] = {
	"ip 10.0.0.1", "ip 10.0.0.2", "ip 10.0.0.3", "subnet 10.0.0.0/30", "subnet 10.0.0.0/31",
	"subnet 10.0.0.2/31", "subnet 10.0.0.0/29", "subnet 10.0.0.4/30", "subnet 0.0.0.0/0",
	"subnet 0.0.0.0/1", "subnet 128.0.0.0/1", "subnet ::/0", "subnet ::/1", "subnet 8000::/1",
	"ip 2600::1", "subnet 2600::/16", "subnet 0.0.0.0/1", "subnet 128.0.0.0/1",
};
#define V4_PREFIXES 11

/* In every other world rules are much alike, so that several cover one together. */
static bool alike;

static void
add_vms_target(struct buf *b)
{
	if (alike) {
		buf_str(b, random_below(2) ? "tag a = 1" : "tag a");
		return;
	}
	switch (random_below(6)) {
	case 0:
	case 1:
		buf_printf(b, "tag a = %u", 1 + random_below(2));
		break;
	case 2:
		buf_str(b, "tag a");
		break;
	case 3:
		buf_str(b, "tag b = 1");
		break;
	default:
		buf_printf(b, "vm %s", vm_uuids[1 + random_below(2)]);
	}
}

static void
add_side(struct buf *b, bool vms, unsigned proto)
{
	unsigned n = 1 + random_below(3);

	if (random_below(alike && vms ? 2 : 3) == 0) {
		buf_str(b, vms ? "all vms" : "any");
		return;
	}
	buf_char(b, '(');
	for (unsigned i = 0; i < n; i++) {
		const char *prefix = prefixes[random_below(BASE_COUNT(prefixes))];

		buf_str(b, i ? " OR " : "");
		if (proto == 1)
			prefix = prefixes[random_below(V4_PREFIXES)];
		if (vms || random_below(alike ? 8 : 4) == 0)
			add_vms_target(b);
		else
			buf_str(b, prefix);
	}
	buf_char(b, ')');
}

static void
add_rule(struct buf *b)
{
	unsigned proto = !alike && random_below(4) == 0, n = 1 + random_below(3);
	unsigned owner = alike ? 0 : random_below(3);
	bool from = random_below(alike ? 8 : 3) == 0, to = !from || random_below(4) == 0;

	if (owner)
		buf_printf(b, "@owner %s\n", owners[owner]);
	buf_str(b, "FROM ");
	add_side(b, from, proto);
	buf_str(b, " TO ");
	add_side(b, to, proto);
	buf_str(b, random_below(2) ? " ALLOW " : " BLOCK ");
	if (proto == 1) {
		buf_str(b, random_below(3) ? "icmp (TYPE 3 CODE 0 AND TYPE 8)" : "icmp TYPE all");
	} else if (random_below(4) == 0) {
		buf_str(b, "tcp PORT all");
	} else {
		buf_str(b, "tcp PORTS ");
		for (unsigned i = 0; i < n; i++) {
			unsigned first = 1 + random_below(5), last = first + random_below(3);

			buf_printf(b, "%s%u - %u", i ? ", " : "", first, last);
		}
	}
	if (random_below(2))
		buf_printf(b, " PRIORITY %u", random_below(3));
	buf_char(b, '\n');
}

static bool
names_vm(const struct rule *r, const struct rule_side *s, const struct being *vm, bool remote)
{
	struct uuid u;

	if (r->has_owner && !(remote && !vm->owner)) {
		if (!vm->owner || !uuid_read(slice_of(owners[vm->owner]), &u) ||
		    uuid_cmp(u, r->owner) != 0)
			return false;
	}
	if (s->vmall)
		return true;
	for (unsigned i = 0; i < s->n_vms; i++)
		if (uuid_read(slice_of(vm_uuids[vm->uuid]), &u) && uuid_cmp(u, s->vms[i]) == 0)
			return true;
	for (unsigned i = 0; i < s->n_tags; i++) {
		unsigned value = s->tags[i].key.p[0] == 'a' ? vm->a : vm->b;

		if (value && (!s->tags[i].has_value || s->tags[i].value.p[0] == (char)('0' + value)))
			return true;
	}
	return false;
}

static bool
names_address(const struct rule *r, const struct rule_side *s, struct prefix p)
{
	if ((r->proto == LANG_ICMP && p.fam == NET_V6) || (r->proto == LANG_ICMP6 && p.fam == NET_V4))
		return false;
	for (unsigned i = 0; i < s->n_ips; i++)
		if (prefix_contains(s->ips[i], p))
			return true;
	for (unsigned i = 0; i < s->n_subnets; i++)
		if (prefix_contains(s->subnets[i], p))
			return true;
	return s->any;
}

/* Of a packet: TCP's port, or behind 100 ICMP's type and code as 100 + 10 * type + code. */
static const uint16_t keys[] = { 1, 2, 3, 4, 5, 6, 7, 9, 130, 131, 180, 200 };

static bool
has_key(const struct rule *r, unsigned key)
{
	if ((key >= 100) != (r->proto == LANG_ICMP))
		return false;
	for (unsigned i = 0; i < r->n_items && !r->all; i++) {
		const struct lang_item *t = &r->items[i];

		if (key < 100 ? t->a <= key && key <= t->b
		    : t->a == (key - 100) / 10 && (t->b == LANG_ANY_CODE || t->b == key % 10))
			return true;
	}
	return r->all;
}

#define MAX_VMS 128
#define MAX_ENDS (BASE_COUNT(addresses) * (MAX_VMS + 1))

struct truth {
	const struct rule *rule[RULES];
	unsigned n;
	struct being vms[MAX_VMS];
	unsigned n_vms;
	uint32_t vm_mask[MAX_VMS], end_mask[MAX_ENDS], key_mask[BASE_COUNT(keys)];
	unsigned n_ends;
	/* For each rule and direction. */
	bool acts[RULES][2], open[RULES][2], differs[RULES][2];
};

static int
wins(const struct rule *a, const struct rule *b, int dir)
{
	unsigned first = dir == LANG_TO ? LANG_ALLOW : LANG_BLOCK;

	if (a->priority != b->priority)
		return a->priority > b->priority ? 1 : -1;
	return a->action == b->action ? 0 : a->action == first ? 1 : -1;
}

static void
make_vms(struct truth *t)
{
	for (unsigned u = 1; u < 4; u++)
		for (unsigned o = 0; o < 4; o++)
			for (unsigned a = 0; a < 4; a++)
				for (unsigned b = 0; b < 2; b++)
					t->vms[t->n_vms++] = (struct being){ (uint8_t)u, (uint8_t)o,
						(uint8_t)a, (uint8_t)b };
}

static void
make_masks(struct truth *t, int dir)
{
	memset(t->vm_mask, 0, sizeof(t->vm_mask));
	memset(t->end_mask, 0, sizeof(t->end_mask));
	memset(t->key_mask, 0, sizeof(t->key_mask));
	t->n_ends = 0;
	for (size_t a = 0; a < BASE_COUNT(addresses); a++) {
		struct prefix p;

		addr_read(slice_of(addresses[a]), &p);
		/* An address that nobody has, and one of some VMs. */
		for (unsigned v = 0; v <= t->n_vms; v += v ? 1 + random_below(4) : 1, t->n_ends++)
			for (unsigned i = 0; i < t->n; i++) {
				const struct rule *r = t->rule[i];
				bool family = r->proto != LANG_ICMP || p.fam == NET_V4;

				if (names_address(r, &r->side[!dir], p) || (v && family &&
				    names_vm(r, &r->side[!dir], &t->vms[v - 1], true)))
					t->end_mask[t->n_ends] |= 1u << i;
			}
	}
	for (unsigned i = 0; i < t->n; i++) {
		for (unsigned v = 0; v < t->n_vms; v++)
			if (names_vm(t->rule[i], &t->rule[i]->side[dir], &t->vms[v], false))
				t->vm_mask[v] |= 1u << i;
		for (size_t k = 0; k < BASE_COUNT(keys); k++)
			if (has_key(t->rule[i], keys[k]))
				t->key_mask[k] |= 1u << i;
	}
}

static void
judge(struct truth *t, uint32_t match, int dir)
{
	for (unsigned i = 0; i < t->n; i++) {
		const struct rule *best = NULL;

		if (!(match >> i & 1) || !t->acts[i][dir])
			continue;
		for (unsigned k = 0; k < t->n; k++)
			if (k != i && match >> k & 1 && t->acts[k][dir] &&
			    wins(t->rule[k], t->rule[i], dir) >= 0 &&
			    (!best || wins(t->rule[k], best, dir) > 0))
				best = t->rule[k];
		if (!best)
			t->open[i][dir] = true;
		else if (best->action != t->rule[i]->action)
			t->differs[i][dir] = true;
	}
}

/* Leaves each mask once, and those of nobody out. */
static unsigned
unique(uint32_t *mask, unsigned n)
{
	unsigned kept = 0;

	for (unsigned i = 0; i < n; i++) {
		unsigned k = 0;

		while (k < kept && mask[k] != mask[i])
			k++;
		if (k == kept && mask[i])
			mask[kept++] = mask[i];
	}
	return kept;
}

static void
find_truth(struct truth *t)
{
	unsigned vms, ends;

	make_vms(t);
	for (int dir = 0; dir < 2; dir++) {
		make_masks(t, dir);
		for (unsigned i = 0; i < t->n; i++) {
			const struct rule_side *s = &t->rule[i]->side[dir];

			t->acts[i][dir] = (s->vmall || s->n_tags || s->n_vms) &&
			    !rule_repeats_default(t->rule[i], (enum lang_side)dir);
		}
		vms = unique(t->vm_mask, t->n_vms);
		ends = unique(t->end_mask, t->n_ends);
		for (unsigned v = 0; v < vms; v++)
			for (unsigned e = 0; e < ends; e++)
				for (size_t k = 0; k < BASE_COUNT(keys); k++)
					judge(t, t->vm_mask[v] & t->end_mask[e] & t->key_mask[k], dir);
	}
}

/* 0: decides something or has no effect at all; 1: redundant; 2: shadowed. */
static int
truth_of(const struct truth *t, unsigned i)
{
	if ((!t->acts[i][0] && !t->acts[i][1]) || t->open[i][0] || t->open[i][1])
		return 0;
	return t->differs[i][0] || t->differs[i][1] ? 2 : 1;
}

static int
found_of(const struct world *w, const struct rule *r)
{
	for (uint32_t i = 0; i < w->lint.found.n; i++) {
		const struct lint_finding *f = &w->lint.found.v[i];

		if (f->rule == r && f->check == &lint_table[LINT_redundant])
			return 1;
		if (f->rule == r && f->check == &lint_table[LINT_shadowed])
			return 2;
	}
	return 0;
}

static void
test_truth(void **state)
{
	unsigned found[3] = { 0 };

	(void)state;
	random_start(0x11);
	for (int round = 0; round < 3000; round++) {
		struct buf text = { 0 };
		struct truth t = { 0 };
		struct world w;
		unsigned n = 2 + random_below(RULES - 2);

		alike = round & 1;
		for (unsigned i = 0; i < n; i++)
			add_rule(&text);
		buf_char(&text, '\0');
		world_init(&w, text.p);
		w.lint.config.severity[LINT_contradiction] = LINT_OFF;
		world_run(&w);
		for (uint32_t i = 0; i < w.lint.rules.n; i++)
			if (!w.lint.rules.v[i].duplicate)
				t.rule[t.n++] = w.lint.rules.v[i].rule;
		find_truth(&t);
		for (unsigned i = 0; i < t.n; i++) {
			int want = truth_of(&t, i), got = found_of(&w, t.rule[i]);

			found[want]++;
			/*
			 * Whether it decides anything is exact.  That it is only redundant may also
			 * be said where rules about other VMs decide some of it otherwise, where a VM
			 * happens to be one of both kinds.
			 */
			if ((want == 0) != (got == 0) || got > want)
				fail_msg("round %d, rule %.*s\nis %d, found %d, in\n%s", round,
				    (int)t.rule[i]->text.n, t.rule[i]->text.p, want, got, text.p);
		}
		world_free(&w);
		buf_free(&text);
	}
	printf("# %u open, %u redundant, %u shadowed\n", found[0], found[1], found[2]);
	assert_true(found[1] > 300 && found[2] > 300);
}

/* --- the corpus ------------------------------------------------------------------------ */

/* A line's payload without its UUID, enabled, so that all of them may stand together. */
static bool
payload_of(const char *line, struct buf *out)
{
	struct diags diags = { 0 };
	struct arena arena = { 0 };
	struct src src = { .name = { "corpus", 6 }, .text = slice_of(line) };
	json_t *all, *payload;

	diags.arena = &arena;
	all = json_read_all(&src, &diags);
	payload = json_object_get(all, "payload");
	out->n = 0;
	if (json_is_object(payload)) {
		json_object_del(payload, "uuid");
		json_object_set_new(payload, "enabled", json_true());
		json_write(out, payload);
		buf_char(out, '\n');
	}
	json_decref(all);
	arena_free(&arena);
	return out->n > 0;
}

static uint32_t
check_text(struct slice text, uint32_t *rules)
{
	struct lint_report_opts opts = { .version = "0" };
	struct world w;
	struct buf out = { 0 };
	uint32_t found;

	memset(&w, 0, sizeof(w));
	w.diags.arena = &w.arena;
	input_init(&w.in, &w.arena, &w.diags, (struct lang_opts){ 0 });
	w.in.keep_trees = true;
	lint_init(&w.lint, &w.arena);
	input_read_text(&w.in, slice_of("corpus.jsonl"), text);
	world_run(&w);
	for (size_t i = 0; i < lint_form_count; i++) {
		out.n = 0;
		lint_forms[i].write(&out, &w.lint, &opts);
		assert_true(out.n > 0 || w.lint.found.n == 0);
	}
	buf_free(&out);
	found = w.lint.found.n;
	*rules = w.lint.rules.n;
	world_free(&w);
	return found;
}

/* The rules of the corpus, good and bad, one by one and as one set. */
static void
test_corpus(void **state)
{
	const char *folder = getenv("FWRULE_CORPUS");
	struct buf path = { 0 }, all = { 0 }, one = { 0 };
	uint32_t single = 0, rules = 0, n, together;
	char *line = NULL;
	size_t size = 0;
	FILE *f;

	(void)state;
	buf_printf(&path, "%s/rules.jsonl", folder ? folder : "tests/corpus");
	buf_char(&path, '\0');
	f = fopen(path.p, "r");
	assert_non_null(f);
	while (getline(&line, &size, f) > 0)
		if (payload_of(line, &one)) {
			single += check_text(buf_view(&one), &n);
			rules += n;
			buf_slice(&all, buf_view(&one));
		}
	fclose(f);
	together = check_text(buf_view(&all), &n);
	printf("# %u rules: %u findings one by one, %u together\n", rules, single, together);
	assert_true(rules > 500);
	assert_int_equal(n, rules);
	assert_true(together > single);
	free(line);
	buf_free(&path);
	buf_free(&all);
	buf_free(&one);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_table),
		cmocka_unit_test(test_special),
		cmocka_unit_test(test_truth),
		cmocka_unit_test(test_corpus),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
