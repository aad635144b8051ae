/* SPDX-License-Identifier: MPL-2.0 */
/*
 * inotify queues an event before the call that caused it returns, so what another
 * process did before it gave up the lock stands in the queue.  Events of all
 * folders come through one queue and are kept until each folder's are taken.
 */
#include "watch.h"

#include <stdlib.h>
#include <unistd.h>

#if defined(__linux__)
#include <errno.h>
#include <stdio.h>
#include <sys/inotify.h>

#define KEPT_MAX 65536                  /* names of a folder; with more, all may have changed */

struct noted {
	int wd;                         /* -1: not watched */
	bool all;                       /* everything may have changed */
	uint32_t n, cap;
	struct uuid *names;
};

struct watch {
	int fd;
	unsigned n;
	struct noted folder[];
};

struct watch *
watch_new(unsigned folders)
{
	struct watch *w = base_alloc(sizeof(*w) + folders * sizeof(w->folder[0]));

	memset(w, 0, sizeof(*w) + folders * sizeof(w->folder[0]));
	w->fd = inotify_init1(IN_NONBLOCK | IN_CLOEXEC);
	w->n = folders;
	for (unsigned i = 0; i < folders; i++)
		w->folder[i].wd = -1;
	return w;
}

void
watch_free(struct watch *w)
{
	if (!w)
		return;
	for (unsigned i = 0; i < w->n; i++)
		free(w->folder[i].names);
	if (w->fd >= 0)
		close(w->fd);
	free(w);
}

void
watch_begin(struct watch *w, unsigned folder, int fd)
{
	struct noted *f = &w->folder[folder];
	char path[64];

	f->n = 0;
	f->all = false;
	snprintf(path, sizeof(path), "/proc/self/fd/%d/.", fd);
	f->wd = w->fd < 0 ? -1 : inotify_add_watch(w->fd, path, IN_MODIFY | IN_ATTRIB |
	    IN_CLOSE_WRITE | IN_MOVE | IN_CREATE | IN_DELETE | IN_ONLYDIR);
}

void
watch_end(struct watch *w, unsigned folder)
{
	struct noted *f = &w->folder[folder];

	if (f->wd >= 0)
		inotify_rm_watch(w->fd, f->wd);
	f->wd = -1;
	f->n = 0;
}

static void
note(struct noted *f, const char *name)
{
	struct uuid u;

	if (strlen(name) != UUID_TEXT + 5 || strcmp(name + UUID_TEXT, ".json") != 0 ||
	    !uuid_read((struct slice){ name, UUID_TEXT }, &u)) {
		/* Temporary files are no news; a stranger is told of by a look at everything. */
		f->all |= name[0] != '.';
		return;
	}
	if (f->n && uuid_cmp(f->names[f->n - 1], u) == 0)
		return;
	if (f->n == KEPT_MAX) {
		f->all = true;
		return;
	}
	if (f->n == f->cap) {
		f->cap = f->cap ? f->cap * 2 : 64;
		f->names = base_grow(f->names, f->cap * sizeof(*f->names));
	}
	f->names[f->n++] = u;
}

static void
note_event(struct watch *w, const struct inotify_event *e)
{
	for (unsigned i = 0; i < w->n; i++) {
		struct noted *f = &w->folder[i];

		if (e->mask & IN_Q_OVERFLOW)
			f->all = true;
		else if (e->wd != f->wd || f->wd < 0)
			continue;
		else if (e->mask & (IN_IGNORED | IN_UNMOUNT))
			f->wd = -1;
		else if (e->len)
			note(f, e->name);
	}
}

static void
drain(struct watch *w)
{
	char room[16384] __attribute__((aligned(__alignof__(struct inotify_event))));
	ssize_t n;

	while ((n = read(w->fd, room, sizeof(room))) > 0 || (n < 0 && errno == EINTR))
		for (char *p = room; n > 0 && p < room + n; ) {
			const struct inotify_event *e = (const struct inotify_event *)p;

			note_event(w, e);
			p += sizeof(*e) + e->len;
		}
}

bool
watch_take(struct watch *w, unsigned folder, struct watch_names *out)
{
	struct noted *f = &w->folder[folder];
	bool known;

	if (w->fd < 0)
		return false;
	drain(w);
	known = f->wd >= 0 && !f->all;
	for (uint32_t i = 0; known && i < f->n; i++)
		*vec_push(out->arena, &out->list) = f->names[i];
	f->n = 0;
	f->all = false;
	return known;
}

#else

struct watch {
	char none;
};

struct watch *
watch_new(unsigned folders)
{
	(void)folders;
	return base_alloc(sizeof(struct watch));
}

void
watch_free(struct watch *w)
{
	free(w);
}

void
watch_begin(struct watch *w, unsigned folder, int fd)
{
	(void)w;
	(void)folder;
	(void)fd;
}

void
watch_end(struct watch *w, unsigned folder)
{
	(void)w;
	(void)folder;
}

bool
watch_take(struct watch *w, unsigned folder, struct watch_names *out)
{
	(void)w;
	(void)folder;
	(void)out;
	return false;
}

#endif
