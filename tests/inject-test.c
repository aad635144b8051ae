/* SPDX-License-Identifier: MPL-2.0 */
/*
 * What a rule's author or a VM's owner can choose never becomes a filter line.
 *
 * Newlines, control characters and whole filter lines are planted in tag keys and
 * values, versions, descriptions and every other free text of random hosts.  The
 * files are read back: each line must be one that the back end makes, in its
 * place, and the filter lines must be those of a twin host, in which every planted
 * text is replaced by a harmless name.
 */
#include "compiler/base/text.h"
#include "compiler/compile.h"
#include "compiler/input/input.h"
#include "tests/random.h"
#include "tests/sentence.h"

#include <arpa/inet.h>
#include <regex.h>
#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

#define HOSTS 200
#define RULES 12                /* of a host */
#define LOCAL 5
#define REMOTE 5
#define LINE_MAX_BYTES 999

/* --- what is planted ----------------------------------------------------------------- */

#define LINE "pass in quick proto tcp from any to any keep frags"
#define TEXT(s) { s, sizeof(s) - 1 }

static const struct slice planted[] = {
	TEXT("\n" LINE "\n"), TEXT("x\n" LINE), TEXT("\r\n" LINE "\r\n"), TEXT("\r" LINE),
	TEXT("\v" LINE), TEXT("\f" LINE), TEXT("\xc2\x85" LINE), TEXT("\xe2\x80\xa8" LINE),
	TEXT("\xe2\x80\xa9" LINE),
	TEXT("\n\n# rule=00000000-0000-0000-0000-000000000000, version=1, ip=::"),
	TEXT("\n# fwadm fallbacks\npass in all\n"), TEXT("a\0" LINE), TEXT("\0\n" LINE "\n"),
	TEXT("\x1b[2J\x1b]0;title\x07"), TEXT("\b\b\b\b"), TEXT("\x7f"), TEXT("%s%n%d"),
	TEXT("), log first level"), TEXT(", cfwlog)\n" LINE), TEXT("\\\n" LINE), TEXT("\\"),
	TEXT("\""),
	TEXT("\"\n" LINE "\""), TEXT("\\u000a" LINE), TEXT(" OR any"), TEXT(", vm=x"), TEXT(""),
	TEXT("\xe2\x80\xae\xef\xbb\xbf\xe2\x81\xa0"), TEXT("\xf0\x9f\x98\x80"), TEXT("#"),
	TEXT("\t"),
};

/* Of 10,000 bytes, with a newline where a fixed buffer or limit would cut. */
static struct slice
long_text(struct arena *a)
{
	static const char line[] = "\n" LINE "\n";
	char *p = arena_alloc(a, 10000);

	memset(p, 'x', 10000);
	for (size_t at = 900; at + sizeof(line) < 10000; at += 97)
		memcpy(p + at, line, sizeof(line) - 1);
	return (struct slice){ p, 10000 };
}

/* The planted texts, or for the twin a name for each. */
struct words {
	struct slice v[BASE_COUNT(planted) + 1];
};

static void
words_planted(struct words *w, struct arena *a)
{
	memcpy(w->v, planted, sizeof(planted));
	w->v[BASE_COUNT(planted)] = long_text(a);
}

static void
words_harmless(struct words *w, struct arena *a)
{
	for (size_t i = 0; i < BASE_COUNT(w->v); i++)
		w->v[i] = slice_of(arena_printf(a, "w%zu", i));
}

/* --- a host --------------------------------------------------------------------------- */

struct file {
	struct slice text;
	const struct vm *vm;
	const struct backend *backend;
};

struct host {
	struct arena arena;
	struct diags diags;
	struct input in;
	struct inventory inv;
	struct words words;
	VEC(struct file) files;
	bool tags;
	struct slice date;
};

static json_t *
word(const struct host *h)
{
	struct slice s = h->words.v[random_below(BASE_COUNT(h->words.v))];

	return json_stringn(s.p, s.n);
}

static void
random_uuid(char out[37])
{
	snprintf(out, 37, "%08x-%04x-4%03x-8%03x-%012llx", (unsigned)random_u64(),
	    (unsigned)random_below(65536), (unsigned)random_below(4096),
	    (unsigned)random_below(4096),
	    (unsigned long long)random_u64() & 0xffffffffffff);
}

/* The UUIDs that sentences name come first. */
static const char *const named_vms[] = {
	"0a2d8b14-f25f-40d2-8ca3-043edad506ee", "8399f8af-2deb-4e9b-86e5-25b1d091d1c2",
	"00000000-0000-0000-0000-000000000000", "ffffffff-ffff-ffff-ffff-ffffffffffff",
};
static const char *const owners[] = {
	"788f6311-3c33-45c0-987e-1dfa0140e662", "b9e50324-fb98-4244-955c-951dffa5754f",
};

static json_t *
random_vm(const struct host *h, unsigned number)
{
	char uuid[37], ip[32], ip6[48];
	json_t *vm = json_object(), *tags = json_object();

	random_uuid(uuid);
	snprintf(ip, sizeof(ip), "10.1.%u.%u", number, random_below(256));
	snprintf(ip6, sizeof(ip6), "fd00::%x:%x", number, random_below(65536));
	for (uint32_t i = random_below(4); i > 0; i--) {
		size_t k = random_below(BASE_COUNT(h->words.v));
		struct slice key = h->words.v[k];

		/* jansson reads no NUL in a key; the twin leaves the same ones out. */
		if (k < BASE_COUNT(planted) && memchr(planted[k].p, '\0', planted[k].n))
			continue;
		json_object_setn_new_nocheck(tags, key.p, key.n,
		    random_below(4) ? word(h) : json_true());
	}
	json_object_set_new(vm, "uuid", json_string(number < 4 ? named_vms[number] : uuid));
	json_object_set_new(vm, "owner_uuid", json_string(owners[random_below(2)]));
	json_object_set_new(vm, "tags", tags);
	json_object_set_new(vm, "firewall_enabled", json_true());
	json_object_set_new(vm, "state", word(h));
	json_object_set_new(vm, "alias", word(h));
	json_object_set_new(vm, "zonepath", word(h));
	if (number < LOCAL)
		json_object_set_new(vm, "nics", json_pack("[{s:s},{s:[s]}]", "ip", ip, "ips", ip6));
	else
		json_object_set_new(vm, "ips", json_pack("[s,s]", ip, ip6));
	return vm;
}

static json_t *
random_rule(const struct host *h, unsigned number)
{
	struct sentence_opts o = { .canonical = true, .words = h->words.v,
		.n_words = BASE_COUNT(h->words.v) };
	struct buf b = { 0 };
	char uuid[37];
	json_t *p = json_object(), *version = word(h);

	sentence_random(&b, random_u64(), &o);
	snprintf(uuid, sizeof(uuid), "%08x-0000-4000-8000-000000000000", number);
	json_object_set_new(p, "rule", json_stringn(b.p, b.n));
	json_object_set_new(p, "uuid", json_string(uuid));
	json_object_set_new(p, "enabled", json_true());
	json_object_set_new(p, "log", random_below(2) ? json_true() : json_false());
	if (random_below(2))
		json_object_set_new(p, "owner_uuid", json_string(owners[random_below(2)]));
	if (json_string_length(version) <= 255) {
		json_object_set(p, "version", version);
		json_object_set(p, "description", version);
		json_object_set(p, "created_by", version);
	} else {
		json_object_set_new(p, "version", json_string("1"));
	}
	json_decref(version);
	buf_free(&b);
	return p;
}

static bool
keep_file(void *context, const struct vm *vm, const struct backend *b, struct slice text)
{
	struct host *h = context;

	*vec_push(&h->arena, &h->files) =
	    (struct file){ arena_slice(&h->arena, text), vm, b };
	return true;
}

static void
no_errors(const struct host *h)
{
	if (h->diags.errors)
		fail_msg("%s", h->diags.list.v[0].text);
}

static void
compile(struct host *h)
{
	static const char *const emit[] = { "ipf", "ipf6", "fwapi", "moray" };
	struct compile_opts o = { 0 };

	o.backend.tags = h->tags;
	o.backend.date = h->date;
	for (unsigned i = 0; i < BASE_COUNT(emit); i++)
		o.emit[o.n_emit++] = backend_find(slice_of(emit[i]));
	assert_true(compile_host(&h->inv, h->in.rules.v, h->in.rules.n, &o, keep_file, h, NULL));
}

/* The host that the random numbers say, with these words. */
static void
host_open(struct host *h, bool harmless, bool tags)
{
	*h = (struct host){ .tags = tags };
	h->diags.arena = &h->arena;
	(harmless ? words_harmless : words_planted)(&h->words, &h->arena);
	input_init(&h->in, &h->arena, &h->diags, (struct lang_opts){ 0 });
	inventory_init(&h->inv, &h->arena, &h->diags);
	for (unsigned i = 0; i < LOCAL + REMOTE; i++) {
		json_t *vm = random_vm(h, i);

		if (i < LOCAL)
			inventory_add_local(&h->inv, vm, (struct slice){ "", 0 });
		else
			inventory_add_remote(&h->inv, vm, (struct slice){ "", 0 }, true);
		json_decref(vm);
		no_errors(h);
	}
	for (unsigned i = 0; i < RULES; i++) {
		json_t *payload = random_rule(h, i);
		struct rule *r = input_object(&h->in, payload, (struct slice){ "", 0 });

		no_errors(h);
		*vec_push(&h->arena, &h->in.rules) = r;
		json_decref(payload);
	}
	h->date = h->words.v[random_below(BASE_COUNT(h->words.v))];
	compile(h);
}

static void
host_close(struct host *h)
{
	input_done(&h->in);
	arena_free(&h->arena);
}

/* --- reading the files back ------------------------------------------------------------ */

#define UUID_RE "[0-9a-f]{8}-0000-4000-8000-000000000000"
#define ADDR_RE "(any|[0-9a-f:.]+(/[0-9]{1,3})?)"
#define VM_RE "[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}"

static regex_t line_re, header_re;

enum {                          /* groups of line_re */
	G_DIR = 2, G_PROTO = 3, G_FROM = 4, G_FROM_LEN = 5, G_TO = 6, G_TO_LEN = 7, G_ITEM = 8,
	G_PORT = 9, G_START = 10, G_END = 11, G_TYPE = 12, G_CODE = 14, G_TAG = 16, G_GROUPS = 18
};

static int
compile_patterns(void **state)
{
	(void)state;
	return regcomp(&line_re,
		   "^(pass|block) (in|out) quick proto (ah|esp|icmp|ipv6-icmp|tcp|udp) "
		   "from " ADDR_RE " to " ADDR_RE "( port = ([0-9]{1,5})"
		   "| port ([0-9]{1,5}) : ([0-9]{1,5})"
		   "| icmp-type ([0-9]{1,3})( code ([0-9]{1,3}))?| ) keep frags( keep state)?"
		   "( set-tag\\(uuid=" UUID_RE "(, cfwlog)?\\))?$", REG_EXTENDED) ||
	    regcomp(&header_re,
		   "^# rule=" UUID_RE ", version=.*, (wildcard=any|wildcard=vmall|"
		   "ip=[0-9a-f:.]+|subnet=[0-9a-f:.]+/[0-9]{1,3}|tag=.*|tagValue=.*|vm=" VM_RE ")$",
		   REG_EXTENDED);
}

static int
free_patterns(void **state)
{
	(void)state;
	regfree(&line_re);
	regfree(&header_re);
	return 0;
}

static unsigned
group_number(const char *line, const regmatch_t *g, unsigned i)
{
	return g[i].rm_so < 0 ? 0 : (unsigned)strtoul(line + g[i].rm_so, NULL, 10);
}

static bool
group_is(const char *line, const regmatch_t *g, unsigned i, const char *text)
{
	size_t n = (size_t)(g[i].rm_eo - g[i].rm_so);

	return g[i].rm_so >= 0 && n == strlen(text) && memcmp(line + g[i].rm_so, text, n) == 0;
}

/* Is it an address of the file's family, with a length that fits? */
static bool
good_address(const char *line, const regmatch_t *g, unsigned i, bool v6)
{
	char text[64];
	unsigned char b[16];
	size_t n = (size_t)(g[i].rm_eo - g[i].rm_so);

	if (group_is(line, g, i, "any"))
		return true;
	if (g[i + 1].rm_so >= 0)
		n -= (size_t)(g[i + 1].rm_eo - g[i + 1].rm_so);
	if (n >= sizeof(text))
		return false;
	memcpy(text, line + g[i].rm_so, n);
	text[n] = '\0';
	return inet_pton(v6 ? AF_INET6 : AF_INET, text, b) == 1 &&
	    (g[i + 1].rm_so < 0 ||
		strtoul(line + g[i + 1].rm_so + 1, NULL, 10) <= (v6 ? 128 : 32));
}

/* NULL, or what is wrong with a filter line. */
static const char *
bad_filter_line(const char *line, bool v6, bool tags)
{
	regmatch_t g[G_GROUPS];
	bool icmp, ports;

	if (regexec(&line_re, line, G_GROUPS, g, 0) != 0)
		return "not a filter line";
	if (!group_is(line, g, group_is(line, g, G_DIR, "in") ? G_TO : G_FROM, "any"))
		return "the wrong way";
	if (!good_address(line, g, G_FROM, v6) || !good_address(line, g, G_TO, v6))
		return "bad address";
	if (group_is(line, g, G_PROTO, v6 ? "icmp" : "ipv6-icmp"))
		return "the other family's protocol";
	icmp = group_is(line, g, G_PROTO, "icmp") || group_is(line, g, G_PROTO, "ipv6-icmp");
	ports = group_is(line, g, G_PROTO, "tcp") || group_is(line, g, G_PROTO, "udp");
	if (g[G_TYPE].rm_so >= 0 && !icmp)
		return "a type of no ICMP";
	if ((g[G_PORT].rm_so >= 0 || g[G_START].rm_so >= 0) && !ports)
		return "a port of no protocol with ports";
	if (group_number(line, g, G_PORT) > 65535 || group_number(line, g, G_END) > 65535 ||
	    group_number(line, g, G_START) > group_number(line, g, G_END) ||
	    group_number(line, g, G_TYPE) > 255 || group_number(line, g, G_CODE) > 255)
		return "a number out of range";
	if ((g[G_TAG].rm_so >= 0) != tags)
		return "tags where there are none, or none where there are";
	return NULL;
}

/* Characters that a terminal or an editor could take for something else than a letter. */
static bool
is_hidden(uint32_t cp)
{
	static const uint32_t hidden[] = { 0x7f, 0x85, 0xa0, 0x1680, 0x180e, 0x2028, 0x2029, 0x202f,
		0x205f, 0x2060, 0x3000, 0xfeff };

	for (size_t i = 0; i < BASE_COUNT(hidden); i++)
		if (cp == hidden[i])
			return true;
	return cp < 0x20 || (cp >= 0x2000 && cp <= 0x200d) || cp == TEXT_BAD ||
	    (cp >= 0xd800 && cp <= 0xdfff);
}

/* NULL, or what is wrong with the bytes of a line. */
static const char *
bad_bytes(struct slice line)
{
	if (line.n > LINE_MAX_BYTES)
		return "too long";
	for (size_t i = 0; i < line.n; )
		if (is_hidden(text_decode(line, &i)))
			return "a character that must be escaped";
	return NULL;
}

/* A header ends in its target, escaped as canonical text is, or was cut. */
static bool
ends_in_a_word(const struct host *h, struct slice line)
{
	struct buf b = { 0 };
	bool found = line.n > 3 && memcmp(line.p + line.n - 3, "...", 3) == 0;

	for (size_t i = 0; i < BASE_COUNT(h->words.v) && !found; i++) {
		b.n = 0;
		buf_char(&b, '=');
		rule_escape(&b, h->words.v[i]);
		found = b.n <= line.n && memcmp(line.p + line.n - b.n, b.p, b.n) == 0;
	}
	buf_free(&b);
	return found;
}

static const char *
bad_header(const struct host *h, const char *line, size_t n)
{
	regmatch_t g[2];

	if (regexec(&header_re, line, 2, g, 0) != 0)
		return "not a header";
	if (strncmp(line + g[1].rm_so, "tag", 3) == 0 &&
	    !ends_in_a_word(h, (struct slice){ line, n }))
		return "no tag that was planted";
	return NULL;
}

/* --- a whole file --------------------------------------------------------------------- */

struct reading {
	const struct host *host;
	struct slice rest;
	char line[LINE_MAX_BYTES + 1];
	size_t n;
	struct buf filter;              /* the filter lines, for comparing with the twin */
};

static void
complain(const struct reading *r, const char *what)
{
	fail_msg("%s: %.200s", what, r->line);
}

/* False at the end of the file. */
static bool
next_line(struct reading *r)
{
	const char *end, *bad;
	struct slice line;

	if (r->rest.n == 0)
		return false;
	end = memchr(r->rest.p, '\n', r->rest.n);
	if (!end)
		fail_msg("the last line has no end");
	line = (struct slice){ r->rest.p, (size_t)(end - r->rest.p) };
	if ((bad = bad_bytes(line)) != NULL)
		fail_msg("%s: %.*s", bad, (int)line.n, line.p);
	memcpy(r->line, line.p, line.n);
	r->line[line.n] = '\0';
	r->n = line.n;
	r->rest.p += line.n + 1;
	r->rest.n -= line.n + 1;
	return true;
}

static void
expect(struct reading *r, const char *line)
{
	if (!next_line(r) || strcmp(r->line, line) != 0)
		fail_msg("expected %s, not %.200s", line, r->line);
}

static void
read_head(struct reading *r)
{
	static const char date[] = "# File generated at ";

	expect(r, "# DO NOT EDIT THIS FILE. THIS FILE IS AUTO-GENERATED BY fwadm(8)");
	expect(r, "# AND MAY BE OVERWRITTEN AT ANY TIME.");
	expect(r, "#");
	if (!next_line(r) || strncmp(r->line, date, sizeof(date) - 1) != 0)
		complain(r, "no date");
	expect(r, "#");
	if (r->host->tags)
		expect(r, "# smartos_ipf_version 2");
	expect(r, "#");
	expect(r, "");
}

static void
read_fallbacks(struct reading *r, bool v6)
{
	expect(r, "block in all");
	expect(r, "pass out quick proto tcp from any to any flags S/SA keep state");
	expect(r, "pass out proto tcp from any to any");
	expect(r, "pass out proto udp from any to any keep state");
	expect(r, v6 ? "pass out quick proto ipv6-icmp from any to any keep state"
		     : "pass out quick proto icmp from any to any keep state");
	expect(r, v6 ? "pass out proto ipv6-icmp from any to any"
		     : "pass out proto icmp from any to any");
	if (next_line(r))
		complain(r, "behind the fallbacks");
}

/* Entries, each an empty line, a header and its filter lines, then the fallbacks. */
static void
read_file(struct reading *r, bool v6)
{
	const char *bad;

	read_head(r);
	expect(r, "");
	for (;;) {
		if (!next_line(r))
			complain(r, "no fallbacks");
		if (strcmp(r->line, "# fwadm fallbacks") == 0)
			break;
		if ((bad = bad_header(r->host, r->line, r->n)) != NULL)
			complain(r, bad);
		while (next_line(r) && r->n > 0) {
			if ((bad = bad_filter_line(r->line, v6, r->host->tags)) != NULL)
				complain(r, bad);
			buf_add(&r->filter, r->line, r->n);
			buf_char(&r->filter, '\n');
		}
		/* An entry in the other file only: still the twin's in number. */
		buf_char(&r->filter, '\n');
	}
	read_fallbacks(r, v6);
}

static void
read_documents(const struct host *h, const struct file *f)
{
	struct slice rest = f->text;
	size_t n = 0;
	json_t *v;

	if (strcmp(f->backend->name, "fwapi") == 0) {
		v = json_loadb(rest.p, rest.n, JSON_ALLOW_NUL, NULL);
		n = json_array_size(v);
		json_decref(v);
	} else {
		for (const char *end; rest.n && (end = memchr(rest.p, '\n', rest.n)) != NULL; n++) {
			v = json_loadb(rest.p, (size_t)(end - rest.p), JSON_ALLOW_NUL, NULL);
			assert_true(json_is_object(v));
			json_decref(v);
			rest.n -= (size_t)(end + 1 - rest.p);
			rest.p = end + 1;
		}
	}
	assert_int_equal(n, h->in.rules.n);
}

static void
check_twins(const struct host *h, const struct host *twin, unsigned *lines)
{
	assert_int_equal(h->files.n, twin->files.n);
	assert_int_equal(h->files.n, 2 * LOCAL + 2);
	for (uint32_t i = 0; i < h->files.n; i++) {
		const struct file *f = &h->files.v[i];
		struct reading a = { .host = h, .rest = f->text };
		struct reading b = { .host = twin, .rest = twin->files.v[i].text };

		if (!f->backend->write_vm) {
			read_documents(h, f);
			continue;
		}
		read_file(&a, strcmp(f->backend->name, "ipf6") == 0);
		read_file(&b, strcmp(f->backend->name, "ipf6") == 0);
		if (!slice_eq(buf_view(&a.filter), buf_view(&b.filter)))
			fail_msg("other lines than the twin:\n%.*s\n---\n%.*s", (int)a.filter.n,
			    a.filter.p, (int)b.filter.n, b.filter.p);
		for (size_t k = 0; k < a.filter.n; k++)
			*lines += a.filter.p[k] == '\n';
		buf_free(&a.filter);
		buf_free(&b.filter);
	}
}

static void
test_hosts(void **state)
{
	unsigned lines = 0;

	(void)state;
	random_start(1);
	for (int i = 0; i < HOSTS; i++) {
		uint64_t seed = random_u64(), next;
		struct host h, twin;

		next = random_state;
		random_state = seed;
		host_open(&h, false, i % 2);
		random_state = seed;
		host_open(&twin, true, i % 2);
		check_twins(&h, &twin, &lines);
		host_close(&h);
		host_close(&twin);
		random_state = next;
	}
	/* Enough of them have tags that match. */
	print_message("%u lines\n", lines);
	assert_true(lines > HOSTS * 20);
}

/* The reader above must be able to fail. */
static void
test_reader(void **state)
{
	static const char *const bad[] = {
		"pass in quick proto tcp from any to any keep frags", "pass in all",
		"pass in quick proto tcp from any to any port = 80 keep frags ",
		"pass in quick proto tcp from any to 10.0.0.1 port = 80 keep frags",
		"pass in quick proto tcp from 10.0.0.256 to any port = 80 keep frags",
		"pass in quick proto tcp from 10.0.0.1/33 to any port = 80 keep frags",
		"pass in quick proto tcp from ::1 to any port = 80 keep frags",
		"pass in quick proto tcp from any to any port = 65536 keep frags",
		"pass in quick proto tcp from any to any port 2 : 1 keep frags",
		"pass in quick proto icmp from any to any icmp-type 256 keep frags",
		"pass in quick proto icmp from any to any port = 1 keep frags",
		"pass in quick proto tcp from any to any icmp-type 1 keep frags",
		"pass in quick proto ipv6-icmp from any to any icmp-type 1 keep frags",
	};

	(void)state;
	for (size_t i = 0; i < BASE_COUNT(bad); i++)
		if (!bad_filter_line(bad[i], false, false))
			fail_msg("taken for good: %s", bad[i]);
	assert_null(bad_filter_line("block out quick proto esp from any to 10.0.0.0/8  keep frags",
	    false, false));
	assert_null(bad_filter_line("pass in quick proto tcp from ::1 to any port 1 : 2 keep frags "
	    "keep state set-tag(uuid=00000001-0000-4000-8000-000000000000, cfwlog)", true, true));
	assert_non_null(bad_bytes(slice_of("a\tb")));
	assert_non_null(bad_bytes(slice_of("a\xe2\x80\xa8")));
	assert_non_null(bad_bytes(slice_of("a\xff")));
	assert_null(bad_bytes(slice_of("a b\xc3\xa9")));
}

/* --- messages ------------------------------------------------------------------------- */

/* What is printed for people is theirs to read, not their terminal's to obey. */
static void
check_printed(const struct diags *ds)
{
	struct buf b = { 0 };

	diag_print_all(&b, ds, false);
	assert_true(b.n > 0);
	for (size_t i = 0; i < b.n; ) {
		uint32_t cp = text_decode(buf_view(&b), &i);

		if (cp != '\n' && (cp < 0x20 || (cp >= 0x7f && cp < 0xa0) || cp == TEXT_BAD))
			fail_msg("U+%04x in: %.*s", cp, (int)b.n, b.p);
	}
	buf_free(&b);
}

static void
test_messages(void **state)
{
	static const char *const around[][2] = {
		{ "", "" }, { "FROM tag \"", "" }, { "FROM ", " TO any" },
		{ "FROM vm ", " TO any" },
		{ "FROM any TO all vms ALLOW tcp PORT ", "" }, { "FROM tag \"a\\q", "\" TO" },
	};
	static const char *const fields[] = { "uuid", "owner_uuid", "enabled", "version" };
	struct words w;
	struct arena arena = { 0 };

	(void)state;
	words_planted(&w, &arena);
	for (size_t i = 0; i < BASE_COUNT(w.v) * BASE_COUNT(around); i++) {
		struct slice s = w.v[i / BASE_COUNT(around)];
		const char *const *a = around[i % BASE_COUNT(around)];
		struct arena own = { 0 };
		struct diags ds = { .arena = &own };
		struct input in;
		struct buf rule = { 0 };
		json_t *p = json_object();

		buf_str(&rule, a[0]);
		buf_slice(&rule, s);
		buf_str(&rule, a[1]);
		json_object_set_new(p, "rule", json_stringn(rule.p, rule.n));
		for (size_t k = 0; k < BASE_COUNT(fields); k++)
			json_object_set_new(p, fields[k], json_stringn(s.p, s.n));
		input_init(&in, &own, &ds, (struct lang_opts){ 0 });
		assert_null(input_payload(&in, p, s));
		check_printed(&ds);
		input_done(&in);
		json_decref(p);
		buf_free(&rule);
		arena_free(&own);
	}
	arena_free(&arena);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_reader),
		cmocka_unit_test(test_hosts),
		cmocka_unit_test(test_messages),
	};

	return cmocka_run_group_tests(tests, compile_patterns, free_patterns);
}
