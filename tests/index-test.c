/* SPDX-License-Identifier: MPL-2.0 */
/*
 * runtime/index against a plain scan: the same questions to both, over the same
 * rules, after random changes, and again through a file.
 */
#include "runtime/index/index_int.h"
#include "runtime/index/query.h"

#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <strings.h>
#include <sys/stat.h>
#include <unistd.h>

#include "compiler/backends/backend.h"
#include "compiler/base/text.h"
#include "tests/index-gen.h"

#include <cmocka.h>

#define UUIDS 400

/* --- the oracle ------------------------------------------------------------- */

typedef unsigned __int128 u128;

struct range {
	unsigned fam;
	u128 first, last;
};

static struct range
range_of(struct prefix p)
{
	u128 a = (u128)p.a.hi << 64 | p.a.lo;
	u128 size = p.len == 0 ? 0 : (u128)1 << (128 - p.len);

	if (p.len == 0)
		return (struct range){ p.fam, 0, ~(u128)0 };
	return (struct range){ p.fam, a / size * size, a / size * size + (size - 1) };
}

static bool
holds(struct range out, struct range in)
{
	return out.fam == in.fam && out.first <= in.first && in.last <= out.last;
}

static bool
scan_prefix(enum query_match m, struct prefix target, struct prefix value)
{
	struct range t = range_of(target), v = range_of(value);

	switch (m) {
	case QUERY_EXACT:
		return holds(t, v) && holds(v, t);
	case QUERY_CONTAINS:
		return holds(t, v);
	case QUERY_WITHIN:
		return holds(v, t);
	default:
		return holds(t, v) || holds(v, t);
	}
}

enum { IP, SUBNET, VM, TAG, WILD };

static bool
scan_side(const struct query *q, const struct rule_side *s, unsigned what)
{
	const struct prefix *v = what == IP ? q->ips.v : q->subnets.v;
	uint32_t n = what == IP ? q->ips.n : q->subnets.n;

	if (what == WILD)
		return (q->any && s->any) || (q->vmall && s->vmall);
	for (uint32_t i = 0; what == VM && i < q->vms.n; i++)
		for (unsigned k = 0; k < s->n_vms; k++)
			if (memcmp(&s->vms[k], &q->vms.v[i], 16) == 0)
				return true;
	for (uint32_t i = 0; what == TAG && i < q->tags.n; i++)
		for (unsigned k = 0; k < s->n_tags; k++) {
			const struct query_tag *t = &q->tags.v[i];

			if (t->key.n == s->tags[k].key.n &&
			    memcmp(t->key.p, s->tags[k].key.p, t->key.n) == 0 &&
			    (!t->has_value || !s->tags[k].has_value ||
			    (t->value.n == s->tags[k].value.n &&
			    memcmp(t->value.p, s->tags[k].value.p, t->value.n) == 0)))
				return true;
		}
	for (uint32_t i = 0; what <= SUBNET && i < n; i++) {
		for (unsigned k = 0; k < s->n_ips; k++)
			if ((what == IP || q->match != QUERY_EXACT) &&
			    scan_prefix(q->match, s->ips[k], v[i]))
				return true;
		for (unsigned k = 0; k < s->n_subnets; k++)
			if ((what == SUBNET || q->match != QUERY_EXACT) &&
			    scan_prefix(q->match, s->subnets[k], v[i]))
				return true;
	}
	return false;
}

static bool
scan_rule(const struct query *q, const struct rule *r)
{
	const bool asked[] = { q->ips.n > 0, q->subnets.n > 0, q->vms.n > 0, q->tags.n > 0,
		q->has_wildcard };
	bool owner = q->owners.n == 0, port = q->port < 0;

	for (unsigned what = 0; what < BASE_COUNT(asked); what++)
		if (asked[what] &&
		    !(q->direction != LANG_TO && scan_side(q, &r->side[LANG_FROM], what)) &&
		    !(q->direction != LANG_FROM && scan_side(q, &r->side[LANG_TO], what)))
			return false;
	for (uint32_t i = 0; i < q->owners.n; i++)
		owner |= r->has_owner && memcmp(&r->owner, &q->owners.v[i], 16) == 0;
	if (!port && (r->proto == LANG_TCP || r->proto == LANG_UDP)) {
		port = r->all;
		for (unsigned i = 0; i < r->n_items; i++)
			port |= r->items[i].a <= q->port && q->port <= r->items[i].b;
	}
	return owner && port && (q->protocol < 0 || q->protocol == r->proto) &&
	    (q->action < 0 || q->action == r->action) &&
	    (q->enabled < 0 || q->enabled == (r->enabled == RULE_TRUE ||
	    r->enabled == RULE_TRUE_TEXT)) &&
	    (q->log < 0 || q->log == (r->log == RULE_TRUE || r->log == RULE_TRUE_TEXT)) &&
	    (q->global < 0 || q->global == !r->has_owner);
}

/* --- questions ---------------------------------------------------------------- */

static void
list_or_one(struct buf *b, const char *name, void (*value)(struct buf *b))
{
	uint32_t n = random_below(3) ? 1 : 2 + random_below(3);

	buf_printf(b, ",\"%s\":%s", name, n > 1 ? "[" : "");
	for (uint32_t i = 0; i < n; i++) {
		if (i)
			buf_char(b, ',');
		value(b);
	}
	buf_str(b, n > 1 ? "]" : "");
}

static void
some_ip(struct buf *b)
{
	buf_printf(b, "\"%s\"", random_below(2) ? GEN_PICK(gen_v4) : GEN_PICK(gen_v6));
}

static void
some_subnet(struct buf *b)
{
	buf_printf(b, "\"%s\"", random_below(2) ? GEN_PICK(gen_net4) : GEN_PICK(gen_net6));
}

static void
some_vm(struct buf *b)
{
	buf_char(b, '"');
	gen_uuid(b, 2, random_below(10));
	buf_char(b, '"');
}

static void
some_owner(struct buf *b)
{
	buf_char(b, '"');
	gen_uuid(b, 1, random_below(6));
	buf_char(b, '"');
}

static void
some_tag(struct buf *b)
{
	uint32_t how = random_below(4);

	if (how == 0)
		buf_printf(b, "\"%s\"", GEN_PICK(gen_tag));
	else if (how == 1)
		buf_printf(b, "{\"%s\":true}", GEN_PICK(gen_tag));
	else if (how == 2)
		buf_printf(b, "{\"%s\":\"%s\"}", GEN_PICK(gen_tag), GEN_PICK(gen_value));
	else
		buf_printf(b, "{\"%s\":[\"%s\",\"%s\"]}", GEN_PICK(gen_tag), GEN_PICK(gen_value),
		    GEN_PICK(gen_value));
}

static void
some_wildcard(struct buf *b)
{
	static const char *const name[] = { "any", "vmall", "none" };

	buf_printf(b, "\"%s\"", GEN_PICK(name));
}

/* One parameter of twelve. */
static void
some_param(struct buf *b, uint32_t which)
{
	static const char *const protocol[] = { "ah", "esp", "icmp", "icmp6", "tcp", "udp" };
	static const int port[] = { 0, 22, 79, 80, 443, 65535 };

	switch (which) {
	case 0:
		list_or_one(b, "ip", some_ip);
		break;
	case 1:
		list_or_one(b, "subnet", some_subnet);
		break;
	case 2:
		list_or_one(b, "vm", some_vm);
		break;
	case 3:
		list_or_one(b, "tag", some_tag);
		break;
	case 4:
		list_or_one(b, "wildcard", some_wildcard);
		break;
	case 5:
		list_or_one(b, "owner_uuid", some_owner);
		break;
	case 6:
		buf_printf(b, ",\"protocol\":\"%s\"", GEN_PICK(protocol));
		break;
	case 7:
		buf_printf(b, ",\"action\":\"%s\"", random_below(2) ? "allow" : "block");
		break;
	case 8:
		buf_printf(b, ",\"enabled\":%s", random_below(2) ? "true" : "\"false\"");
		break;
	case 9:
		buf_printf(b, ",\"log\":%s", random_below(2) ? "true" : "false");
		break;
	case 10:
		buf_printf(b, ",\"global\":%s", random_below(2) ? "true" : "false");
		break;
	default:
		buf_printf(b, ",\"port\":%d", GEN_PICK(port));
	}
}
#define PARAMS 12

static void
some_question(struct buf *b, const bool asked[PARAMS])
{
	static const char *const match[] = { "exact", "contains", "within", "overlaps" };
	static const char *const sort[] = { "uuid", "-uuid", "owner_uuid", "-rule,uuid",
		"priority,-version", "enabled", "protocol,action", "description", "created_by,log" };

	b->n = 0;
	buf_printf(b, "{\"match\":\"%s\"", GEN_PICK(match));
	if (random_below(4) == 0)
		buf_printf(b, ",\"direction\":\"%s\"", random_below(2) ? "from" : "to");
	if (random_below(4) == 0)
		buf_printf(b, ",\"limit\":%u", random_below(20));
	if (random_below(4) == 0)
		buf_printf(b, ",\"offset\":\"%u\"", random_below(20));
	if (random_below(3) == 0)
		buf_printf(b, ",\"sort\":\"%s\"", GEN_PICK(sort));
	for (uint32_t i = 0; i < PARAMS; i++)
		if (asked[i])
			some_param(b, i);
	buf_char(b, '}');
}

/* --- the world ------------------------------------------------------------------ */

struct world {
	struct arena arena, scratch;
	struct diags diags;
	struct input in;
	struct rule *rule[UUIDS];       /* by the number of its UUID; NULL: absent */
	uint32_t rules;
	struct index *ix;
	struct index_reader *rd;
	struct query_answer a;
	char folder[64];
};

static void
world_start(struct world *w)
{
	memset(w, 0, sizeof(*w));
	w->diags.arena = &w->scratch;
	input_init(&w->in, &w->arena, &w->diags, (struct lang_opts){ 0 });
	w->ix = index_new();
	w->rd = index_reader_new(w->ix);
	strcpy(w->folder, "/tmp/index-test.XXXXXX");
	assert_non_null(mkdtemp(w->folder));
}

static void
world_end(struct world *w)
{
	query_answer_free(&w->a);
	index_reader_free(w->rd);
	index_free(w->ix);
	input_done(&w->in);
	arena_free(&w->arena);
	arena_free(&w->scratch);
	rmdir(w->folder);
}

static void
world_use(struct world *w, struct index *ix)
{
	assert_non_null(ix);
	index_reader_free(w->rd);
	index_free(w->ix);
	w->ix = ix;
	w->rd = index_reader_new(ix);
}

static void
change_one(struct world *w)
{
	uint32_t n = random_below(UUIDS);
	struct buf text = { 0 };
	struct uuid u;

	if (random_below(3)) {
		struct rule *r = gen_rule(&w->in, n);

		assert_int_equal(index_put(w->ix, r), w->rule[n] ? INDEX_REPLACED : INDEX_ADDED);
		w->rules += !w->rule[n];
		w->rule[n] = r;
		return;
	}
	gen_uuid(&text, 0, n);
	assert_true(uuid_read(buf_view(&text), &u));
	buf_free(&text);
	assert_int_equal(index_remove(w->ix, u), w->rule[n] ? INDEX_REMOVED : INDEX_ABSENT);
	w->rules -= w->rule[n] != NULL;
	w->rule[n] = NULL;
}

/* --- comparing -------------------------------------------------------------------- */

static const struct query *cmp_query;

static int
cmp_text(struct slice a, struct slice b)
{
	return text_cmp16(a, b);
}

static int
cmp_by(unsigned key, const struct rule *a, const struct rule *b)
{
	switch (key) {
	case QUERY_BY_UUID:
		return memcmp(&a->uuid, &b->uuid, 16);
	case QUERY_BY_OWNER:
		if (a->has_owner != b->has_owner)
			return a->has_owner - b->has_owner;
		return a->has_owner ? memcmp(&a->owner, &b->owner, 16) : 0;
	case QUERY_BY_RULE:
		return cmp_text(a->text, b->text);
	case QUERY_BY_VERSION:
		return cmp_text(a->version, b->version);
	case QUERY_BY_CREATED_BY:
		return cmp_text(a->created_by, b->created_by);
	case QUERY_BY_DESCRIPTION:
		if (a->has_description != b->has_description)
			return a->has_description - b->has_description;
		return cmp_text(a->description, b->description);
	case QUERY_BY_ACTION:
		return a->action - b->action;
	case QUERY_BY_PROTOCOL:
		return strcmp(lang_proto_name[a->proto], lang_proto_name[b->proto]);
	case QUERY_BY_PRIORITY:
		return a->priority - b->priority;
	case QUERY_BY_ENABLED:
		return rule_is_true(a->enabled) - rule_is_true(b->enabled);
	default:
		return rule_is_true(a->log) - rule_is_true(b->log);
	}
}

static int
cmp_rules(const void *x, const void *y)
{
	const struct rule *a = *(struct rule *const *)x, *b = *(struct rule *const *)y;

	for (unsigned i = 0; i < cmp_query->n_sort; i++) {
		int c = cmp_by(cmp_query->sort[i].key, a, b);

		if (c)
			return cmp_query->sort[i].down ? -c : c;
	}
	return memcmp(&a->uuid, &b->uuid, 16);
}

static void
write_all(struct buf *out, const struct rule *r)
{
	rule_write_serialized(out, r);
	rule_write_raw(out, r);
}

static void
compare(struct world *w, struct slice question)
{
	struct src src = { .name = slice_of("question"), .text = question };
	json_t *params = json_read_all(&src, &w->diags);
	struct rule *want[UUIDS], view;
	struct record_room room;
	struct query_errors errors;
	struct buf x = { 0 }, y = { 0 };
	struct arena arena = { 0 };
	uint32_t n = 0, from;
	struct query q;

	assert_non_null(params);
	query_read(&q, params, &arena, &errors);
	assert_int_equal(errors.list.n, 0);
	q.total = random_below(2);
	for (uint32_t i = 0; i < UUIDS; i++)
		if (w->rule[i] && scan_rule(&q, w->rule[i]))
			want[n++] = w->rule[i];
	cmp_query = &q;
	qsort(want, n, sizeof(*want), cmp_rules);
	index_begin(w->rd);
	assert_true(query_run(w->rd, &q, &w->a));
	if (w->a.total != n && (q.total || q.limit == UINT32_MAX))
		fail_msg("%.*s: %u rules, %u found", (int)question.n, question.p, n, w->a.total);
	from = q.offset < n ? q.offset : n;
	assert_int_equal(w->a.found.n, n - from < q.limit ? n - from : q.limit);
	for (uint32_t i = 0; i < w->a.found.n; i++) {
		x.n = y.n = 0;
		assert_true(index_view(w->rd, w->a.found.v[i], &view, &room));
		write_all(&x, &view);
		write_all(&y, want[from + i]);
		if (!slice_eq(buf_view(&x), buf_view(&y)))
			fail_msg("%.*s: at %u\n%.*s\n%.*s", (int)question.n, question.p, i,
			    (int)x.n, x.p, (int)y.n, y.p);
	}
	/* All of it as JSON. */
	x.n = y.n = 0;
	assert_true(query_write(&x, w->rd, &q, &w->a));
	buf_char(&y, '[');
	for (uint32_t i = 0; i < w->a.found.n; i++) {
		buf_str(&y, i ? "," : "");
		fwapi_write_rule(&y, want[from + i], q.fields);
	}
	buf_char(&y, ']');
	assert_true(slice_eq(buf_view(&x), buf_view(&y)));
	q.count = true;
	assert_true(query_run(w->rd, &q, &w->a));
	assert_int_equal(w->a.total, n);
	assert_int_equal(index_rules(w->rd), w->rules);
	index_end(w->rd);
	json_decref(params);
	buf_free(&x);
	buf_free(&y);
	arena_free(&arena);
}

/* Every parameter alone, all pairs, some triples. */
static void
ask(struct world *w, unsigned triples)
{
	struct buf b = { 0 };

	for (uint32_t i = 0; i < PARAMS; i++)
		for (uint32_t k = i; k < PARAMS; k++) {
			bool asked[PARAMS] = { [0] = false };

			asked[i] = asked[k] = true;
			some_question(&b, asked);
			compare(w, buf_view(&b));
		}
	for (unsigned t = 0; t < triples; t++) {
		bool asked[PARAMS] = { [0] = false };

		for (int i = 0; i < 3; i++)
			asked[random_below(PARAMS)] = true;
		some_question(&b, asked);
		compare(w, buf_view(&b));
	}
	some_question(&b, (bool[PARAMS]){ [0] = false });
	compare(w, buf_view(&b));
	buf_free(&b);
}

/* --- tests ------------------------------------------------------------------------- */

static void
test_changes(void **state)
{
	struct world w;

	(void)state;
	world_start(&w);
	ask(&w, 10);
	for (unsigned round = 0; round < 40; round++) {
		for (unsigned i = 0; i < 40; i++)
			change_one(&w);
		ask(&w, 60);
	}
	world_end(&w);
}

static uint32_t
rules_of(struct world *w, struct rule **out)
{
	uint32_t n = 0;

	for (uint32_t i = 0; i < UUIDS; i++)
		if (w->rule[i])
			out[n++] = w->rule[i];
	return n;
}

/* Built at once, changed, saved, opened, changed on top of the file, saved again. */
static void
test_build_and_file(void **state)
{
	struct rule *list[UUIDS];
	char path[128];
	struct world w;

	(void)state;
	world_start(&w);
	snprintf(path, sizeof(path), "%s/x.fwi", w.folder);
	for (unsigned round = 0; round < 6; round++) {
		for (unsigned i = 0; i < 100; i++)
			change_one(&w);
		world_use(&w, index_build(list, rules_of(&w, list)));
		ask(&w, 40);
		for (unsigned i = 0; i < 100 * (round % 3); i++)
			change_one(&w);
		ask(&w, 40);
		assert_true(index_save(w.ix, path, &w.diags));
		world_use(&w, index_open(path, &w.diags));
		ask(&w, 40);
		for (unsigned i = 0; i < 150; i++)
			change_one(&w);
		ask(&w, 40);
	}
	unlink(path);
	world_end(&w);
}

/* An empty index has answers, a file and an end. */
static void
test_empty(void **state)
{
	char path[128];
	struct world w;

	(void)state;
	world_start(&w);
	snprintf(path, sizeof(path), "%s/x.fwi", w.folder);
	assert_true(index_save(w.ix, path, &w.diags));
	world_use(&w, index_open(path, &w.diags));
	ask(&w, 10);
	world_use(&w, index_build(NULL, 0));
	ask(&w, 10);
	unlink(path);
	world_end(&w);
}

static void
write_bytes(const char *path, const char *p, size_t n)
{
	int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC, 0600);

	assert_true(fd >= 0 && write(fd, p, n) == (ssize_t)n && close(fd) == 0);
}

static void
expect_refusal(struct world *w, const char *path, const char *text)
{
	uint32_t before = w->diags.errors;
	struct index *ix = index_open(path, &w->diags);

	assert_null(ix);
	assert_int_equal(w->diags.errors, before + 1);
	if (w->diags.list.n && !strstr(w->diags.list.v[w->diags.list.n - 1].text, text))
		fail_msg("\"%s\" is not in \"%s\"", text,
		    w->diags.list.v[w->diags.list.n - 1].text);
	w->diags.list.n = 0;
}

static void
test_damaged_files(void **state)
{
	struct rule *list[UUIDS];
	char path[128], kept;
	struct slice bytes;
	struct src *src;
	struct world w;
	uint32_t order;

	(void)state;
	world_start(&w);
	snprintf(path, sizeof(path), "%s/x.fwi", w.folder);
	for (unsigned i = 0; i < 200; i++)
		change_one(&w);
	world_use(&w, index_build(list, rules_of(&w, list)));
	assert_true(index_save(w.ix, path, &w.diags));
	src = input_file(&w.arena, &w.diags, path);
	assert_non_null(src);
	bytes = src->text;
	for (unsigned i = 0; i < 300; i++) {
		size_t at = i < 20 ? i * 9 : random_u64() % bytes.n;
		char *p = (char *)(uintptr_t)bytes.p + at;

		kept = *p;
		*p = (char)(*p ^ (1 << random_below(8)));
		write_bytes(path, bytes.p, bytes.n);
		if (at < 8)
			expect_refusal(&w, path, "is not one");
		else
			assert_null(index_open(path, &w.diags));
		*p = kept;
	}
	w.diags.list.n = 0;
	for (unsigned i = 0; i < 60; i++) {
		size_t n = i < 20 ? 8 + i * 300 : random_u64() % bytes.n;

		write_bytes(path, bytes.p, n);
		expect_refusal(&w, path, "is cut off");
	}
	memcpy((char *)(uintptr_t)bytes.p + 12, "\115\0\0\0", 4);
	write_bytes(path, bytes.p, bytes.n);
	expect_refusal(&w, path, "is of version 77");
	memcpy(&order, bytes.p + 8, 4);
	order = __builtin_bswap32(order);
	memcpy((char *)(uintptr_t)bytes.p + 8, &order, 4);
	write_bytes(path, bytes.p, bytes.n);
	expect_refusal(&w, path, "byte order");
	unlink(path);
	world_end(&w);
}

/* Heads that lie about sizes, under a checksum that is right: nothing beyond is touched. */
static void
test_lying_heads(void **state)
{
	static const struct {
		size_t at, size;
		uint64_t value;
	} lies[] = {
		{ offsetof(struct index_head, pages), 4, UINT32_MAX },
		{ offsetof(struct index_head, pages), 4, STORE_MAX_PAGES },
		{ offsetof(struct index_head, pages), 4, 0 },
		{ offsetof(struct index_head, pages), 4, 1 },
		{ offsetof(struct index_head, sorted), 4, UINT32_MAX },
		{ offsetof(struct index_head, sorted), 4, SET_MAX_NUMBER },
		{ offsetof(struct index_head, numbers), 4, UINT32_MAX },
		{ offsetof(struct index_head, numbers), 4, 0xfffff000 },
		{ offsetof(struct index_head, numbers), 4, 1 },
		{ offsetof(struct index_head, bytes), 8, UINT64_MAX },
		{ offsetof(struct index_head, bytes), 8, 0 },
		{ offsetof(struct index_head, state) + offsetof(struct index_state, rules), 4,
		  UINT32_MAX },
	};
	struct rule *list[UUIDS];
	union index_head_page *head;
	char path[128], *bytes;
	struct src *src;
	struct world w;

	(void)state;
	world_start(&w);
	snprintf(path, sizeof(path), "%s/x.fwi", w.folder);
	for (unsigned i = 0; i < 200; i++)
		change_one(&w);
	world_use(&w, index_build(list, rules_of(&w, list)));
	assert_true(index_save(w.ix, path, &w.diags));
	src = input_file(&w.arena, &w.diags, path);
	assert_non_null(src);
	bytes = base_alloc(src->text.n);
	for (size_t i = 0; i < BASE_COUNT(lies); i++) {
		memcpy(bytes, src->text.p, src->text.n);
		memcpy(bytes + lies[i].at, &lies[i].value, lies[i].size);
		head = (union index_head_page *)bytes;
		head->h.sum = index_head_sum(bytes);
		write_bytes(path, bytes, src->text.n);
		expect_refusal(&w, path, lies[i].size == 8 ? "is " : "contradicts itself");
	}
	free(bytes);
	unlink(path);
	world_end(&w);
}

/* The canonical sentence writes its keywords in capitals. */
static bool
stands_in(struct slice text, struct slice target)
{
	for (size_t i = 0; i + target.n <= text.n; i++)
		if (strncasecmp(text.p + i, target.p, target.n) == 0)
			return true;
	return false;
}

/* What explains an answer is a target of the rule that matches by the oracle. */
static void
test_explain(void **state)
{
	struct buf b = { 0 };
	struct world w;

	(void)state;
	world_start(&w);
	for (unsigned i = 0; i < 300; i++)
		change_one(&w);
	for (unsigned round = 0; round < 300; round++) {
		bool asked[PARAMS] = { [0] = false };
		struct src src = { .name = slice_of("question") };
		struct arena arena = { 0 };
		struct query_errors errors;
		struct query q;
		json_t *params;

		asked[random_below(5)] = asked[random_below(5)] = true;
		some_question(&b, asked);
		src.text = buf_view(&b);
		params = json_read_all(&src, &w.diags);
		query_read(&q, params, &arena, &errors);
		for (uint32_t i = 0; i < UUIDS; i++) {
			struct query_reasons why;
			bool param[5] = { [0] = false };

			if (!w.rule[i])
				continue;
			query_explain(&q, w.rule[i], &arena, &why);
			for (uint32_t k = 0; k < why.list.n; k++) {
				const struct query_reason *y = &why.list.v[k];
				static const char *const name[] = { "ip", "subnet", "vm", "tag",
					"wildcard" };

				for (int c = 0; c < 5; c++)
					param[c] |= strcmp(y->param, name[c]) == 0;
				/* The canonical sentence has the target, in these words. */
				if (strcmp(y->param, "wildcard") != 0 &&
				    !stands_in(w.rule[i]->text, y->target))
					fail_msg("%.*s: %.*s", (int)w.rule[i]->text.n,
					    w.rule[i]->text.p, (int)y->target.n, y->target.p);
			}
			/* Every parameter asked for has its reason exactly when the scan finds it. */
			if (scan_rule(&q, w.rule[i]))
				for (int c = 0; c < 5; c++)
					assert_int_equal(param[c], asked[c]);
		}
		json_decref(params);
		arena_free(&arena);
	}
	buf_free(&b);
	world_end(&w);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_changes),
		cmocka_unit_test(test_build_and_file),
		cmocka_unit_test(test_empty),
		cmocka_unit_test(test_damaged_files),
		cmocka_unit_test(test_lying_heads),
		cmocka_unit_test(test_explain),
	};

	random_start(4);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
