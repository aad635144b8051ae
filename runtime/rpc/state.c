/* SPDX-License-Identifier: MPL-2.0 */
/* fwadm's operations: each is a method of the same name. */
#include "../state/state.h"
#include "rpc_int.h"

enum rpc_code
rpc_state(struct rpc_call *c)
{
	size_t before = c->out->n;

	if (!state_call(rpc_get_state(c), c->method, c->params, c->arena, c->diags, c->out))
		return RPC_FAILED;
	/* An operation without a result. */
	if (c->out->n == before)
		buf_str(c->out, "null");
	return RPC_OK;
}
