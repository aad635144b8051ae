/* SPDX-License-Identifier: MPL-2.0 */
/* What the libFuzzer targets share. */
#ifndef FWR_TESTS_FUZZ_H
#define FWR_TESTS_FUZZ_H

#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);

/* What must be true of any input; libFuzzer keeps the input that breaks it. */
#define REQUIRE(condition) ((condition) ? (void)0 : abort())

#endif
