/* SPDX-License-Identifier: MPL-2.0 */
/*
 * A request of an agent is a few hundred bytes and, every time, the same megabyte of
 * VMs.  If its `vms` are byte for byte those of the request before, they are cut
 * out and the name that the state has for them is put in their place.
 *
 * What was cut out is known to be JSON, so the rest is JSON if the whole was; and a
 * quote before vms that stands in the text unescaped begins a key.  Whether that
 * key is the parameter's is seen in what was read: only then the name stands there.
 */
#include "../state/state.h"
#include "rpc_int.h"

#include <stdlib.h>

#define LEAST 4096                      /* fewer bytes are read as fast */
#define KEY "\"vms\""

/* Behind spaces. */
static size_t
skip(struct slice s, size_t at)
{
	while (at < s.n && (s.p[at] == ' ' || s.p[at] == '\t'))
		at++;
	return at;
}

/* Where the kept text stands as the value of a key vms. */
static bool
find(const struct rpc_kept *k, struct slice line, size_t *value)
{
	size_t from = 0;

	while (line.n - from > k->text.n) {
		const char *key = memmem(line.p + from, line.n - from, KEY, sizeof(KEY) - 1);
		size_t at;

		if (!key)
			return false;
		from = (size_t)(key - line.p) + sizeof(KEY) - 1;
		at = skip(line, from);
		if (at == line.n || line.p[at] != ':')
			continue;
		*value = skip(line, at + 1);
		return line.n - *value >= k->text.n &&
		    memcmp(line.p + *value, k->text.p, k->text.n) == 0;
	}
	return false;
}

bool
rpc_kept_shorten(struct rpc_kept *k, const struct state *host, struct slice line)
{
	size_t at;

	if (!host || !k->text.n || k->serial != state_vms_serial(host) || !line.n ||
	    line.p[0] != '{' || !find(k, line, &at))
		return false;
	k->line.n = 0;
	buf_add(&k->line, line.p, at);
	buf_printf(&k->line, "\"%s\"", state_vms_kept(host));
	buf_add(&k->line, line.p + at + k->text.n, line.n - at - k->text.n);
	return true;
}

bool
rpc_kept_fits(const json_t *request, const struct state *host)
{
	const json_t *vms = json_object_get(json_object_get(request, "params"), "vms");

	return json_is_string(vms) && slice_is(json_slice(vms), state_vms_kept(host));
}

void
rpc_kept_take(struct rpc_kept *k, const struct state *host, struct slice line, uint64_t before)
{
	struct span params, vms;
	size_t at = skip(line, 0);

	if (!host || before == state_vms_serial(host) || at == line.n || line.p[at] != '{' ||
	    !json_walk_find(line, at, "params", &params) || params.len == 0 ||
	    line.p[params.off] != '{' || !json_walk_find(line, params.off, "vms", &vms) ||
	    vms.len < LEAST)
		return;
	k->text.n = 0;
	buf_add(&k->text, line.p + vms.off, vms.len);
	k->serial = state_vms_serial(host);
}

void
rpc_kept_free(struct rpc_kept *k)
{
	buf_free(&k->text);
	buf_free(&k->line);
}
