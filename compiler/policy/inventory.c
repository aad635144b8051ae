/* SPDX-License-Identifier: MPL-2.0 */
#include "inventory.h"

#include <stdlib.h>

#include "../base/text.h"
#include "../net/cidr.h"

#define NOWHERE ((struct span){ 0, 0 })

void
inventory_init(struct inventory *inv, struct arena *arena, struct diags *diags)
{
	memset(inv, 0, sizeof(*inv));
	inv->arena = arena;
	inv->diags = diags;
}

uint32_t
inventory_find(const struct inventory *inv, struct uuid u)
{
	const uint32_t *at = strmap_get(&inv->by_uuid,
	    (struct slice){ (const char *)u.b, sizeof(u.b) });

	return at ? *at : UINT32_MAX;
}

static int
by_uuid(const void *a, const void *b, void *inv)
{
	struct vm *const *vms = ((const struct inventory *)inv)->vms.v;

	return uuid_cmp(vms[*(const uint32_t *)a]->uuid, vms[*(const uint32_t *)b]->uuid);
}

void
inventory_sort(const struct inventory *inv, uint32_t *numbers, uint32_t n)
{
	if (n > 1)
		qsort_r(numbers, n, sizeof(*numbers), by_uuid, (void *)inv);
}

/* What is being read; name is the VM's UUID for messages. */
struct reading {
	struct inventory *inv;
	struct vm *vm;
	struct src *src;
	char name[UUID_TEXT + 1];
	VEC(struct prefix) addrs;
	bool failed;
};

static const struct src *
place(struct inventory *inv, struct slice within)
{
	struct src *src = arena_zero(inv->diags->arena, sizeof(*src));

	src->name = within;
	return within.n ? src : NULL;
}

static bool
refuse_field(struct reading *r, struct slice within, const char *what)
{
	diag_add(r->inv->diags, r->vm->local ? DIAG_vm_field_type : DIAG_rvm_field_type,
	    place(r->inv, within), NOWHERE, r->name, what);
	r->failed = true;
	return false;
}

/* --- addresses --------------------------------------------------------------- */

static void
add_addr(struct reading *r, struct slice within, struct slice text)
{
	const char *slash = text.n ? memchr(text.p, '/', text.n) : NULL;
	struct prefix p;
	bool good = slash ? cidr_read_prefix(text, &p) : cidr_read_addr(text, &p);

	if (good) {
		p.len = 128;
		*vec_push(r->inv->arena, &r->addrs) = p;
		return;
	}
	r->failed = true;
	if (r->vm->local)
		diag_add(r->inv->diags, DIAG_vm_ip, place(r->inv, within), NOWHERE, r->name,
		    (int)text.n, text.p);
	else
		diag_add(r->inv->diags, DIAG_rvm_ip, place(r->inv, within), NOWHERE, (int)text.n,
		    text.p);
}

static bool
is_dynamic(struct slice s)
{
	return slice_is(s, "dhcp") || slice_is(s, "addrconf");
}

/* A NIC's `ips`, whose entries without a prefix count for nothing, else its `ip`. */
static void
read_nic(struct reading *r, struct slice within, const json_t *nic)
{
	const json_t *ips = json_object_get(nic, "ips"), *entry;
	struct slice s;
	size_t i;

	if (!json_is_object(nic)) {
		refuse_field(r, within, "a NIC must be an object");
		return;
	}
	if (json_is_array(ips)) {
		json_array_foreach(ips, i, entry) {
			if (!json_is_string(entry)) {
				refuse_field(r, within, "ips must be strings");
				return;
			}
			s = json_slice(entry);
			if (!is_dynamic(s) && memchr(s.p, '/', s.n))
				add_addr(r, within, s);
		}
	} else if (json_get_slice(nic, "ip", &s) && s.n && !is_dynamic(s)) {
		add_addr(r, within, s);
	}
}

static void
read_nics(struct reading *r, struct slice within, const json_t *nics)
{
	const json_t *nic;
	size_t i;

	if (!json_is_array(nics)) {
		if (nics && !json_is_null(nics))
			refuse_field(r, within, "nics must be an array");
		return;
	}
	json_array_foreach(nics, i, nic)
		read_nic(r, within, nic);
}

/* A remote VM's `ips` are plain addresses; a prefix length is passed over. */
static void
read_remote_ips(struct reading *r, struct slice within, const json_t *ips)
{
	const json_t *ip;
	size_t i;

	if (!ips || json_is_null(ips))
		return;
	if (!json_is_array(ips)) {
		refuse_field(r, within, "ips must be an array");
		return;
	}
	json_array_foreach(ips, i, ip) {
		if (!json_is_string(ip))
			refuse_field(r, within, "ips must be strings");
		else if (!is_dynamic(json_slice(ip)))
			add_addr(r, within, json_slice(ip));
	}
}

static int
by_value(const void *a, const void *b)
{
	const struct prefix *p = a, *q = b;
	int c = addr_cmp(p->a, q->a);

	return c ? c : (int)p->fam - (int)q->fam;
}

static void
finish_addrs(struct reading *r, bool unique)
{
	uint32_t n = r->addrs.n, kept = 0;

	if (n > 1)
		qsort(r->addrs.v, n, sizeof(*r->addrs.v), by_value);
	for (uint32_t i = 0; i < n; i++)
		if (!unique || kept == 0 || by_value(&r->addrs.v[kept - 1], &r->addrs.v[i]) != 0)
			r->addrs.v[kept++] = r->addrs.v[i];
	r->vm->addrs = r->addrs.v;
	r->vm->n_addrs = kept;
}

/* --- tags ---------------------------------------------------------------------- */

static void
read_tags(struct reading *r, struct slice within, const json_t *tags)
{
	struct buf text = { 0 };
	char small[256];
	const char *key;
	json_t *value;

	if (!tags || json_is_null(tags))
		return;
	if (!json_is_object(tags)) {
		refuse_field(r, within, "tags must be an object");
		return;
	}
	buf_borrow(&text, small, sizeof(small));
	r->vm->tags = arena_alloc(r->inv->arena, json_object_size(tags) * sizeof(*r->vm->tags));
	json_object_foreach((json_t *)tags, key, value) {
		struct vm_tag *t = &r->vm->tags[r->vm->n_tags++];

		text.n = 0;
		if (!json_write_js(&text, value))
			refuse_field(r, within, "a tag's value must be a string, a number or a boolean");
		t->key = arena_slice(r->inv->arena, slice_of(key));
		t->value = arena_slice(r->inv->arena, buf_view(&text));
	}
	buf_free(&text);
}

/* --- VMs ------------------------------------------------------------------------ */

static bool
add_vm(struct reading *r, struct slice within)
{
	struct inventory *inv = r->inv;
	uint32_t *slot = strmap_put(inv->arena, &inv->by_uuid,
	    (struct slice){ (const char *)r->vm->uuid.b, sizeof(r->vm->uuid.b) });

	if (*slot != UINT32_MAX) {
		bool local_too = !r->vm->local && inv->vms.v[*slot]->local;

		diag_add(inv->diags, local_too ? DIAG_rvm_local : DIAG_vm_twice,
		    place(inv, within), NOWHERE, r->name);
		return false;
	}
	*slot = inv->vms.n;
	*vec_push(inv->arena, &inv->vms) = r->vm;
	if (r->vm->local)
		inv->n_local = inv->vms.n;
	return true;
}

void
inventory_add(struct inventory *inv, struct vm *vm)
{
	uint32_t *slot = strmap_put(inv->arena, &inv->by_uuid,
	    (struct slice){ (const char *)vm->uuid.b, sizeof(vm->uuid.b) });

	if (*slot != UINT32_MAX)
		return;
	*slot = inv->vms.n;
	*vec_push(inv->arena, &inv->vms) = vm;
	if (vm->local)
		inv->n_local = inv->vms.n;
}

static void
begin(struct reading *r, struct inventory *inv, bool local)
{
	memset(r, 0, sizeof(*r));
	r->inv = inv;
	r->vm = arena_zero(inv->arena, sizeof(*r->vm));
	r->vm->local = local;
	memcpy(r->name, "without a UUID", sizeof("without a UUID"));
}

static void
set_name(struct reading *r)
{
	uuid_write(r->name, r->vm->uuid);
	r->name[UUID_TEXT] = '\0';
}

/* An absent or null owner is none. */
static bool
read_owner(struct reading *r, const json_t *vm, struct slice *bad)
{
	const json_t *owner = json_object_get(vm, "owner_uuid");

	*bad = slice_of("not a string");
	if (!owner || json_is_null(owner))
		return true;
	if (json_is_string(owner)) {
		*bad = json_slice(owner);
		r->vm->has_owner = uuid_read(*bad, &r->vm->owner);
	}
	return r->vm->has_owner;
}

static void
read_alias(struct reading *r, const json_t *vm)
{
	struct slice s;

	if (json_get_slice(vm, "alias", &s))
		r->vm->alias = arena_slice(r->inv->arena, s);
}

static bool
has_fields(struct reading *r, const json_t *vm, struct slice within)
{
	static const char *const needed[] = { "uuid", "nics", "tags", "state", "zonepath" };
	struct buf missing = { 0 };
	struct slice uuid;

	for (size_t i = 0; i < BASE_COUNT(needed); i++)
		if (!json_object_get(vm, needed[i])) {
			buf_str(&missing, missing.n ? ", " : "");
			buf_str(&missing, needed[i]);
		}
	if (missing.n == 0)
		return true;
	buf_char(&missing, '\0');
	if (json_get_slice(vm, "uuid", &uuid) && uuid_read(uuid, &r->vm->uuid))
		set_name(r);
	diag_add(r->inv->diags, DIAG_vm_fields, place(r->inv, within), NOWHERE, r->name, missing.p);
	buf_free(&missing);
	return false;
}

bool
inventory_add_local(struct inventory *inv, const json_t *vm, struct slice within)
{
	struct reading r;
	struct slice s;

	begin(&r, inv, true);
	if (!json_is_object(vm))
		return refuse_field(&r, within, "a VM is a JSON object");
	if (!has_fields(&r, vm, within))
		return false;
	if (!json_get_slice(vm, "uuid", &s) || !uuid_read(s, &r.vm->uuid))
		return refuse_field(&r, within, "its uuid is not a UUID");
	set_name(&r);
	if (!read_owner(&r, vm, &s))
		return refuse_field(&r, within, "its owner_uuid is not a UUID");
	read_alias(&r, vm);
	r.vm->firewall = json_truthy(json_object_get(vm, "firewall_enabled"));
	if (json_get_slice(vm, "state", &s))
		r.vm->state = arena_slice(inv->arena, s);
	if (json_get_slice(vm, "zonepath", &s))
		r.vm->zonepath = arena_slice(inv->arena, s);
	read_nics(&r, within, json_object_get(vm, "nics"));
	read_tags(&r, within, json_object_get(vm, "tags"));
	finish_addrs(&r, false);
	return !r.failed && add_vm(&r, within);
}

bool
inventory_add_remote(struct inventory *inv, const json_t *vm, struct slice within, bool need_ips)
{
	struct reading r;
	struct slice s = slice_of("not a string");
	const json_t *uuid = json_object_get(vm, "uuid");

	begin(&r, inv, false);
	if (!json_is_object(vm))
		return refuse_field(&r, within, "a VM is a JSON object");
	if (!uuid) {
		diag_add(inv->diags, DIAG_rvm_no_uuid, place(inv, within), NOWHERE);
		return false;
	}
	if (!json_get_slice(vm, "uuid", &s) || !uuid_read(s, &r.vm->uuid)) {
		diag_add(inv->diags, DIAG_rvm_uuid, place(inv, within), NOWHERE, (int)s.n, s.p);
		return false;
	}
	set_name(&r);
	if (!read_owner(&r, vm, &s)) {
		diag_add(inv->diags, DIAG_rvm_owner, place(inv, within), NOWHERE, (int)s.n, s.p);
		return false;
	}
	read_alias(&r, vm);
	read_remote_ips(&r, within, json_object_get(vm, "ips"));
	read_nics(&r, within, json_object_get(vm, "nics"));
	read_tags(&r, within, json_object_get(vm, "tags"));
	finish_addrs(&r, true);
	if (need_ips && !r.failed && r.vm->n_addrs == 0) {
		diag_add(inv->diags, DIAG_rvm_no_ips, place(inv, within), NOWHERE, r.name);
		return false;
	}
	return !r.failed && add_vm(&r, within);
}

static void
add_any(struct inventory *inv, const json_t *vm, bool remote, struct slice within)
{
	if (remote)
		inventory_add_remote(inv, vm, within, false);
	else
		inventory_add_local(inv, vm, within);
}

/* The VMs of a document one after the other, and where they stand. */
struct listing {
	struct inventory *inv;
	const struct src *src;
	struct json_walk walk;
	size_t walked;                  /* VMs that the walk is past */
	bool array;
	struct span at;                 /* of the last of those, or of the only one */
};

/* Gives what was said of a VM its place: that of its UUID, or of all of it. */
static void
locate(struct listing *l, size_t number, uint32_t from)
{
	struct diags *ds = l->inv->diags;
	struct span at;

	if (from == ds->list.n)
		return;
	while (l->array && l->walked <= number && json_walk_next(&l->walk, NULL, &l->at))
		l->walked++;
	if (l->src->text.p[l->at.off] != '{' ||
	    !json_walk_find(l->src->text, l->at.off, "uuid", &at))
		at = l->at;
	for (uint32_t i = from; i < ds->list.n; i++) {
		ds->list.v[i].src = l->src;
		ds->list.v[i].at = at;
	}
	diag_keep_places(ds, from, l->src);
}

static void
read_list(struct listing *l, const json_t *v, bool remote)
{
	struct diags *ds = l->inv->diags;
	uint32_t from = ds->list.n;
	const json_t *vm;
	size_t i;

	l->array = json_is_array(v) && json_walk_begin(&l->walk, l->src->text, l->at.off);
	if (!json_is_array(v)) {
		add_any(l->inv, v, remote, l->src->name);
		locate(l, 0, from);
	}
	json_array_foreach((json_t *)(uintptr_t)v, i, vm) {
		from = ds->list.n;
		add_any(l->inv, vm, remote, l->src->name);
		locate(l, i, from);
	}
}

void
inventory_read(struct inventory *inv, const struct src *src, bool remote, struct arena *scratch)
{
	size_t at = 0, bad = text_utf8_bad(src->text);
	struct listing l = { .inv = inv, .src = src };
	json_t *v;

	if (bad < src->text.n) {
		diag_add(inv->diags, DIAG_not_utf8, src, (struct span){ (uint32_t)bad, 1 },
		    (unsigned char)src->text.p[bad]);
		return;
	}
	for (;;) {
		while (at < src->text.n && src->text.p[at] && strchr(" \t\r\n", src->text.p[at]))
			at++;
		if (at == src->text.n)
			break;
		l.at = (struct span){ (uint32_t)at, 1 };
		l.walked = 0;
		json_arena_begin(scratch);
		v = json_read(src, &at, inv->diags);
		if (v)
			read_list(&l, v, remote);
		json_arena_drop(v);
		json_arena_end();
		arena_reset(scratch);
		if (!v)
			break;
	}
}
