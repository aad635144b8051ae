/* SPDX-License-Identifier: MPL-2.0 */
#include "backend.h"

#include "backend_int.h"

const struct backend backend_table[] = {
	{ "ipf", "ipf.conf", ipf_write_v4, NET_V4, ipf_warn, NULL },
	{ "ipf6", "ipf6.conf", ipf_write_v6, NET_V6, ipf_warn, NULL },
	{ "fwapi", "fwapi.json", NULL, 0, NULL, fwapi_write },
	{ "moray", "moray.jsonl", NULL, 0, NULL, moray_write },
};
const size_t backend_count = BASE_COUNT(backend_table);

const struct backend *
backend_find(struct slice name)
{
	for (size_t i = 0; i < backend_count; i++)
		if (slice_is(name, backend_table[i].name))
			return &backend_table[i];
	return NULL;
}
