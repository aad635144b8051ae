/* SPDX-License-Identifier: MPL-2.0 */
/* SipHash-1-3: Aumasson and Bernstein, "SipHash: a fast short-input PRF", 2012. */
#include "hash.h"

#include <pthread.h>
#include <sys/random.h>
#include <time.h>

static uint64_t process_key[2];
static pthread_once_t key_once = PTHREAD_ONCE_INIT;

static void
draw_key(void)
{
	uint64_t k[2];

	if (getrandom(k, sizeof(k), GRND_NONBLOCK) != sizeof(k)) {
		struct timespec now;

		clock_gettime(CLOCK_MONOTONIC, &now);
		k[0] = (uint64_t)now.tv_nsec * 0x9e3779b97f4a7c15u;
		k[1] = (uint64_t)(uintptr_t)&k ^ (uint64_t)now.tv_sec;
	}
	memcpy(process_key, k, sizeof(k));
}

#define ROTL(x, b) ((x) << (b) | (x) >> (64 - (b)))

static inline void
sip_round(uint64_t v[4])
{
	v[0] += v[1];
	v[1] = ROTL(v[1], 13) ^ v[0];
	v[0] = ROTL(v[0], 32);
	v[2] += v[3];
	v[3] = ROTL(v[3], 16) ^ v[2];
	v[0] += v[3];
	v[3] = ROTL(v[3], 21) ^ v[0];
	v[2] += v[1];
	v[1] = ROTL(v[1], 17) ^ v[2];
	v[2] = ROTL(v[2], 32);
}

uint64_t
hash_keyed(const uint64_t key[2], const void *data, size_t n)
{
	const unsigned char *p = data;
	uint64_t v[4], m;
	size_t left = n;

	v[0] = key[0] ^ 0x736f6d6570736575u;
	v[1] = key[1] ^ 0x646f72616e646f6du;
	v[2] = key[0] ^ 0x6c7967656e657261u;
	v[3] = key[1] ^ 0x7465646279746573u;
	for (; left >= 8; left -= 8, p += 8) {
		memcpy(&m, p, 8);
		v[3] ^= m;
		sip_round(v);
		v[0] ^= m;
	}
	m = (uint64_t)n << 56;
	for (size_t i = 0; i < left; i++)
		m |= (uint64_t)p[i] << (8 * i);
	v[3] ^= m;
	sip_round(v);
	v[0] ^= m;
	v[2] ^= 0xff;
	sip_round(v);
	sip_round(v);
	sip_round(v);
	return v[0] ^ v[1] ^ v[2] ^ v[3];
}

uint64_t
hash_bytes(const void *data, size_t n)
{
	pthread_once(&key_once, draw_key);
	return hash_keyed(process_key, data, n);
}

static struct strmap_slot *
find(const struct strmap *m, uint64_t hash, struct slice key)
{
	uint32_t at = (uint32_t)hash & (m->size - 1);

	while (m->slot[at].hash &&
	    !(m->slot[at].hash == hash && slice_eq(m->slot[at].key, key)))
		at = (at + 1) & (m->size - 1);
	return &m->slot[at];
}

static void
grow(struct arena *a, struct strmap *m)
{
	struct strmap old = *m;

	m->size = old.size ? old.size * 2 : 16;
	m->slot = arena_zero(a, m->size * sizeof(*m->slot));
	for (uint32_t i = 0; i < old.size; i++)
		if (old.slot[i].hash)
			*find(m, old.slot[i].hash, old.slot[i].key) = old.slot[i];
}

uint32_t *
strmap_put(struct arena *a, struct strmap *m, struct slice key)
{
	uint64_t hash = hash_bytes(key.p, key.n) | 1;
	struct strmap_slot *s;

	if (m->n >= m->size / 4 * 3)
		grow(a, m);
	s = find(m, hash, key);
	if (!s->hash) {
		*s = (struct strmap_slot){ hash, key, UINT32_MAX };
		m->n++;
	}
	return &s->value;
}

const uint32_t *
strmap_get(const struct strmap *m, struct slice key)
{
	struct strmap_slot *s;

	if (!m->size)
		return NULL;
	s = find(m, hash_bytes(key.p, key.n) | 1, key);
	return s->hash ? &s->value : NULL;
}
