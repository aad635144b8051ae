/* SPDX-License-Identifier: MPL-2.0 */
#include "tests/sentence.h"

#include <arpa/inet.h>

#include "tests/random.h"

#define PICK(list) (list)[random_below(BASE_COUNT(list))]

static bool
one_in(uint32_t n)
{
	return random_below(n) == 0;
}

static void
add_keyword(struct buf *out, const char *word)
{
	bool upper = one_in(2);

	for (; *word; word++)
		buf_char(out, upper && *word >= 'a' && *word <= 'z' ? (char)(*word - 32) : *word);
}

static void
add_space(struct buf *out)
{
	static const char *const odd[] = {
		"  ", "\t", "\n", "\r\n", "\xc2\xa0", "\xe2\x80\x83", "\xe3\x80\x80",
		"\xef\xbb\xbf",
	};

	buf_str(out, one_in(20) ? PICK(odd) : " ");
}

/* --- strings --------------------------------------------------------------------- */

void
sentence_quote(struct buf *out, struct slice s)
{
	buf_char(out, '"');
	for (size_t i = 0; i < s.n; i++) {
		if (s.p[i] == '"' || s.p[i] == '\\')
			buf_char(out, '\\');
		buf_char(out, s.p[i]);
	}
	buf_char(out, '"');
}

static void
add_quoted(struct buf *out, bool surrogates)
{
	static const char *const pieces[] = {
		"a", "b", "www", "from", "=", "=1", "==", "(", ")", "/", " ", ",", "#", "__proto__",
		"\\\"", "\\\\", "\\/", "\\(", "\\)", "\\b", "\\f", "\\n", "\\r", "\\t",
		"\\u0041", "\\u00e9", "\\u0000", "\\u2028", "\\ud83d\\ude00", "\\uFEFF",
		"\n", "\t", "\x01", "\x7f", "\xc3\xa9", "\xf0\x9f\x98\x80", "\xe2\x80\xa8",
		"\xc2\x85", "\xee\x80\x80", "\xef\xbf\xbf", "\xe1\xa0\x8e",
	};
	static const char *const lone[] = { "\\ud800", "\\uDFFF", "\\udc00\\ud800" };

	buf_char(out, '"');
	for (uint32_t n = random_below(5); n > 0; n--)
		buf_str(out, surrogates && one_in(6) ? PICK(lone) : PICK(pieces));
	buf_char(out, '"');
}

static void
add_string(struct buf *out, const struct sentence_opts *o)
{
	static const char *const words[] = {
		"www", "db", "role", "0", "5", "a", "A", "From", "to_x", "porta", "x-", "__proto__",
		"a-to",
	};

	if (o->n_words)
		sentence_quote(out, o->words[random_below(o->n_words)]);
	else if (one_in(2))
		buf_str(out, PICK(words));
	else
		add_quoted(out, o->surrogates);
}

/* --- addresses ------------------------------------------------------------------- */

static void
add_v4(struct buf *out)
{
	buf_printf(out, "%u.%u.%u.%u", one_in(3) ? 10 : 1 + random_below(254), random_below(256),
	    random_below(256), one_in(3) ? 1 : random_below(256));
}

static void
add_v6(struct buf *out, bool canonical)
{
	unsigned char b[16];
	char text[INET6_ADDRSTRLEN];

	for (int i = 0; i < 16; i += 2) {
		uint32_t g = one_in(2) ? 0 : one_in(3) ? random_below(16) : random_below(65536);

		b[i] = (unsigned char)(g >> 8);
		b[i + 1] = (unsigned char)g;
	}
	b[0] = 0xfd;
	if (canonical || one_in(3)) {
		buf_str(out, inet_ntop(AF_INET6, b, text, sizeof(text)));
		return;
	}
	for (int i = 0; i < 16; i += 2)
		buf_printf(out, one_in(2) ? "%s%04x" : one_in(8) ? "%s%X" : "%s%x", i ? ":" : "",
		    (unsigned)b[i] << 8 | b[i + 1]);
}

/* family: 4, 6 or 0 for either */
static void
add_address_target(struct buf *out, int family, const struct sentence_opts *o)
{
	bool v6 = family == 6 || (family == 0 && one_in(2)), subnet = one_in(2);

	add_keyword(out, subnet ? "subnet" : "ip");
	add_space(out);
	if (v6)
		add_v6(out, o->canonical);
	else
		add_v4(out);
	if (subnet) {
		if (!o->canonical && one_in(10))
			add_space(out);
		buf_printf(out, one_in(10) ? "/%03u" : "/%u", random_below(v6 ? 129 : 33));
	}
}

/* --- targets --------------------------------------------------------------------- */

static void
add_vm_target(struct buf *out, const struct sentence_opts *o)
{
	static const char *const vms[] = {
		"0a2d8b14-f25f-40d2-8ca3-043edad506ee", "8399f8af-2deb-4e9b-86e5-25b1d091d1c2",
		"00000000-0000-0000-0000-000000000000", "ffffffff-ffff-ffff-ffff-ffffffffffff",
	};

	if (one_in(3)) {
		add_keyword(out, "vm");
		add_space(out);
		buf_str(out, PICK(vms));
		return;
	}
	add_keyword(out, "tag");
	add_space(out);
	add_string(out, o);
	if (one_in(2)) {
		buf_str(out, one_in(2) ? "=" : " = ");
		add_string(out, o);
	}
}

static void
add_wildcard(struct buf *out, bool all_vms)
{
	bool open = one_in(4);

	buf_str(out, open ? "(" : "");
	add_keyword(out, all_vms ? "all" : "any");
	if (all_vms) {
		add_space(out);
		add_keyword(out, "vms");
	}
	buf_str(out, open ? ")" : "");
}

static void
add_side(struct buf *out, int family, bool names_vms, const struct sentence_opts *o)
{
	uint32_t n = one_in(4) ? 1 + random_below(24) : 1 + random_below(3);
	bool open = n > 1 || one_in(4);

	if (one_in(4)) {
		add_wildcard(out, names_vms || one_in(2));
		return;
	}
	buf_str(out, open ? "(" : "");
	for (uint32_t i = 0; i < n; i++) {
		if (i) {
			add_space(out);
			add_keyword(out, "or");
			add_space(out);
		}
		if ((names_vms && i == 0) || one_in(2))
			add_vm_target(out, o);
		else
			add_address_target(out, family, o);
	}
	buf_str(out, open ? ")" : "");
}

/* --- ports and types --------------------------------------------------------------- */

static unsigned
some_port(void)
{
	static const unsigned ports[] = { 1, 22, 80, 443, 65534, 65535 };

	return one_in(2) ? PICK(ports) : 1 + random_below(65535);
}

static void
add_ranges(struct buf *out)
{
	uint32_t n = one_in(4) ? 1 + random_below(24) : 1 + random_below(3);

	add_keyword(out, "ports");
	add_space(out);
	for (uint32_t i = 0; i < n; i++) {
		unsigned a = some_port(), b = some_port();

		buf_str(out, i ? "," : "");
		if (one_in(2))
			buf_printf(out, "%u", a);
		else if (one_in(10))
			buf_str(out, "1-65535");
		else
			buf_printf(out, one_in(2) ? "%u-%u" : "%u - %u",
			    a < b ? a : b, a < b ? b : a);
	}
}

/* "(WORD item AND WORD item)", or WORD ALL. */
static void
add_items(struct buf *out, const char *word, void (*item)(struct buf *))
{
	uint32_t n = one_in(6) ? 1 + random_below(24) : 1 + random_below(3);
	bool all = one_in(8);

	if (all)
		n = 1;
	buf_str(out, n > 1 ? "(" : "");
	for (uint32_t i = 0; i < n; i++) {
		if (i) {
			add_space(out);
			add_keyword(out, "and");
			add_space(out);
		}
		add_keyword(out, word);
		add_space(out);
		if (all)
			add_keyword(out, "all");
		else
			item(out);
	}
	buf_str(out, n > 1 ? ")" : "");
}

static void
add_port(struct buf *out)
{
	buf_printf(out, one_in(10) ? "%06u" : "%u", some_port());
}

static void
add_type(struct buf *out)
{
	static const unsigned types[] = { 0, 3, 8, 11, 128, 255 };

	buf_printf(out, one_in(10) ? "%04u" : "%u", one_in(2) ? PICK(types) : random_below(256));
	if (one_in(3)) {
		add_space(out);
		add_keyword(out, "code");
		buf_printf(out, " %u", random_below(one_in(2) ? 4 : 256));
	}
}

void
sentence_random(struct buf *out, uint64_t seed, const struct sentence_opts *o)
{
	static const char *const protocols[] = {
		"tcp", "tcp", "tcp", "udp", "icmp", "icmp6", "ah", "esp",
	};
	const char *protocol;
	int family;
	bool from;

	random_state = seed;            /* of this file alone */
	protocol = PICK(protocols);
	family = strcmp(protocol, "icmp") == 0 ? 4 : strcmp(protocol, "icmp6") == 0 ? 6 : 0;
	from = one_in(2);
	add_keyword(out, "from");
	add_space(out);
	add_side(out, family, from, o);
	add_space(out);
	add_keyword(out, "to");
	add_space(out);
	add_side(out, family, !from, o);
	add_space(out);
	add_keyword(out, one_in(2) ? "allow" : "block");
	add_space(out);
	add_keyword(out, protocol);
	if (protocol[0] == 't' || protocol[0] == 'u') {
		add_space(out);
		if (one_in(3))
			add_ranges(out);
		else
			add_items(out, "port", add_port);
	} else if (protocol[0] == 'i') {
		add_space(out);
		add_items(out, "type", add_type);
	}
	if (one_in(3)) {
		add_space(out);
		add_keyword(out, "priority");
		add_space(out);
		buf_printf(out, "%u", random_below(101));
	}
}
