/* SPDX-License-Identifier: MPL-2.0 */
/*
 * Files as sets of packets against filter_eval at every edge of every class, and
 * files held against each other.
 */
#include "compiler/base/json.h"
#include "compiler/filter/decide.h"

#include "tests/ipf-doc.h"
#include "tests/ipf-gen.h"
#include "tests/points.h"
#include "tests/random.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

static void
points_of_file(struct points *p, const struct ipf_file *f)
{
	for (uint32_t i = 0; i < f->lines.n; i++) {
		const struct ipf_line *l = &f->lines.v[i];
		const struct ipf_addr *a = l->dir == IPF_IN ? &l->src : &l->dst;

		if (!a->any) {
			add_addr(p, prefix_first(a->p));
			add_addr(p, prefix_last(a->p));
		}
		if (l->dport.op) {
			add_key(p, l->dport.a);
			add_key(p, l->dport.b);
		}
		if (l->has_type) {
			add_key(p, (uint16_t)(l->type << 8));
			add_key(p, (uint16_t)(l->type << 8 | 255));
			add_key(p, (uint16_t)(l->type << 8 | l->code));
		}
	}
	/* Where ICMP types begin and cease to have state. */
	for (unsigned type = 0; type < 255; type++)
		if (filter_can_keep_state(p->fam, p->fam == NET_V4 ? 1 : 58, type) !=
		    filter_can_keep_state(p->fam, p->fam == NET_V4 ? 1 : 58, type + 1))
			add_key(p, (uint16_t)((type + 1) << 8));
}

/* --- files -------------------------------------------------------------- */

static void
random_file(struct buf *text, unsigned fam, struct gen *g)
{
	text->n = 0;
	*g = (struct gen){
		.fam = fam, .lines = random_below(random_below(4) ? 12 : 40),
		.groups = random_below(2), .people = random_below(3) == 0,
		.tags = random_below(4) == 0,
	};
	gen_file(text, g);
}

static bool
has_flags(unsigned flags, const struct ipf_line *l)
{
	return (flags & l->flags_mask) == l->flags;
}

/* Which packets a file tells apart: a packet of any class behaves like its class's. */
static const struct filter_class *
find_class(const struct filter_space *s, const struct filter_packet *p,
    const struct ipf_file *const *files, unsigned n_files)
{
	const struct filter_class *found = NULL;
	bool named = s->proto[p->proto / 64] >> p->proto % 64 & 1;

	for (uint32_t i = 0; i < s->list.n; i++) {
		const struct filter_class *c = &s->list.v[i];
		bool same_flags = true;

		if (c->dir != p->dir || (named ? c->proto != p->proto : !c->other_proto) ||
		    !addr_in(p->local, c->local, c->local_last) ||
		    (filter_has_ports(p->proto) &&
		    (p->sport < c->sport || p->sport > c->sport_last)))
			continue;
		for (unsigned f = 0; f < n_files; f++)
			for (uint32_t k = 0; k < files[f]->lines.n; k++) {
				const struct ipf_line *l = &files[f]->lines.v[k];

				if (named && p->proto == IPF_TCP && l->has_flags)
					same_flags &= has_flags(c->tcp_flags, l) ==
					    has_flags(p->tcp_flags, l);
			}
		if (!same_flags)
			continue;
		assert_null(found);             /* classes are disjoint */
		found = c;
	}
	assert_non_null(found);                 /* and all packets are in one */
	return found;
}

static uint16_t
key_of(const struct filter_packet *p)
{
	return filter_has_ports(p->proto) ? p->dport : (uint16_t)(p->type << 8 | p->code);
}

static struct filter_packet
random_packet(const struct points *p, unsigned fam)
{
	static const uint8_t proto[] = { 6, 6, 17, 1, 58, 50, 51, 47, 2 };
	struct filter_packet x = { .fam = (uint8_t)fam, .dir = (uint8_t)random_below(2) };
	uint16_t key = p->key.v[random_below(p->key.n)];

	x.proto = random_below(8) ? proto[random_below(BASE_COUNT(proto))]
	    : (uint8_t)random_below(256);
	x.remote = p->addr.v[random_below(p->addr.n)];
	x.local = p->addr.v[random_below(p->addr.n)];
	if (x.proto == IPF_TCP)
		x.tcp_flags = (uint8_t)random_below(256);
	if (filter_has_ports(x.proto)) {
		x.dport = key;
		x.sport = p->key.v[random_below(p->key.n)];
	} else if (filter_has_types(fam, x.proto)) {
		x.type = (uint8_t)(key >> 8);
		x.code = (uint8_t)key;
	}
	return x;
}

static void
check_point(const struct ipf_file *file, const struct region_list *boxes,
    const struct filter_outcomes *outcomes, const struct filter_packet *p)
{
	const struct region_box *box = region_find(boxes, p->remote, key_of(p));
	struct filter_result r;

	filter_eval(file, p, &r, NULL);
	if (!box) {
		assert_null(r.line);
		assert_int_equal(r.outcome.verdict, FILTER_NONE);
		return;
	}
	assert_ptr_equal(&file->lines.v[box->source], r.line);
	assert_memory_equal(&outcomes->list.v[box->outcome], &r.outcome, sizeof(r.outcome));
}

/* Every class at every edge, then packets of all kinds. */
static void
check_file(const struct ipf_file *file, unsigned fam)
{
	struct arena arena = { 0 };
	struct filter_space space;
	struct filter_outcomes outcomes = { .arena = &arena };
	struct points p;

	points_start(&p, &arena, fam);
	points_of_file(&p, file);
	filter_space_init(&space, &arena, fam);
	filter_space_add(&space, file);
	assert_true(filter_space_close(&space));
	for (uint32_t c = 0; c < space.list.n; c++) {
		const struct filter_class *class = &space.list.v[c];
		struct filter_packet x;
		struct region_list boxes;

		assert_true(filter_boxes(&arena, file, class, &outcomes, &boxes));
		for (uint32_t a = 0; a < p.addr.n; a++)
			for (uint32_t k = 0; k < p.key.n; k++) {
				filter_class_packet(class, p.addr.v[a], p.key.v[k], &x);
				if (!filter_has_ports(x.proto) && !filter_has_types(fam, x.proto) &&
				    p.key.v[k] > 0)
					continue;
				check_point(file, &boxes, &outcomes, &x);
			}
	}
	for (int i = 0; i < 200; i++) {
		struct filter_packet x = random_packet(&p, fam);
		struct region_list boxes;

		assert_true(filter_boxes(&arena, file, find_class(&space, &x, &file, 1), &outcomes,
		    &boxes));
		check_point(file, &boxes, &outcomes, &x);
	}
	arena_free(&arena);
}

static void
test_files(void **state)
{
	struct buf text = { 0 };

	(void)state;
	for (int round = 0; round < 4000; round++) {
		unsigned fam = random_below(2) ? NET_V4 : NET_V6;
		struct gen g;
		struct doc d;

		random_file(&text, fam, &g);
		doc_read(&d, buf_view(&text), fam);
		assert_string_equal(d.printed.p, "");
		check_file(&d.file, fam);
		doc_free(&d);
	}
	buf_free(&text);
}

/* --- two files ---------------------------------------------------------- */

struct found {
	struct arena *arena;
	const struct ipf_file *a, *b;
	VEC(struct filter_difference) list;
};

/* Each difference is true. */
static bool
keep_difference(void *arg, const struct filter_difference *d)
{
	struct found *f = arg;
	struct filter_result a, b;

	filter_eval(f->a, &d->packet, &a, NULL);
	filter_eval(f->b, &d->packet, &b, NULL);
	assert_false(filter_outcome_eq(&a.outcome, &b.outcome));
	assert_memory_equal(&a.outcome, &d->a.outcome, sizeof(a.outcome));
	assert_memory_equal(&b.outcome, &d->b.outcome, sizeof(b.outcome));
	assert_ptr_equal(a.line, d->a.line);
	assert_ptr_equal(b.line, d->b.line);
	*vec_push(f->arena, &f->list) = *d;
	return true;
}

static bool
is_found(const struct found *f, const struct filter_class *c, const struct filter_packet *p)
{
	for (uint32_t i = 0; i < f->list.n; i++) {
		const struct filter_difference *d = &f->list.v[i];

		if (memcmp(&d->class, c, sizeof(*c)) == 0 && addr_in(p->remote, d->lo, d->hi) &&
		    d->klo <= key_of(p) && key_of(p) <= d->khi)
			return true;
	}
	return false;
}

/* All differences are found, and none where there is none. */
static void
check_two(const struct ipf_file *a, const struct ipf_file *b, unsigned fam)
{
	const struct ipf_file *files[] = { a, b };
	struct arena arena = { 0 };
	struct found f = { .arena = &arena, .a = a, .b = b };
	struct filter_difference first;
	struct filter_space space;
	struct points p;
	enum filter_equal equal = filter_compare(a, b, keep_difference, &f);

	assert_int_equal(equal, f.list.n ? FILTER_DIFFERENT : FILTER_EQUAL);
	assert_int_equal(filter_equiv(a, b, &first), equal);
	if (f.list.n)
		assert_true(is_found(&f, &first.class, &first.packet));
	points_start(&p, &arena, fam);
	points_of_file(&p, a);
	points_of_file(&p, b);
	filter_space_init(&space, &arena, fam);
	filter_space_add(&space, a);
	filter_space_add(&space, b);
	assert_true(filter_space_close(&space));
	for (int i = 0; i < 2000; i++) {
		struct filter_packet x = random_packet(&p, fam);
		struct filter_result ra, rb;

		filter_eval(a, &x, &ra, NULL);
		filter_eval(b, &x, &rb, NULL);
		assert_int_equal(is_found(&f, find_class(&space, &x, files, 2), &x),
		    !filter_outcome_eq(&ra.outcome, &rb.outcome));
	}
	arena_free(&arena);
}

/* Drops, doubles or moves a line of a text. */
static void
change_line(struct buf *out, struct slice text)
{
	uint32_t lines = 0, which, line = 0, kind = random_below(4);
	const char *moved = NULL;
	size_t moved_n = 0;

	for (size_t i = 0; i < text.n; i++)
		lines += text.p[i] == '\n';
	which = lines ? random_below(lines) : 0;
	out->n = 0;
	for (size_t i = 0, n; i < text.n; i += n, line++) {
		n = (size_t)((const char *)memchr(text.p + i, '\n', text.n - i) - text.p) - i + 1;
		if (line == which && kind < 2) {
			if (kind == 1) {
				moved = text.p + i;
				moved_n = n;
			}
			continue;
		}
		buf_add(out, text.p + i, n);
		if (line == which && kind == 2)
			buf_add(out, text.p + i, n);
		if (moved) {
			buf_add(out, moved, moved_n);
			moved = NULL;
		}
	}
	if (moved)
		buf_add(out, moved, moved_n);
}

static void
test_two_files(void **state)
{
	struct buf text = { 0 }, other = { 0 };
	int good = 0, equal = 0;

	(void)state;
	for (int round = 0; round < 2000; round++) {
		unsigned fam = random_below(2) ? NET_V4 : NET_V6;
		struct gen g;
		struct doc a, b;

		random_file(&text, fam, &g);
		if (random_below(4))
			change_line(&other, buf_view(&text));
		else
			random_file(&other, fam, &g);
		doc_read(&a, buf_view(&text), fam);
		doc_read(&b, buf_view(&other), fam);
		/* Moving a head behind its group makes a bad file. */
		if (a.good && b.good) {
			check_two(&a.file, &b.file, fam);
			good++;
			equal += filter_equiv(&a.file, &b.file, &(struct filter_difference){ 0 }) ==
			    FILTER_EQUAL;
		}
		doc_free(&a);
		doc_free(&b);
	}
	print_message("# %d pairs, %d of them equal\n", good, equal);
	assert_true(good > 1000 && equal > 100 && equal < good);
	buf_free(&text);
	buf_free(&other);
}

/* --- by hand ------------------------------------------------------------ */

static void
test_equiv(void **state)
{
	static const struct {
		const char *a, *b;
		enum filter_equal want;
		const char *packet;             /* of the first difference */
		const char *outcome_a, *outcome_b;
	} table[] = {
		{ "", "", FILTER_EQUAL, NULL, NULL, NULL },
		{ "", "block in all\n", FILTER_DIFFERENT, "igmp in from 0.0.0.0", "no match",
		    "block" },
		{ "block in all\n", "block in quick all\n", FILTER_EQUAL, NULL, NULL, NULL },
		{ "block in all keep state\n",
		    "block in quick all\n", FILTER_EQUAL, NULL, NULL, NULL },
		{ "block in all keep frags\n", "block in all\n", FILTER_EQUAL, NULL, NULL, NULL },
		{ "block in quick all keep state\n", "block in quick all\n", FILTER_DIFFERENT,
		    "icmp in from 0.0.0.0, type 0 code 0", "no match", "block" },
		{ "pass in all keep frags\n", "pass in all\n", FILTER_DIFFERENT,
		    "igmp in from 0.0.0.0", "pass, keep frags", "pass" },
		{ "pass in all set-tag(cfwlog)\n", "pass in all\n", FILTER_DIFFERENT,
		    "igmp in from 0.0.0.0", "pass, tag cfwlog", "pass" },
		{ "pass in all\npass in quick from 10.0.0.0/9 to any\n"
		    "pass in quick from 10.128.0.0/9 to any\n",
		    "pass in all\npass in from 10.0.0.0/8 to any\n", FILTER_EQUAL, NULL, NULL,
		    NULL },
		{ "pass in quick from 10.0.0.0/9 to any\npass in quick from 10.128.0.0/9 to any\n",
		    "pass in from 10.0.0.0/8 to any\n", FILTER_EQUAL, NULL, NULL, NULL },
		{ "pass in quick from 10.0.0.0/9 to any\npass in quick from 10.128.0.0/10 to any\n",
		    "pass in from 10.0.0.0/8 to any\n", FILTER_DIFFERENT,
		    "igmp in from 10.192.0.0", "no match", "pass" },
		{ "pass in proto tcp from any to any port 5 : 9\n",
		    "pass in proto tcp from any to any port 4 >< 9\n"
		    "pass in proto tcp from any to any port = 9\n", FILTER_EQUAL, NULL, NULL,
		    NULL },
		{ "pass in proto tcp from 1.1.1.1 to any port 5 : 9\n",
		    "pass in proto tcp from 1.1.1.1 to any port 5 : 8\n", FILTER_DIFFERENT,
		    "tcp in from 1.1.1.1 to port 9, flags S", "pass", "no match" },
		{ "pass in proto tcp all flags S/SA\n", "pass in proto tcp all\n", FILTER_DIFFERENT,
		    "tcp in from 0.0.0.0 to port 0, flags A", "no match", "pass" },
		{ "pass out proto tcp from 1.2.3.4 port = 7 to any\n", "pass out proto tcp all\n",
		    FILTER_DIFFERENT, "tcp out to 0.0.0.0 port 0, flags S", "no match", "pass" },
		{ "pass out proto tcp all\nblock out proto tcp from 1.2.3.4 port = 7 to any\n",
		    "pass out proto tcp all\n", FILTER_DIFFERENT,
		    "tcp out from 1.2.3.4 port 7 to 0.0.0.0 port 0, flags S", "block", "pass" },
		{ "pass in from ::1 to any\n", "pass in from 1.1.1.1 to any\n", FILTER_FAMILIES,
		    NULL, NULL, NULL },
		{ "pass in from ::2/127 to any\n",
		    "pass in from ::2 to any\npass in from ::3 to any\n",
		    FILTER_EQUAL, NULL, NULL, NULL },
		{ "pass in from ::1/127 to any\n", "", FILTER_EQUAL, NULL, NULL, NULL },
		{ "pass in from ! ::1/127 to any\n", "pass in from ::/0 to any\n", FILTER_EQUAL,
		    NULL, NULL, NULL },
	};

	(void)state;
	for (size_t i = 0; i < BASE_COUNT(table); i++) {
		struct filter_difference first;
		struct doc a, b;

		doc_read(&a, slice_of(table[i].a), 0);
		doc_read(&b, slice_of(table[i].b), 0);
		assert_true(a.good && b.good);
		assert_int_equal(filter_equiv(&a.file, &b.file, &first), table[i].want);
		if (table[i].want == FILTER_DIFFERENT) {
			struct buf text = { 0 }, want = { 0 };

			filter_packet_text(&text, &first.packet);
			buf_str(&text, ": ");
			filter_outcome_text(&text, &first.a.outcome);
			buf_str(&text, " / ");
			filter_outcome_text(&text, &first.b.outcome);
			buf_char(&text, '\0');
			buf_printf(&want, "%s: %s / %s", table[i].packet, table[i].outcome_a,
			    table[i].outcome_b);
			buf_char(&want, '\0');
			assert_string_equal(text.p, want.p);
			buf_free(&text);
			buf_free(&want);
		}
		doc_free(&a);
		doc_free(&b);
	}
}

static bool
count_difference(void *arg, const struct filter_difference *d)
{
	(void)d;
	++*(int *)arg;
	return true;
}

/* Files without a family are compared in both. */
static void
test_both_families(void **state)
{
	struct doc a, b;
	int n = 0;

	(void)state;
	doc_read(&a, slice_of("pass in proto esp all\n"), 0);
	doc_read(&b, slice_of(""), 0);
	assert_int_equal(filter_compare(&a.file, &b.file, count_difference, &n), FILTER_DIFFERENT);
	assert_int_equal(n, 2);
	doc_free(&a);
	doc_free(&b);
}

/* Too much to say anything about is said to be so. */
static void
test_too_large(void **state)
{
	struct filter_difference first;
	struct buf text = { 0 };
	struct doc a, b;

	(void)state;
	for (int i = 0; i < 3000; i++)
		buf_printf(&text, "pass in from any to 10.0.%d.%d\n", i / 200, i % 200 + i % 2);
	for (int i = 0; i < 200; i++)
		buf_printf(&text, "pass in proto tcp from any port = %d to any\n", 2 * i);
	doc_read(&a, buf_view(&text), 4);
	doc_read(&b, slice_of("pass in all\n"), 4);
	assert_true(a.good && b.good);
	assert_int_equal(filter_equiv(&a.file, &b.file, &first), FILTER_TOO_LARGE);
	doc_free(&a);

	/* Lines without quick under a quick head, none of which lies in another. */
	text.n = 0;
	buf_str(&text, "pass in quick all head a\n");
	for (int i = 0; i < 12000; i++)
		buf_printf(&text, "pass in from 10.%d.%d.%d to any group a\n", i % 97, i % 89,
		    i % 250);
	doc_read(&a, buf_view(&text), 4);
	assert_true(a.good);
	assert_int_equal(filter_equiv(&a.file, &b.file, &first), FILTER_TOO_LARGE);
	doc_free(&a);
	doc_free(&b);
	buf_free(&text);
}

/* --- the corpus --------------------------------------------------------- */

static void
check_corpus_file(const char *name, struct slice text, int *equal, int *all)
{
	unsigned fam = strstr(name, "ipf6.conf") ? NET_V6 : NET_V4;
	struct filter_difference first;
	struct buf other = { 0 };
	struct doc a, b;

	doc_read(&a, text, fam);
	assert_true(a.good);
	check_file(&a.file, fam);
	assert_int_equal(filter_equiv(&a.file, &a.file, &first), FILTER_EQUAL);
	for (int i = 0; i < 4; i++) {
		change_line(&other, text);
		doc_read(&b, buf_view(&other), fam);
		assert_true(b.good);
		check_two(&a.file, &b.file, fam);
		*equal += filter_equiv(&a.file, &b.file, &first) == FILTER_EQUAL;
		++*all;
		doc_free(&b);
	}
	doc_free(&a);
	buf_free(&other);
}

static void
test_corpus(void **state)
{
	const char *folder = getenv("FWRULE_CORPUS");
	int equal = 0, all = 0;
	char path[4096];
	char *line = NULL;
	size_t cap = 0;
	ssize_t n;
	FILE *f;

	(void)state;
	snprintf(path, sizeof(path), "%s/hosts.jsonl", folder ? folder : "tests/corpus");
	f = fopen(path, "r");
	if (!f) {
		print_message("# no %s: set FWRULE_CORPUS\n", path);
		skip();
	}
	while ((n = getline(&line, &cap, f)) > 0) {
		json_t *host = json_loadb(line, (size_t)n, 0, NULL), *value;
		const char *name;

		assert_non_null(host);
		json_object_foreach(json_object_get(json_object_get(host, "want"), "files"), name,
		    value)
			if (json_is_string(value) && json_string_length(value) < 20000)
				check_corpus_file(name, json_slice(value), &equal, &all);
		json_decref(host);
	}
	free(line);
	fclose(f);
	print_message("# %d changed files, %d of them still equal\n", all, equal);
	assert_true(all >= 1000 && equal < all);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_files),
		cmocka_unit_test(test_two_files),
		cmocka_unit_test(test_equiv),
		cmocka_unit_test(test_both_families),
		cmocka_unit_test(test_too_large),
		cmocka_unit_test(test_corpus),
	};

	random_start(20240612);
	return cmocka_run_group_tests_name("decide", tests, NULL, NULL);
}
