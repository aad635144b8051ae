/* SPDX-License-Identifier: MPL-2.0 */
/* Checks of VM objects by the IPv6 model of their NICs (vms.h). */
#include "vms.h"

#include "../net/cidr.h"

#define MAX_IPS 32              /* of a NIC, in ips and allowed_ips together */

struct vm_check {
	struct lint *l;
	struct lint_vm *vm;
	struct span object;             /* of the VM in the document */
	const json_t *nic;
	struct span nic_at;
	size_t number;                  /* of the NIC */
	bool dhcp, addrconf;
};

/* --- places --------------------------------------------------------------------------- */

/* A member of an object, or the element of an array; whatever is found of that path. */
static struct span
find(const struct src *src, struct span from, const char *key, long index)
{
	struct span at = from;
	struct json_walk w;

	if (key && !json_walk_find(src->text, from.off, key, &at))
		return from;
	if (index < 0 || !json_walk_begin(&w, src->text, at.off))
		return at;
	while (index-- >= 0 && json_walk_next(&w, NULL, &at))
		;
	return at;
}

static struct lint_finding *complain(struct vm_check *c, enum lint_id id, struct span at,
    const char *fmt, ...) __attribute__((format(printf, 4, 5)));

static struct lint_finding *
complain(struct vm_check *c, enum lint_id id, struct span at, const char *fmt, ...)
{
	char uuid[UUID_TEXT + 1], *text;
	va_list ap;

	uuid_write(uuid, c->vm->uuid);
	uuid[UUID_TEXT] = '\0';
	va_start(ap, fmt);
	text = arena_vprintf(c->l->arena, NULL, fmt, ap);
	va_end(ap);
	if (!c->nic)
		return lint_report_at(c->l, &c->l->config, c->vm->src, id, at, "VM %s: %s", uuid,
		    text);
	return lint_report_at(c->l, &c->l->config, c->vm->src, id, at, "VM %s, NIC %zu: %s", uuid,
	    c->number, text);
}

/* --- addresses ------------------------------------------------------------------------ */

static bool
read_address(struct slice s, struct prefix *out)
{
	return s.n && memchr(s.p, '/', s.n) ? cidr_read_prefix(s, out) : cidr_read_addr(s, out);
}

static bool
is_host(struct prefix p)
{
	struct addr last = prefix_last(p);

	if (p.fam == NET_V6 || prefix_bits(p) > 30)
		return true;
	return prefix_has_host_bits(p) && addr_cmp(p.a, last) != 0;
}

static void
check_entry(struct vm_check *c, struct slice s, struct span at)
{
	const json_t *tag = json_object_get(c->nic, "nic_tag");
	const json_t *vlan = json_object_get(c->nic, "vlan_id");
	struct prefix p;

	if (slice_is(s, "dhcp") || slice_is(s, "addrconf")) {
		bool *seen = slice_is(s, "dhcp") ? &c->dhcp : &c->addrconf;

		if (*seen)
			complain(c, LINT_nic_dynamic, at, "%.*s stands in ips twice",
			    SLICE_ARGS(s));
		*seen = true;
		return;
	}
	if (!memchr(s.p, '/', s.n) || !cidr_read_prefix(s, &p)) {
		lint_help(c->l, complain(c, LINT_nic_ips, at,
		    "\"%.*s\" in ips is no address with a prefix length", SLICE_ARGS(s)),
		    "write 10.0.0.5/24, fd00::5/64, dhcp or addrconf");
		return;
	}
	if (!is_host(p))
		complain(c, LINT_nic_ips, at, "%.*s in ips is the network's own address or its "
		    "broadcast, and no host's", SLICE_ARGS(s));
	*vec_push(c->l->arena, &c->vm->addrs) = (struct lint_nic_addr){
		.net = p, .nic_tag = json_is_string(tag) ? arena_slice(c->l->arena, json_slice(tag))
		    : (struct slice){ 0 },
		.vlan = json_number_value(vlan), .has_link = tag || vlan,
	};
}

static void
check_ips(struct vm_check *c)
{
	const json_t *ips = json_object_get(c->nic, "ips"), *entry;
	const json_t *allowed = json_object_get(c->nic, "allowed_ips");
	size_t i, n = json_array_size(ips) + json_array_size(allowed);

	json_array_foreach(ips, i, entry) {
		struct span at = find(c->vm->src, c->nic_at, "ips", (long)i);

		if (json_is_string(entry))
			check_entry(c, json_slice(entry), at);
		else
			complain(c, LINT_nic_ips, at, "an entry of ips is no string");
	}
	if (n > MAX_IPS)
		complain(c, LINT_nic_many, find(c->vm->src, c->nic_at, "ips", -1),
		    "%zu entries in ips and allowed_ips, and %d are the most", n, MAX_IPS);
	c->vm->way_out[0] |= c->dhcp;
	c->vm->way_out[1] |= c->addrconf;
	c->vm->addrconf |= c->addrconf;
}

/* --- gateways ------------------------------------------------------------------------- */

static bool
on_link(const struct vm_check *c, struct prefix p, uint32_t from)
{
	static const struct prefix link = { { 0xfe80000000000000, 0 }, 10, NET_V6 };

	if ((p.fam == NET_V4 && c->dhcp) || (p.fam == NET_V6 && c->addrconf) ||
	    prefix_contains(link, p))
		return true;
	for (uint32_t i = from; i < c->vm->addrs.n; i++)
		if (prefix_contains(c->vm->addrs.v[i].net, p))
			return true;
	return false;
}

/* The networks of one family that the NIC is in. */
static void
help_networks(struct vm_check *c, struct lint_finding *f, uint32_t from, unsigned fam)
{
	struct buf list = { 0 };

	for (uint32_t i = from; i < c->vm->addrs.n; i++) {
		struct prefix net = c->vm->addrs.v[i].net;

		if (net.fam != fam)
			continue;
		buf_str(&list, list.n ? ", " : "");
		buf_prefix(&list, prefix_mask(net));
	}
	if (list.n)
		lint_help(c->l, f, "the NIC is in %.*s", (int)list.n, list.p);
	else
		lint_help(c->l, f, "the NIC has no IPv%d address with a prefix length",
		    fam == NET_V4 ? 4 : 6);
	buf_free(&list);
}

static void
check_gateway(struct vm_check *c, const json_t *v, struct span at, uint32_t from)
{
	struct slice s = json_is_string(v) ? json_slice(v) : (struct slice){ "", 0 };
	struct prefix p;

	if (!cidr_read_addr(s, &p))
		complain(c, LINT_nic_gateway, at, "gateway \"%.*s\" is no address", SLICE_ARGS(s));
	else if (!on_link(c, p, from))
		help_networks(c, complain(c, LINT_nic_gateway, at,
		    "gateway %.*s is in the network of none of the NIC's addresses", SLICE_ARGS(s)),
		    from, p.fam);
	else
		c->vm->way_out[p.fam == NET_V6] = true;
}

static void
check_gateways(struct vm_check *c, uint32_t from)
{
	const json_t *gateways = json_object_get(c->nic, "gateways"), *entry;
	const json_t *old = json_object_get(c->nic, "gateway");
	size_t i;

	json_array_foreach(gateways, i, entry)
		check_gateway(c, entry, find(c->vm->src, c->nic_at, "gateways", (long)i), from);
	if (!gateways && old && json_object_get(c->nic, "ips"))
		check_gateway(c, old, find(c->vm->src, c->nic_at, "gateway", -1), from);
	else if (old)
		c->vm->way_out[0] = true;
}

/* --- old fields ------------------------------------------------------------------------ */

static const struct prefix *
first_v4(const struct vm_check *c, uint32_t from)
{
	for (uint32_t i = from; i < c->vm->addrs.n; i++)
		if (c->vm->addrs.v[i].net.fam == NET_V4)
			return &c->vm->addrs.v[i].net;
	return NULL;
}

/* What the other says is told where it says something. */
static void
disagree(struct vm_check *c, const char *field, const char *other, const struct prefix *says)
{
	struct lint_finding *f = complain(c, LINT_nic_old_fields, find(c->vm->src, c->nic_at, field,
	    -1), "%s does not agree with %s", field, other);
	struct buf text = { 0 };

	if (says) {
		if (says->len == 128)
			buf_addr(&text, *says);
		else
			buf_prefix(&text, *says);
		lint_help(c->l, f, "the first of IPv4 in %s is %.*s", other, (int)text.n, text.p);
	} else {
		lint_help(c->l, f, "%s has none of IPv4", other);
	}
	buf_free(&text);
}

static void
check_old_ip(struct vm_check *c, uint32_t from)
{
	const struct prefix *first = first_v4(c, from);
	struct slice ip, mask;
	struct prefix p;

	if (!json_get_slice(c->nic, "ip", &ip) || !json_is_array(json_object_get(c->nic, "ips")))
		return;
	if (slice_is(ip, "dhcp")) {
		if (!c->dhcp)
			disagree(c, "ip", "ips", first);
		return;
	}
	if (!first || !cidr_read_addr(ip, &p) || addr_cmp(p.a, first->a) != 0) {
		disagree(c, "ip", "ips", first);
		return;
	}
	if (json_get_slice(c->nic, "netmask", &mask) && (!addr_read_v4(mask, &p.a) ||
	    addr_cmp(p.a, addr_v4((uint32_t)addr_mask(first->len).lo)) != 0))
		disagree(c, "netmask", "ips", first);
}

static void
check_old_gateway(struct vm_check *c)
{
	const json_t *gateways = json_object_get(c->nic, "gateways"), *entry;
	struct slice old;
	struct prefix p, q;
	size_t i;

	if (!json_get_slice(c->nic, "gateway", &old) || !json_is_array(gateways) ||
	    !cidr_read_addr(old, &p))
		return;
	json_array_foreach(gateways, i, entry)
		if (json_is_string(entry) && cidr_read_addr(json_slice(entry), &q) &&
		    q.fam == NET_V4) {
			if (addr_cmp(p.a, q.a) != 0)
				disagree(c, "gateway", "gateways", &q);
			return;
		}
	disagree(c, "gateway", "gateways", NULL);
}

static bool
has_address(const struct vm_check *c, uint32_t from, struct prefix p)
{
	for (uint32_t i = from; i < c->vm->addrs.n; i++) {
		struct prefix net = c->vm->addrs.v[i].net;

		if (net.fam == p.fam && addr_cmp(net.a, p.a) == 0)
			return true;
	}
	return false;
}

static void
check_network_uuids(struct vm_check *c, uint32_t from)
{
	const json_t *map = json_object_get(c->nic, "network_uuids");
	struct span at = find(c->vm->src, c->nic_at, "network_uuids", -1);
	const char *key;
	json_t *value;

	json_object_foreach((json_t *)map, key, value) {
		struct slice s = slice_of(key);
		struct prefix p;

		if ((slice_is(s, "dhcp") && c->dhcp) || (slice_is(s, "addrconf") && c->addrconf))
			continue;
		if (!read_address(s, &p) || !has_address(c, from, p))
			complain(c, LINT_network_uuids, find(c->vm->src, at, key, -1),
			    "network_uuids has the key \"%s\", which is no address of the NIC",
			    key);
	}
}

static void
check_nic(struct vm_check *c)
{
	uint32_t from = c->vm->addrs.n;

	c->dhcp = c->addrconf = false;
	check_ips(c);
	check_gateways(c, from);
	check_old_ip(c, from);
	check_old_gateway(c);
	check_network_uuids(c, from);
}

/* --- the VM --------------------------------------------------------------------------- */

static void
check_routes(struct vm_check *c, const json_t *routes)
{
	struct span at = find(c->vm->src, c->object, "routes", -1);
	const char *key;
	json_t *value;

	json_object_foreach((json_t *)routes, key, value) {
		struct slice to = slice_of(key), via = json_is_string(value) ? json_slice(value)
		    : (struct slice){ "", 0 };
		struct prefix p, q;

		if (!read_address(to, &p)) {
			complain(c, LINT_route_family, find(c->vm->src, at, key, -1),
			    "route \"%s\" is no address and no CIDR", key);
		} else if (via.n > 5 && (memcmp(via.p, "nics[", 5) == 0 ||
		    memcmp(via.p, "macs[", 5) == 0)) {
			c->vm->way_out[p.fam == NET_V6] = true;
		} else if (!cidr_read_addr(via, &q)) {
			complain(c, LINT_route_family, find(c->vm->src, at, key, -1),
			    "route %s goes by \"%.*s\", which is no address and no NIC", key,
			    SLICE_ARGS(via));
		} else if (p.fam != q.fam) {
			complain(c, LINT_route_family, find(c->vm->src, at, key, -1),
			    "route %s goes by %.*s, an address of the other family", key,
			    SLICE_ARGS(via));
		} else {
			c->vm->way_out[p.fam == NET_V6] = true;
		}
	}
}

static void
check_resolvers(struct vm_check *c, const json_t *resolvers)
{
	const json_t *entry;
	struct prefix p;
	size_t i;

	json_array_foreach(resolvers, i, entry) {
		struct slice s = json_is_string(entry) ? json_slice(entry) : slice_of("");
		struct span at = find(c->vm->src, c->object, "resolvers", (long)i);

		if (!cidr_read_addr(s, &p))
			lint_help(c->l, complain(c, LINT_resolver, at,
			    "resolver \"%.*s\" is no address", SLICE_ARGS(s)),
			    "a name server goes by its address, of either family");
	}
}

static void
check_vm(struct lint *l, const struct src *src, const json_t *vm, struct span object, bool remote)
{
	struct vm_check c = { .l = l, .object = object };
	const json_t *nics = json_object_get(vm, "nics"), *nic;
	struct slice uuid;
	uint32_t *at;
	struct uuid u;

	if (!json_get_slice(vm, "uuid", &uuid) || !uuid_read(uuid, &u))
		return;                 /* the inventory has said so */
	at = strmap_put(l->arena, &l->vms->by_uuid,
	    arena_slice(l->arena, (struct slice){ (const char *)u.b, sizeof(u.b) }));
	if (*at != UINT32_MAX)
		return;
	*at = l->vms->list.n;
	c.vm = vec_push(l->arena, &l->vms->list);
	*c.vm = (struct lint_vm){ .uuid = u, .src = src, .at = find(src, object, "uuid", -1),
		.local = !remote };
	json_array_foreach(nics, c.number, nic) {
		c.nic = nic;
		c.nic_at = find(src, object, "nics", (long)c.number);
		if (json_is_object(nic))
			check_nic(&c);
	}
	c.nic = NULL;
	check_routes(&c, json_object_get(vm, "routes"));
	check_resolvers(&c, json_object_get(vm, "resolvers"));
}

void
lint_add_vms(struct lint *l, const struct src *src, bool remote)
{
	struct diags ignored = { .arena = &l->scratch };
	struct arena scratch = { 0 };
	size_t at = 0, i;
	json_t *v, *vm;

	if (!l->vms)
		l->vms = arena_zero(l->arena, sizeof(*l->vms));
	src_index(l->arena, (struct src *)src);
	for (;;) {
		struct span value;
		struct json_walk w;

		while (at < src->text.n && src->text.p[at] && strchr(" \t\r\n", src->text.p[at]))
			at++;
		value.off = (uint32_t)at;
		json_arena_begin(&scratch);
		v = json_read(src, &at, &ignored);
		value.len = (uint32_t)at - value.off;
		if (json_is_array(v) && json_walk_begin(&w, src->text, value.off))
			json_array_foreach(v, i, vm)
				if (json_walk_next(&w, NULL, &value))
					check_vm(l, src, vm, value, remote);
		if (json_is_object(v))
			check_vm(l, src, v, value, remote);
		json_arena_drop(v);
		json_arena_end();
		arena_reset(&scratch);
		if (!v)
			break;          /* the end, or an error that the inventory has reported */
	}
	arena_free(&scratch);
	arena_reset(&l->scratch);
}
