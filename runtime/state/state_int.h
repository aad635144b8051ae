/* SPDX-License-Identifier: MPL-2.0 */
/*
 * The parts of a state.
 *
 *   load.c    files -> items: the rules and remote VMs, and what has changed of them
 *   names.c   rules found by what they name
 *   host.c    the request's local VMs with the stored remote ones
 *   plan.c    which VMs an operation concerns
 *   apply.c   those VMs' files: compiled, written, loaded
 *   change.c, read.c, zone.c, check.c     the operations
 */
#ifndef FWR_STATE_STATE_INT_H
#define FWR_STATE_STATE_INT_H

#include "../../compiler/input/input.h"
#include "../../compiler/policy/policy.h"
#include "files.h"
#include "lock.h"
#include "state.h"

/* --- what is stored --------------------------------------------------------------------- */

enum state_kind { STATE_RULES, STATE_RVMS, STATE_KINDS };

/* What tells that a file was changed. */
struct state_stamp {
	uint64_t dev, ino;
	int64_t size, mtime, ctime;     /* ns */
};

/* A remote VM with its tags as they came, for showing: an object's JSON, or empty. */
struct state_rvm {
	struct vm *vm;
	struct slice tags;
};

struct state_item {
	struct uuid uuid;
	struct state_stamp stamp;
	const char *broken;             /* why it could not be read; then nothing below counts */
	bool unread;                    /* ... because the system could not read it */
	struct rule *rule;
	struct state_rvm rvm;
	uint32_t place;                 /* in the folder's list */
	uint32_t seen;                  /* round of reading in which it was there */
	uint32_t mark;                  /* names.c, and who asks it */
	uint8_t sides;                  /* with mark: by which sides, a bit each */
};

struct state_folder {
	int fd;                         /* -1: it is not there */
	VEC(struct state_item *) items; /* in no order */
	struct {
		struct state_item **slot;
		uint32_t size;
	} known;
	struct strangers {
		struct arena arena;
		struct strmap known;
		VEC(const char *) list;
	} strangers;                    /* files whose names are not a UUID's, as last seen */
};

#define STATE_THREADS 8                 /* that read; and that compile */

struct names;
struct loader;
struct watch;

struct state {
	struct state_opts opts;
	const char *root;               /* without a slash at the end; "" for "/" */
	int root_fd;
	int fw_fd;                      /* var/fw, while an operation runs; -1: it is not there */
	bool tags;                      /* the host has ipf's event log device */
	struct lock lock;
	struct arena arena;             /* items and the index over them */
	struct loader *loaders[STATE_THREADS];  /* have the rules and VMs that items point to */
	struct watch *watch;
	struct state_folder folder[STATE_KINDS];
	struct names *names;
	uint32_t round, mark;
	uint64_t rvms;                  /* changes with the remote VMs in memory */
	struct host *host;              /* of the last request; NULL: none */
	uint64_t host_serial;           /* counts them */
	char kept[UUID_TEXT + 1];       /* as `vms`: the same VMs as last time */
	size_t settled;                 /* bytes of what is stored, when all was read anew */
};

/* One operation on its way. */
struct state_call {
	struct state *s;
	const char *operation;
	const json_t *params;
	struct arena *arena;
	struct diags *diags;
	struct buf *out;
	struct input in;                /* reads payloads into arena */
	uint32_t n_vms, n_rules, n_rvms;        /* changed; for the log */
};

/* --- load.c --------------------------------------------------------------------------- */

extern const char *const state_folder_path[STATE_KINDS];        /* "var/fw/rules" */

/* Brings folders in step with the disk; under the lock. False and a diagnostic on failure. */
bool load_refresh(struct state_call *c);
/* Is there an item that the system could not read? */
bool load_any_unread(const struct state *s);
/* A stored item, also a broken one; or NULL. */
struct state_item *load_find(const struct state *s, enum state_kind kind, struct uuid u);
/* The readable items, sorted by UUID. */
struct state_item **load_sorted(const struct state *s, enum state_kind kind, struct arena *arena,
    uint32_t *n);
/* Reads one file anew: memory is what the disk is. */
void load_put(struct state *s, enum state_kind kind, struct uuid u);
/* What the file of that name would be with this text: memory only, until load_put. */
void load_stage(struct state *s, enum state_kind kind, struct uuid u, struct slice text);
void load_drop(struct state *s, enum state_kind kind, struct uuid u);
/* "var/fw/rules/U.json" */
char *load_path(struct arena *arena, enum state_kind kind, struct uuid u);
void load_free(struct state *s);

/* --- names.c ---------------------------------------------------------------------------- */

struct names *names_new(struct arena *arena);
void names_add(struct names *n, struct state_item *rule);
void names_remove(struct names *n, struct state_item *rule);

enum names_how {
	NAMES_LOCAL,            /* rules that name the local VM (spec 4) */
	NAMES_REMOTE,           /* rules that name the remote VM: values of tags are not looked at */
	NAMES_MEMBER,           /* rules a side of which the VM is an address of */
	NAMES_COMPILE           /* rules that give the local VM lines */
};

struct names_found {
	VEC(struct state_item *) rules; /* each once, with sides; in no order */
};

/* Adds to found; a rule that is in it gets more sides.  mark tells found's rules. */
void names_find(struct state *s, const struct vm *vm, enum names_how how, struct arena *arena,
    struct names_found *found, uint32_t mark);
/* In the order of the UUIDs. */
void names_sort(struct names_found *found);

/* --- host.c ----------------------------------------------------------------------------- */

struct host_addr {
	uint32_t vm, next;              /* next place; UINT32_MAX ends */
};

/*
 * The local VMs of a request and, once host_add_remote was called, the stored remote
 * ones.  It belongs to the state, which keeps it for a request that has the same.
 */
struct host {
	struct state *s;
	struct arena arena, remote_arena;       /* what inv needs; what full and all need */
	struct inventory inv;           /* local VMs */
	struct inventory full;          /* with remote ones, and the same numbers for local ones */
	uint64_t rvms;                  /* the state's, when full was made; 0: it was not */
	struct policy_names *names;     /* of local VMs */
	struct policy_names *all;       /* of full, for compiling */
	struct strmap addrs;            /* of local VMs -> place in by_addr */
	VEC(struct host_addr) by_addr;
};

/*
 * The parameter vms; required is how its absence is told.  False and diagnostics if
 * it is absent or one of the VMs is wrong.
 */
bool host_read(struct state_call *c, struct host **h, const char *required);
/* Is the parameter an array of objects, or stands for one? */
bool host_is_given(const struct state_call *c);
void host_add_remote(struct host *h);
void host_free(struct host *h);
/* UINT32_MAX if no local VM has that UUID. */
uint32_t host_find_local(const struct host *h, struct uuid u);

/* --- plan.c ----------------------------------------------------------------------------- */

enum {
	PLAN_NAMED = 1,                 /* spec 4 names it: it is in the result */
	PLAN_STALE = 2,                 /* its files may not be what they should: only if so */
	PLAN_RELOAD = 4                 /* run ipf even where nothing changed */
};

struct plan {
	struct host *host;
	struct arena *arena;
	uint8_t *vms;                   /* bits by number of local VM */
	struct names_found found;
	enum names_how how;
	uint32_t mark;
};

void plan_init(struct plan *p, struct host *h, struct arena *arena);
/* The local VMs that a rule names, with these bits. */
void plan_add_rule(struct plan *p, const struct rule *r, unsigned bits);
/*
 * Adds the local VMs of the rules that have certain VMs on their sides.  With
 * NAMES_MEMBER those through which a VM matters to others name them, with
 * NAMES_REMOTE all that name it; former: how it was before a change, for which
 * files may only be stale.  One search at a time.
 */
void plan_search_begin(struct plan *p, enum names_how how);
void plan_search(struct plan *p, const struct vm *vm);
void plan_search_end(struct plan *p, bool former);
/* Calls fn for each local VM that a side of the rule names; maybe several times. */
void plan_each_named(struct host *h, const struct rule *r, struct arena *arena,
    void (*fn)(void *context, uint32_t vm), void *context);

/* --- pending.c ---------------------------------------------------------------------------- */

/*
 * VMs whose files an operation was about to bring up to date: noted before the
 * first change, struck out when done, so that the next operation completes what a
 * killed one has left.
 */
#define PENDING_NAME ".pending"

struct pending {
	VEC(struct uuid) list;
};

/* folder is var/fw. */
int pending_read(int folder, struct arena *arena, struct pending *p);
int pending_write(int folder, const struct pending *p, struct arena *scratch);

/* --- apply.c ----------------------------------------------------------------------------- */

struct apply_vm;

struct apply {
	struct state_call *call;
	struct plan *plan;
	bool dry;                       /* write and run nothing */
	bool contents;                  /* keep the texts */
	struct apply_vm *list;          /* apply.c's, by UUID */
	uint32_t n_list;
	struct pending before;          /* what earlier runs have left undone */
	/* Results: the VMs that are in the answer, by UUID, and their files' texts. */
	uint32_t n;
	const struct vm **vms;
	struct slice (*texts)[2];
};

/*
 * Around an operation's own changes on disk: notes the plan's VMs in the journal;
 * then compiles them, writes and loads what changed, and strikes them out.  False
 * and diagnostics: in finish for the VMs that failed, the others are done.
 */
bool apply_begin(struct apply *a);
bool apply_finish(struct apply *a);
/* The members "vms" and ,"files" of the answer. */
void apply_write_vms(struct buf *out, const struct apply *a);
void apply_write_files(struct buf *out, const struct apply *a);
/* Absolute path of a VM's file, by family's place: ipf.conf, ipf6.conf. */
char *apply_path(struct arena *arena, const struct state *s, const struct vm *vm, unsigned place);
extern const char *const apply_file[2];
/* ZONEPATH/config, opened; as files_open_folder. */
int apply_open_config(const struct state *s, struct slice zonepath, bool make, int *fd);
/*
 * Compiles one VM as it should be, without a date: for verify.  Texts are in
 * arena.  NULL, or what went wrong.
 */
const char *apply_compile_one(struct state *s, struct host *h, uint32_t vm, struct arena *arena,
    struct slice text[2]);

/* --- the operations ------------------------------------------------------------------------ */

#define STATE_ERRORS_MAX 10000

enum state_access { STATE_NO_FILES, STATE_READS, STATE_CHANGES };

typedef bool state_operation(struct state_call *c);

state_operation change_add, change_update, change_delete, change_enable, change_disable;
state_operation read_get, read_list, read_vms, read_rules, read_get_rvm, read_list_rvms,
    read_rvm_rules, read_remote_targets, read_validate;
state_operation zone_start, zone_stop, zone_status, zone_stats;
state_operation check_verify, check_doctor;

/* Queues a diagnostic without a place, and says no. */
bool state_fail(struct state_call *c, enum diag_id id, ...);
bool state_get_bool(struct state_call *c, const char *name);
/* The parameter as UUID; false and "invalid UUID" if it is none or not there. */
bool state_get_uuid(struct state_call *c, const char *name, struct uuid *out);
/* The lists of a payload: false and a diagnostic if one is no array of objects. */
#define STATE_LISTS "rules, localVMs, remoteVMs"
bool state_check_lists(struct state_call *c, bool *any);
/* c->in, ready to read payloads. */
void state_begin_input(struct state_call *c, bool enforce_global);
/*
 * A remote VM's JSON; false and diagnostics, which have it as details.  With h it
 * must not be a local VM.
 */
bool state_read_rvm(struct state_call *c, struct host *h, const json_t *o, bool need_ips,
    struct state_rvm *out);
void state_write_rvm(struct buf *out, const struct state_rvm *rvm);
/* With its quotes. */
void state_write_uuid(struct buf *out, struct uuid u);
/* Queues a diagnostic about a name that programs know as ENOENT, and says no. */
bool state_not_found(struct state_call *c, enum diag_id id, struct slice what);

#endif
