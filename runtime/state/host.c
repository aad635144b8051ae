/* SPDX-License-Identifier: MPL-2.0 */
/*
 * The VMs an operation is about: those of its parameters, and the stored remote ones.
 *
 * The last request's are kept: most of the work of a small change would be to read
 * and index the same VMs again.
 */
#include <stdlib.h>

#include "state_int.h"

static void
index_addrs(struct host *h)
{
	for (uint32_t i = 0; i < h->inv.n_local; i++) {
		const struct vm *vm = h->inv.vms.v[i];

		for (uint32_t k = 0; k < vm->n_addrs; k++) {
			struct slice key = { (const char *)&vm->addrs[k].a, sizeof(vm->addrs[k].a) };
			uint32_t *at = strmap_put(&h->arena, &h->addrs, key);

			*vec_push(&h->arena, &h->by_addr) = (struct host_addr){ i, *at };
			*at = h->by_addr.n - 1;
		}
	}
}

/* A path as it is walked: a slash before each part and nowhere else. */
static struct slice
walked(struct arena *arena, struct slice path)
{
	struct buf b = { 0 };
	struct slice out;

	for (size_t i = 0; i < path.n; i++)
		if (path.p[i] != '/') {
			if (i == 0 || path.p[i - 1] == '/')
				buf_char(&b, '/');
			buf_char(&b, path.p[i]);
		}
	out = arena_slice(arena, buf_view(&b));
	buf_free(&b);
	return out;
}

/* Two VMs with one zonepath would write each other's files, at the same time. */
static void
check_zonepaths(struct state_call *c, struct host *h)
{
	struct strmap seen = { 0 };

	for (uint32_t i = 0; i < h->inv.n_local; i++) {
		const struct vm *vm = h->inv.vms.v[i];
		char name[2][UUID_TEXT + 1] = { "", "" };
		uint32_t *at;

		if (!vm->zonepath.n)
			continue;
		at = strmap_put(c->arena, &seen, walked(c->arena, vm->zonepath));
		if (*at == UINT32_MAX) {
			*at = i;
			continue;
		}
		uuid_write(name[0], vm->uuid);
		uuid_write(name[1], h->inv.vms.v[*at]->uuid);
		state_fail(c, DIAG_vm_field_type, name[0], arena_printf(c->arena,
		    "its zonepath is that of VM %s, too", name[1]));
	}
}

void
host_free(struct host *h)
{
	if (!h)
		return;
	arena_free(&h->arena);
	arena_free(&h->remote_arena);
	free(h);
}

static bool
stands_for_last(const struct state_call *c)
{
	const json_t *vms = json_object_get(c->params, "vms");

	return c->s->host && json_is_string(vms) && slice_is(json_slice(vms), c->s->kept);
}

bool
host_is_given(const struct state_call *c)
{
	const json_t *vms = json_object_get(c->params, "vms"), *vm;
	size_t i;

	if (!json_is_array(vms))
		return stands_for_last(c);
	json_array_foreach((json_t *)vms, i, vm)
		if (!json_is_object(vm))
			return false;
	return true;
}

bool
host_read(struct state_call *c, struct host **out, const char *required)
{
	const json_t *vms = json_object_get(c->params, "vms"), *vm;
	uint32_t errors = c->diags->errors;
	struct state *s = c->s;
	struct host *h;
	size_t i;

	if (!host_is_given(c))
		return state_fail(c, DIAG_state_param, required);
	if (stands_for_last(c)) {
		*out = s->host;
		return true;
	}
	host_free(s->host);
	s->host = NULL;
	h = base_alloc(sizeof(*h));
	memset(h, 0, sizeof(*h));
	h->s = s;
	inventory_init(&h->inv, &h->arena, c->diags);
	json_array_foreach((json_t *)vms, i, vm)
		inventory_add_local(&h->inv, vm, (struct slice){ 0 });
	h->inv.diags = NULL;
	check_zonepaths(c, h);
	if (c->diags->errors != errors) {
		host_free(h);
		return false;
	}
	index_addrs(h);
	h->names = policy_names_new(&h->arena, &h->inv);
	*out = s->host = h;
	s->host_serial++;
	return true;
}

/* A VM that is both, because it has moved here, is local. */
void
host_add_remote(struct host *h)
{
	struct state_item **rvms;
	uint32_t n;

	if (h->rvms == h->s->rvms)
		return;
	h->rvms = h->s->rvms;
	arena_reset(&h->remote_arena);
	rvms = load_sorted(h->s, STATE_RVMS, &h->remote_arena, &n);
	inventory_init(&h->full, &h->remote_arena, NULL);
	for (uint32_t i = 0; i < h->inv.n_local; i++)
		inventory_add(&h->full, h->inv.vms.v[i]);
	for (uint32_t i = 0; i < n; i++)
		inventory_add(&h->full, rvms[i]->rvm.vm);
	h->all = policy_names_new(&h->remote_arena, &h->full);
}

uint32_t
host_find_local(const struct host *h, struct uuid u)
{
	uint32_t at = inventory_find(&h->inv, u);

	return at < h->inv.n_local ? at : UINT32_MAX;
}
