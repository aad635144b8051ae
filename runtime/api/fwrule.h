/* SPDX-License-Identifier: MPL-2.0 */
/*
 * libfwrule: firewall rules of SmartOS and Triton: parse, check, compile.
 *
 * All texts are UTF-8 with an explicit length; they may hold NUL.  Every handle
 * is used by one thread at a time; different handles are independent.  What a
 * function hands out belongs to its handle and is valid until the handle's next
 * call or its end.  Functions that return int return 0, or -1 with the reasons
 * in fwr_errors().  The library never prints and never ends the process, but for
 * exhausted memory: see fwr_set_out_of_memory().
 */
#ifndef FWRULE_H
#define FWRULE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

/* "0.1.0" */
const char *fwr_version(void);

/*
 * Called with the bytes that could not be had.  It may exit or longjmp; if it
 * returns, or none is set, the process aborts.  For the whole process.
 */
void fwr_set_out_of_memory(void (*handler)(size_t wanted));

struct fwr_text {
	const char *p;
	size_t n;
};

/* --- errors --------------------------------------------------------------------- */

struct fwr_error {
	const char *field;              /* of the payload: "rule", "uuid" ...; NULL: none */
	const char *message;
	const char *code;               /* "E0207"; fwrule(1) lists them */
	const char *help;               /* how to mend it, or NULL */
	const char *where;              /* what it stands in: "rules.json, rule 3"; or NULL */
	uint32_t offset, length;        /* bytes of the sentence; 0, 0 where there is none */
	uint32_t line, column;          /* from 1, column in characters; 0 where there is none */
	bool is_syntax, is_warning;
};

/* --- rules ---------------------------------------------------------------------- */

struct fwr_options {
	unsigned max_version;           /* highest rule version allowed, 1 to 4; 0: the newest */
	bool enforce_subnet_mask;       /* refuse subnets with host bits */
	bool enforce_global;            /* payloads must say whom they belong to */
};

struct fwr;

struct fwr *fwr_new(void);
void fwr_free(struct fwr *f);

/* The errors and warnings of the last call, in order. */
const struct fwr_error *fwr_errors(struct fwr *f, size_t *n);

/* A sentence to its parsed form, as JSON. */
int fwr_parse(struct fwr *f, const char *rule, size_t n, const struct fwr_options *o,
    struct fwr_text *json);

enum fwr_form {
	FWR_TEXT,                       /* the canonical sentence */
	FWR_SERIALIZED, FWR_RAW,        /* JSON */
	FWR_MORAY                       /* JSON: the record FWAPI stores */
};

/* A payload, or a stored Moray record, as JSON, to a checked rule in one of its forms. */
int fwr_create(struct fwr *f, const char *payload, size_t n, const struct fwr_options *o,
    enum fwr_form form, struct fwr_text *out);

/* One JSON-RPC 2.0 request to its answer (`fwrule rpc`); empty for a notification. */
void fwr_call(struct fwr *f, const char *request, size_t n, struct fwr_text *answer);

/* --- hosts ----------------------------------------------------------------------- */

struct fwr_host;

struct fwr_host *fwr_host_new(const struct fwr_options *o);
void fwr_host_free(struct fwr_host *h);
const struct fwr_error *fwr_host_errors(struct fwr_host *h, size_t *n);

/*
 * Adds rules in any input format but a folder; name is for messages.  After an
 * error the others of the text are still added.
 */
int fwr_host_add_rules(struct fwr_host *h, const char *name, const char *text, size_t n);
/* Adds VMs as `vmadm lookup -j` prints them; all local ones before the first remote one. */
int fwr_host_add_vms(struct fwr_host *h, const char *name, const char *json, size_t n);
int fwr_host_add_remote_vms(struct fwr_host *h, const char *name, const char *json, size_t n);

struct fwr_compile {
	const char *emit;               /* "ipf,ipf6" when NULL; also fwapi and moray */
	unsigned level;                 /* of optimisation, 0 to 3 */
	bool ipf_tags;
	const char *date;               /* for the files' heads; NULL: now */
};

/* vm is the zone's UUID, or NULL for a document of all rules.  Non-zero stops. */
typedef int fwr_file(void *context, const char *vm, const char *file, const char *text, size_t n);

/* Hands out each file of each VM whose firewall is on, in the order of their UUIDs. */
int fwr_host_compile(struct fwr_host *h, const struct fwr_compile *c, fwr_file *file,
    void *context);

#ifdef __cplusplus
}
#endif

#endif
