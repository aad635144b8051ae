/* SPDX-License-Identifier: MPL-2.0 */
/*
 * A host as commands get it: rules from -r, VMs from -V, VMs of other hosts from
 * -R and from the rules' payloads.
 */
#ifndef FWR_CMD_LOAD_H
#define FWR_CMD_LOAD_H

#include "../../compiler/input/input.h"
#include "../../compiler/policy/inventory.h"

struct cmd_host {
	struct arena *arena;
	struct diags *diags;
	struct input in;
	struct inventory inv;
};

/* The host's rules and VMs live in arena, and so must what they are read from. */
void cmd_host_init(struct cmd_host *h, struct arena *arena, struct diags *diags);
void cmd_host_done(struct cmd_host *h);

/* Reads the VMs, after all rules (input_read).  Sources may be NULL, when unreadable. */
void cmd_host_read_vms(struct cmd_host *h, const struct src *vms,
    struct src *const *remote, uint32_t n_remote);

/* An optimisation level; false, after a usage message, if there is none such. */
bool cmd_read_level(const char *name, const char *text, unsigned *out);
/* --icmp6's value; false, after a usage message, if it is none. */
bool cmd_read_icmp6(const char *name, const char *text, bool *out);
/* Can it go with the level?  CMD_USAGE after a message if not, else -1. */
int cmd_check_icmp6(const char *name, bool icmp6, unsigned level);
/* A decimal number of at most max; what is the option's name. */
bool cmd_read_number(const char *name, const char *what, const char *text, unsigned max,
    unsigned *out);

#endif
