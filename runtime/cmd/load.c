/* SPDX-License-Identifier: MPL-2.0 */
#include "load.h"

#include <stdlib.h>

#include "../../compiler/policy/essentials.h"
#include "cmd.h"

void
cmd_host_init(struct cmd_host *h, struct arena *arena, struct diags *diags)
{
	memset(h, 0, sizeof(*h));
	h->arena = arena;
	h->diags = diags;
	input_init(&h->in, arena, diags, (struct lang_opts){ 0 });
	inventory_init(&h->inv, arena, diags);
}

void
cmd_host_done(struct cmd_host *h)
{
	input_done(&h->in);
}

void
cmd_host_read_vms(struct cmd_host *h, const struct src *vms, struct src *const *remote,
    uint32_t n_remote)
{
	if (vms)
		inventory_read(&h->inv, vms, false, &h->in.scratch);
	for (uint32_t i = 0; i < h->in.remote_vms.n; i++)
		inventory_read(&h->inv, h->in.remote_vms.v[i], true, &h->in.scratch);
	for (uint32_t i = 0; i < n_remote; i++)
		if (remote[i])
			inventory_read(&h->inv, remote[i], true, &h->in.scratch);
	arena_free(&h->in.scratch);
}

bool
cmd_read_level(const char *name, const char *text, unsigned *out)
{
	if (strlen(text) != 1 || *text < '0' || *text > '3') {
		cmd_usage(name, "there is no optimisation level %s", text);
		return false;
	}
	*out = (unsigned)(*text - '0');
	return true;
}

bool
cmd_read_icmp6(const char *name, const char *text, bool *out)
{
	if (essentials_read(slice_of(text), out))
		return true;
	cmd_usage(name, "--icmp6 takes none or rfc4890, not \"%s\"", text);
	return false;
}

int
cmd_check_icmp6(const char *name, bool icmp6, unsigned level)
{
	if (!icmp6 || level)
		return -1;
	return cmd_usage(name, "--icmp6=rfc4890 needs -O1 or higher: -O0 is the reference's output, "
	    "byte for byte");
}

bool
cmd_read_number(const char *name, const char *what, const char *text, unsigned max,
    unsigned *out)
{
	char *end;
	unsigned long v = strtoul(text, &end, 10);

	if (*text < '0' || *text > '9' || *end || v > max) {
		cmd_usage(name, "%s is a number from 0 to %u, not \"%s\"", what, max, text);
		return false;
	}
	*out = (unsigned)v;
	return true;
}
