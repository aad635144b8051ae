/* SPDX-License-Identifier: MPL-2.0 */
/* The VMs an operation is about: those of its parameters, and the stored remote ones. */
#include "state_int.h"

static bool
refuse_vms(struct state_call *c, const char *required)
{
	return state_fail(c, DIAG_state_param, required);
}

static void
index_addrs(struct host *h)
{
	for (uint32_t i = 0; i < h->inv.n_local; i++) {
		const struct vm *vm = h->inv.vms.v[i];

		for (uint32_t k = 0; k < vm->n_addrs; k++) {
			struct slice key = { (const char *)&vm->addrs[k].a, sizeof(vm->addrs[k].a) };
			uint32_t *at = strmap_put(h->arena, &h->addrs, key);

			*vec_push(h->arena, &h->by_addr) = (struct host_addr){ i, *at };
			*at = h->by_addr.n - 1;
		}
	}
}

bool
host_read(struct state_call *c, struct host *h, const char *required)
{
	const json_t *vms = json_object_get(c->params, "vms"), *vm;
	uint32_t errors = c->diags->errors;
	size_t i;

	memset(h, 0, sizeof(*h));
	h->s = c->s;
	h->arena = c->arena;
	inventory_init(&h->inv, c->arena, c->diags);
	if (!json_is_array(vms))
		return refuse_vms(c, required);
	json_array_foreach((json_t *)vms, i, vm)
		if (!json_is_object(vm))
			return refuse_vms(c, required);
	json_array_foreach((json_t *)vms, i, vm)
		inventory_add_local(&h->inv, vm, (struct slice){ 0 });
	if (c->diags->errors != errors)
		return false;
	index_addrs(h);
	h->names = policy_names_new(h->arena, &h->inv);
	return true;
}

/* A VM that is both, because it has moved here, is local. */
void
host_add_remote(struct host *h)
{
	struct vm **local = h->inv.vms.v;
	uint32_t n, n_local = h->inv.n_local;
	struct state_item **rvms = load_sorted(h->s, STATE_RVMS, h->arena, &n);

	if (h->all) {
		inventory_init(&h->inv, h->arena, h->inv.diags);
		for (uint32_t i = 0; i < n_local; i++)
			inventory_add(&h->inv, local[i]);
	}
	for (uint32_t i = 0; i < n; i++)
		inventory_add(&h->inv, rvms[i]->rvm.vm);
	h->all = policy_names_new(h->arena, &h->inv);
}

uint32_t
host_find_local(const struct host *h, struct uuid u)
{
	uint32_t at = inventory_find(&h->inv, u);

	return at < h->inv.n_local ? at : UINT32_MAX;
}
