/* SPDX-License-Identifier: MPL-2.0 */
/*
 * -O3 against -O2: random policies of one VM compiled at both levels, each proved
 * against the rules, and packets at the edges of the lines sent through both
 * files.  Then what the groups are for: lines that a packet meets.
 */
#include "../compiler/net/pset.h"
#include "compiler/compile.h"
#include "compiler/filter/filter.h"
#include "compiler/input/input.h"
#include "compiler/net/pset.h"
#include "compiler/policy/inventory.h"
#include "tests/random.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

#define VM "00000000-0000-4000-8000-000000000001"
#define OWNER "00000000-0000-4000-8000-000000000002"

/* --- a host of one VM ------------------------------------------------------------- */

struct host {
	struct arena arena;
	struct diags diags;
	struct input in;
	struct inventory inv;
};

/* Both files of the VM, as text and as it is read back. */
struct files {
	struct src src[2];
	struct ipf_file file[2];
	uint32_t n;
};

static void
host_begin(struct host *h)
{
	static const char vm[] = "{\"uuid\":\"" VM "\",\"owner_uuid\":\"" OWNER "\","
	    "\"firewall_enabled\":true,\"state\":\"running\",\"zonepath\":\"/zones/z\","
	    "\"tags\":{},\"nics\":[{\"ips\":[\"10.99.0.1/24\",\"fd00::1/64\"]}]}";
	struct src src = { .name = slice_of("vms"), .text = slice_of(vm) };

	memset(h, 0, sizeof(*h));
	h->diags.arena = &h->arena;
	input_init(&h->in, &h->arena, &h->diags, (struct lang_opts){ 0 });
	inventory_init(&h->inv, &h->arena, &h->diags);
	inventory_read(&h->inv, &src, false, &h->in.scratch);
}

static void
host_end(struct host *h)
{
	input_done(&h->in);
	arena_free(&h->arena);
}

static void
show_diags(struct host *h)
{
	struct buf text = { 0 };

	diag_print_all(&text, &h->diags, false);
	print_message("%.*s", (int)text.n, text.p);
	buf_free(&text);
}

/* number: of the rule, from which its UUID comes. */
static void
add_rule(struct buf *out, uint32_t number, const char *sentence, bool log)
{
	buf_printf(out, "{\"uuid\":\"%08x-0000-4000-9000-000000000000\",\"version\":\"1.%06u\","
	    "\"enabled\":true,\"owner_uuid\":\"" OWNER "\",%s\"rule\":\"%s\"}\n", number, number,
	    log ? "\"log\":true," : "", sentence);
}

static void
host_rules(struct host *h, const struct buf *rules)
{
	input_read_text(&h->in, slice_of("rules"), buf_view(rules));
	if (h->diags.errors)
		show_diags(h);
	assert_int_equal(h->diags.errors, 0);
}

struct keeping {
	struct files *files;
	struct arena *arena;
};

static bool
keep_file(void *context, const struct vm *vm, const struct backend *b, struct slice text)
{
	struct keeping *k = context;

	(void)vm;
	k->files->src[k->files->n++] = (struct src){ .name = slice_of(b->file),
		.text = arena_slice(k->arena, text) };
	return true;
}

/* Compiles and proves. */
static void
compile(struct host *h, unsigned level, bool tags, struct files *f)
{
	struct compile_opts o = { .verify = true };
	struct keeping k = { f, &h->arena };

	memset(f, 0, sizeof(*f));
	o.backend.level = level;
	o.backend.tags = tags;
	o.backend.date = slice_of("now");
	assert_true(compile_add_emit(&o, slice_of("ipf,ipf6"), NULL));
	if (!compile_host(&h->inv, h->in.rules.v, h->in.rules.n, &o, keep_file, &k, NULL)) {
		show_diags(h);
		fail_msg("level %u does not compile", level);
	}
	assert_int_equal(f->n, 2);
	for (int i = 0; i < 2; i++)
		assert_true(ipf_read(&h->arena, &h->diags, &f->src[i], i ? NET_V6 : NET_V4,
		    &f->file[i]));
}

/* --- random rules -------------------------------------------------------------------- */

enum { BOTH, ONLY_V4, ONLY_V6 };

static void
random_target(struct buf *out, int families)
{
	uint32_t kind = random_below(20);

	if (families == ONLY_V4)
		kind = random_below(14);
	else if (families == ONLY_V6)
		kind = 14 + random_below(6);

	if (kind < 9)
		buf_printf(out, "ip 10.%u.%u.%u", random_below(3), random_below(4), random_below(64));
	else if (kind < 13)
		buf_printf(out, "subnet 10.%u.%u.0/%u", random_below(3), random_below(4),
		    16 + random_below(9));
	else if (kind < 14)
		buf_printf(out, "subnet 0.0.0.0/%u", random_below(2));
	else if (kind < 17)
		buf_printf(out, "ip 2001:db8::%x:%x", random_below(3), random_below(64));
	else if (kind < 19)
		buf_printf(out, "subnet 2001:db8::%x:0/%u", random_below(4), 96 + random_below(17));
	else
		buf_printf(out, "subnet ::/%u", random_below(2));
}

static void
random_side(struct buf *out, int families)
{
	uint32_t n = 1 + random_below(random_below(4) ? 3 : 20);

	if (random_below(8) == 0) {
		buf_str(out, "any");
		return;
	}
	buf_str(out, "(");
	for (uint32_t i = 0; i < n; i++) {
		buf_str(out, i ? " OR " : "");
		random_target(out, families);
	}
	buf_str(out, ")");
}

static void
random_what(struct buf *out, uint32_t p)
{
	static const char *const proto[] = { "tcp", "udp", "icmp", "icmp6", "ah", "esp" };
	uint32_t a;

	buf_printf(out, "%s", proto[p]);
	if (p < 2 && random_below(3) == 0) {
		buf_str(out, " PORT all");
	} else if (p < 2) {
		a = random_below(2) ? random_below(40) : random_below(60000);
		if (random_below(3))
			buf_printf(out, " PORT %u", a + 1);
		else
			buf_printf(out, " PORTS %u - %u", a + 1, a + 1 + random_below(30));
	} else if (p < 4 && random_below(3) == 0) {
		buf_str(out, " TYPE all");
	} else if (p < 4) {
		static const uint8_t type[2][5] = { { 0, 3, 8, 11, 13 }, { 1, 128, 129, 135, 3 } };

		buf_printf(out, " TYPE %u", type[p - 2][random_below(5)]);
		if (random_below(2))
			buf_printf(out, " CODE %u", random_below(3));
	}
}

static void
random_rules(struct buf *out, uint32_t n)
{
	struct buf s = { 0 };
	uint32_t levels = 1 + random_below(4);

	for (uint32_t i = 0; i < n; i++) {
		bool in = random_below(2);
		uint32_t p = random_below(10), proto = p < 5 ? 0 : p - 4;
		int families = proto == 2 ? ONLY_V4 : proto == 3 ? ONLY_V6 : BOTH;

		s.n = 0;
		buf_str(&s, "FROM ");
		if (in)
			random_side(&s, families);
		else
			buf_str(&s, "vm " VM);
		buf_str(&s, " TO ");
		if (in)
			buf_str(&s, "vm " VM);
		else
			random_side(&s, families);
		buf_str(&s, random_below(2) ? " ALLOW " : " BLOCK ");
		random_what(&s, proto);
		buf_printf(&s, " PRIORITY %u", random_below(levels));
		buf_char(&s, '\0');
		add_rule(out, i, s.p, random_below(4) == 0);
	}
	buf_free(&s);
}

/* --- packets ----------------------------------------------------------------------------- */

static struct addr
edge_addr(const struct ipf_addr *a, unsigned fam)
{
	struct addr random = { random_u64(), random_u64() };

	if (a->any || random_below(8) == 0)
		return fam == NET_V4 ? addr_v4((uint32_t)random.lo) : random;
	switch (random_below(4)) {
	case 0:
		return prefix_first(a->p);
	case 1:
		return prefix_last(a->p);
	case 2:
		return addr_cmp(prefix_first(a->p), family_first(fam)) == 0 ? a->p.a
		    : addr_prev(prefix_first(a->p));
	default:
		return addr_cmp(prefix_last(a->p), family_last(fam)) == 0 ? a->p.a
		    : addr_next(prefix_last(a->p));
	}
}

static uint16_t
edge_port(const struct ipf_port *p)
{
	if (p->op == IPF_PORT_ANY)
		return (uint16_t)random_u64();
	return (uint16_t)((random_below(2) || p->op == IPF_PORT_EQ ? p->a : p->b) +
	    random_below(3) - 1);
}

/* The address at an edge of one line, all else at that of another one. */
static struct filter_packet
edge_packet(const struct ipf_file *f, unsigned fam)
{
	const struct ipf_line *x = &f->lines.v[random_below(f->lines.n)];
	const struct ipf_line *y = random_below(2) ? x : &f->lines.v[random_below(f->lines.n)];
	struct filter_packet p = { .dir = x->dir, .fam = (uint8_t)fam };
	bool in = x->dir == IPF_IN;

	p.proto = y->proto_kind == IPF_PROTO_ONE ? y->proto : (uint8_t)random_below(256);
	p.remote = edge_addr(in ? &x->src : &x->dst, fam);
	p.local = edge_addr(&(struct ipf_addr){ .any = true }, fam);
	p.dport = edge_port(&y->dport);
	p.tcp_flags = random_below(2) ? IPF_TH_SYN : IPF_TH_ACK;
	p.type = y->has_type ? y->type : (uint8_t)random_below(256);
	p.code = y->has_code ? y->code : (uint8_t)random_below(4);
	return p;
}

struct met {
	uint64_t sum[2], n;
	uint32_t worst[2];
};

static void
send(const struct ipf_file *flat, const struct ipf_file *tree, unsigned fam, uint32_t n,
    struct met *met)
{
	for (uint32_t i = 0; i < n; i++) {
		struct filter_packet p = edge_packet(flat, fam);
		const struct ipf_file *f[2] = { flat, tree };
		struct filter_result r[2];

		for (int k = 0; k < 2; k++) {
			filter_eval(f[k], &p, &r[k], NULL);
			met->sum[k] += r[k].visited;
			if (r[k].visited > met->worst[k])
				met->worst[k] = r[k].visited;
		}
		if (!filter_outcome_eq(&r[0].outcome, &r[1].outcome)) {
			struct buf text = { 0 };

			filter_packet_text(&text, &p);
			fail_msg("packet %.*s", (int)text.n, text.p);
		}
	}
	met->n += n;
}

static uint32_t
count_heads(const struct ipf_file *f)
{
	uint32_t n = 0;

	for (uint32_t i = 0; i < f->lines.n; i++)
		n += f->lines.v[i].head != 0;
	return n;
}

/* --- the same decision ------------------------------------------------------------------- */

static void
check_host(uint32_t n_rules, uint32_t packets, uint32_t *heads)
{
	struct buf rules = { 0 };
	struct files flat, tree;
	struct met met = { 0 };
	struct host h;

	random_rules(&rules, n_rules);
	for (int tags = 0; tags < 2; tags++) {
		host_begin(&h);
		host_rules(&h, &rules);
		compile(&h, 2, tags, &flat);
		compile(&h, 3, tags, &tree);
		for (int i = 0; i < 2; i++) {
			send(&flat.file[i], &tree.file[i], i ? NET_V6 : NET_V4, packets, &met);
			*heads += count_heads(&tree.file[i]);
		}
		host_end(&h);
	}
	buf_free(&rules);
}

static void
test_same(void **state)
{
	uint32_t heads = 0;

	(void)state;
	for (uint32_t i = 0; i < 150; i++)
		check_host(1 + random_below(i % 5 ? 40 : 500), 500, &heads);
	print_message("%u heads\n", heads);
	assert_in_range(heads, 200, UINT32_MAX);
}

/* --- few lines met -------------------------------------------------------------------------- */

enum shape { ALLOWED, BLOCKED, EXCEPTIONS, PORTS, SHAPES };

static void
shape_rule(struct buf *s, enum shape shape)
{
	uint32_t a = random_below(220) + 1, b = random_below(256), c = random_below(256);
	static const uint16_t port[] = { 22, 25, 53, 80, 443, 3306, 5432, 8080 };

	s->n = 0;
	switch (shape) {
	case ALLOWED:
		buf_printf(s, "FROM ip %u.%u.%u.%u TO vm " VM " ALLOW tcp PORT %u", a, b, c,
		    random_below(256), port[random_below(8)]);
		break;
	case BLOCKED:
		buf_printf(s, "FROM vm " VM " TO subnet %u.%u.%u.0/%u BLOCK tcp PORT all", a, b, c,
		    24 - random_below(2) * 4);
		break;
	case EXCEPTIONS:
		if (random_below(2))
			buf_printf(s, "FROM subnet %u.%u.0.0/16 TO vm " VM " BLOCK tcp PORT all "
			    "PRIORITY 1", a, b & 63);
		else
			buf_printf(s, "FROM ip %u.%u.%u.7 TO vm " VM " ALLOW tcp PORT %u "
			    "PRIORITY 2", a, b & 63, c, port[random_below(8)]);
		break;
	default:
		a = 1 + 6 * random_below(10000);
		buf_printf(s, "FROM ip 192.0.2.%u TO vm " VM " ALLOW udp PORTS %u - %u",
		    random_below(8), a, a + random_below(4));
		break;
	}
	buf_char(s, '\0');
}

static void
shape_rules(struct buf *out, enum shape shape, uint32_t n)
{
	struct buf s = { 0 };

	for (uint32_t i = 0; i < n; i++) {
		shape_rule(&s, shape);
		add_rule(out, i, s.p, false);
	}
	buf_free(&s);
}

static void
test_visits(void **state)
{
	static const char *const name[SHAPES] = { "allowed", "blocked", "exceptions", "ports" };

	(void)state;
	for (int shape = 0; shape < SHAPES; shape++) {
		struct buf rules = { 0 };
		struct files flat, tree;
		struct met met = { 0 };
		struct host h;

		host_begin(&h);
		shape_rules(&rules, (enum shape)shape, 10000);
		host_rules(&h, &rules);
		compile(&h, 2, false, &flat);
		compile(&h, 3, false, &tree);
		send(&flat.file[0], &tree.file[0], NET_V4, 5000, &met);
		print_message("%s: %u lines, %.1f met on average, %u at worst; in groups %u, %.1f, "
		    "%u\n", name[shape], flat.file[0].lines.n, (double)met.sum[0] / met.n,
		    met.worst[0], tree.file[0].lines.n, (double)met.sum[1] / met.n, met.worst[1]);
		assert_in_range(flat.file[0].lines.n, 4000, UINT32_MAX);
		assert_in_range(met.sum[0], 20 * met.sum[1], UINT64_MAX);
		assert_in_range(met.worst[0], 20 * met.worst[1], UINT64_MAX);
		/* Half as many again, and the heads. */
		assert_in_range(tree.file[0].lines.n, flat.file[0].lines.n,
		    2 * flat.file[0].lines.n);
		buf_free(&rules);
		host_end(&h);
	}
}

/* --- what the text is like ---------------------------------------------------------------- */

static void
test_small_stays_flat(void **state)
{
	struct buf rules = { 0 };
	struct files flat, tree;
	struct host h;

	(void)state;
	host_begin(&h);
	shape_rules(&rules, ALLOWED, 23);
	host_rules(&h, &rules);
	compile(&h, 2, false, &flat);
	compile(&h, 3, false, &tree);
	for (int i = 0; i < 2; i++)
		assert_true(slice_eq(flat.src[i].text, tree.src[i].text));
	buf_free(&rules);
	host_end(&h);
}

static bool
has_line(const struct files *f, struct slice line)
{
	struct slice text = f->src[0].text;

	return memmem(text.p, text.n, line.p, line.n) != NULL;
}

/* One rule more changes little, wherever its lines come to stand. */
static void
test_small_change(void **state)
{
	struct buf rules = { 0 };
	struct files one, other;
	uint32_t changed = 0;
	struct host h;

	(void)state;
	shape_rules(&rules, ALLOWED, 2000);
	host_begin(&h);
	host_rules(&h, &rules);
	compile(&h, 3, false, &one);
	add_rule(&rules, 5000, "FROM ip 77.1.2.3 TO vm " VM " ALLOW tcp PORT 80", false);
	input_forget(&h.in);
	host_rules(&h, &rules);
	compile(&h, 3, false, &other);
	for (uint32_t i = 0; i < other.file[0].lines.n; i++) {
		struct span at = other.file[0].lines.v[i].at;

		changed += !has_line(&one, (struct slice){ other.src[0].text.p + at.off, at.len });
	}
	print_message("%u lines differ\n", changed);
	assert_in_range(changed, 1, other.file[0].lines.n / 5);
	buf_free(&rules);
	host_end(&h);
}

static void
test_order_of_rules(void **state)
{
	struct buf rules = { 0 };
	struct files one, other;
	struct host h;

	(void)state;
	random_rules(&rules, 300);
	host_begin(&h);
	host_rules(&h, &rules);
	compile(&h, 3, false, &one);
	for (uint32_t i = h.in.rules.n; i > 1; i--) {
		uint32_t k = random_below(i);
		struct rule *r = h.in.rules.v[k];

		h.in.rules.v[k] = h.in.rules.v[i - 1];
		h.in.rules.v[i - 1] = r;
	}
	compile(&h, 3, false, &other);
	for (int i = 0; i < 2; i++)
		assert_true(slice_eq(one.src[i].text, other.src[i].text));
	buf_free(&rules);
	host_end(&h);
}

/* The comment above a line names the rule it comes from, and not those of other groups. */
static void
test_comments(void **state)
{
	struct buf rules = { 0 }, want = { 0 }, s = { 0 };
	struct files f;
	struct host h;
	uint32_t checked = 0;

	(void)state;
	for (uint32_t i = 0; i < 3000; i++) {
		s.n = 0;
		buf_printf(&s, "FROM ip 10.%u.%u.1 TO vm " VM " ALLOW tcp PORT 80", i >> 8, i & 255);
		buf_char(&s, '\0');
		add_rule(&rules, i, s.p, false);
	}
	host_begin(&h);
	host_rules(&h, &rules);
	compile(&h, 3, false, &f);
	for (uint32_t i = 0; i < f.file[0].lines.n; i++) {
		const struct ipf_line *l = &f.file[0].lines.v[i];
		struct slice comment = { f.src[0].text.p + l->comment.off, l->comment.len };

		if (l->action != IPF_PASS || l->src.any || l->head)
			continue;
		want.n = 0;
		buf_printf(&want, "%08x-0000-4000", (unsigned)(l->src.p.a.lo >> 8 & 0xffff));
		assert_non_null(memmem(comment.p, comment.n, want.p, want.n));
		assert_in_range(comment.n, 1, 1600);
		checked++;
	}
	assert_int_equal(checked, 3000);
	buf_free(&rules);
	buf_free(&want);
	buf_free(&s);
	host_end(&h);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_same),
		cmocka_unit_test(test_visits),
		cmocka_unit_test(test_small_stays_flat),
		cmocka_unit_test(test_small_change),
		cmocka_unit_test(test_order_of_rules),
		cmocka_unit_test(test_comments),
	};

	random_start(3);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
