/* SPDX-License-Identifier: MPL-2.0 */
/*
 * Random hosts whose rules get in each other's way: few addresses, tags, owners and
 * ports, all kinds of targets, disabled rules, firewalls that are off.
 */
#ifndef FWR_TESTS_HOST_GEN_H
#define FWR_TESTS_HOST_GEN_H

#include "compiler/filter/filter.h"
#include "compiler/input/input.h"
#include "compiler/policy/inventory.h"
#include "tests/random.h"

#define HOST_VMS 4
#define HOST_REMOTE 3
#define HOST_RULES 8

struct host {
	struct arena arena;
	struct diags diags;
	struct input in;
	struct inventory inv;
	struct buf rules, vms, remote;
};

/* --- rules ------------------------------------------------------------------------------- */

static inline void
host_target(struct buf *out, unsigned fams)
{
	static const char *const v4[] = { "10.0.0.0/30", "10.0.0.2/31", "10.0.0.5/29", "0.0.0.0/0",
		"10.0.0.0/8" };
	static const char *const v6[] = { "2001:db8::/126", "2001:db8::2/127", "2001:db8::5/125",
		"::/0", "2001:db8::/32" };
	bool six = fams == 6 || (fams == 0 && random_below(2));

	switch (random_below(6)) {
	case 0:
		buf_printf(out, six ? "ip 2001:db8::%u" : "ip 10.0.0.%u", random_below(9));
		break;
	case 1:
		buf_printf(out, "subnet %s", six ? v6[random_below(5)] : v4[random_below(5)]);
		break;
	case 2:
		buf_printf(out, "tag t%u", random_below(3));
		break;
	case 3:
		buf_printf(out, "tag t%u = v%u", random_below(3), random_below(2));
		break;
	default:
		buf_printf(out, "vm 00000000-0000-4000-8000-0000000000%02u",
		    random_below(HOST_VMS + HOST_REMOTE));
	}
}

static inline void
host_side(struct buf *out, bool named, unsigned fams)
{
	uint32_t kind = random_below(6), n = 1 + random_below(3);

	if (kind == 0 || (kind == 1 && named)) {
		buf_str(out, "all vms");
	} else if (kind < 3 && !named) {
		buf_str(out, "any");
	} else {
		buf_char(out, '(');
		for (uint32_t i = 0; i < n; i++) {
			buf_str(out, i ? " OR " : "");
			host_target(out, fams);
		}
		if (named)
			buf_printf(out, " OR tag t%u", random_below(3));
		buf_char(out, ')');
	}
}

static inline void
host_items(struct buf *out, uint32_t proto)
{
	static const uint8_t types[2][5] = { { 8, 0, 3, 13, 255 }, { 128, 129, 130, 1, 0 } };
	uint32_t n = 1 + random_below(3);

	if (random_below(4) == 0 && proto < 4) {
		buf_str(out, proto < 2 ? " PORT all" : " TYPE all");
	} else if (proto < 2) {
		buf_str(out, " PORTS ");
		for (uint32_t i = 0; i < n; i++) {
			uint32_t a = 1 + random_below(10);

			buf_printf(out, random_below(2) ? "%s%u" : "%s%u - %u", i ? ", " : "", a,
			    a + random_below(4));
		}
	} else if (proto < 4) {
		buf_str(out, " (");
		for (uint32_t i = 0; i < n; i++) {
			buf_printf(out, "%sTYPE %u", i ? " AND " : "", types[proto - 2][random_below(5)]);
			if (random_below(2))
				buf_printf(out, " CODE %u", random_below(3));
		}
		buf_char(out, ')');
	}
}

/* One rule with the UUID of this number. */
static inline void
host_rule(struct buf *out, uint32_t number)
{
	static const char *const names[] = { "tcp", "udp", "icmp", "icmp6", "esp", "ah" };
	uint32_t proto = random_below(10), owner = random_below(3);
	unsigned fams;
	bool named = random_below(2);

	proto = proto < 4 ? 0 : proto - 4;
	fams = proto == 2 ? 4 : proto == 3 ? 6 : 0;
	buf_printf(out, "@uuid 00000000-0000-4000-9000-0000000000%02u\n", number);
	if (owner < 2)
		buf_printf(out, "@owner 00000000-0000-4000-a000-00000000000%u\n", owner);
	if (random_below(6) == 0)
		buf_str(out, "@disabled\n");
	buf_str(out, "FROM ");
	host_side(out, named, fams);
	buf_str(out, " TO ");
	host_side(out, !named, fams);
	buf_printf(out, " %s %s", random_below(2) ? "ALLOW" : "BLOCK", names[proto]);
	host_items(out, proto);
	if (random_below(2))
		buf_printf(out, " PRIORITY %u", random_below(3));
	buf_str(out, "\n");
}

static inline void
host_rules(struct buf *out)
{
	for (uint32_t i = 0; i < HOST_RULES; i++) {
		uint64_t before = random_state;

		host_rule(out, i);
		/* Now and then a second one that says the same. */
		if (i + 1 < HOST_RULES && random_below(5) == 0) {
			random_state = before;
			host_rule(out, ++i);
			random_u64();
		}
	}
}

/* --- VMs --------------------------------------------------------------------------------- */

static inline void
host_vm(struct buf *out, uint32_t number, bool local)
{
	uint32_t n = random_below(3);

	buf_printf(out, "%s{\"uuid\":\"00000000-0000-4000-8000-0000000000%02u\",",
	    number == 0 || number == HOST_VMS ? "" : ",\n", number);
	if (random_below(6))
		buf_printf(out, "\"owner_uuid\":\"00000000-0000-4000-a000-00000000000%u\",",
		    random_below(2));
	buf_str(out, "\"tags\":{");
	for (uint32_t i = 0, some = 0; i < 3; i++)
		if (random_below(2))
			buf_printf(out, "%s\"t%u\":\"v%u\"", some++ ? "," : "", i, random_below(2));
	if (local)
		buf_printf(out, "},\"state\":\"running\",\"zonepath\":\"/z\",\"firewall_enabled\":%s",
		    random_below(6) ? "true" : "false");
	else
		buf_char(out, '}');
	buf_str(out, ",\"nics\":[{\"ips\":[");
	for (uint32_t i = 0; i < n; i++)
		buf_printf(out, random_below(2) ? "%s\"10.0.0.%u/24\"" : "%s\"2001:db8::%u/64\"",
		    i ? "," : "", random_below(9));
	buf_str(out, "]}]}");
}

static inline void
host_vms(struct buf *out, bool local)
{
	buf_char(out, '[');
	for (uint32_t i = 0; i < (local ? HOST_VMS : HOST_REMOTE); i++)
		host_vm(out, (local ? 0 : HOST_VMS) + i, local);
	buf_char(out, ']');
}

/* --- hosts ------------------------------------------------------------------------------- */

static inline void
host_read_vms(struct host *h, struct buf *text, bool remote)
{
	struct src *src = arena_zero(&h->arena, sizeof(*src));

	src->name = slice_of(remote ? "remote" : "vms");
	src->text = buf_view(text);
	inventory_read(&h->inv, src, remote, &h->in.scratch);
}

/* Reads the host's texts; what is wrong with them is printed, and makes it false. */
static inline bool
host_read(struct host *h)
{
	struct buf printed = { 0 };

	h->diags.arena = &h->arena;
	input_init(&h->in, &h->arena, &h->diags, (struct lang_opts){ 0 });
	inventory_init(&h->inv, &h->arena, &h->diags);
	input_read_text(&h->in, slice_of("r.fwrule"), buf_view(&h->rules));
	host_read_vms(h, &h->vms, false);
	host_read_vms(h, &h->remote, true);
	diag_print_all(&printed, &h->diags, false);
	printf("%.*s", (int)printed.n, printed.p ? printed.p : "");
	buf_free(&printed);
	return h->diags.errors == 0;
}

static inline void
host_free(struct host *h)
{
	input_done(&h->in);
	buf_free(&h->rules);
	buf_free(&h->vms);
	buf_free(&h->remote);
	arena_free(&h->arena);
}

/* --- packets ----------------------------------------------------------------------------- */

#define HOST_ADDRS 14
#define HOST_KEYS 20
#define HOST_KINDS 8

/* An address that rules name or that is next to one, by number. */
static inline struct addr
host_addr(unsigned fam, uint32_t i)
{
	struct addr base = fam == NET_V4 ? addr_v4(0x0a000000)
	    : (struct addr){ 0x20010db800000000, 0 };
	struct addr ends[] = {
		fam == NET_V4 ? addr_v4(0) : (struct addr){ 0, 0 },
		fam == NET_V4 ? addr_v4(UINT32_MAX) : (struct addr){ UINT64_MAX, UINT64_MAX },
		addr_prev(base),
		fam == NET_V4 ? addr_v4(0x0b000000) : (struct addr){ 0x20010db900000000, 0 },
	};

	if (i >= HOST_ADDRS - 4)
		return ends[i - (HOST_ADDRS - 4)];
	base.lo += i;
	return base;
}

/* A packet by the numbers of its kind, address and key. */
static inline struct filter_packet
host_packet(unsigned dir, unsigned fam, uint32_t kind, uint32_t addr, uint32_t key)
{
	static const uint8_t protos[HOST_KINDS] = { IPF_TCP, IPF_TCP, 17, 1, 58, 50, 51, 47 };
	static const uint16_t ports[HOST_KEYS] = { 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14,
		255, 256, 1000, 65534, 65535 };
	static const uint8_t types[HOST_KEYS] = { 0, 0, 1, 1, 3, 3, 8, 8, 9, 13, 15, 17, 128, 128,
		129, 130, 131, 139, 255, 255 };
	struct filter_packet p = {
		.dir = (uint8_t)dir, .fam = (uint8_t)fam, .proto = protos[kind],
		.remote = host_addr(fam, addr), .local = fam == NET_V4 ? addr_v4(0)
		    : (struct addr){ 0, 0 },
	};

	if (filter_has_ports(p.proto))
		p.dport = ports[key];
	if (p.proto == IPF_TCP)
		p.tcp_flags = kind == 0 ? IPF_TH_SYN : IPF_TH_ACK;
	if (filter_has_types(fam, p.proto)) {
		p.type = types[key];
		p.code = (uint8_t)(key % 3);
	}
	return p;
}

static inline struct filter_packet
host_random_packet(void)
{
	return host_packet(random_below(2), random_below(2) ? NET_V4 : NET_V6,
	    random_below(HOST_KINDS), random_below(HOST_ADDRS), random_below(HOST_KEYS));
}

#endif
