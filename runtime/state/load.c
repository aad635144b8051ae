/* SPDX-License-Identifier: MPL-2.0 */
/*
 * The folders of rules and remote VMs in memory.
 *
 * The first reading takes all files, in threads; later ones only those whose stamp
 * differs, and where the system tells of changes (watch.c) not even stamps are
 * looked at.  A file that cannot be read is an item that says why: nothing is
 * written over it, and the others go on.
 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdlib.h>
#include <unistd.h>

#include "../../compiler/base/text.h"
#include "state_int.h"
#include "watch.h"

#define FILES_A_THREAD 400              /* fewer are read faster without another thread */
#define GARBAGE_MAX ((size_t)16 << 20)  /* bytes that no stored rule or VM needs */

const char *const state_folder_path[STATE_KINDS] = { "var/fw/rules", "var/fw/vms" };

/* --- one file's text -------------------------------------------------------------------- */

/* What one thread reads with; what it makes stays in arena. */
struct loader {
	struct arena arena, messages;
	struct diags diags;
	struct input in;
	struct inventory inv;
	struct buf text;
};

static struct loader *
loader_new(void)
{
	struct loader *l = base_alloc(sizeof(*l));

	memset(l, 0, sizeof(*l));
	l->diags.arena = &l->messages;
	input_init(&l->in, &l->arena, &l->diags, (struct lang_opts){ 0 });
	inventory_init(&l->inv, &l->arena, &l->diags);
	return l;
}

static void
loader_free(struct loader *l)
{
	input_done(&l->in);
	arena_free(&l->arena);
	arena_free(&l->messages);
	buf_free(&l->text);
	free(l);
}

/* What a file holds, before it becomes an item. */
struct loaded {
	struct uuid uuid;
	struct state_stamp stamp;
	bool gone;
	int starved;                    /* not read for want of what others have taken: errno */
	bool plain;                     /* a regular file, and its stamp is of no interest */
	const char *broken;
	bool unread;                    /* the system could not read it */
	struct rule *rule;
	struct state_rvm rvm;
};

static const char *
first_error(struct loader *l)
{
	for (uint32_t i = 0; i < l->diags.list.n; i++)
		if (l->diags.list.v[i].severity == DIAG_ERROR)
			return arena_printf(&l->arena, "%s", l->diags.list.v[i].text);
	return NULL;
}

static void
take_rule(struct loader *l, json_t *v, struct loaded *to)
{
	struct slice uuid;

	/* A version from the clock would be another one each time the file is read. */
	if (json_is_object(v) && !json_truthy(json_object_get(v, "version")))
		json_object_set_new(v, "version", json_string("0"));
	if (!json_is_object(v))
		to->broken = "not a JSON object";
	else if (!json_get_slice(v, "uuid", &uuid))
		to->broken = "a stored rule needs a uuid";
	else if ((to->rule = input_payload(&l->in, v, (struct slice){ 0 })) != NULL &&
	    uuid_cmp(to->rule->uuid, to->uuid) != 0)
		to->broken = "its uuid is not the one of its name";
}

static void
take_rvm(struct loader *l, const json_t *v, struct loaded *to)
{
	const json_t *tags = json_object_get(v, "tags");
	struct buf text = { 0 };
	struct strmap *known = &l->inv.by_uuid;

	if (inventory_add_remote(&l->inv, v, (struct slice){ 0 }, false)) {
		to->rvm.vm = l->inv.vms.v[0];
		if (uuid_cmp(to->rvm.vm->uuid, to->uuid) != 0)
			to->broken = "its uuid is not the one of its name";
		if (json_object_size(tags)) {
			json_write(&text, tags);
			to->rvm.tags = arena_slice(&l->arena, buf_view(&text));
			buf_free(&text);
		}
	}
	/* Only one at a time is of interest. */
	l->inv.vms.n = 0;
	known->n = 0;
	if (known->size)
		memset(known->slot, 0, known->size * sizeof(*known->slot));
}

static void
load_text(struct loader *l, enum state_kind kind, struct slice text, struct loaded *to)
{
	struct src src = { .name = slice_of("file"), .text = text };
	json_t *v = NULL;

	l->diags = (struct diags){ .arena = &l->messages };
	json_arena_begin(&l->in.scratch);
	if (text_utf8_bad(text) < text.n)
		to->broken = "not UTF-8";
	else
		v = json_read_all(&src, &l->diags);
	if (v && kind == STATE_RULES)
		take_rule(l, v, to);
	else if (v)
		take_rvm(l, v, to);
	json_arena_drop(v);
	json_arena_end();
	if (!to->broken && l->diags.errors)
		to->broken = first_error(l);
	arena_reset(&l->in.scratch);
	arena_reset(&l->messages);
}

/* --- stamps ----------------------------------------------------------------------------- */

static int64_t
ns_of(struct timespec t)
{
	return (int64_t)t.tv_sec * 1000000000 + t.tv_nsec;
}

static struct state_stamp
stamp_of(const struct stat *st)
{
	return (struct state_stamp){ st->st_dev, st->st_ino, st->st_size, ns_of(st->st_mtim),
		ns_of(st->st_ctim) };
}

static bool
stamp_eq(const struct state_stamp *a, const struct state_stamp *b)
{
	return a->dev == b->dev && a->ino == b->ino && a->size == b->size &&
	    a->mtime == b->mtime && a->ctime == b->ctime;
}

static void
file_name(char *out, struct uuid u)
{
	uuid_write(out, u);
	memcpy(out + UUID_TEXT, ".json", 6);
}

static void
load_file(struct loader *l, int folder, enum state_kind kind, struct loaded *to)
{
	char name[UUID_TEXT + 6];
	struct stat st = { 0 };
	int error;

	file_name(name, to->uuid);
	error = to->plain ? files_read_plain(folder, name, STATE_FILE_MAX, &l->text)
	    : files_read(folder, name, STATE_FILE_MAX, &l->text, &st);
	to->stamp = stamp_of(&st);
	/* A symbolic link is never read: that is about the file. */
	to->unread = error && error < FILES_SPECIAL && error != ELOOP;
	/* That is nothing about the file. */
	if (error == EMFILE || error == ENFILE || error == ENOMEM || error == EINTR)
		to->starved = error;
	if (error == ENOENT)
		to->gone = true;
	else if (error)
		to->broken = files_why(error);
	else
		load_text(l, kind, buf_view(&l->text), to);
	/* An error's text may be the thread's. */
	if (to->broken)
		to->broken = arena_copy(&l->arena, to->broken, strlen(to->broken));
}

/* --- many files, in threads ------------------------------------------------------------- */

struct share {
	struct loader *loader;
	int folder;
	enum state_kind kind;
	struct loaded *files;
	uint32_t n;
};

static void *
load_share(void *arg)
{
	struct share *s = arg;

	for (uint32_t i = 0; i < s->n; i++)
		load_file(s->loader, s->folder, s->kind, &s->files[i]);
	return NULL;
}

static struct loader *
loader_for(struct state *s, unsigned i)
{
	if (!s->loaders[i])
		s->loaders[i] = loader_new();
	return s->loaders[i];
}

static unsigned
count_threads(uint32_t files)
{
	long cpus = sysconf(_SC_NPROCESSORS_ONLN);
	unsigned n = files / FILES_A_THREAD + 1;

	if (cpus > 0 && n > (unsigned long)cpus)
		n = (unsigned)cpus;
	return n < STATE_THREADS ? n : STATE_THREADS;
}

static void
load_files(struct state *s, enum state_kind kind, struct loaded *files, uint32_t n)
{
	unsigned threads = count_threads(n), started = 0;
	pthread_t id[STATE_THREADS];
	struct share share[STATE_THREADS];

	if (n == 0)
		return;
	for (unsigned i = 0; i < threads; i++) {
		uint32_t from = (uint32_t)((uint64_t)n * i / threads);
		uint32_t to = (uint32_t)((uint64_t)n * (i + 1) / threads);

		share[i] = (struct share){ loader_for(s, i), s->folder[kind].fd, kind, files + from,
			to - from };
	}
	for (unsigned i = 1; i < threads; i++, started++)
		if (pthread_create(&id[i], NULL, load_share, &share[i]) != 0)
			break;
	load_share(&share[0]);
	for (unsigned i = started + 1; i < threads; i++)
		load_share(&share[i]);
	for (unsigned i = 1; i <= started; i++)
		pthread_join(id[i], NULL);
}

/* --- items by UUID ------------------------------------------------------------------------ */

static uint32_t
slot_of(const struct state_folder *f, struct uuid u)
{
	uint32_t at = uuid_hash(u) & (f->known.size - 1);

	while (f->known.slot[at] && uuid_cmp(f->known.slot[at]->uuid, u) != 0)
		at = (at + 1) & (f->known.size - 1);
	return at;
}

static void
known_grow(struct state_folder *f, uint32_t items)
{
	uint32_t size = f->known.size ? f->known.size : 1024;

	while (size / 2 < items)
		size *= 2;
	free(f->known.slot);
	f->known.slot = base_alloc(size * sizeof(*f->known.slot));
	memset(f->known.slot, 0, size * sizeof(*f->known.slot));
	f->known.size = size;
	for (uint32_t i = 0; i < f->items.n; i++) {
		uint32_t at = uuid_hash(f->items.v[i]->uuid) & (size - 1);

		while (f->known.slot[at])
			at = (at + 1) & (size - 1);
		f->known.slot[at] = f->items.v[i];
	}
}

struct state_item *
load_find(const struct state *s, enum state_kind kind, struct uuid u)
{
	const struct state_folder *f = &s->folder[kind];

	return f->known.size ? f->known.slot[slot_of(f, u)] : NULL;
}

static struct state_item *
item_for(struct state *s, enum state_kind kind, struct uuid u)
{
	struct state_folder *f = &s->folder[kind];
	struct state_item *it = load_find(s, kind, u);

	if (it)
		return it;
	it = arena_zero(&s->arena, sizeof(*it));
	it->uuid = u;
	it->place = f->items.n;
	*vec_push(&s->arena, &f->items) = it;
	if (f->items.n > f->known.size / 2)
		known_grow(f, f->items.n);
	else
		f->known.slot[slot_of(f, u)] = it;
	return it;
}

/* Closes the gap that a removed slot would leave in the runs of others. */
static void
known_remove(struct state_folder *f, struct uuid u)
{
	uint32_t mask = f->known.size - 1, hole = slot_of(f, u), at = hole;

	f->known.slot[hole] = NULL;
	for (;;) {
		uint32_t home;

		at = (at + 1) & mask;
		if (!f->known.slot[at])
			return;
		home = uuid_hash(f->known.slot[at]->uuid) & mask;
		if (((at - home) & mask) >= ((at - hole) & mask)) {
			f->known.slot[hole] = f->known.slot[at];
			f->known.slot[at] = NULL;
			hole = at;
		}
	}
}

/* Its rule or VM goes; what is stored instead comes next, if anything does. */
static void
item_clear(struct state *s, struct state_item *it)
{
	if (it->rule && s->names)
		names_remove(s->names, it);
	s->rvms += it->rvm.vm != NULL;
	it->rule = NULL;
	it->rvm = (struct state_rvm){ 0 };
	it->broken = NULL;
}

void
load_drop(struct state *s, enum state_kind kind, struct uuid u)
{
	struct state_folder *f = &s->folder[kind];
	struct state_item *it = load_find(s, kind, u), *last;

	if (!it)
		return;
	item_clear(s, it);
	known_remove(f, u);
	last = f->items.v[--f->items.n];
	f->items.v[it->place] = last;
	last->place = it->place;
}

char *
load_path(struct arena *arena, enum state_kind kind, struct uuid u)
{
	char name[UUID_TEXT + 6];

	file_name(name, u);
	return arena_printf(arena, "%s/%s", state_folder_path[kind], name);
}

static void
tell_broken(struct state *s, enum state_kind kind, const struct state_item *it, const char *before)
{
	struct arena tmp = { 0 };

	if (s->opts.warn && !(before && strcmp(before, it->broken) == 0))
		s->opts.warn(s->opts.context, arena_printf(&tmp, "%s/%s: passed over: %s", s->root,
		    load_path(&tmp, kind, it->uuid), it->broken));
	arena_free(&tmp);
}

static void
take_loaded(struct state *s, enum state_kind kind, const struct loaded *from)
{
	struct state_item *it;
	const char *before;

	if (from->gone) {
		load_drop(s, kind, from->uuid);
		return;
	}
	it = item_for(s, kind, from->uuid);
	before = it->broken;
	item_clear(s, it);
	it->stamp = from->stamp;
	it->broken = from->broken;
	it->unread = from->unread;
	if (it->broken) {
		tell_broken(s, kind, it, before);
		return;
	}
	it->rule = from->rule;
	it->rvm = from->rvm;
	if (it->rule && s->names)
		names_add(s->names, it);
	s->rvms += it->rvm.vm != NULL;
}

void
load_stage(struct state *s, enum state_kind kind, struct uuid u, struct slice text)
{
	struct loaded one = { .uuid = u };

	load_text(loader_for(s, 0), kind, text, &one);
	take_loaded(s, kind, &one);
}

void
load_put(struct state *s, enum state_kind kind, struct uuid u)
{
	struct loaded one = { .uuid = u };

	/* The folder was made since it was looked for; the next refresh finds it. */
	if (s->folder[kind].fd < 0) {
		load_drop(s, kind, u);
		return;
	}
	load_file(loader_for(s, 0), s->folder[kind].fd, kind, &one);
	take_loaded(s, kind, &one);
}

/* --- folders ------------------------------------------------------------------------------ */

static bool
is_ours(const char *name, struct uuid *u)
{
	size_t n = strlen(name);

	return n == UUID_TEXT + 5 && uuid_read((struct slice){ name, UUID_TEXT }, u);
}

static bool
is_json(const char *name)
{
	size_t n = strlen(name);

	return name[0] != '.' && n > 5 && strcmp(name + n - 5, ".json") == 0;
}

static bool
is_fresh(struct state_folder *f, const char *name, const struct state_item *it)
{
	struct state_stamp now;
	struct stat st;

	if (it->unread || fstatat(f->fd, name, &st, AT_SYMLINK_NOFOLLOW) != 0)
		return false;
	now = stamp_of(&st);
	return stamp_eq(&now, &it->stamp);
}

struct list {
	VEC(struct loaded) files;
};

/* Does the folder itself say that it is a regular file? */
static bool
is_plain(const struct dirent *e)
{
#ifdef DT_REG
	return e->d_type == DT_REG;
#else
	(void)e;
	return false;
#endif
}

static void
tell_stranger(struct state *s, enum state_kind kind, const char *name)
{
	struct arena tmp = { 0 };
	struct buf shown = { 0 };

	if (!s->opts.warn)
		return;
	text_visible(&shown, slice_of(name));
	s->opts.warn(s->opts.context, arena_printf(&tmp, "%s/%s/%.*s: passed over: its name is "
	    "not that of a UUID", s->root, state_folder_path[kind], (int)shown.n, shown.p));
	buf_free(&shown);
	arena_free(&tmp);
}

/* Each is told of once while it is there, and forgotten when it is not. */
static void
note_stranger(struct state *s, enum state_kind kind, struct strangers *now, const char *name)
{
	const char *own = arena_copy(&now->arena, name, strlen(name));

	if (!strmap_get(&s->folder[kind].strangers.known, slice_of(name)))
		tell_stranger(s, kind, name);
	*strmap_put(&now->arena, &now->known, slice_of(own)) = now->list.n;
	*vec_push(&now->arena, &now->list) = own;
}

static void
take_strangers(struct state_folder *f, struct strangers *now)
{
	arena_free(&f->strangers.arena);
	f->strangers = *now;
}

/* All names of the folder; those that are new or changed are added to list. */
static int
scan(struct state *s, enum state_kind kind, struct arena *arena, struct list *list)
{
	struct state_folder *f = &s->folder[kind];
	int fd = openat(f->fd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC), error;
	DIR *dir = fd >= 0 ? fdopendir(fd) : NULL;
	struct strangers strangers = { 0 };
	struct dirent *e;
	struct uuid u;

	if (!dir)
		return errno;
	s->round++;
	while (errno = 0, (e = readdir(dir)) != NULL) {
		struct state_item *it;

		if (!is_json(e->d_name))
			continue;
		if (list->files.n > STATE_FILES_MAX) {
			errno = FILES_LARGE;
			break;
		}
		if (!is_ours(e->d_name, &u)) {
			note_stranger(s, kind, &strangers, e->d_name);
			continue;
		}
		it = load_find(s, kind, u);
		if (it)
			it->seen = s->round;
		if (!it || !is_fresh(f, e->d_name, it))
			*vec_push(arena, &list->files) = (struct loaded){ .uuid = u,
				.plain = s->opts.once && is_plain(e) };
	}
	error = errno;
	closedir(dir);
	take_strangers(f, &strangers);
	return error;
}

static void
drop_unseen(struct state *s, enum state_kind kind)
{
	struct state_folder *f = &s->folder[kind];

	for (uint32_t i = f->items.n; i-- > 0; )
		if (f->items.v[i]->seen != s->round)
			load_drop(s, kind, f->items.v[i]->uuid);
}

/* Reads files and takes them in; an error if one could not be looked at at all. */
static int
take_files(struct state *s, enum state_kind kind, const struct list *list)
{
	load_files(s, kind, list->files.v, list->files.n);
	for (uint32_t i = 0; i < list->files.n; i++)
		if (list->files.v[i].starved)
			return list->files.v[i].starved;
	for (uint32_t i = 0; i < list->files.n; i++)
		take_loaded(s, kind, &list->files.v[i]);
	return 0;
}

static int
refresh_all(struct state *s, enum state_kind kind, struct arena *arena)
{
	struct list list = { 0 };
	int error = scan(s, kind, arena, &list);

	if (error)
		return error;
	drop_unseen(s, kind);
	if (list.files.n > 1)
		known_grow(&s->folder[kind], s->folder[kind].items.n + list.files.n);
	return take_files(s, kind, &list);
}

static int
refresh_some(struct state *s, enum state_kind kind, struct arena *arena,
    const struct watch_names *changed)
{
	struct state_folder *f = &s->folder[kind];
	struct list list = { 0 };
	char name[UUID_TEXT + 6];

	for (uint32_t i = 0; i < changed->list.n; i++) {
		struct state_item *it = load_find(s, kind, changed->list.v[i]);

		file_name(name, changed->list.v[i]);
		if (!it || !is_fresh(f, name, it))
			*vec_push(arena, &list.files) = (struct loaded){ .uuid = changed->list.v[i] };
	}
	return take_files(s, kind, &list);
}

static void
forget_folder(struct state *s, enum state_kind kind)
{
	struct state_folder *f = &s->folder[kind];

	while (f->items.n)
		load_drop(s, kind, f->items.v[f->items.n - 1]->uuid);
	take_strangers(f, &(struct strangers){ 0 });
	watch_end(s->watch, kind);
	if (f->fd >= 0)
		close(f->fd);
	f->fd = -1;
}

/* Is the folder that is open still the one at its path? */
static bool
same_folder(int a, int b)
{
	struct stat x, y;

	return a >= 0 && fstat(a, &x) == 0 && fstat(b, &y) == 0 && x.st_dev == y.st_dev &&
	    x.st_ino == y.st_ino;
}

bool
load_any_unread(const struct state *s)
{
	for (unsigned kind = 0; kind < STATE_KINDS; kind++)
		for (uint32_t i = 0; i < s->folder[kind].items.n; i++)
			if (s->folder[kind].items.v[i]->broken && s->folder[kind].items.v[i]->unread)
				return true;
	return false;
}

static int
refresh(struct state *s, enum state_kind kind, struct arena *arena)
{
	struct state_folder *f = &s->folder[kind];
	struct watch_names changed = { .arena = arena };
	int fd, error = files_open_folder(s->root_fd, state_folder_path[kind], false, &fd);

	if (error) {
		forget_folder(s, kind);
		return error == ENOENT ? 0 : error;
	}
	if (same_folder(f->fd, fd)) {
		close(fd);
	} else {
		forget_folder(s, kind);
		f->fd = fd;
		/* Before the first look at it, so that no change is missed. */
		if (!s->opts.once)
			watch_begin(s->watch, kind, fd);
		return refresh_all(s, kind, arena);
	}
	if (!watch_take(s->watch, kind, &changed) || load_any_unread(s))
		return refresh_all(s, kind, arena);
	return refresh_some(s, kind, arena, &changed);
}

static size_t
memory(const struct state *s)
{
	size_t n = s->arena.used;

	for (unsigned i = 0; i < STATE_THREADS; i++)
		if (s->loaders[i])
			n += s->loaders[i]->arena.used;
	return n;
}

/*
 * What was replaced or dropped stays in arenas, and so do the names of what rules
 * named.  When that is more than what lives, all is read anew.
 */
static void
compact(struct state *s)
{
	if (s->names && memory(s) > 2 * s->settled + GARBAGE_MAX)
		load_free(s);
}

bool
load_refresh(struct state_call *c)
{
	struct state *s = c->s;

	compact(s);
	for (unsigned kind = 0; kind < STATE_KINDS; kind++) {
		int error = refresh(s, kind, c->arena);

		if (error) {
			diag_add(c->diags, DIAG_state_folder, NULL, (struct span){ 0, 0 },
			    arena_printf(c->arena, "%s/%s", s->root, state_folder_path[kind]),
			    files_why(error));
			/* What was to be read is forgotten by whoever told of it: all anew. */
			load_free(s);
			return false;
		}
	}
	if (!s->names) {
		s->names = names_new(&s->arena);
		for (uint32_t i = 0; i < s->folder[STATE_RULES].items.n; i++)
			if (s->folder[STATE_RULES].items.v[i]->rule)
				names_add(s->names, s->folder[STATE_RULES].items.v[i]);
		s->settled = memory(s);
	}
	return true;
}

static int
by_uuid(const void *a, const void *b)
{
	const struct state_item *const *x = a, *const *y = b;

	return uuid_cmp((*x)->uuid, (*y)->uuid);
}

struct state_item **
load_sorted(const struct state *s, enum state_kind kind, struct arena *arena, uint32_t *n)
{
	const struct state_folder *f = &s->folder[kind];
	struct state_item **list = arena_alloc(arena, f->items.n * sizeof(struct state_item *));

	*n = 0;
	for (uint32_t i = 0; i < f->items.n; i++)
		if (!f->items.v[i]->broken)
			list[(*n)++] = f->items.v[i];
	if (*n > 1)
		qsort(list, *n, sizeof(struct state_item *), by_uuid);
	return list;
}

void
load_free(struct state *s)
{
	for (unsigned kind = 0; kind < STATE_KINDS; kind++) {
		struct state_folder *f = &s->folder[kind];

		watch_end(s->watch, kind);
		if (f->fd >= 0)
			close(f->fd);
		free(f->known.slot);
		arena_free(&f->strangers.arena);
		memset(f, 0, sizeof(*f));
		f->fd = -1;
	}
	for (unsigned i = 0; i < STATE_THREADS; i++)
		if (s->loaders[i]) {
			loader_free(s->loaders[i]);
			s->loaders[i] = NULL;
		}
	arena_free(&s->arena);
	memset(&s->arena, 0, sizeof(s->arena));
	s->names = NULL;
	s->rvms++;
}
