/* SPDX-License-Identifier: MPL-2.0 */
/*
 * The whole compile: rules and an inventory in, files out (spec 3).  Files are
 * handed to a sink one by one, so that a host's files never stand in memory
 * together.
 */
#ifndef FWR_COMPILE_H
#define FWR_COMPILE_H

#include "backends/backend.h"

#define COMPILE_EMIT_MAX 8

struct compile_opts {
	struct backend_opts backend;
	const struct backend *emit[COMPILE_EMIT_MAX];
	unsigned n_emit;
	const struct uuid *only;        /* these VMs; none: all with the firewall on */
	uint32_t n_only;
	/*
	 * Prove each file before it is handed out.  To write nothing at all when a
	 * proof fails, keep what the sink gets until the compile is done.
	 */
	bool verify;
	bool icmp6;                     /* with the essentials of ICMPv6; not at level 0 */
	bool warn;                      /* of what ipf will refuse or never match */
	const struct passes_limits *limits;     /* NULL: the usual ones */
	unsigned debug;                 /* stages of which the IR is dumped (passes_stage) */
	struct buf *dumped;             /* where to */
};

/*
 * Adds the back ends of a list like "ipf,ipf6", each once.  False if a name is
 * unknown; *bad, where given, is that name.
 */
bool compile_add_emit(struct compile_opts *o, struct slice list, struct slice *bad);

struct compile_stats {
	uint64_t vms, files, lines, bytes;
	uint64_t bound;                 /* of the rules' lines in both families (passes_bound) */
};

/* vm is NULL for a document of the rules.  False stops the compile. */
typedef bool compile_sink(void *context, const struct vm *vm, const struct backend *b,
    struct slice text);

/*
 * VMs come in the order of their UUIDs, each with its files in the order of
 * opts.emit; then the documents.  Returns false if the sink did, or if a VM of
 * opts.only is not a local one (a diagnostic).  *stats, where given, is added to.
 */
bool compile_host(const struct inventory *inv, struct rule *const *rules, uint32_t n_rules,
    const struct compile_opts *opts, compile_sink *sink, void *context,
    struct compile_stats *stats);

/*
 * The default date of a file's head: SOURCE_DATE_EPOCH if it is set, else now;
 * ISO 8601 in UTC.
 */
struct slice compile_date(struct arena *arena);

#endif
