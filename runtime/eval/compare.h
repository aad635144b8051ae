/* SPDX-License-Identifier: MPL-2.0 */
/*
 * The differences of two filter files, told by pairs of lines that disagree: that
 * is what a person can go through, and not regions.
 */
#ifndef FWR_EVAL_COMPARE_H
#define FWR_EVAL_COMPARE_H

#include "../../compiler/filter/decide.h"

/* What one pair of lines does to packets of one protocol and direction. */
struct compare_pair {
	struct filter_difference first;
	uint64_t regions;
};

struct compare {
	struct arena *arena;
	const struct ipf_file *file[2];
	unsigned max;                   /* pairs that are kept */
	VEC(struct compare_pair) pairs;
	struct strmap known;
	uint64_t more;                  /* regions of pairs that are not kept */
};

/* Both files read without errors; all that is found lives in arena. */
void compare_init(struct compare *c, struct arena *arena, const struct ipf_file *a,
    const struct ipf_file *b, unsigned max);
enum filter_equal compare_run(struct compare *c);

/* A packet of each pair, and what each file makes of it by which line. */
void compare_write_text(struct buf *out, const struct compare *c);
/* { equal, differences, moreRegions } */
void compare_write_json(struct buf *out, const struct compare *c);

#endif
