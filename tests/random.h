/* SPDX-License-Identifier: MPL-2.0 */
/*
 * Random numbers for tests that compare with an oracle.  Every program prints
 * its seed; the same seed in the environment's TEST_SEED repeats a run.
 */
#ifndef FWR_TESTS_RANDOM_H
#define FWR_TESTS_RANDOM_H

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

static uint64_t random_state;

/* splitmix64 (Steele, Lea and Flood, 2014) */
static inline uint64_t
random_u64(void)
{
	uint64_t z = random_state += 0x9e3779b97f4a7c15;

	z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9;
	z = (z ^ z >> 27) * 0x94d049bb133111eb;
	return z ^ z >> 31;
}

/* 0 .. n - 1 */
static inline uint32_t
random_below(uint32_t n)
{
	return (uint32_t)((random_u64() >> 32) * n >> 32);
}

static inline void
random_start(uint64_t fallback)
{
	const char *text = getenv("TEST_SEED");

	random_state = text ? strtoull(text, NULL, 0) : fallback;
	printf("# TEST_SEED=%llu\n", (unsigned long long)random_state);
}

#endif
