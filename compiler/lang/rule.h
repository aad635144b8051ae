/* SPDX-License-Identifier: MPL-2.0 */
/*
 * The checked rule: canonical and immutable.  Addresses are values, lists are
 * sorted and free of duplicates (ports keep theirs, as the language says), and
 * the canonical text is made once.
 *
 * A rule lives in the arena it was made in, with all it points to.
 */
#ifndef FWR_LANG_RULE_H
#define FWR_LANG_RULE_H

#include "ast.h"

struct rule_tag {
	struct slice key, value;
	bool has_value;
};

struct rule_side {
	bool any, vmall;
	uint8_t n_ips, n_subnets, n_tags, n_vms;        /* each at most LANG_MAX_TARGETS */
	/* Sorted as the canonical text has them: by their text, in UTF-16 code units. */
	struct prefix *ips, *subnets;
	struct rule_tag *tags;
	struct uuid *vms;
};

/* enabled and log may be given as strings, and are handed out as they came. */
enum rule_bool { RULE_FALSE, RULE_TRUE, RULE_FALSE_TEXT, RULE_TRUE_TEXT };

static inline bool
rule_is_true(enum rule_bool b)
{
	return b == RULE_TRUE || b == RULE_TRUE_TEXT;
}

/* A priority that no sentence can have: before all others. */
#define RULE_FIRST (LANG_MAX_PRIORITY + 1)

struct rule {
	struct uuid uuid, owner;
	struct slice version, created_by, description;
	struct slice text;              /* canonical */
	struct lang_item *items;        /* sorted; none when all */
	struct rule_side side[2];       /* by enum lang_side */
	bool has_owner;                 /* without one it is global */
	bool has_created_by, has_description;
	uint8_t enabled, log;           /* enum rule_bool */
	uint8_t action, proto;          /* enum lang_action, lang_proto */
	uint8_t priority;               /* up to RULE_FIRST */
	bool all;                       /* all ports or types; always for ah and esp */
	uint8_t n_items;
	const char *added;              /* why the compiler added it; NULL: somebody wrote it */
};

/* What a payload says besides the sentence. */
struct rule_fields {
	struct uuid uuid, owner;
	struct slice version, created_by, description;
	bool has_owner, has_created_by, has_description;
	enum rule_bool enabled, log;
};

/*
 * Checks the sentence as a whole (limits, families, "does not affect VMs"; the
 * first failure is queued) and makes the rule in arena.  The tree must be free
 * of errors.  NULL on failure.
 */
struct rule *rule_make(struct arena *arena, struct diags *diags, const struct ast_rule *ast,
    const struct rule_fields *fields, struct lang_opts opts);

/* Does it only repeat the default policy towards the VMs of this side? */
static inline bool
rule_repeats_default(const struct rule *r, enum lang_side side)
{
	return r->priority == 0 &&
	    r->action == (side == LANG_FROM ? (unsigned)LANG_ALLOW : (unsigned)LANG_BLOCK);
}

/* The canonical sentence (spec 1), with the texts of each side's ips and subnets. */
void rule_write_text(struct buf *out, const struct rule *r, const struct slice *from,
    const struct slice *to);
/* A tag's key or value with the escapes of canonical text, without quotes. */
void rule_escape(struct buf *out, struct slice s);
/*
 * The same as people write it in source files: parentheses stand for themselves,
 * and lone surrogates are escaped, for a file is UTF-8.
 */
void rule_escape_source(struct buf *out, struct slice s);

/* The forms of spec 2, as JSON. */
void rule_write_serialized(struct buf *out, const struct rule *r);
/* Is it the name of one of its members? */
bool rule_is_field(const char *name);
void rule_write_raw(struct buf *out, const struct rule *r);
/* The members of a serialized rule without the braces, for forms that add to it. */
void rule_write_members(struct buf *out, const struct rule *r);
/* What of them stands before and behind the sentence, for who has that as JSON already. */
void rule_write_before_text(struct buf *out, const struct rule *r);
void rule_write_after_text(struct buf *out, const struct rule *r);

#endif
