/* SPDX-License-Identifier: MPL-2.0 */
/*
 * A rule as one block of bytes without pointers: what an index keeps of it, in
 * memory and in a file.  Every text stands once: a tag's key and value are found
 * inside the canonical sentence wherever they stand there unescaped.
 */
#ifndef FWR_INDEX_RECORD_H
#define FWR_INDEX_RECORD_H

#include "../../compiler/lang/rule.h"

struct record {
	uint32_t bytes;                 /* of all of it */
	uint32_t flags;                 /* RECORD_* */
	struct uuid uuid, owner;
	uint32_t text_n, version_n, created_n, description_n;
	uint8_t priority, n_items;
	uint8_t n[2][4];                /* by side: ips, subnets, tags, vms */
	uint16_t lists_n;               /* bytes of the lists, which are its end */
	uint16_t marks_n;               /* RECORD_UNMARKED: none */
	uint16_t unused;
	/*
	 * Then marks; texts: sentence, version, created_by, description, and tags' texts that
	 * the sentence has only escaped; and packed lists: vms; items; ips and subnets of
	 * FROM, of TO; tags.  Handing a rule out reads no list, so they come last.
	 *
	 * Marks say where JSON wants a backslash in the sentence: a byte each, how many bytes
	 * come before it since the last one.
	 */
};

/* What stands in flags, which an index keeps beside the rule's number as well. */
enum {
	RECORD_BLOCK = 1,               /* action */
	RECORD_PROTO = 7 << 1,
	RECORD_ENABLED = 1 << 4, RECORD_ENABLED_TEXT = 1 << 5,
	RECORD_LOG = 1 << 6, RECORD_LOG_TEXT = 1 << 7,
	RECORD_OWNER = 1 << 8,
	RECORD_ALL = 1 << 9,
	RECORD_ANY = 3 << 10,           /* of FROM, of TO */
	RECORD_VMALL = 3 << 12,
	RECORD_CREATED = 1 << 14,
	RECORD_DESCRIPTION = 1 << 15
};
#define RECORD_PROTO_SHIFT 1
#define RECORD_ANY_SHIFT 10
#define RECORD_VMALL_SHIFT 12

#define RECORD_UNMARKED UINT16_MAX
#define RECORD_NO_MARK 255      /* so many bytes, and no backslash behind them */

#define RECORD_MAX ((size_t)256 << 20)

uint32_t record_flags(const struct rule *r);

/* Where a view's lists stand. */
struct record_room {
	struct prefix prefix[4][LANG_MAX_TARGETS];
	struct rule_tag tag[2][LANG_MAX_TARGETS];
	struct uuid vm[2][LANG_MAX_TARGETS];
	struct lang_item item[UINT8_MAX];
};

/* Adds the record of a rule to out, which must be empty. */
void record_write(struct buf *out, const struct rule *r);

/*
 * The rule of a record: its lists stand in room, its texts in the record; both must
 * outlive it.  bytes is how much may be read.  False if it is not a record.
 */
bool record_view(const struct record *rec, size_t bytes, struct rule *out,
    struct record_room *room);

/* The same without lists and ports: all counts are 0. */
bool record_view_texts(const struct record *rec, size_t bytes, struct rule *out);

/*
 * The rule as fwapi_write_rule writes it when nothing parsed is asked for, without making
 * a view of it: what handing out many rules costs.
 */
bool record_write_json(struct buf *out, const struct record *rec, size_t bytes);

/* A rule of its own in an arena, from a view. */
struct rule *record_copy(struct arena *arena, const struct rule *view);

#endif
