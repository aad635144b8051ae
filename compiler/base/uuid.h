/* SPDX-License-Identifier: MPL-2.0 */
/* UUIDs as 16 bytes.  The only text accepted is 8-4-4-4-12 in lower case. */
#ifndef FWR_BASE_UUID_H
#define FWR_BASE_UUID_H

#include "hash.h"

#define UUID_TEXT 36

struct uuid {
	uint8_t b[16];
};

bool uuid_read(struct slice s, struct uuid *out);
/* Writes UUID_TEXT bytes, no NUL. */
void uuid_write(char *out, struct uuid u);
void buf_uuid(struct buf *b, struct uuid u);

static inline int
uuid_cmp(struct uuid a, struct uuid b)
{
	return memcmp(a.b, b.b, sizeof(a.b));
}

/* For hash tables in memory: UUIDs may be chosen by others, who cannot aim at a slow one. */
static inline uint32_t
uuid_hash(struct uuid u)
{
	return (uint32_t)hash_bytes(u.b, sizeof(u.b));
}

/* Version 4, random. */
struct uuid uuid_random(void);
/* Version 5 (RFC 9562, section 5.5) of a name in a namespace. */
struct uuid uuid_of_name(struct uuid space, struct slice name);

#endif
