/* SPDX-License-Identifier: MPL-2.0 */
#ifndef FWR_INPUT_SOURCE_H
#define FWR_INPUT_SOURCE_H

#include "input.h"

/* Adds the rules of a source text; src must live as long as the diagnostics. */
void source_read(struct input *in, const struct src *src);

#endif
