/* SPDX-License-Identifier: MPL-2.0 */
/*
 * The linter: what rules say that their author can hardly have meant.
 *
 * Every check stands in one table, check.def.  Rules go in with their trees and
 * the files they stand in, VMs as documents; findings come out as a queue, each
 * with a place, related places, help and, where there is one, a fix as edits of
 * the source text.  Nothing is printed and no file is read.
 *
 * All of it lives in the arena of struct lint; rules, trees, sources and
 * inventories are only referred to, and must live as long.
 *
 * Cost: n log n of the targets; what would cost more, among rules that overlap by the
 * thousand, ends after a number of steps and is reported as undecided (cover.h).
 */
#ifndef FWR_LINT_LINT_H
#define FWR_LINT_LINT_H

#include "../input/input.h"
#include "../net/portset.h"
#include "../policy/inventory.h"

enum lint_id {
#define LINT(id, code, name, severity, fix, text, page, bad, good) LINT_##id,
#include "check.def"
#undef LINT
	LINT_COUNT
};

/* What fixes of a check are: where they cannot change what anybody meant, safe. */
enum lint_fixes { LINT_FIX_NONE, LINT_FIX_SAFE, LINT_FIX_UNSAFE, LINT_FIX_BOTH };

struct lint_check {
	const char *code;               /* "FW001"; keeps its meaning for ever */
	const char *name;               /* "no-effect" */
	uint8_t severity;               /* enum diag_severity, unless configured otherwise */
	uint8_t fixes;                  /* enum lint_fixes */
	const char *text;               /* one line */
	const char *page;               /* paragraphs of Markdown */
	const char *bad, *good;         /* rule source that makes it fire, and not; or NULL */
};

extern const struct lint_check lint_table[LINT_COUNT];

/* The check of a code or a name; LINT_COUNT if there is none. */
enum lint_id lint_find(struct slice code);
/* The page of one check, as Markdown. */
void lint_write_page(struct buf *out, enum lint_id id);

/* --- configuration -------------------------------------------------------------------- */

#define LINT_OFF 0xff

struct lint_config {
	uint8_t severity[LINT_COUNT];   /* enum diag_severity or LINT_OFF */
	uint8_t fwrule_version;         /* the newest that may be used; 0: any */
	bool icmp6;                     /* compiled with --icmp6=rfc4890 (policy/essentials.h) */
	uint8_t near_limit;             /* this many targets or items are near the limit */
	struct portset sensitive[2];    /* ports of tcp, of udp */
	uint8_t fail_on;                /* enum diag_severity, or LINT_OFF for never */
};

/* A longer file, or a line of one, is refused. */
#define LINT_CONFIG_MAX ((size_t)64 << 10)
#define LINT_CONFIG_LINE 199

/*
 * Reads a .fwrule.conf into *c, which must be made; what is wrong with it is queued,
 * and false returned.
 */
bool lint_config_read(struct lint_config *c, struct arena *arena, struct diags *ds,
    const struct src *src);

void lint_config_init(struct lint_config *c, struct arena *arena);

/*
 * Changes the checks that a list names: codes, names or the beginnings of codes
 * ("FW02" is FW020 to FW029), with commas or spaces between.  False, with the
 * word that names none in *bad.
 */
bool lint_config_set(struct lint_config *c, struct slice list, unsigned severity,
    struct slice *bad);
/* Only those of the list stay on. */
bool lint_config_select(struct lint_config *c, struct slice list, struct slice *bad);
/* "22, 8000-8010, udp/161": without a protocol both.  False, with the bad word. */
bool lint_config_ports(struct lint_config *c, struct arena *arena, struct slice list,
    struct slice *bad);
/* "error", "warning", "note", "off" to enum diag_severity or LINT_OFF. */
bool lint_severity_read(struct slice text, unsigned *out);

/* --- findings ------------------------------------------------------------------------- */

struct lint_edit {
	const struct src *src;
	struct span at;
	struct slice text;              /* what stands there afterwards */
};

struct lint_fix {
	const char *what;               /* "remove it" */
	bool safe;
	bool removes_rule;              /* and holds only while the related rules stay */
	uint32_t n;
	struct lint_edit *edits;        /* in order, not overlapping */
};

struct lint_finding {
	struct diag d;                  /* code, text, place, related places, help */
	const struct lint_check *check; /* NULL: an error of reading */
	const struct rule *rule;        /* whose finding it is, or NULL */
	const struct lint_fix *fix;     /* or NULL */
	uint64_t print;                 /* fingerprint: the same after lines have moved */
};

struct lint_rule {
	const struct rule *rule;
	const struct ast_rule *ast;
	const struct lint_config *config;
	const struct input_source *source;      /* of rule source text, else NULL */
	uint32_t own_line, own_end;     /* see struct input_tree */
	bool duplicate;                 /* of a rule before it */
};

/* A file of rule source text; its rules stand together. */
struct lint_source {
	const struct input_source *source;
	const struct lint_config *config;
	uint32_t first, n;              /* rules */
};

struct lint_vms;

struct lint {
	struct arena *arena;
	struct arena scratch;
	struct lint_config config;      /* for what has none of its own */
	VEC(struct lint_rule) rules;
	VEC(struct lint_source) sources;
	struct lint_vms *vms;           /* see vms.h */
	uint64_t set_steps;             /* for checks of rules together (cover.h); 0: the usual */
	VEC(struct lint_finding) found;
};

void lint_init(struct lint *l, struct arena *arena);
void lint_done(struct lint *l);

/*
 * Takes over what an input has read since the first `from` trees and sources;
 * config may be NULL.
 */
void lint_add(struct lint *l, const struct input *in, uint32_t from_tree, uint32_t from_source,
    const struct lint_config *config);
/* Errors and warnings of reading, as findings; config may be NULL. */
void lint_add_diags(struct lint *l, const struct diags *ds);

/*
 * Checks a document of VMs, and keeps of it what rules are checked against; to be
 * called for each that the inventory was made of, in the same order.
 */
void lint_add_vms(struct lint *l, const struct src *src, bool remote);

/* All checks of rules; inv may be NULL. */
void lint_run(struct lint *l, const struct inventory *inv);

#endif
