/* SPDX-License-Identifier: MPL-2.0 */
/* What the files of the service's routes share. */
#ifndef FWR_HTTP_API_INT_H
#define FWR_HTTP_API_INT_H

#include "api.h"

/* How a route's parameter is described (openapi.c) and, where strict, known. */
struct route_param {
	const char *name;
	const char *type;               /* "uuid", "string", "boolean", "integer", "ip[]" ... */
	const char *text;
	bool body;                      /* stands in the body */
	bool required;
};

struct route {
	const char *method;
	const char *path;               /* ":uuid" stands for one segment */
	const char *id;                 /* operationId */
	const char *summary;
	void (*handle)(struct call *c);
	int status;                     /* of success */
	const char *answer;             /* "Rule", "Rule[]" ... of openapi.c's schemas */
	bool write;                     /* has a body, and changes something */
	bool reads_rules;               /* 503 until they are read */
	struct route_param params[24];
};

extern const struct route route_table[];
extern const size_t route_count;

struct api_worker {
	struct api *api;
	struct index_reader *rd;        /* NULL until rules are read */
	struct query_answer answer;
	uint8_t random[4096];           /* of the system, for ids: spares a call for each */
	size_t random_left;
	struct input in;
	struct arena in_arena;
	struct diags in_diags;
};

struct call {
	struct api *api;
	struct api_worker *worker;
	struct http_request q;
	struct http_response r;
	struct arena arena;
	struct diags diags;
	const struct route *route;
	struct slice path;              /* decoded, and its one variable segment */
	struct slice path_param;
	struct slice id;
	json_t *params;
	uint64_t start_us;
	const char *trouble;

	/* Waiting: send begins it, next goes on behind it. */
	void (*send)(struct call *c);
	void (*next)(struct call *c);
	void (*wake)(void *context);
	void *wake_context;
	struct book_job job;
	struct slice expected;
	struct vms_ask ask;
	struct rule *old_rule;

	bool stream, has_since;
	uint64_t since;
};

/* --- answers ----------------------------------------------------------------------- */

/* { code, message } */
void answer_error(struct call *c, int status, const char *code, const char *fmt, ...)
    __attribute__((format(printf, 4, 5)));
/* 422 with errors, which are put in the order of their fields. */
void answer_errors(struct call *c, struct query_errors *errors);
/* 422 with one error. */
void answer_field(struct call *c, const char *field, const char *message);
/* 422 with the errors of a rule. */
void answer_diags(struct call *c);
void answer_forbidden(struct call *c);
/* 503, and the reason in the log. */
void answer_unavailable(struct call *c, const char *fmt, ...)
    __attribute__((format(printf, 2, 3)));
void answer_header(struct call *c, const char *name, struct slice value);

struct query_error *error_add(struct call *c, struct query_errors *errors, const char *field,
    const char *message);
/* Adds an error for all parameters that are not in the list, if there are any. */
void error_unknown(struct call *c, struct query_errors *errors, const char *const *known);

/* --- parameters ---------------------------------------------------------------------- */

/* The parameter as text; false: it is absent, empty, or no string. */
bool param_text(struct call *c, const char *name, struct slice *out);
/* Is it there, and of JavaScript's true values? */
bool param_given(struct call *c, const char *name);
/* Splits a parameter's text at commas. */
void param_split(struct call *c, const char *name);

/* --- rules ------------------------------------------------------------------------------ */

/* The rule of the path's UUID in the call's arena; false: an error is answered. */
bool rule_of_path(struct call *c, struct rule **out);

/*
 * The numbers of the rules, of owner and global, that name all VMs, one of vms, or one
 * of tags, in the order of UUIDs; between index_begin and index_end.
 */
struct selection {
	struct uuid owner;
	const struct query_tag *tags;
	uint32_t n_tags;
	const struct uuid *vms;
	uint32_t n_vms;
	VEC(uint32_t) found;
};
bool rules_select(struct call *c, struct selection *s);

/* Does the side of a rule name all VMs, one of the VMs or one of the tags? */
bool side_matches(const struct rule_side *side, const struct selection *s);

/* A tag's value as text: JavaScript's String(). */
struct slice tag_text(struct arena *arena, const json_t *value);

/* Since the call came in. */
uint64_t api_age_us(const struct call *c);

/* --- the routes --------------------------------------------------------------------------- */

void handle_ping(struct call *c);
void handle_metrics(struct call *c);
void handle_openapi(struct call *c);
void handle_list(struct call *c);
void handle_create(struct call *c);
void handle_get(struct call *c);
void handle_replace(struct call *c);
void handle_delete(struct call *c);
void handle_rule_vms(struct call *c);
void handle_vm_rules(struct call *c);
void handle_resolve(struct call *c);
void handle_update(struct call *c);
void handle_follow(struct call *c);

/* Sends a job to the book; next gets its result in c->job. */
void submit_job(struct call *c, const char *name, struct slice value,
    void (*next)(struct call *c));
void ask_vms(struct call *c, struct uuid uuid, bool of_owner, void (*next)(struct call *c));

#endif
