/* SPDX-License-Identifier: MPL-2.0 */
/* What the service counts; written by many threads without locks. */
#ifndef FWR_HTTP_METRICS_H
#define FWR_HTTP_METRICS_H

#include <stdatomic.h>
#include <stdint.h>

#define METRICS_ROUTES 24       /* at least as many as there are routes, and one more */
#define METRICS_BUCKETS 12

struct metrics {
	struct {
		_Atomic uint64_t status[6];             /* by its first digit */
		_Atomic uint64_t bucket[METRICS_BUCKETS + 1];
		_Atomic uint64_t us;
	} route[METRICS_ROUTES];
	_Atomic uint64_t bytes_out, connections, connections_open, refused;
	uint64_t started_us;
};

/* Upper bounds of the buckets, in microseconds. */
extern const uint64_t metrics_bound[METRICS_BUCKETS];

void metrics_count(struct metrics *m, unsigned route, int status, uint64_t us, uint64_t bytes);

#endif
