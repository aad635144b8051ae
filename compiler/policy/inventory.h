/* SPDX-License-Identifier: MPL-2.0 */
/*
 * The VMs that rules may name: the host's own (what `vmadm lookup -j` prints)
 * and remote ones.  Local VMs come first, each kind in the order given; a VM's
 * number is its place in that order.  Everything lives in the inventory's arena.
 */
#ifndef FWR_POLICY_INVENTORY_H
#define FWR_POLICY_INVENTORY_H

#include "../base/hash.h"
#include "../base/json.h"
#include "../base/uuid.h"
#include "../net/addr.h"

struct vm_tag {
	struct slice key, value;        /* the value as JavaScript's string of it */
};

struct vm {
	struct uuid uuid, owner;
	bool has_owner;
	bool local;
	bool firewall;                  /* firewall_enabled; local only */
	uint32_t n_addrs, n_tags;
	struct prefix *addrs;           /* hosts, by value, IPv4 as mapped into IPv6 */
	struct vm_tag *tags;
	struct slice alias;             /* what people call it; may be empty */
	struct slice state, zonepath;   /* local only */
};

struct inventory {
	struct arena *arena;
	struct diags *diags;
	VEC(struct vm *) vms;
	uint32_t n_local;
	struct strmap by_uuid;          /* 16 bytes -> number */
};

void inventory_init(struct inventory *inv, struct arena *arena, struct diags *diags);

/*
 * Adds one VM from its JSON.  All local VMs must be added before the first
 * remote one.  False, and a diagnostic, if something is wrong with it; the VM is
 * then left out.  within says where it stands and may be empty.
 */
bool inventory_add_local(struct inventory *inv, const json_t *vm, struct slice within);
/* need_ips: a remote VM without addresses is an error, as fwadm has it. */
bool inventory_add_remote(struct inventory *inv, const json_t *vm, struct slice within,
    bool need_ips);

/*
 * Adds a VM that another inventory has read, by reference; one whose UUID is there
 * already is passed over.
 */
void inventory_add(struct inventory *inv, struct vm *vm);

/*
 * A document of VMs: an array, one object, or one object a line.  scratch holds
 * the JSON while it is read and is reset.
 */
void inventory_read(struct inventory *inv, const struct src *src, bool remote,
    struct arena *scratch);

/* Sorts numbers of VMs by UUID. */
void inventory_sort(const struct inventory *inv, uint32_t *numbers, uint32_t n);

/* UINT32_MAX if there is none. */
uint32_t inventory_find(const struct inventory *inv, struct uuid u);

#endif
