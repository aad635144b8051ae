/* SPDX-License-Identifier: MPL-2.0 */
/*
 * The planned VMs' files: compiled from the rules that concern them, compared with
 * what is there, written and loaded.
 *
 * Most of the time goes into waiting for the disk and for ipf, so there are more
 * threads than processors: file systems commit for many at once.  As many of them
 * as there are processors compile at one time, each in a context of its own.  A
 * VM's failure stops no other.
 */
#include <errno.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <unistd.h>

#include "../../compiler/base/text.h"
#include "../../compiler/compile.h"
#include "../../compiler/passes/passes.h"
#include "apply_int.h"

#define WRITERS_MAX 16

const char *const apply_file[2] = { "ipf.conf", "ipf6.conf" };

/* A compile of its own over the same rules and VMs. */
struct context {
	struct arena arena;
	struct policy_host *host;
	struct passes *passes;
	bool busy;
};

struct crew {
	struct state *s;
	const struct apply *a;
	struct apply_vm *list;
	uint32_t n;
	_Atomic uint32_t next;
	struct slice date;
	/* What is compiled. */
	struct policy_names *names;
	struct rule **rules;
	uint32_t n_rules;
	pthread_mutex_t mutex;
	pthread_cond_t freed;
	unsigned n_contexts;
	struct context contexts[STATE_THREADS];
};

char *
apply_path(struct arena *arena, const struct state *s, const struct vm *vm, unsigned place)
{
	struct slice z = vm->zonepath;

	while (z.n && z.p[z.n - 1] == '/')
		z.n--;
	return arena_printf(arena, "%s%s%.*s/config/%s", s->root, z.n && z.p[0] == '/' ? "" : "/",
	    (int)z.n, z.p, apply_file[place]);
}

int
apply_open_config(const struct state *s, struct slice zonepath, bool make, int *fd)
{
	struct arena tmp = { 0 };
	int error;

	if (zonepath.n == 0 || memchr(zonepath.p, '\0', zonepath.n))
		return FILES_NOWHERE;
	error = files_open_folder(s->root_fd, arena_printf(&tmp, "%.*s/config", (int)zonepath.n,
	    zonepath.p), make, fd);
	arena_free(&tmp);
	return error;
}

/* --- compiling ---------------------------------------------------------------------------- */

static struct context *
context_take(struct crew *k)
{
	struct context *found = NULL;

	pthread_mutex_lock(&k->mutex);
	while (!found) {
		for (unsigned i = 0; i < k->n_contexts && !found; i++)
			if (!k->contexts[i].busy)
				found = &k->contexts[i];
		if (!found)
			pthread_cond_wait(&k->freed, &k->mutex);
	}
	found->busy = true;
	pthread_mutex_unlock(&k->mutex);
	return found;
}

static void
context_give(struct crew *k, struct context *x)
{
	pthread_mutex_lock(&k->mutex);
	x->busy = false;
	pthread_cond_signal(&k->freed);
	pthread_mutex_unlock(&k->mutex);
}

/* Both files' texts; NULL, or which pass broke what. */
static const char *
compile(struct crew *k, uint32_t vm, struct arena *arena, struct buf text[2])
{
	struct backend_opts o = { .date = k->date, .tags = k->s->tags, .level = k->s->opts.level };
	struct context *x = context_take(k);
	struct policy policy;
	const char *wrong;

	if (!x->host) {
		x->host = policy_host_named(&x->arena, k->names, k->rules, k->n_rules,
		    (struct policy_opts){ .tags = o.tags });
		x->passes = passes_new(&x->arena, k->n_rules, o.level, o.tags);
	}
	policy_build(x->host, vm, arena, &policy);
	wrong = passes_run(x->passes, arena, &policy, 0, NULL);
	if (!wrong) {
		backend_find(slice_of("ipf"))->write_vm(&text[0], &policy, &o);
		backend_find(slice_of("ipf6"))->write_vm(&text[1], &policy, &o);
	}
	context_give(k, x);
	return wrong;
}

static void
crew_free(struct crew *k)
{
	for (unsigned i = 0; i < STATE_THREADS; i++) {
		if (k->contexts[i].passes)
			passes_free(k->contexts[i].passes);
		arena_free(&k->contexts[i].arena);
	}
	pthread_cond_destroy(&k->freed);
	pthread_mutex_destroy(&k->mutex);
}

static void
crew_init(struct crew *k, struct state *s, struct host *h, const struct names_found *found,
    struct arena *arena)
{
	long cpus = sysconf(_SC_NPROCESSORS_ONLN);

	memset(k, 0, sizeof(*k));
	k->s = s;
	pthread_mutex_init(&k->mutex, NULL);
	pthread_cond_init(&k->freed, NULL);
	k->n_contexts = cpus < 1 ? 1 : cpus > STATE_THREADS ? STATE_THREADS : (unsigned)cpus;
	k->names = h->all;
	k->rules = arena_alloc(arena, found->rules.n * sizeof(struct rule *));
	for (uint32_t i = 0; i < found->rules.n; i++) {
		struct rule *r = found->rules.v[i]->rule;

		if (!rule_is_true(r->enabled))
			continue;
		k->rules[k->n_rules++] = r;
		policy_names_prepare(k->names, r);
	}
}

/* --- the crew ----------------------------------------------------------------------------- */

static void
keep_texts(struct apply_vm *v, struct buf text[2])
{
	for (unsigned i = 0; i < 2; i++) {
		v->text[i] = base_alloc(text[i].n + 1);
		v->length[i] = text[i].n;
		memcpy(v->text[i], text[i].p, text[i].n);
	}
}

static void
bring_up(struct crew *k, struct apply_vm *v, struct arena *arena, struct buf text[2])
{
	const char *wrong;

	text[0].n = text[1].n = 0;
	wrong = compile(k, v->number, arena, text);
	if (wrong) {
		buf_printf(&v->error, "internal error: %s", wrong);
		return;
	}
	apply_one(k->s, v, text, k->a->dry);
	if (k->a->contents && ((v->bits & PLAN_NAMED) || v->changed))
		keep_texts(v, text);
}

static void *
work(void *arg)
{
	struct crew *k = arg;
	struct arena arena = { 0 };
	struct buf text[2] = { { 0 }, { 0 } };
	uint32_t i;

	while ((i = atomic_fetch_add(&k->next, 1)) < k->n) {
		bring_up(k, &k->list[i], &arena, text);
		arena_reset(&arena);
	}
	buf_free(&text[0]);
	buf_free(&text[1]);
	arena_free(&arena);
	return NULL;
}

static void
run_crew(struct crew *k)
{
	unsigned threads = k->n < WRITERS_MAX ? k->n : WRITERS_MAX, started = 0;
	pthread_t id[WRITERS_MAX];

	if (k->a->dry && threads > k->n_contexts)
		threads = k->n_contexts;
	for (unsigned i = 1; i < threads; i++, started++)
		if (pthread_create(&id[started], NULL, work, k) != 0)
			break;
	work(k);
	for (unsigned i = 0; i < started; i++)
		pthread_join(id[i], NULL);
}

/* --- an operation's VMs ------------------------------------------------------------------- */

/* Those of the plan whose firewall is on, by UUID. */
static void
list_vms(struct apply *a)
{
	const struct inventory *inv = &a->plan->host->inv;
	uint32_t *order = arena_alloc(a->call->arena, inv->n_local * sizeof(*order));

	for (uint32_t i = 0; i < inv->n_local; i++)
		if (a->plan->vms[i] && inv->vms.v[i]->firewall)
			order[a->n_list++] = i;
	inventory_sort(inv, order, a->n_list);
	a->list = arena_zero(a->call->arena, a->n_list * sizeof(*a->list));
	for (uint32_t i = 0; i < a->n_list; i++) {
		a->list[i].number = order[i];
		a->list[i].vm = inv->vms.v[order[i]];
		a->list[i].bits = a->plan->vms[order[i]];
	}
}

static void
find_rules(const struct apply *a, struct names_found *found)
{
	struct state *s = a->call->s;
	uint32_t mark = ++s->mark;

	for (uint32_t i = 0; i < a->n_list; i++)
		names_find(s, a->list[i].vm, NAMES_COMPILE, a->call->arena, found, mark);
	names_sort(found);
}

static int
by_uuid(const void *a, const void *b)
{
	const struct apply_vm *x = a, *y = b;

	return uuid_cmp(x->vm->uuid, y->vm->uuid);
}

static struct apply_vm *
find_listed(const struct apply *a, struct uuid u)
{
	struct vm vm = { .uuid = u };
	struct apply_vm key = { .vm = &vm };

	return a->n_list ? bsearch(&key, a->list, a->n_list, sizeof(*a->list), by_uuid) : NULL;
}

bool
apply_begin(struct apply *a)
{
	struct state_call *c = a->call;
	struct pending all = { 0 };
	int error = 0;

	if (!a->dry)
		error = pending_read(c->s->fw_fd, c->arena, &a->before);
	for (uint32_t i = 0; i < a->before.list.n; i++) {
		uint32_t vm = host_find_local(a->plan->host, a->before.list.v[i]);

		if (vm != UINT32_MAX)
			a->plan->vms[vm] |= PLAN_STALE | PLAN_RELOAD;
	}
	list_vms(a);
	for (uint32_t i = 0; i < a->before.list.n; i++)
		if (!find_listed(a, a->before.list.v[i]))
			*vec_push(c->arena, &all.list) = a->before.list.v[i];
	for (uint32_t i = 0; i < a->n_list; i++)
		*vec_push(c->arena, &all.list) = a->list[i].vm->uuid;
	if (!error && !a->dry && a->n_list)
		error = pending_write(c->s->fw_fd, &all, c->arena);
	return !error || state_fail(c, DIAG_state_write, arena_printf(c->arena, "%s/var/fw/%s",
	    c->s->root, PENDING_NAME), files_why(error));
}

/*
 * In the journal stay VMs that failed, and those that are not among this request's;
 * and all of them while the disk keeps a rule or VM from being read, which may be of
 * theirs.
 */
static void
strike_out(const struct apply *a)
{
	struct state_call *c = a->call;
	bool unread = load_any_unread(c->s);
	struct pending left = { 0 };

	for (uint32_t i = 0; i < a->before.list.n; i++)
		if (host_find_local(a->plan->host, a->before.list.v[i]) == UINT32_MAX)
			*vec_push(c->arena, &left.list) = a->before.list.v[i];
	for (uint32_t i = 0; i < a->n_list; i++)
		if (a->list[i].error.n || unread)
			*vec_push(c->arena, &left.list) = a->list[i].vm->uuid;
	/* If that fails, VMs are looked at once more than needed. */
	if (a->n_list || a->before.list.n)
		pending_write(c->s->fw_fd, &left, c->arena);
}

/* What was done: into the answer, or a diagnostic. */
static bool
gather(struct apply *a)
{
	struct arena *arena = a->call->arena;
	bool good = true;

	a->vms = arena_alloc(arena, a->n_list * sizeof(*a->vms));
	a->texts = arena_zero(arena, a->n_list * sizeof(*a->texts));
	for (uint32_t i = 0; i < a->n_list; i++) {
		struct apply_vm *v = &a->list[i];

		for (unsigned f = 0; v->text[0] && f < 2; f++) {
			a->texts[a->n][f] = arena_slice(arena, (struct slice){ v->text[f],
			    v->length[f] });
			free(v->text[f]);
		}
		if ((v->bits & PLAN_NAMED) || v->changed)
			a->vms[a->n++] = v->vm;
		if (v->error.n == 0)
			continue;
		good = false;
		apply_report(a->call, v);
		buf_free(&v->error);
	}
	return good;
}

bool
apply_finish(struct apply *a)
{
	struct state_call *c = a->call;
	struct names_found found = { 0 };
	struct crew k;

	find_rules(a, &found);
	crew_init(&k, c->s, a->plan->host, &found, c->arena);
	k.a = a;
	k.list = a->list;
	k.n = a->n_list;
	k.date = compile_date(c->arena);
	if (k.n)
		run_crew(&k);
	if (!a->dry)
		strike_out(a);
	crew_free(&k);
	return gather(a);
}

void
apply_write_vms(struct buf *out, const struct apply *a)
{
	buf_str(out, "\"vms\":[");
	for (uint32_t i = 0; i < a->n; i++) {
		buf_str(out, i ? "," : "");
		state_write_uuid(out, a->vms[i]->uuid);
	}
	buf_char(out, ']');
}

void
apply_write_files(struct buf *out, const struct apply *a)
{
	buf_str(out, ",\"files\":{");
	for (uint32_t i = 0; i < a->n; i++)
		for (unsigned f = 0; f < 2; f++) {
			buf_str(out, i || f ? "," : "");
			text_json(out, slice_of(apply_path(a->call->arena, a->call->s, a->vms[i], f)));
			buf_char(out, ':');
			text_json(out, a->texts[i][f]);
		}
	buf_char(out, '}');
}

const char *
apply_compile_one(struct state *s, struct host *h, uint32_t vm, struct arena *arena,
    struct slice text[2])
{
	struct buf b[2] = { { 0 }, { 0 } };
	struct names_found found = { 0 };
	const char *wrong;
	struct crew k;

	names_find(s, h->inv.vms.v[vm], NAMES_COMPILE, arena, &found, ++s->mark);
	names_sort(&found);
	crew_init(&k, s, h, &found, arena);
	wrong = compile(&k, vm, arena, b);
	for (unsigned i = 0; i < 2; i++) {
		text[i] = arena_slice(arena, buf_view(&b[i]));
		buf_free(&b[i]);
	}
	crew_free(&k);
	return wrong;
}
