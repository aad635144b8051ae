/* SPDX-License-Identifier: MPL-2.0 */
/*
 * A keyed hash and a map from byte strings to numbers.  The keys of tables come
 * from customers (tags), so the hash is SipHash-1-3 under a key drawn once per
 * process: nobody can aim at a slow table.
 */
#ifndef FWR_BASE_HASH_H
#define FWR_BASE_HASH_H

#include "base.h"

uint64_t hash_bytes(const void *p, size_t n);
/* The same under a key of the caller's, for what must outlive the process. */
uint64_t hash_keyed(const uint64_t key[2], const void *p, size_t n);

struct strmap_slot {
	uint64_t hash;                  /* 0: free */
	struct slice key;
	uint32_t value;
};

/* Lives in an arena; what growing leaves behind stays there. */
struct strmap {
	struct strmap_slot *slot;
	uint32_t n, size;
};

/*
 * The value stored under key, which may be written to.  A new key gets value
 * UINT32_MAX and is kept by reference: its bytes must live as long as the map.
 */
uint32_t *strmap_put(struct arena *a, struct strmap *m, struct slice key);
/* NULL if the key is not there. */
const uint32_t *strmap_get(const struct strmap *m, struct slice key);

#endif
