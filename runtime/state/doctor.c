/* SPDX-License-Identifier: MPL-2.0 */
/*
 * doctor: what is wrong with a host's data and files, and what to do about each.
 * It changes nothing, waits for no lock and goes on where others would stop.
 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <unistd.h>

#include "../../compiler/base/text.h"
#include "apply_int.h"
#include "config.h"

#define SHOWN_A_SORT 20                 /* findings of one sort that are told one by one */

struct doctor {
	struct state_call *c;
	struct host *h;                 /* NULL: the VMs are not known */
	bool no_data;                   /* rules and remote VMs are not, for want of their folder */
	struct buf text, json;
	uint32_t found;
	const char *sort;               /* of the findings that come, and how many there were */
	uint32_t of_sort;
};

/* A finding: where, what is wrong, what to do. */
static void __attribute__((format(printf, 4, 5)))
tell(struct doctor *d, const char *sort, const char *cure, const char *fmt, ...)
{
	struct arena *arena = d->c->arena;
	const char *what;
	va_list ap;

	va_start(ap, fmt);
	what = arena_vprintf(arena, NULL, fmt, ap);
	va_end(ap);
	if (!d->sort || strcmp(d->sort, sort) != 0) {
		d->sort = sort;
		d->of_sort = 0;
	}
	buf_str(&d->json, d->found++ ? ",{\"kind\":" : "{\"kind\":");
	text_json(&d->json, slice_of(sort));
	buf_str(&d->json, ",\"problem\":");
	text_json(&d->json, slice_of(what));
	buf_str(&d->json, ",\"cure\":");
	text_json(&d->json, slice_of(cure));
	buf_char(&d->json, '}');
	if (d->of_sort++ > SHOWN_A_SORT)
		return;
	if (d->of_sort > SHOWN_A_SORT) {
		buf_printf(&d->text, "%s: and more of these: -j shows all\n", sort);
		return;
	}
	buf_printf(&d->text, "%s: ", sort);
	text_visible(&d->text, slice_of(what));
	buf_str(&d->text, "\n    ");
	text_visible(&d->text, slice_of(cure));
	buf_char(&d->text, '\n');
}

/* --- the data directory ---------------------------------------------------------------------------------- */

static void
check_lock(struct doctor *d, int fw)
{
	long holder;
	int error = lock_probe(fw, &holder);

	if (error == ETIMEDOUT)
		tell(d, "lock", "no harm while that process works; if it hangs, see what it waits for",
		    "%s/var/fw/%s is held by process %ld", d->c->s->root, LOCK_NAME, holder);
	else if (error)
		tell(d, "lock", "remove it", "%s/var/fw/%s: %s", d->c->s->root, LOCK_NAME,
		    files_why(error));
}

static void
check_pending(struct doctor *d, int fw)
{
	struct pending p;
	int error = pending_read(fw, d->c->arena, &p);
	char uuid[UUID_TEXT + 1] = "";

	if (error)
		tell(d, "interrupted", "remove it, then `fwadm verify`", "%s/var/fw/%s: %s",
		    d->c->s->root, PENDING_NAME, files_why(error));
	for (uint32_t i = 0; i < p.list.n; i++) {
		uuid_write(uuid, p.list.v[i]);
		tell(d, "interrupted", "the next change brings it up to date; or now: echo "
		    "'{\"localVMs\": []}' | fwadm update",
		    "VM %s: its files may not be what the rules say", uuid);
	}
}

/* Who may change the file: only root, and who runs this. */
static void
check_owner(struct doctor *d, const char *path, const struct stat *st)
{
	if (st->st_uid != 0 && st->st_uid != geteuid())
		tell(d, "owner", "chown it to root", "%s belongs to user %lu", path,
		    (unsigned long)st->st_uid);
	else if (!S_ISLNK(st->st_mode) && (st->st_mode & (S_IWGRP | S_IWOTH)))
		tell(d, "owner", "chmod go-w", "%s can be written by others", path);
}

static bool
ends_with(const char *name, const char *end)
{
	size_t n = strlen(name), m = strlen(end);

	return n > m && strcmp(name + n - m, end) == 0;
}

/* Leftovers and modes of one folder; at is its path for messages. */
static void
check_folder(struct doctor *d, int fd, const char *at, bool modes)
{
	int own = openat(fd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	DIR *dir = own >= 0 ? fdopendir(own) : NULL;
	struct dirent *e;
	struct stat st;

	if (!dir)
		return;
	if (modes && fstat(fd, &st) == 0)
		check_owner(d, at, &st);
	while ((e = readdir(dir)) != NULL) {
		const char *path = arena_printf(d->c->arena, "%s/%s", at, e->d_name);

		if (e->d_name[0] == '.' && ends_with(e->d_name, ".tmp"))
			tell(d, "leftover", "of a run that was killed: remove it, if no fwadm is at work",
			    "%s", path);
		else if (modes && ends_with(e->d_name, ".json") &&
		    fstatat(fd, e->d_name, &st, AT_SYMLINK_NOFOLLOW) == 0)
			check_owner(d, path, &st);
	}
	closedir(dir);
}

static void
check_items(struct doctor *d, enum state_kind kind)
{
	struct state *s = d->c->s;
	const struct state_folder *f = &s->folder[kind];

	for (uint32_t i = 0; i < f->items.n; i++)
		if (f->items.v[i]->broken)
			tell(d, "unreadable", "mend or remove it; until then it is not in force",
			    "%s/%s: %s", s->root, load_path(d->c->arena, kind, f->items.v[i]->uuid),
			    f->items.v[i]->broken);
	for (uint32_t i = 0; i < f->strangers.list.n; i++)
		tell(d, "unreadable", "rename or remove it", "%s/%s/%s: not the name of a UUID", s->root,
		    state_folder_path[kind], f->strangers.list.v[i]);
}

static void
check_data(struct doctor *d)
{
	struct state *s = d->c->s;
	const char *root = arena_printf(d->c->arena, "%s/var/fw", s->root);
	int fw, error = files_open_folder(s->root_fd, "var/fw", false, &fw);

	if (error) {
		tell(d, "data", error == ENOENT ? "the first `fwadm add` makes it" : "make it a folder",
		    "%s: %s", root, files_why(error));
		return;
	}
	check_lock(d, fw);
	check_pending(d, fw);
	check_folder(d, fw, root, true);
	close(fw);
	for (unsigned kind = 0; kind < STATE_KINDS; kind++) {
		check_items(d, kind);
		if (s->folder[kind].fd >= 0)
			check_folder(d, s->folder[kind].fd, arena_printf(d->c->arena, "%s/%s", s->root,
			    state_folder_path[kind]), true);
	}
}

/* --- VMs -------------------------------------------------------------------------------------------------- */

static void
check_vm(struct doctor *d, const struct vm *vm)
{
	struct state *s = d->c->s;
	char uuid[UUID_TEXT + 1] = "";
	struct stat st;
	int folder, error = apply_open_config(s, vm->zonepath, false, &folder);
	const struct state_item *it = load_find(s, STATE_RVMS, vm->uuid);

	uuid_write(uuid, vm->uuid);
	if (it)
		tell(d, "remote VM", "fwadm delete-rvm it", "VM %s is a VM of this host and stored as a "
		    "remote one", uuid);
	if (error && error != ENOENT)
		tell(d, "zone", "make it a folder", "%s: %s", apply_path(d->c->arena, s, vm, 0),
		    files_why(error));
	for (unsigned i = 0; i < 2; i++) {
		const char *path = apply_path(d->c->arena, s, vm, i);
		bool there = !error && fstatat(folder, apply_file[i], &st, AT_SYMLINK_NOFOLLOW) == 0;

		if (there && !S_ISREG(st.st_mode))
			tell(d, "zone", "remove it, then `fwadm start` the VM", "%s is not a regular file", path);
		else if (vm->firewall && !there)
			tell(d, "no file", "`fwadm start` the VM: without the file its firewall is off after "
			    "it boots", "%s is not there, and VM %s has its firewall on", path, uuid);
		else if (!vm->firewall && there)
			tell(d, "stray file", "`fwadm stop` the VM: with the file its firewall is on after "
			    "it boots", "%s is there, and VM %s has its firewall off", path, uuid);
	}
	if (!error) {
		check_folder(d, folder, arena_printf(d->c->arena, "%.*s",
		    (int)strlen(apply_path(d->c->arena, s, vm, 0)) - 9,
		    apply_path(d->c->arena, s, vm, 0)), false);
		close(folder);
	}
}

/* Zones beside those of the VMs that have filter files, and no VM. */
static void
check_zones(struct doctor *d, const char *parent)
{
	struct state *s = d->c->s;
	int fd, own;
	struct dirent *e;
	struct uuid u;
	DIR *dir;

	if (files_open_folder(s->root_fd, parent, false, &fd) != 0)
		return;
	own = dup(fd);
	dir = own >= 0 ? fdopendir(own) : NULL;
	while (dir && (e = readdir(dir)) != NULL) {
		struct stat st;
		int config;

		if (!uuid_read(slice_of(e->d_name), &u) || host_find_local(d->h, u) != UINT32_MAX ||
		    files_open_folder(fd, arena_printf(d->c->arena, "%s/config", e->d_name), false,
		    &config) != 0)
			continue;
		for (unsigned i = 0; i < 2; i++)
			if (fstatat(config, apply_file[i], &st, AT_SYMLINK_NOFOLLOW) == 0)
				tell(d, "no VM", "if the zone is gone for good, remove it",
				    "%s/%s/%s/config/%s: there is no such VM", s->root, parent, e->d_name,
				    apply_file[i]);
		close(config);
	}
	if (dir)
		closedir(dir);
	close(fd);
}

static void
check_parents(struct doctor *d)
{
	struct strmap seen = { 0 };

	for (uint32_t i = 0; i < d->h->inv.n_local; i++) {
		struct slice z = d->h->inv.vms.v[i]->zonepath;
		uint32_t *at;

		while (z.n && z.p[z.n - 1] != '/')
			z.n--;
		while (z.n && z.p[z.n - 1] == '/')
			z.n--;
		while (z.n && *z.p == '/') {
			z.p++;
			z.n--;
		}
		at = strmap_put(d->c->arena, &seen, z);
		if (z.n && *at == UINT32_MAX)
			check_zones(d, arena_printf(d->c->arena, "%.*s", (int)z.n, z.p));
		*at = 1;
	}
}

/* --- programs --------------------------------------------------------------------------------------------- */

static bool
is_program(const char *path)
{
	struct stat st;

	return stat(path, &st) == 0 && S_ISREG(st.st_mode) && access(path, X_OK) == 0;
}

static void
check_program(struct doctor *d, const char *name, const char *option)
{
	const char *path = getenv("PATH");
	bool there = strchr(name, '/') && is_program(name);

	while (!there && path && !strchr(name, '/')) {
		size_t n = strcspn(path, ":");

		there = is_program(arena_printf(d->c->arena, "%.*s/%s", (int)n, path, name));
		if (!path[n])
			break;
		path += n + 1;
	}
	if (!there)
		tell(d, "program", arena_printf(d->c->arena, "say where it is with %s", option),
		    "%s cannot be run", name);
}

/* What another step told as errors are findings here. */
static void
take_errors(struct doctor *d, const char *sort, const char *cure)
{
	struct diags *diags = d->c->diags;

	for (uint32_t i = 0; i < diags->list.n; i++)
		tell(d, sort, cure, "%s", diags->list.v[i].text);
	diags->list.n = 0;
	diags->errors = 0;
}

/* The VMs, or why they are not known: then zones are not looked at. */
static void
ask_vms(struct doctor *d)
{
	static const char cure[] = "see --vms and FWADM_VMS; without the VMs their zones are not "
	    "looked at";
	const json_t *why = json_object_get(d->c->params, "noVMs");

	if (json_is_string(why))
		tell(d, "VM list", cure, "%s", json_string_value(why));
	else if (!host_read(d->c, &d->h, "opts.vms ([object]) is required"))
		take_errors(d, "VM list", cure);
}

/* What can be read of the data; what cannot is told of item by item later. */
static void
read_data(struct doctor *d)
{
	struct state *s = d->c->s;
	void (*warn)(void *, const char *) = s->opts.warn;

	s->opts.warn = NULL;
	d->no_data = !load_refresh(d->c);
	if (d->no_data)
		take_errors(d, "data", "mend that; until then no fwadm works here");
	s->opts.warn = warn;
}

static void
write_head(const struct doctor *d, struct buf *text)
{
	const struct state *s = d->c->s;

	buf_printf(text, "fwadm %s, root %s/, -O%u, tags %s, ipf %s, ipfstat %s\n", PACKAGE_VERSION,
	    s->root, s->opts.level, s->tags ? "on" : "off", s->opts.ipf, s->opts.ipfstat);
	if (d->no_data)
		buf_str(text, "rules and remote VMs not known, ");
	else
		buf_printf(text, "%u rules, %u remote VMs, ", s->folder[STATE_RULES].items.n,
		    s->folder[STATE_RVMS].items.n);
	if (d->h)
		buf_printf(text, "%u VMs\n", d->h->inv.n_local);
	else
		buf_str(text, "VMs not known\n");
	buf_slice(text, buf_view(&d->text));
	if (!d->found)
		buf_str(text, "nothing is wrong\n");
}

static void
write_report(const struct doctor *d)
{
	const struct state *s = d->c->s;
	struct buf *out = d->c->out, text = { 0 };

	write_head(d, &text);
	buf_printf(out, "{\"found\":%u,\"version\":\"%s\",\"root\":", d->found, PACKAGE_VERSION);
	text_json(out, slice_of(*s->root ? s->root : "/"));
	if (d->no_data)
		buf_str(out, ",\"rules\":null,\"remoteVMs\":null,\"vms\":");
	else
		buf_printf(out, ",\"rules\":%u,\"remoteVMs\":%u,\"vms\":",
		    s->folder[STATE_RULES].items.n, s->folder[STATE_RVMS].items.n);
	if (d->h)
		buf_printf(out, "%u", d->h->inv.n_local);
	else
		buf_str(out, "null");
	buf_str(out, ",\"findings\":[");
	buf_slice(out, buf_view(&d->json));
	buf_str(out, "],\"text\":");
	text_json(out, buf_view(&text));
	buf_char(out, '}');
	buf_free(&text);
}

bool
check_doctor(struct state_call *c)
{
	struct doctor d = { .c = c };

	ask_vms(&d);
	read_data(&d);
	check_data(&d);
	for (uint32_t i = 0; d.h && i < d.h->inv.n_local; i++)
		check_vm(&d, d.h->inv.vms.v[i]);
	if (d.h)
		check_parents(&d);
	check_program(&d, c->s->opts.ipf, "--ipf");
	check_program(&d, c->s->opts.ipfstat, "--ipfstat");
	write_report(&d);
	buf_free(&d.text);
	buf_free(&d.json);
	return true;
}
