/* SPDX-License-Identifier: MPL-2.0 */
/*
 * Random sentences of the rule language for property tests: valid ones, in every
 * spelling the language takes.  The same seed and options give the same sentence.
 */
#ifndef FWR_TESTS_SENTENCE_H
#define FWR_TESTS_SENTENCE_H

#include "compiler/base/base.h"

struct sentence_opts {
	/* Escapes of lone surrogates in quoted strings: text that JSON cannot carry. */
	bool surrogates;
	/* Tag keys and values to draw from instead of random strings, or NULL. */
	const struct slice *words;
	uint32_t n_words;
	/* Addresses in canonical spelling only. */
	bool canonical;
};

/* Adds the sentence of this seed to out. */
void sentence_random(struct buf *out, uint64_t seed, const struct sentence_opts *o);

/* Adds s as a quoted string with as few escapes as the language needs. */
void sentence_quote(struct buf *out, struct slice s);

#endif
