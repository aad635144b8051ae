/* SPDX-License-Identifier: MPL-2.0 */
/* A random host handed to the compiler, in process and as the JSON that it reads. */
#ifndef FWR_TESTS_BUILD_H
#define FWR_TESTS_BUILD_H

#include "compiler/compile.h"
#include "compiler/input/input.h"
#include "compiler/passes/passes.h"
#include "model.h"

struct build {
	struct arena arena, scratch;
	struct diags diags;
	struct input in;
	struct inventory inv;
	struct buf rules, local, remote;        /* the JSON */
	const struct passes_limits *limits;     /* NULL: the usual ones */
};

/* The host's rules and VMs in the orders given, or as they are. */
void build_host(struct build *b, const struct m_host *h, const int *rules, const int *vms);
void build_free(struct build *b);
/* The JSON and the diagnostics, for who has to look into a failure. */
void build_print(const struct build *b);

/* The files of a host at one level: by VM of the model and family (0: IPv4, 1: IPv6). */
struct built {
	struct buf text[BASE_COUNT(((struct m_host *)0)->vm)][2];
	struct compile_stats stats;
	struct buf dump;                /* of the level's last pass, from -O2 on, if there are limits */
};

/* With a proof of each file; false if that fails. */
bool build_compile(struct build *b, const struct m_host *h, unsigned level, bool tags,
    struct built *out);
void built_free(struct built *b);

#endif
