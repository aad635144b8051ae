/* SPDX-License-Identifier: MPL-2.0 */
/*
 * The journal: a UUID a line.  It is not synchronized: it must survive the process,
 * not the machine, which loads all filters anew when it starts.
 */
#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

#include "state_int.h"

int
pending_read(int folder, struct arena *arena, struct pending *p)
{
	struct buf text = { 0 };
	int error = files_read(folder, PENDING_NAME, STATE_CONF_MAX, &text, NULL);
	size_t at = 0;

	memset(p, 0, sizeof(*p));
	if (error)
		return error == ENOENT ? 0 : error;
	while (at + UUID_TEXT < text.n) {
		struct slice line = { text.p + at, UUID_TEXT };
		const char *nl = memchr(text.p + at, '\n', text.n - at);
		struct uuid u;

		if (nl == line.p + UUID_TEXT && uuid_read(line, &u))
			*vec_push(arena, &p->list) = u;
		at = nl ? (size_t)(nl - text.p) + 1 : text.n;
	}
	buf_free(&text);
	return 0;
}

int
pending_write(int folder, const struct pending *p, struct arena *scratch)
{
	const char *tmp = files_temporary(scratch, PENDING_NAME);
	struct buf text = { 0 };
	int fd, error;

	if (p->list.n == 0)
		return files_remove(folder, PENDING_NAME);
	for (uint32_t i = 0; i < p->list.n; i++) {
		buf_uuid(&text, p->list.v[i]);
		buf_char(&text, '\n');
	}
	error = files_remove(folder, tmp);
	fd = error ? -1 : openat(folder, tmp, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC,
	    0644);
	if (fd < 0 && !error)
		error = errno;
	if (!error)
		error = files_write_all(fd, text.p, text.n);
	if (fd >= 0)
		close(fd);
	if (!error && renameat(folder, tmp, folder, PENDING_NAME) != 0)
		error = errno;
	if (error)
		unlinkat(folder, tmp, 0);
	buf_free(&text);
	return error;
}
