/* SPDX-License-Identifier: MPL-2.0 */
/*
 * Holds fwrule against recorded answers of the reference (tests/corpus): every
 * rule's verdict, errors, parsed form, raw, serialized and text; every host's
 * files at -O0, byte for byte; the other levels are proved and walked.  CORPUS_DIR
 * names another folder of the same form.
 *
 * The reference keeps addresses as they were typed.  What it says is brought to
 * canonical spelling here, by inet_pton and a writer of this file's own, which
 * is held against inet_ntop.
 */
#include "compiler/base/json.h"
#include "runtime/rpc/rpc.h"
#include "walker.h"

#include <arpa/inet.h>
#include <jansson.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#define SHOWN 10                /* failures described per test */
#define TARGETS 64              /* per side, more than a rule may have */

/* --- addresses ------------------------------------------------------------------- */

/* RFC 5952 with hexadecimal groups only. */
static void
write_v6(char *out, const unsigned char *b)
{
	unsigned g[8], best = 8, best_n = 1;

	for (unsigned i = 0; i < 8; i++)
		g[i] = (unsigned)b[2 * i] << 8 | b[2 * i + 1];
	for (unsigned i = 0; i < 8; i++) {
		unsigned n = 0;

		while (i + n < 8 && g[i + n] == 0)
			n++;
		if (n > best_n) {
			best = i;
			best_n = n;
		}
	}
	for (unsigned i = 0; i < 8; i++) {
		if (i == best) {
			out += sprintf(out, "::");
			i += best_n - 1;
		} else {
			out += sprintf(out, "%s%x", i > 0 && i != best + best_n ? ":" : "", g[i]);
		}
	}
}

/* A run of groups between colons or dots without leading zeros; returns how many there are. */
static unsigned
strip_zeros(char *out, const char *p, const char *end)
{
	unsigned groups = 0;

	while (p < end) {
		size_t n = 0;

		while (p + n < end && p[n] != ':' && p[n] != '.')
			n++;
		while (n > 1 && *p == '0') {
			p++;
			n--;
		}
		out += sprintf(out, "%.*s", (int)n, p);
		p += n;
		groups++;
		if (p < end)
			*out++ = *p++;
	}
	*out = '\0';
	return groups;
}

/*
 * The groups of a subnet may have any length, and "::" may stand for none: makes
 * of it what inet_pton reads.
 */
static void
strict_spelling(char *out, const char *text)
{
	const char *gap = strstr(text, "::");
	char before[256], after[256];
	unsigned n, m;

	if (!gap) {
		strip_zeros(out, text, text + strlen(text));
		return;
	}
	n = strip_zeros(before, text, gap);
	m = strip_zeros(after, gap + 2, gap + strlen(gap));
	sprintf(out, "%s%s%s", before, n + m < 8 ? "::" : n && m ? ":" : "", after);
}

/* "ADDR" or "ADDR/LEN" to canonical spelling. */
static void
canonical(char out[64], const char *text)
{
	char address[256], strict[520], *slash;
	unsigned char b[16];

	assert_true(strlen(text) < sizeof(address));
	strcpy(address, text);
	if ((slash = strchr(address, '/')) != NULL)
		*slash = '\0';
	strict_spelling(strict, address);
	if (strchr(strict, ':')) {
		char system[INET6_ADDRSTRLEN];

		if (inet_pton(AF_INET6, strict, b) != 1)
			fail_msg("not an address: %s (%s)", text, strict);
		write_v6(out, b);
		assert_non_null(inet_ntop(AF_INET6, b, system, sizeof(system)));
		if (!strchr(system, '.'))
			assert_string_equal(out, system);
	} else {
		if (inet_pton(AF_INET, strict, b) != 1)
			fail_msg("not an address: %s (%s)", text, strict);
		assert_non_null(inet_ntop(AF_INET, b, out, 64));
	}
	if (slash)
		sprintf(out + strlen(out), "/%lu", strtoul(slash + 1, NULL, 10));
}

static void
test_canonical(void **state)
{
	static const char *const pairs[][2] = {
		{ "010.0.0.01/024", "10.0.0.1/24" }, { "0:0:0:0:0:0:0:0", "::" },
		{ "1:0:0:2:0:0:0:3", "1:0:0:2::3" }, { "0001::00000a/08", "1::a/8" },
		{ "1:2:3:4:5:6:7:8::", "1:2:3:4:5:6:7:8" },
		{ "::1:2:3:4:5:6:7:8", "1:2:3:4:5:6:7:8" },
		{ "1:2:3::4:5:6:7:8", "1:2:3:4:5:6:7:8" }, { "1:2:3::5:6:7:8", "1:2:3:0:5:6:7:8" },
		{ "::ffff:102:304", "::ffff:102:304" }, { "fd00::", "fd00::" }, { "::0/0", "::/0" },
	};
	char out[64];

	(void)state;
	for (size_t i = 0; i < BASE_COUNT(pairs); i++) {
		canonical(out, pairs[i][0]);
		assert_string_equal(out, pairs[i][1]);
	}
}

/* --- the reference's forms in canonical spelling ----------------------------------- */

static int
compare_texts(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

/* Sorts and drops what is there twice; returns how many stay. */
static size_t
sort_unique(char **v, size_t n)
{
	size_t kept = 0;

	qsort(v, n, sizeof(*v), compare_texts);
	for (size_t i = 0; i < n; i++) {
		if (kept > 0 && strcmp(v[kept - 1], v[i]) == 0)
			free(v[i]);
		else
			v[kept++] = v[i];
	}
	return kept;
}

/* raw.from.ips and the like, in place. */
static void
canonical_list(json_t *list)
{
	char *v[TARGETS], out[64];
	size_t n = json_array_size(list);

	assert_true(n <= TARGETS);
	for (size_t i = 0; i < n; i++) {
		canonical(out, json_string_value(json_array_get(list, i)));
		v[i] = strdup(out);
	}
	n = sort_unique(v, n);
	json_array_clear(list);
	for (size_t i = 0; i < n; i++) {
		json_array_append_new(list, json_string(v[i]));
		free(v[i]);
	}
}

static void
canonical_raw(json_t *raw)
{
	static const char *const sides[] = { "from", "to" };

	for (int i = 0; i < 2; i++) {
		canonical_list(json_object_get(json_object_get(raw, sides[i]), "ips"));
		canonical_list(json_object_get(json_object_get(raw, sides[i]), "subnets"));
	}
}

/* Where word stands from p on, quoted strings passed over, or NULL. */
static const char *
find_outside_quotes(const char *p, const char *end, const char *word)
{
	bool quoted = false;
	size_t n = strlen(word);

	for (; p + n <= end; p++) {
		if (quoted && *p == '\\')
			p++;
		else if (*p == '"')
			quoted = !quoted;
		else if (!quoted && strncmp(p, word, n) == 0)
			return p;
	}
	return NULL;
}

/* Which of the five kinds of targets an item of canonical text is. */
static int
kind_of(const char *item)
{
	static const char *const begin[] = { "", "ip ", "subnet ", "tag ", "vm " };

	for (int k = 4; k > 0; k--)
		if (strncmp(item, begin[k], strlen(begin[k])) == 0)
			return k;
	return 0;
}

/* One side of a canonical text, with its parentheses. */
static void
canonical_side(struct buf *out, const char *p, const char *end)
{
	char *v[5][TARGETS], address[64];
	size_t n[5] = { 0 }, total = 0;
	const char *stop;
	bool first = true;

	if (*p == '(') {
		p++;
		end--;
	}
	for (; p < end; p = stop + 4) {
		char *item;
		int k;

		if ((stop = find_outside_quotes(p, end, " OR ")) == NULL)
			stop = end;
		item = strndup(p, (size_t)(stop - p));
		k = kind_of(item);
		if (k == 1 || k == 2) {
			canonical(address, strchr(item, ' ') + 1);
			item = realloc(item, strlen("subnet ") + sizeof(address));
			assert_non_null(item);
			sprintf(item, "%s %s", k == 1 ? "ip" : "subnet", address);
		}
		assert_true(n[k] < TARGETS);
		v[k][n[k]++] = item;
	}
	for (int k = 0; k < 5; k++) {
		if (k == 1 || k == 2)
			n[k] = sort_unique(v[k], n[k]);
		total += n[k];
	}
	buf_str(out, total > 1 ? "(" : "");
	for (int k = 0; k < 5; k++) {
		for (size_t i = 0; i < n[k]; i++) {
			buf_str(out, first ? "" : " OR ");
			buf_str(out, v[k][i]);
			free(v[k][i]);
			first = false;
		}
	}
	buf_str(out, total > 1 ? ")" : "");
}

/* A new string of the same canonical text with canonical addresses. */
static json_t *
canonical_text(const json_t *string)
{
	const char *text = json_string_value(string), *end = text + json_string_length(string);
	const char *from = text + strlen("FROM "), *to = find_outside_quotes(text, end, " TO ");
	const char *action = find_outside_quotes(text, end, " ALLOW ");
	struct buf b = { 0 };
	json_t *result;

	if (!action)
		action = find_outside_quotes(text, end, " BLOCK ");
	assert_non_null(to);
	assert_non_null(action);
	buf_str(&b, "FROM ");
	canonical_side(&b, from, to);
	buf_str(&b, " TO ");
	canonical_side(&b, to + strlen(" TO "), action);
	buf_add(&b, action, (size_t)(end - action));
	result = json_stringn(b.p, b.n);
	buf_free(&b);
	return result;
}

/* --- asking ------------------------------------------------------------------------ */

/* The response to a request whose params it takes over. */
static json_t *
ask(struct rpc *rpc, const char *method, json_t *params)
{
	json_t *request = json_pack("{s:s, s:i, s:s, s:o}", "jsonrpc", "2.0", "id", 1,
	    "method", method, "params", params);
	char *line = json_dumps(request, JSON_COMPACT);
	struct buf out = { 0 };
	json_error_t error;
	json_t *response;

	assert_non_null(line);
	rpc_answer(rpc, slice_of(line), &out);
	response = json_loadb(out.p, out.n, JSON_ALLOW_NUL, &error);
	if (!response)
		fail_msg("not JSON: %.*s", (int)out.n, out.p);
	buf_free(&out);
	free(line);
	json_decref(request);
	return response;
}

static bool
is_syntax_code(const char *code)
{
	return strcmp(code, "E0101") >= 0 && strcmp(code, "E0119") <= 0;
}

/* want: [{field, message, syntax}]; got: a response. */
static bool
errors_agree(const json_t *want, const json_t *got)
{
	const json_t *list = json_object_get(json_object_get(json_object_get(got, "error"),
	    "data"), "errors");
	size_t n = json_array_size(want);

	if (n == 0 || json_array_size(list) != n)
		return false;
	for (size_t i = 0; i < n; i++) {
		const json_t *w = json_array_get(want, i), *g = json_array_get(list, i);
		bool syntax = is_syntax_code(json_string_value(json_object_get(g, "code")));

		if (!json_equal(json_object_get(w, "field"), json_object_get(g, "field")))
			return false;
		if (json_is_true(json_object_get(w, "syntax")) != syntax)
			return false;
		if (!syntax && !json_equal(json_object_get(w, "message"),
			json_object_get(g, "message")))
			return false;
	}
	return true;
}

static void
describe(const char *what, const json_t *id, const json_t *want, const json_t *got)
{
	char *w = json_dumps(want, JSON_ENCODE_ANY | JSON_SORT_KEYS);
	char *g = json_dumps(got, JSON_ENCODE_ANY | JSON_SORT_KEYS);

	print_error("case %s, %s:\n  reference %.600s\n  fwrule    %.600s\n",
	    json_string_value(id), what, w, g);
	free(w);
	free(g);
}

/* --- the corpora -------------------------------------------------------------------- */

static FILE *
open_corpus(const char *name)
{
	const char *dir = getenv("CORPUS_DIR"), *srcdir = getenv("srcdir");
	struct buf path = { 0 };
	FILE *f;

	if (dir)
		buf_printf(&path, "%s/%s", dir, name);
	else
		buf_printf(&path, "%s/tests/corpus/%s", srcdir ? srcdir : ".", name);
	buf_char(&path, '\0');
	f = fopen(path.p, "r");
	if (!f)
		fail_msg("cannot open %s", path.p);
	buf_free(&path);
	return f;
}

/* The next case, or NULL at the end. */
static json_t *
next_case(FILE *f)
{
	char *line = NULL;
	size_t cap = 0;
	ssize_t n = getline(&line, &cap, f);
	json_error_t error;
	json_t *c = NULL;

	if (n > 0) {
		c = json_loadb(line, (size_t)n, JSON_ALLOW_NUL, &error);
		if (!c)
			fail_msg("corpus: %s", error.text);
	}
	free(line);
	return c;
}

/* Each failed check of a case counts once, and the first few are described. */
struct tally {
	unsigned cases, checks, failed;
	const json_t *id;
};

static void
check(struct tally *t, const char *what, bool good, const json_t *want, const json_t *got)
{
	t->checks++;
	if (good)
		return;
	if (t->failed++ < SHOWN)
		describe(what, t->id, want, got);
}

static void
check_equal(struct tally *t, const char *what, const json_t *want, const json_t *got)
{
	check(t, what, json_equal(want, got), want, got);
}

/* --- rules --------------------------------------------------------------------------- */

static json_t *
params_of(const json_t *c, const char *name, json_t *value)
{
	json_t *params = json_copy(json_object_get(c, "opts"));

	json_object_set(params, name, value);
	return params;
}

static void
check_accepted(struct tally *t, const json_t *want, const json_t *created, const json_t *parsed)
{
	json_t *raw = json_deep_copy(json_object_get(want, "raw"));
	json_t *serialized = json_deep_copy(json_object_get(want, "serialized"));
	json_t *text = canonical_text(json_object_get(want, "text"));
	const json_t *got = json_object_get(created, "result");

	canonical_raw(raw);
	json_object_set(serialized, "rule", text);
	check_equal(t, "parsed", json_object_get(want, "parsed"),
	    json_object_get(parsed, "result"));
	check_equal(t, "raw", raw, json_object_get(got, "raw"));
	check_equal(t, "serialized", serialized, json_object_get(got, "serialized"));
	check_equal(t, "text", text, json_object_get(got, "text"));
	json_decref(raw);
	json_decref(serialized);
	json_decref(text);
}

static void
check_rule(struct tally *t, struct rpc *rpc, const json_t *c)
{
	json_t *payload = json_object_get(c, "payload"), *rule = json_object_get(payload, "rule");
	const json_t *want = json_object_get(c, "want"), *ok = json_object_get(want, "ok");
	json_t *created = ask(rpc, "create", params_of(c, "payload", payload));

	t->id = json_object_get(c, "id");
	if (ok) {
		json_t *params = params_of(c, "rule", rule), *parsed;

		json_object_del(params, "enforceGlobal");
		parsed = ask(rpc, "parse", params);
		check_accepted(t, ok, created, parsed);
		json_decref(parsed);
	} else {
		check(t, "errors", errors_agree(json_object_get(want, "error"), created), want,
		    created);
	}
	json_decref(created);
}

static void
finish(const struct tally *t, FILE *f)
{
	print_message("%u cases, %u checks, %u failed\n", t->cases, t->checks, t->failed);
	fclose(f);
	assert_int_not_equal(t->cases, 0);
	assert_int_equal(t->failed, 0);
}

static void
test_rules(void **state)
{
	struct tally t = { 0 };
	struct rpc *rpc = rpc_new(NULL);
	FILE *f = open_corpus("rules.jsonl");
	json_t *c;

	(void)state;
	for (; (c = next_case(f)) != NULL; t.cases++) {
		check_rule(&t, rpc, c);
		json_decref(c);
	}
	rpc_free(rpc);
	finish(&t, f);
}

/* --- hosts --------------------------------------------------------------------------- */

/* The file that the reference wrote at path: of the VM whose zone it is. */
static const json_t *
file_at(const json_t *files, const json_t *vms, const char *path)
{
	const char *name = strrchr(path, '/') + 1;
	const json_t *vm;
	size_t i;

	json_array_foreach(vms, i, vm) {
		const char *zone = json_string_value(json_object_get(vm, "zonepath"));
		size_t n = strlen(zone);

		if (strncmp(path, zone, n) == 0 && strncmp(path + n, "/config/", 8) == 0)
			return json_object_get(json_object_get(files,
			    json_string_value(json_object_get(vm, "uuid"))), name);
	}
	return NULL;
}

static size_t
count_files(const json_t *files)
{
	const json_t *of_vm;
	const char *uuid;
	size_t n = 0;

	json_object_foreach((json_t *)files, uuid, of_vm)
		n += json_object_size(of_vm);
	return n;
}

static void
check_host(struct tally *t, struct rpc *rpc, const json_t *c)
{
	const json_t *want = json_object_get(c, "want"), *vms, *files, *expected;
	json_t *params = json_copy(json_object_get(c, "host")), *response;
	const char *path;

	t->id = json_object_get(c, "id");
	json_object_set(params, "ipfTags", json_object_get(c, "ipfTags"));
	json_object_set_new(params, "date", json_string("<date>"));
	json_object_set_new(params, "optimize", json_integer(0));
	response = ask(rpc, "compile", params);
	vms = json_object_get(json_object_get(c, "host"), "vms");
	files = json_object_get(json_object_get(response, "result"), "files");
	check_equal(t, "vms", json_object_get(want, "vms"),
	    json_object_get(json_object_get(response, "result"), "vms"));
	json_object_foreach(json_object_get(want, "files"), path, expected)
		check_equal(t, path, expected, file_at(files, vms, path));
	check(t, "number of files",
	    json_object_size(json_object_get(want, "files")) == count_files(files), want, response);
	json_decref(response);
}

/* --- levels -------------------------------------------------------------------------- */

#define LEVELS 3                        /* -O1 and up, which mean the same */

static json_t *
compile_proved(struct rpc *rpc, const json_t *c, int level)
{
	json_t *params = json_copy(json_object_get(c, "host"));

	json_object_set(params, "ipfTags", json_object_get(c, "ipfTags"));
	json_object_set_new(params, "optimize", json_integer(level));
	json_object_set_new(params, "verify", json_true());
	return ask(rpc, "compile", params);
}

static bool
agree_on(void *arg, const struct m_packet *p)
{
	const struct w_file *f = arg;
	struct m_outcome first = w_decide(&f[0], p, NULL), o;

	for (int i = 1; i < LEVELS; i++) {
		o = w_decide(&f[i], p, NULL);
		if (!m_same(&first, &o))
			return false;
	}
	return true;
}

/* Walks packets at every edge of all the files, one of each level. */
static bool
agree_at_edges(struct arena *arena, const struct w_file f[LEVELS])
{
	struct w_edges e;
	bool same = true;

	for (int dir = M_IN; dir <= M_OUT; dir++)
		for (int i = 0; i < w_protos && same; i++) {
			w_edges_init(&e, arena, dir, f[0].fam, w_proto[i]);
			for (int k = 0; k < LEVELS; k++)
				w_edges_file(&e, &f[k]);
			w_edges_close(&e);
			same = w_edges_walk(&e, agree_on, (void *)f);
		}
	return same;
}

static void
check_file_levels(struct tally *t, json_t *const response[LEVELS], const char *uuid, int fam)
{
	struct arena arena = { 0 };
	struct w_file f[LEVELS];
	bool read = true;

	for (int i = 0; i < LEVELS; i++) {
		const json_t *files = json_object_get(json_object_get(response[i], "result"), "files");
		const json_t *text = json_object_get(json_object_get(files, uuid),
		    fam == 4 ? "ipf.conf" : "ipf6.conf");

		read = read && json_is_string(text) &&
		    w_read(&f[i], &arena, NULL, fam, json_slice(text));
	}
	check(t, "files that can be walked", read, response[0], response[LEVELS - 1]);
	check(t, "levels", !read || agree_at_edges(&arena, f), response[0], response[LEVELS - 1]);
	arena_free(&arena);
}

static void
check_levels(struct tally *t, struct rpc *rpc, const json_t *c)
{
	json_t *response[LEVELS];
	const json_t *vm;
	size_t n;

	t->id = json_object_get(c, "id");
	for (int i = 0; i < LEVELS; i++) {
		response[i] = compile_proved(rpc, c, i + 1);
		check(t, "proof", json_object_get(response[i], "result") != NULL, c, response[i]);
	}
	json_array_foreach(json_object_get(json_object_get(response[0], "result"), "vms"), n, vm)
		for (int fam = 4; fam <= 6; fam += 2)
			check_file_levels(t, response, json_string_value(vm), fam);
	for (int i = 0; i < LEVELS; i++)
		json_decref(response[i]);
}

/* -O1, -O2 and -O3 of all hosts: each file is proved, and walked beside the others. */
static void
test_levels(void **state)
{
	struct tally t = { 0 };
	struct rpc *rpc = rpc_new(NULL);
	FILE *f = open_corpus("hosts.jsonl");
	json_t *c;

	(void)state;
	for (; (c = next_case(f)) != NULL; t.cases++) {
		check_levels(&t, rpc, c);
		json_decref(c);
	}
	rpc_free(rpc);
	finish(&t, f);
}

static void
test_hosts(void **state)
{
	struct tally t = { 0 };
	struct rpc *rpc = rpc_new(NULL);
	FILE *f = open_corpus("hosts.jsonl");
	json_t *c;

	(void)state;
	for (; (c = next_case(f)) != NULL; t.cases++) {
		check_host(&t, rpc, c);
		json_decref(c);
	}
	rpc_free(rpc);
	finish(&t, f);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_canonical),
		cmocka_unit_test(test_rules),
		cmocka_unit_test(test_hosts),
		cmocka_unit_test(test_levels),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
