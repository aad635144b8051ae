/* SPDX-License-Identifier: MPL-2.0 */
/*
 * libfwrule: firewall rules of SmartOS and Triton: parse, check, compile,
 * search.
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
#if defined(__GNUC__)
#pragma GCC visibility push(default)
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

/* --- sets of addresses ------------------------------------------------------------ */

/*
 * Addresses of both families.  What changes a set changes its first argument; the
 * second one may be the same set.  Functions that take a const set may be called
 * by several threads together, as long as none changes it.
 */
struct fwr_addrs;

enum fwr_family { FWR_IPV4 = 4, FWR_IPV6 = 6 };

/* An address is a prefix of full length. */
struct fwr_prefix {
	enum fwr_family family;
	unsigned length;                /* 0 to 32, or to 128 */
	uint8_t address[16];            /* in network order; of IPv4 the first four */
};

#define FWR_PREFIX_SIZE 44              /* text with a length and a NUL */
#define FWR_SIZE_SIZE 40                /* 2^128 in decimal and a NUL */

/* "192.0.2.0/24" or "2001:db8::1"; false for any other text. */
bool fwr_prefix_read(const char *text, size_t n, struct fwr_prefix *p);
/* The other way, with a NUL; a single address has no length.  Returns its bytes. */
size_t fwr_prefix_write(char text[FWR_PREFIX_SIZE], const struct fwr_prefix *p);

struct fwr_addrs *fwr_addrs_new(void);
struct fwr_addrs *fwr_addrs_copy(const struct fwr_addrs *s);
void fwr_addrs_free(struct fwr_addrs *s);

/*
 * Adds what a text lists, one a line: addresses, prefixes, ranges FIRST-LAST,
 * comments from # or ; on.  After an error nothing of it is added.
 */
int fwr_addrs_add_text(struct fwr_addrs *s, const char *name, const char *text, size_t n);
const struct fwr_error *fwr_addrs_errors(struct fwr_addrs *s, size_t *n);
/* Host bits are ignored; a family or a length that there is not is an error. */
int fwr_addrs_add(struct fwr_addrs *s, const struct fwr_prefix *p);

void fwr_addrs_union(struct fwr_addrs *s, const struct fwr_addrs *with);
void fwr_addrs_intersect(struct fwr_addrs *s, const struct fwr_addrs *with);
void fwr_addrs_minus(struct fwr_addrs *s, const struct fwr_addrs *what);
/* Of one family; what the set has of the other stays. */
void fwr_addrs_complement(struct fwr_addrs *s, enum fwr_family family);

bool fwr_addrs_equal(const struct fwr_addrs *s, const struct fwr_addrs *t);
bool fwr_addrs_subset(const struct fwr_addrs *s, const struct fwr_addrs *of);
bool fwr_addrs_overlap(const struct fwr_addrs *s, const struct fwr_addrs *t);
/* Is all of the prefix in the set? */
bool fwr_addrs_has(const struct fwr_addrs *s, const struct fwr_prefix *p);

/*
 * How many addresses of a family: exactly, in decimal with a NUL, where text is
 * given; the result is UINT64_MAX if there are more.
 */
uint64_t fwr_addrs_size(const struct fwr_addrs *s, enum fwr_family family,
    char text[FWR_SIZE_SIZE]);

/* How many prefixes the smallest list for the set has. */
uint64_t fwr_addrs_prefixes(const struct fwr_addrs *s);
/* That list, a prefix a line, IPv4 first, in the order of addresses. */
void fwr_addrs_text(struct fwr_addrs *s, struct fwr_text *text);

/*
 * The same list one by one, from a walk of zeros on; false at its end.  The set must
 * not change meanwhile.
 *
 *	for (struct fwr_walk w = { 0 }; fwr_addrs_next(s, &w, &p);)
 */
struct fwr_walk {
	uint64_t at[2], state;
};

bool fwr_addrs_next(const struct fwr_addrs *s, struct fwr_walk *w, struct fwr_prefix *p);

/* --- sets of ports ------------------------------------------------------------------ */

/* Numbers 0 to 65535; the functions are those for addresses. */
struct fwr_ports;

struct fwr_ports *fwr_ports_new(void);
struct fwr_ports *fwr_ports_copy(const struct fwr_ports *s);
void fwr_ports_free(struct fwr_ports *s);

/* Adds a list like "22, 80, 8000 - 8010"; after an error nothing of it. */
int fwr_ports_add_text(struct fwr_ports *s, const char *text, size_t n);
const struct fwr_error *fwr_ports_errors(struct fwr_ports *s, size_t *n);
/* An error if first > last or last > 65535. */
int fwr_ports_add(struct fwr_ports *s, unsigned first, unsigned last);

void fwr_ports_union(struct fwr_ports *s, const struct fwr_ports *with);
void fwr_ports_intersect(struct fwr_ports *s, const struct fwr_ports *with);
void fwr_ports_minus(struct fwr_ports *s, const struct fwr_ports *what);
void fwr_ports_complement(struct fwr_ports *s);

bool fwr_ports_equal(const struct fwr_ports *s, const struct fwr_ports *t);
bool fwr_ports_subset(const struct fwr_ports *s, const struct fwr_ports *of);
bool fwr_ports_overlap(const struct fwr_ports *s, const struct fwr_ports *t);
/* Are all from first to last in the set? */
bool fwr_ports_has(const struct fwr_ports *s, unsigned first, unsigned last);
unsigned fwr_ports_size(const struct fwr_ports *s);     /* 0 to 65536 */

/* The smallest list, as fwr_ports_add_text reads it. */
void fwr_ports_text(struct fwr_ports *s, struct fwr_text *text);
/* Its ranges by number, from 0 on; false behind the last. */
bool fwr_ports_range(const struct fwr_ports *s, size_t number, unsigned *first, unsigned *last);

/* --- searching ------------------------------------------------------------------- */

/*
 * Rules in memory, found by what they say.  Readers search while it changes: each
 * call sees one state of all rules, and the rule of every change that returned before.
 * The index is one handle, each reader another.
 */
struct fwr_index;
struct fwr_reader;

struct fwr_index *fwr_index_new(const struct fwr_options *o);
/* All readers must be freed before. */
void fwr_index_free(struct fwr_index *x);
const struct fwr_error *fwr_index_errors(struct fwr_index *x, size_t *n);

/*
 * Adds rules in any input format but a folder; one with the UUID of another takes its
 * place.  After an error none is added.
 */
int fwr_index_add(struct fwr_index *x, const char *name, const char *text, size_t n);
/*
 * Lets an index that is empty and has no readers begin with an index file, which is
 * mapped, not read; it must not be changed in place while the index lives.
 */
int fwr_index_open(struct fwr_index *x, const char *path);
/* Writes an index file, whole or not at all. */
int fwr_index_save(struct fwr_index *x, const char *path);
/* Adds one payload or Moray record; *had, if given, says whether its UUID was there. */
int fwr_index_put(struct fwr_index *x, const char *payload, size_t n, bool *had);
/* Removes a rule; that none was there is no error. */
int fwr_index_remove(struct fwr_index *x, const char *uuid, bool *had);
size_t fwr_index_rules(struct fwr_index *x);

/* For a thread to search with.  May be called by any thread at any time. */
struct fwr_reader *fwr_reader_new(struct fwr_index *x);
void fwr_reader_free(struct fwr_reader *r);
const struct fwr_error *fwr_reader_errors(struct fwr_reader *r, size_t *n);

enum fwr_answer {
	FWR_RULES,                      /* JSON: an array of rules as FWAPI has them */
	FWR_UUIDS,                      /* a UUID a line */
	FWR_COUNT                       /* nothing but the total */
};

/*
 * Rules that answer the parameters of ListRules, a JSON object; out holds them by
 * UUID unless "sort" says otherwise, and *total, if given, how many there are
 * without "limit" and "offset", which costs finding them all.  out may be NULL for
 * FWR_COUNT, and is empty with "count".  Each bad parameter is an error of its field.
 */
int fwr_query(struct fwr_reader *r, const char *params, size_t n, enum fwr_answer form,
    struct fwr_text *out, size_t *total);
/* One rule in a form; empty if there is none. */
int fwr_find(struct fwr_reader *r, const char *uuid, enum fwr_form form, struct fwr_text *out);

#if defined(__GNUC__)
#pragma GCC visibility pop
#endif
#ifdef __cplusplus
}
#endif

#endif
