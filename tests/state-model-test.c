/* SPDX-License-Identifier: MPL-2.0 */
/*
 * A model of spec 4: random operations on random hosts.  After each
 *
 *   - every VM whose firewall is on has just the files that a fresh compile at -O0
 *     makes of the same rules and VMs;
 *   - the answer lists just the VMs that a slow reading of the spec names, and
 *     those whose files have another text than before.
 *
 * The model keeps rules as lists of targets, and never parses a sentence.  Three
 * states take turns: two that stay on, each of which must notice what the other
 * has done, and one that is new every time.
 *
 * MODEL_HOSTS: how many hosts (default HOSTS).
 */
#include "runtime/state/state.h"

#include <errno.h>
#include <ftw.h>
#include <setjmp.h>
#include <stdarg.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "compiler/compile.h"
#include "compiler/input/input.h"
#include "tests/random.h"

#define HOSTS 120
#define STEPS 25
#define VMS 8
#define RVMS 6
#define RULES 12
#define OWNERS 3                /* number 0: none */
#define TARGETS 3

enum kind { T_ANY, T_ALL, T_TAG, T_PAIR, T_VM, T_RVM, T_IP, T_SUBNET, T_KINDS };

struct target {
	enum kind kind;
	unsigned a, b;
};

struct m_rule {
	bool stored, enabled;
	unsigned owner, priority, version, port;
	bool block;
	struct target side[2][TARGETS];
	unsigned n[2];
};

struct m_vm {
	bool there, firewall;
	unsigned owner, n_ips, ip;
	int tag[2];                     /* value of tag t0, t1; -1: none */
};

static struct model {
	char root[64];
	struct m_vm vm[VMS], rvm[RVMS];
	struct m_rule rule[RULES];
	struct state *state[2];
	struct buf text[VMS][2];        /* the files as they were */
	unsigned version;
	struct arena arena;             /* of one step */
} m;

/* --- the model as text -------------------------------------------------------------------------------- */

static char *
uuid_of(char what, unsigned i)
{
	return arena_printf(&m.arena, "0000000%x-0000-4000-8000-00000000000%x",
	    what == 'v' ? 1u : what == 'r' ? 2u : what == 'o' ? 3u : 4u, i);
}

static void
write_target(struct buf *b, const struct target *t)
{
	switch (t->kind) {
	case T_ANY: buf_str(b, "any"); break;
	case T_ALL: buf_str(b, "all vms"); break;
	case T_TAG: buf_printf(b, "tag t%u", t->a); break;
	case T_PAIR: buf_printf(b, "tag t%u = %u", t->a, t->b); break;
	case T_VM: buf_printf(b, "vm %s", uuid_of('v', t->a)); break;
	case T_RVM: buf_printf(b, "vm %s", uuid_of('r', t->a)); break;
	case T_IP: buf_printf(b, "ip 10.0.0.%u", t->a + 1); break;
	default: buf_printf(b, "subnet 10.0.%u.0/24", t->a); break;
	}
}

static void
write_rule(struct buf *b, unsigned i, const struct m_rule *r)
{
	static const char *const word[] = { "FROM ", " TO " };

	buf_printf(b, "{\"uuid\":\"%s\",\"enabled\":%s,\"version\":\"%u\",", uuid_of('u', i),
	    r->enabled ? "true" : "false", r->version);
	if (r->owner)
		buf_printf(b, "\"owner_uuid\":\"%s\",\"rule\":\"", uuid_of('o', r->owner));
	else
		buf_str(b, "\"global\":true,\"rule\":\"");
	for (unsigned s = 0; s < 2; s++) {
		buf_str(b, word[s]);
		buf_str(b, r->n[s] > 1 ? "(" : "");
		for (unsigned k = 0; k < r->n[s]; k++) {
			buf_str(b, k ? " OR " : "");
			write_target(b, &r->side[s][k]);
		}
		buf_str(b, r->n[s] > 1 ? ")" : "");
	}
	buf_printf(b, " %s tcp PORT %u", r->block ? "BLOCK" : "ALLOW", r->port);
	if (r->priority)
		buf_printf(b, " PRIORITY %u", r->priority);
	buf_str(b, "\"}");
}

static void
write_tags(struct buf *b, const struct m_vm *v)
{
	unsigned n = 0;

	buf_str(b, "\"tags\":{");
	for (unsigned t = 0; t < 2; t++)
		if (v->tag[t] >= 0)
			buf_printf(b, "%s\"t%u\":%s%d%s", n++ ? "," : "", t, t ? "\"" : "", v->tag[t],
			    t ? "\"" : "");
	buf_char(b, '}');
}

static void
write_owner(struct buf *b, const struct m_vm *v)
{
	if (v->owner)
		buf_printf(b, ",\"owner_uuid\":\"%s\"", uuid_of('o', v->owner));
}

static void
write_rvm(struct buf *b, unsigned i)
{
	const struct m_vm *v = &m.rvm[i];

	buf_printf(b, "{\"uuid\":\"%s\",\"ips\":[\"10.0.0.%u\"],", uuid_of('r', i), v->ip + 1);
	write_tags(b, v);
	write_owner(b, v);
	buf_char(b, '}');
}

static void
write_vms(struct buf *b)
{
	buf_char(b, '[');
	for (unsigned i = 0; i < VMS; i++) {
		const struct m_vm *v = &m.vm[i];

		buf_printf(b, "%s{\"uuid\":\"%s\",\"firewall_enabled\":%s,\"state\":\"stopped\","
		    "\"zonepath\":\"/zones/%u\",\"nics\":[", i ? "," : "", uuid_of('v', i),
		    v->firewall ? "true" : "false", i);
		for (unsigned k = 0; k < v->n_ips; k++)
			buf_printf(b, "%s{\"ip\":\"10.0.0.%u\"}", k ? "," : "", v->ip + k + 1);
		buf_str(b, "],");
		write_tags(b, v);
		write_owner(b, v);
		buf_char(b, '}');
	}
	buf_char(b, ']');
}

/* --- the oracle: the spec, read slowly ------------------------------------------------------------------ */

static bool
has_target(const struct m_vm *v, char what, unsigned i, const struct target *t, bool values)
{
	switch (t->kind) {
	case T_ALL: return true;
	case T_TAG: return v->tag[t->a] >= 0;
	case T_PAIR: return values ? v->tag[t->a] == (int)t->b : v->tag[t->a] >= 0;
	case T_VM: return what == 'v' && t->a == i;
	case T_RVM: return what == 'r' && t->a == i;
	default: return false;
	}
}

static bool
on_side(const struct m_rule *r, unsigned side, const struct m_vm *v, char what, unsigned i,
    bool values)
{
	for (unsigned k = 0; k < r->n[side]; k++)
		if (has_target(v, what, i, &r->side[side][k], values))
			return true;
	return false;
}

static bool
has_address(const struct m_rule *r, const struct m_vm *v)
{
	for (unsigned s = 0; s < 2; s++)
		for (unsigned k = 0; k < r->n[s]; k++)
			for (unsigned a = 0; a < v->n_ips; a++)
				if (r->side[s][k].kind == T_IP && r->side[s][k].a == v->ip + a)
					return true;
	return false;
}

static bool
names_local(const struct m_rule *r, unsigned i)
{
	const struct m_vm *v = &m.vm[i];

	return (!r->owner || r->owner == v->owner) && (on_side(r, 0, v, 'v', i, true) ||
	    on_side(r, 1, v, 'v', i, true) || has_address(r, v));
}

static void
add_named(bool *set, const struct m_rule *r)
{
	for (unsigned i = 0; i < VMS; i++)
		set[i] |= names_local(r, i);
}

static bool
far_names_vms(const struct m_rule *r, unsigned side)
{
	for (unsigned k = 0; k < r->n[side]; k++)
		if (r->side[side][k].kind != T_IP && r->side[side][k].kind != T_SUBNET &&
		    r->side[side][k].kind != T_ANY)
			return true;
	return false;
}

/* The VMs to which a payload's VM matters through the rules. */
static void
add_neighbours(bool *set, const struct m_vm *v, char what, unsigned i)
{
	for (unsigned k = 0; k < RULES; k++) {
		const struct m_rule *r = &m.rule[k];
		unsigned side = r->block ? 1 : 0;

		if (r->stored && (!r->owner || !v->owner || r->owner == v->owner) &&
		    on_side(r, side, v, what, i, true) && far_names_vms(r, !side))
			add_named(set, r);
	}
}

static void
add_rvm_rules(bool *set, unsigned i)
{
	const struct m_vm *v = &m.rvm[i];

	for (unsigned k = 0; k < RULES; k++) {
		const struct m_rule *r = &m.rule[k];

		if (r->stored && (!r->owner || r->owner == v->owner) &&
		    (on_side(r, 0, v, 'r', i, false) || on_side(r, 1, v, 'r', i, false)))
			add_named(set, r);
	}
}

/* --- what the files should be ------------------------------------------------------------------------------ */

static bool
take_file(void *context, const struct vm *vm, const struct backend *b, struct slice text)
{
	struct buf (*files)[2] = context;
	unsigned i = vm->uuid.b[15];

	files[i][b->fam == NET_V6].n = 0;
	buf_slice(&files[i][b->fam == NET_V6], text);
	return true;
}

static void
fresh_compile(struct buf (*files)[2])
{
	struct diags diags = { .arena = &m.arena };
	struct compile_opts o = { .backend = { .date = slice_of("now"), .level = 0 } };
	struct src vms = { .name = slice_of("vms") }, rvms = { .name = slice_of("rvms") };
	struct buf b[3] = { { 0 } };
	struct arena scratch = { 0 };
	struct inventory inv;
	struct input in;

	input_init(&in, &m.arena, &diags, (struct lang_opts){ 0 });
	inventory_init(&inv, &m.arena, &diags);
	for (unsigned i = 0; i < RULES; i++)
		if (m.rule[i].stored) {
			write_rule(&b[0], i, &m.rule[i]);
			buf_char(&b[0], '\n');
		}
	write_vms(&b[1]);
	for (unsigned i = 0; i < RVMS; i++)
		if (m.rvm[i].there)
			write_rvm(&b[2], i);
	vms.text = buf_view(&b[1]);
	rvms.text = buf_view(&b[2]);
	if (b[0].n)
		input_read_text(&in, slice_of("rules"), buf_view(&b[0]));
	inventory_read(&inv, &vms, false, &scratch);
	inventory_read(&inv, &rvms, true, &scratch);
	assert_int_equal(diags.errors, 0);
	assert_true(compile_add_emit(&o, slice_of("ipf,ipf6"), NULL));
	assert_true(compile_host(&inv, in.rules.v, in.rules.n, &o, take_file, files, NULL));
	input_done(&in);
	arena_free(&scratch);
	for (unsigned i = 0; i < 3; i++)
		buf_free(&b[i]);
}

static void
read_file(struct buf *b, const char *path)
{
	FILE *f = fopen(path, "r");

	b->n = 0;
	if (!f)
		return;
	while (!feof(f) && !ferror(f))
		b->n += fread(buf_room(b, 4096), 1, 4096, f);
	fclose(f);
}

/* Without the line that has the date. */
static bool
same(const struct buf *a, const struct buf *b)
{
	const char *x = a->n ? memmem(a->p, a->n, "generated at ", 13) : NULL;
	const char *y = b->n ? memmem(b->p, b->n, "generated at ", 13) : NULL;

	if (!x || !y)
		return a->n == b->n && (a->n == 0 || memcmp(a->p, b->p, a->n) == 0);
	x = memchr(x, '\n', (size_t)(a->p + a->n - x));
	y = memchr(y, '\n', (size_t)(b->p + b->n - y));
	return a->p + a->n - x == b->p + b->n - y && memcmp(x, y, (size_t)(a->p + a->n - x)) == 0;
}

/* --- an operation -------------------------------------------------------------------------------------------- */

static void
check_disk(bool *reported, const bool *spec, const char *what)
{
	static struct buf want[VMS][2], now;

	fresh_compile(want);
	for (unsigned i = 0; i < VMS; i++) {
		bool changed = false;

		if (!m.vm[i].firewall)
			continue;
		for (unsigned f = 0; f < 2; f++) {
			read_file(&now, arena_printf(&m.arena, "%s/zones/%u/config/%s", m.root, i,
			    f ? "ipf6.conf" : "ipf.conf"));
			if (!same(&now, &want[i][f]))
				fail_msg("%s: VM %u: the file is\n%.*s\nand should be\n%.*s", what, i,
				    (int)now.n, now.p, (int)want[i][f].n, want[i][f].p);
			changed |= !same(&now, &m.text[i][f]);
			m.text[i][f].n = 0;
			buf_slice(&m.text[i][f], buf_view(&now));
		}
		if (reported[i] != (spec[i] || changed))
			fail_msg("%s: VM %u is%s reported, is%s named by the spec, and did%s change", what, i,
			    reported[i] ? "" : " not", spec[i] ? "" : " not", changed ? "" : " not");
	}
}

static void
run(const char *operation, const struct buf *members, const bool *spec)
{
	struct diags diags = { .arena = &m.arena };
	struct state_opts o = { .root = m.root, .level = 0, .ipf = "/bin/false" };
	struct src src = { .name = slice_of("request") }, answer = { .name = slice_of("answer") };
	unsigned which = random_below(3);
	struct state *s = which < 2 ? m.state[which] : state_open(&o, &diags);
	struct buf request = { 0 }, out = { 0 };
	bool reported[VMS] = { false };
	json_t *params, *result;
	const json_t *v;
	size_t i;

	buf_str(&request, "{\"vms\":");
	write_vms(&request);
	buf_slice(&request, buf_view(members));
	buf_char(&request, '}');
	src.text = buf_view(&request);
	params = json_read_all(&src, &diags);
	assert_non_null(params);
	if (!state_call(s, operation, params, &m.arena, &diags, &out))
		fail_msg("%s %.*s: %s", operation, (int)members->n, members->p, diags.list.v[0].text);
	answer.text = buf_view(&out);
	result = json_read_all(&answer, &diags);
	assert_non_null(result);
	json_array_foreach(json_object_get(result, "vms"), i, v)
		reported[json_string_value(v)[35] - '0'] = true;
	for (i = 0; i < VMS; i++)
		assert_false(reported[i] && !m.vm[i].firewall);
	check_disk(reported, spec, arena_printf(&m.arena, "%s %.*s", operation, (int)members->n,
	    members->p));
	json_decref(params);
	json_decref(result);
	buf_free(&request);
	buf_free(&out);
	if (which == 2)
		state_close(s);
}

/* --- random things -------------------------------------------------------------------------------------------- */

static void
random_side(struct m_rule *r, unsigned s)
{
	r->n[s] = 1 + random_below(TARGETS);
	for (unsigned k = 0; k < r->n[s]; k++) {
		struct target *t = &r->side[s][k];

		t->kind = random_below(T_KINDS);
		/* These stand alone. */
		if (t->kind <= T_ALL)
			r->n[s] = k + 1;
		t->a = random_below(t->kind == T_VM ? VMS : t->kind == T_RVM ? RVMS : t->kind == T_IP ? 20
		    : 2);
		t->b = random_below(2);
	}
	if (r->side[s][r->n[s] - 1].kind <= T_ALL) {
		r->side[s][0] = r->side[s][r->n[s] - 1];
		r->n[s] = 1;
	}
}

static bool
affects_vms(const struct m_rule *r)
{
	return far_names_vms(r, 0) || far_names_vms(r, 1);
}

static struct m_rule
random_rule(void)
{
	struct m_rule r = { .stored = true };

	r.enabled = random_below(5) > 0;
	r.owner = random_below(OWNERS);
	r.priority = random_below(4) ? 0 : 1 + random_below(3);
	r.version = ++m.version;
	r.port = 1 + random_below(4);
	r.block = random_below(2);
	do {
		random_side(&r, 0);
		random_side(&r, 1);
	} while (!affects_vms(&r));
	return r;
}

static void
random_vm(struct m_vm *v)
{
	v->there = true;
	v->firewall = random_below(6) > 0;
	v->owner = random_below(OWNERS);
	v->n_ips = random_below(3);
	v->ip = random_below(18);
	for (unsigned t = 0; t < 2; t++)
		v->tag[t] = (int)random_below(3) - 1;
}

/* --- the operations ---------------------------------------------------------------------------------------------- */

static void
add_rules(struct buf *b, bool *spec)
{
	unsigned n = random_below(3);

	if (n == 0)
		return;
	buf_str(b, ",\"rules\":[");
	for (unsigned k = 0, i = random_below(RULES); k < n; k++, i = (i + 1) % RULES) {
		struct m_rule old = m.rule[i];

		/* Now and then the same again, which is dropped. */
		if (!old.stored || random_below(4)) {
			m.rule[i] = random_rule();
			if (old.stored)
				add_named(spec, &old);
			add_named(spec, &m.rule[i]);
		}
		buf_str(b, k ? "," : "");
		write_rule(b, i, &m.rule[i]);
	}
	buf_char(b, ']');
}

static void
payload(const char *operation)
{
	bool spec[VMS] = { false }, rvms[RVMS] = { false }, locals[VMS] = { false };
	struct buf b = { 0 };
	unsigned n;

	add_rules(&b, spec);
	if (random_below(2)) {
		buf_str(&b, ",\"remoteVMs\":[");
		for (unsigned k = 0, i = random_below(RVMS); k < 1 + random_below(2); k++, i = (i + 1) % RVMS) {
			random_vm(&m.rvm[i]);
			rvms[i] = true;
		}
		n = 0;
		for (unsigned i = 0; i < RVMS; i++)
			if (rvms[i]) {
				buf_str(&b, n++ ? "," : "");
				write_rvm(&b, i);
			}
		buf_char(&b, ']');
	}
	if (b.n == 0 || random_below(3) == 0) {
		unsigned i = random_below(VMS);

		buf_printf(&b, ",\"localVMs\":[{\"uuid\":\"%s\"}]", uuid_of('v', i));
		locals[i] = true;
	}
	for (unsigned i = 0; i < RVMS; i++)
		if (rvms[i])
			add_neighbours(spec, &m.rvm[i], 'r', i);
	for (unsigned i = 0; i < VMS; i++)
		if (locals[i]) {
			spec[i] = true;
			add_neighbours(spec, &m.vm[i], 'v', i);
		}
	buf_str(&b, ",\"allowAdds\":true");
	run(operation, &b, spec);
	buf_free(&b);
}

static void
delete_some(void)
{
	bool spec[VMS] = { false }, rvms[RVMS] = { false };
	struct buf b = { 0 };
	unsigned n = 0;

	buf_str(&b, ",\"uuids\":[");
	for (unsigned i = 0; i < RULES; i++)
		if (random_below(6) == 0) {
			buf_printf(&b, "%s\"%s\"", n++ ? "," : "", uuid_of('u', i));
			if (m.rule[i].stored)
				add_named(spec, &m.rule[i]);
		}
	buf_str(&b, "],\"rvmUUIDs\":[");
	n = 0;
	for (unsigned i = 0; i < RVMS; i++)
		if (random_below(6) == 0) {
			buf_printf(&b, "%s\"%s\"", n++ ? "," : "", uuid_of('r', i));
			rvms[i] = m.rvm[i].there;
			if (m.rvm[i].there)
				add_rvm_rules(spec, i);
		}
	buf_char(&b, ']');
	for (unsigned i = 0; i < RULES; i++)
		if (memmem(b.p, b.n, uuid_of('u', i), 36))
			m.rule[i].stored = false;
	for (unsigned i = 0; i < RVMS; i++)
		m.rvm[i].there &= !rvms[i];
	run("delete", &b, spec);
	buf_free(&b);
}

/* enabled alone, by an update: the rest stays. */
static void
switch_rule(void)
{
	unsigned i = random_below(RULES);
	bool spec[VMS] = { false };
	struct buf b = { 0 };

	if (!m.rule[i].stored)
		return;
	add_named(spec, &m.rule[i]);
	m.rule[i].enabled = !m.rule[i].enabled;
	m.rule[i].version = ++m.version;
	buf_printf(&b, ",\"rules\":[{\"uuid\":\"%s\",\"enabled\":%s,\"version\":\"%u\"}]",
	    uuid_of('u', i), m.rule[i].enabled ? "true" : "false", m.rule[i].version);
	run("update", &b, spec);
	buf_free(&b);
}

/* A dry run changes nothing, and says what would be. */
static void
dry_run(void)
{
	struct diags diags = { .arena = &m.arena };
	struct m_rule r = random_rule();
	bool none[VMS] = { false };
	struct buf b = { 0 }, out = { 0 };
	struct src src = { .name = slice_of("request") };
	json_t *params;

	buf_str(&b, "{\"dryrun\":true,\"vms\":");
	write_vms(&b);
	buf_str(&b, ",\"rules\":[");
	write_rule(&b, random_below(RULES), &r);
	buf_str(&b, "]}");
	src.text = buf_view(&b);
	params = json_read_all(&src, &diags);
	assert_true(state_call(m.state[random_below(2)], "add", params, &m.arena, &diags, &out));
	json_decref(params);
	check_disk(none, none, "a dry run");
	buf_free(&b);
	buf_free(&out);
}

static void
step(void)
{
	switch (random_below(6)) {
	case 0: case 1: payload("add"); break;
	case 2: payload("update"); break;
	case 3: delete_some(); break;
	case 4: switch_rule(); break;
	default: dry_run(); break;
	}
	arena_reset(&m.arena);
}

static int
remove_one(const char *path, const struct stat *st, int type, struct FTW *ftw)
{
	(void)st;
	(void)type;
	(void)ftw;
	return remove(path);
}

static void
one_host(void)
{
	struct state_opts o = { .root = m.root, .level = 0, .ipf = "/bin/false" };
	struct diags diags = { .arena = &m.arena };
	struct buf all = { 0 };
	bool spec[VMS];

	snprintf(m.root, sizeof(m.root), "%s/fwadm-model-XXXXXX",
	    access("/dev/shm", W_OK) == 0 ? "/dev/shm" : "/tmp");
	assert_non_null(mkdtemp(m.root));
	memset(m.rule, 0, sizeof(m.rule));
	memset(m.rvm, 0, sizeof(m.rvm));
	for (unsigned i = 0; i < VMS; i++) {
		random_vm(&m.vm[i]);
		spec[i] = true;
		m.text[i][0].n = m.text[i][1].n = 0;
	}
	m.state[0] = state_open(&o, &diags);
	m.state[1] = state_open(&o, &diags);
	buf_str(&all, ",\"localVMs\":[");
	for (unsigned i = 0; i < VMS; i++)
		buf_printf(&all, "%s{\"uuid\":\"%s\"}", i ? "," : "", uuid_of('v', i));
	buf_char(&all, ']');
	run("add", &all, spec);
	buf_free(&all);
	for (unsigned i = 0; i < STEPS; i++)
		step();
	state_close(m.state[0]);
	state_close(m.state[1]);
	nftw(m.root, remove_one, 16, FTW_DEPTH | FTW_PHYS);
}

static void
test_model(void **context)
{
	const char *hosts = getenv("MODEL_HOSTS");
	unsigned n = hosts ? (unsigned)atoi(hosts) : HOSTS;

	(void)context;
	for (unsigned i = 0; i < n; i++)
		one_host();
	for (unsigned i = 0; i < VMS; i++) {
		buf_free(&m.text[i][0]);
		buf_free(&m.text[i][1]);
	}
	arena_free(&m.arena);
}

int
main(void)
{
	const struct CMUnitTest tests[] = { cmocka_unit_test(test_model) };

	random_start(20240611);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
