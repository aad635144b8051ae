/* SPDX-License-Identifier: MPL-2.0 */
/*
 * The back ends: what a compile can be written as.  One that works VM by VM turns
 * a policy into a file of that VM; one that works on the rules turns each into a
 * piece of one document.
 */
#ifndef FWR_BACKENDS_BACKEND_H
#define FWR_BACKENDS_BACKEND_H

#include "../policy/policy.h"

struct backend_opts {
	struct slice date;              /* in the file's head; a newline in it is escaped */
	bool tags;                      /* the host has ipf's event log device */
	unsigned level;                 /* of optimisation */
	unsigned parsed;                /* fwapi: which parsed.* members, BACKEND_PARSED_* */
};

enum {
	BACKEND_PARSED_ACTION = 1, BACKEND_PARSED_PORTS = 2, BACKEND_PARSED_PROTOCOL = 4,
	BACKEND_PARSED_TAGS = 8
};

/* What a back end looks for besides writing; for people, so not done unless asked. */
struct backend_warning {
	struct diags *diags;
	unsigned level;
	uint8_t *seen;                  /* a byte for each rule of the host, zeroed at first */
	uint64_t *table;                /* the back end's; to be freed in the end */
	size_t table_size;
};

struct backend {
	const char *name;               /* as --emit has it */
	const char *file;               /* "ipf.conf" */
	/* Either: one VM's file. */
	void (*write_vm)(struct buf *out, const struct policy *p, const struct backend_opts *o);
	enum net_family fam;            /* of that file */
	/* meaning: before any pass; may be NULL. */
	void (*warn)(struct backend_warning *w, const struct policy *meaning,
	    const struct backend *b, struct slice text);
	/* Or: the rules' document. */
	void (*write_rules)(struct buf *out, struct rule *const *rules, uint32_t n,
	    const struct backend_opts *o);
};

extern const struct backend backend_table[];
extern const size_t backend_count;

/* NULL if there is none of that name. */
const struct backend *backend_find(struct slice name);
/* The bit of "parsed.ports" and so on, or 0. */
unsigned backend_parsed_field(struct slice name);

/* One rule as the service stores it (spec 2), without a newline. */
void moray_write_record(struct buf *out, const struct rule *r);
/* One rule as FWAPI shows it. */
void fwapi_write_rule(struct buf *out, const struct rule *r, unsigned parsed);

#endif
