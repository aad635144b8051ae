/* SPDX-License-Identifier: MPL-2.0 */
/* libFuzzer target: any bytes as a list of ports; what reads well is read back. */
#include "compiler/net/portlist.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct arena arena = { 0 };
	struct diags diags = { .arena = &arena };
	struct src src = { .name = slice_of("ports"), .text = { (const char *)data, size } };
	struct portset set = { 0 }, back = { 0 };
	struct buf out = { 0 };
	bool good = portlist_read(&arena, &set, &src, &diags);

	diag_print_all(&out, &diags, true);
	if (good != (diags.errors == 0))
		abort();
	if (good) {
		out.n = 0;
		portlist_write(&out, &set);
		src.text = buf_view(&out);
		if (!portlist_read(&arena, &back, &src, &diags) || !portset_equal(&set, &back))
			abort();
	}
	buf_free(&out);
	arena_free(&arena);
	return 0;
}
