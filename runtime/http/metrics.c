/* SPDX-License-Identifier: MPL-2.0 */
#include "metrics.h"

const uint64_t metrics_bound[METRICS_BUCKETS] = { 100, 250, 500, 1000, 2500, 5000, 10000, 25000,
	100000, 500000, 2500000, 10000000 };

void
metrics_count(struct metrics *m, unsigned route, int status, uint64_t us, uint64_t bytes)
{
	unsigned b = 0, digit = status >= 100 && status < 600 ? (unsigned)status / 100 : 0;

	while (b < METRICS_BUCKETS && us > metrics_bound[b])
		b++;
	atomic_fetch_add_explicit(&m->route[route].status[digit], 1, memory_order_relaxed);
	atomic_fetch_add_explicit(&m->route[route].bucket[b], 1, memory_order_relaxed);
	atomic_fetch_add_explicit(&m->route[route].us, us, memory_order_relaxed);
	atomic_fetch_add_explicit(&m->bytes_out, bytes, memory_order_relaxed);
}
