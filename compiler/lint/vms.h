/* SPDX-License-Identifier: MPL-2.0 */
/*
 * VM objects as documents: their own checks, and what of them the inventory does not
 * keep, their networks and gateways and where they stand.
 */
#ifndef FWR_LINT_VMS_H
#define FWR_LINT_VMS_H

#include "lint_int.h"

struct lint_nic_addr {
	struct prefix net;              /* with host bits: address and network */
	struct slice nic_tag;
	double vlan;                    /* as JSON has numbers here */
	bool has_link;                  /* nic_tag or vlan is said */
};

struct lint_vm {
	struct uuid uuid;
	const struct src *src;
	struct span at;                 /* its uuid, or all of it */
	bool local;
	bool addrconf;                  /* a NIC takes its IPv6 addresses from the network */
	bool way_out[2];                /* a gateway, a route or a dynamic address: IPv4, IPv6 */
	VEC(struct lint_nic_addr) addrs;
};

struct lint_vms {
	VEC(struct lint_vm) list;
	struct strmap by_uuid;          /* 16 bytes to a number */
};

#endif
