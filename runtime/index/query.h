/* SPDX-License-Identifier: MPL-2.0 */
/*
 * ListRules (spec 5): a question, its parameters as they come in JSON, and the
 * answer.  A question and all it holds live in the arena it was read into.
 */
#ifndef FWR_INDEX_QUERY_H
#define FWR_INDEX_QUERY_H

#include "../../compiler/base/json.h"
#include "index.h"

enum query_match { QUERY_EXACT, QUERY_CONTAINS, QUERY_WITHIN, QUERY_OVERLAPS };

enum query_sort_key {
	QUERY_BY_UUID, QUERY_BY_OWNER, QUERY_BY_RULE, QUERY_BY_VERSION, QUERY_BY_CREATED_BY,
	QUERY_BY_DESCRIPTION, QUERY_BY_ACTION, QUERY_BY_PROTOCOL, QUERY_BY_PRIORITY,
	QUERY_BY_ENABLED, QUERY_BY_LOG, QUERY_SORT_KEYS
};

#define QUERY_SORT_MAX 4
#define QUERY_NONE (-1)

struct query_tag {
	struct slice key, value;
	bool has_value;
};

struct query {
	VEC(struct prefix) ips;         /* hosts */
	VEC(struct prefix) subnets;
	VEC(struct uuid) vms, owners;
	VEC(struct query_tag) tags;
	bool has_wildcard, any, vmall;  /* both false: a wildcard of another name */
	/* QUERY_NONE: not asked for. */
	int protocol, action, enabled, log, global;
	int port;
	int direction;                  /* enum lang_side */
	enum query_match match;
	uint32_t limit, offset;         /* limit UINT32_MAX: none */
	struct { uint8_t key; bool down; } sort[QUERY_SORT_MAX];
	unsigned n_sort;
	bool count, explain;
	bool total;                     /* how many there are is asked for, whatever the limit */
	unsigned fields;                /* BACKEND_PARSED_* */
};

void query_init(struct query *q);

/* One bad parameter, as the service reports it (spec 7). */
struct query_error {
	struct slice field;             /* or of unknown parameters: their names */
	bool unknown;
	VEC(struct slice) names;
	const char *code;               /* "InvalidParameter", "UnknownParameters", or this: */
	const char *message;
	VEC(struct slice) invalid;      /* the bad values, where the message has them beside it */
};

/* Of a value that is well formed and does not exist. */
extern const char QUERY_INVALID_ARGUMENT[];

struct query_errors {
	VEC(struct query_error) list;   /* by field */
};

/*
 * Reads an object of parameters.  A parameter of one value takes it plain, one of
 * several an array too; booleans and numbers may be given as text.  Every bad
 * parameter gives one error.
 */
void query_read(struct query *q, const json_t *params, struct arena *arena,
    struct query_errors *errors);
/*
 * The same as the HTTP service reads them: texts of ip, subnet, vm and owner_uuid are
 * split at commas, and explain is unknown.
 */
void query_read_http(struct query *q, const json_t *params, struct arena *arena,
    struct query_errors *errors);
/* [{"field", "code", "message", "invalid"} ...] */
void query_write_errors(struct buf *out, const struct query_errors *errors);
/*
 * The whole body with which the service refuses, and its HTTP status: 422
 * InvalidParameters, or 409 InvalidArgument when that is all there is.  0, and nothing
 * written, when there are no errors.
 */
unsigned query_write_refusal(struct buf *out, const struct query_errors *errors);

/* The numbers of the rules found.  Used again for the next question it allocates nothing. */
struct query_list {
	uint32_t *v;
	uint32_t n, cap;
};

struct query_answer {
	struct query_list found;        /* in order, offset and limit applied */
	uint32_t total;                 /* without them, if count or total was asked for */
	/* What it took: elements taken out of sets, numbers looked for in sets, whole rules. */
	struct {
		uint64_t collected, sought, checked;
	} cost;
	struct query_list other, third, spare;
	struct query_bits { uint64_t *word; uint32_t top; } bits;
	struct { struct query_source *v; uint32_t n, cap; } sources;
};

void query_answer_free(struct query_answer *a);

/*
 * Answers within one reading (index_begin).  With q->count only total is set.
 * False if the index's file is damaged.
 */
bool query_run(struct index_reader *rd, const struct query *q, struct query_answer *a);

/* --- why ------------------------------------------------------------------------- */

/* A target of a rule that answers a parameter. */
struct query_reason {
	const char *param;              /* "ip" */
	struct slice value;             /* of the parameter, canonical */
	enum lang_side side;
	struct slice target;            /* as the rule has it: "subnet 10.0.0.0/8" */
};

struct query_reasons {
	VEC(struct query_reason) list;
};

/* The targets by which a rule that was found answers the question. */
void query_explain(const struct query *q, const struct rule *r, struct arena *arena,
    struct query_reasons *out);

/* --- writing ------------------------------------------------------------------------ */

/* One rule as FWAPI has it, with `parsed` and, when explaining, `matched`. */
void query_write_rule(struct buf *out, const struct query *q, const struct rule *r);
/* Rules of the answer from one to before another, with commas between; false as query_run. */
bool query_write_rules(struct buf *out, struct index_reader *rd, const struct query *q,
    const struct query_answer *a, uint32_t from, uint32_t to);
/* The whole answer as a JSON array, or the number; false as query_run. */
bool query_write(struct buf *out, struct index_reader *rd, const struct query *q,
    const struct query_answer *a);

#endif
