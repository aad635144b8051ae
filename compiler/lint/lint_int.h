/* SPDX-License-Identifier: MPL-2.0 */
/* What the linter's files share. */
#ifndef FWR_LINT_LINT_INT_H
#define FWR_LINT_LINT_INT_H

#include "lint.h"

#define SLICE_ARGS(s) (int)(s).n, (s).p

/*
 * Queues a finding unless the check is off there; NULL then.  The result is valid
 * until the next call.  rule may be NULL, and src is then the place's.
 */
struct lint_finding *lint_report(struct lint *l, const struct lint_rule *rule, enum lint_id id,
    struct span at, const char *fmt, ...) __attribute__((format(printf, 5, 6)));
struct lint_finding *lint_report_at(struct lint *l, const struct lint_config *config,
    const struct src *src, enum lint_id id, struct span at, const char *fmt, ...)
    __attribute__((format(printf, 6, 7)));
/* These take a finding that is NULL, and do nothing. */
void lint_help(struct lint *l, struct lint_finding *f, const char *fmt, ...)
    __attribute__((format(printf, 3, 4)));
void lint_relate(struct lint *l, struct lint_finding *f, const struct lint_rule *other,
    struct span at, const char *fmt, ...) __attribute__((format(printf, 5, 6)));

/* --- fixes: edits are made where the rule stands in source text, else not at all ------ */

struct lint_fix *lint_fix(struct lint *l, struct lint_finding *f, const struct lint_rule *rule,
    bool safe, const char *fmt, ...) __attribute__((format(printf, 5, 6)));
void lint_edit(struct lint *l, struct lint_fix *fix, const struct lint_rule *rule,
    struct span at, struct slice text);
/*
 * Takes member i out of a list of spans, with the word or comma that joins it to
 * its neighbour; comments between stay.
 */
void lint_edit_member(struct lint *l, struct lint_fix *fix, const struct lint_rule *rule,
    const struct span *list, uint32_t n, uint32_t i);
/* Takes out what stands there, with its line if nothing else does. */
void lint_edit_line(struct lint *l, struct lint_fix *fix, const struct src *src, struct span at);
/* Takes the whole rule out, with its own attributes. */
void lint_edit_remove(struct lint *l, struct lint_fix *fix, const struct lint_rule *rule);

/* --- parts of rules ------------------------------------------------------------------- */

/* Ports, or type * 256 + code, that a rule is about; in arena. */
struct portset lint_items(struct arena *arena, const struct rule *r);
/* Does a side name VMs? */
static inline bool
lint_names_vms(const struct rule_side *s)
{
	return s->vmall || s->n_tags || s->n_vms;
}
/* Does the rule make filter lines for the VMs of this side? */
static inline bool
lint_acts(const struct rule *r, enum lang_side side)
{
	return lint_names_vms(&r->side[side]) && !rule_repeats_default(r, side);
}
/* Does a side hold the whole link: any, or a prefix around fe80::/10? */
bool lint_holds_link(const struct rule_side *s);
/* "port 443", "type 8", "type 8 code 0" of a key. */
void lint_write_key(struct buf *out, enum lang_proto proto, unsigned key);
/* A target as it is written in canonical text: `tag "a" = "b"`. */
void lint_write_tag(struct buf *out, const struct rule_tag *tag);

/* --- the checks, file by file --------------------------------------------------------- */

void lint_check_targets(struct lint *l, const struct lint_rule *r);
void lint_check_items(struct lint *l, const struct lint_rule *r);
void lint_check_meaning(struct lint *l, const struct lint_rule *r);
/* inv may be NULL. */
void lint_check_sets(struct lint *l, const struct inventory *inv);
void lint_apply_comments(struct lint *l);
void lint_check_names(struct lint *l, const struct inventory *inv);

#endif
