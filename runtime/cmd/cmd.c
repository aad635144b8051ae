/* SPDX-License-Identifier: MPL-2.0 */
/* What commands share: messages, exit status, writing. */
#include "cmd.h"

#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

static void
complain(const char *name, const char *fmt, va_list ap)
{
	struct buf b = { 0 };

	buf_printf(&b, "%s %s: ", cmd_program, name);
	buf_vprintf(&b, fmt, ap);
	buf_char(&b, '\n');
	cmd_write_all(2, b.p, b.n);
	buf_free(&b);
}

int
cmd_fail(const char *name, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	complain(name, fmt, ap);
	va_end(ap);
	return CMD_USAGE;
}

int
cmd_usage(const char *name, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	complain(name, fmt, ap);
	va_end(ap);
	fprintf(stderr, "`%s %s --help` says what it takes.\n", cmd_program, name);
	return CMD_USAGE;
}

int
cmd_bad_option(const char *name, char **argv)
{
	const char *text = optind > 0 ? argv[optind - 1] : "";

	return cmd_usage(name, "unknown option, or one without its value: %s", text);
}

bool
cmd_colour(void)
{
	return cmd_colour_of(2);
}

bool
cmd_colour_of(int fd)
{
	const char *no = getenv("NO_COLOR"), *term = getenv("TERM");

	return isatty(fd) && !(no && *no) && !(term && strcmp(term, "dumb") == 0);
}

void
cmd_print_diags(const struct diags *ds)
{
	struct buf b = { 0 };

	diag_print_all(&b, ds, cmd_colour());
	cmd_write_all(2, b.p, b.n);
	buf_free(&b);
}

int
cmd_status_of(const struct diags *ds)
{
	for (uint32_t i = 0; i < ds->list.n; i++) {
		if (ds->list.v[i].id == DIAG_internal || ds->list.v[i].id == DIAG_verify_differs)
			return CMD_INTERNAL;
		switch (ds->list.v[i].id) {
		case DIAG_cannot_read:
		case DIAG_input_large:
		case DIAG_index_file:
			return CMD_USAGE;
		default:
			break;
		}
	}
	return ds->errors ? CMD_FOUND : CMD_DONE;
}

bool
cmd_write_all(int fd, const void *data, size_t n)
{
	const char *p = data;

	while (n) {
		ssize_t w = write(fd, p, n);

		if (w < 0 && errno == EINTR)
			continue;
		if (w < 0)
			return false;
		p += w;
		n -= (size_t)w;
	}
	return true;
}

int
cmd_write_stdout(const char *name, struct slice text)
{
	if (cmd_write_all(1, text.p, text.n))
		return CMD_DONE;
	return cmd_fail(name, "cannot write to standard output: %s", strerror(errno));
}

/* Gives a new file the owner and the permissions of the one that it replaces. */
static bool
take_over(int fd, const struct stat *was)
{
	struct stat is;

	if (fstat(fd, &is) != 0)
		return false;
	if ((is.st_uid != was->st_uid || is.st_gid != was->st_gid) &&
	    fchown(fd, was->st_uid, was->st_gid) != 0)
		return false;
	return fchmod(fd, was->st_mode & 07777) == 0;
}

static bool
write_beside(const char *path, struct slice text, const struct stat *was)
{
	int flags = O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC;
	mode_t mode = was ? 0600 : 0644;
	struct buf tmp = { 0 };
	bool good;
	int fd, error;

	buf_printf(&tmp, "%s.%ld.tmp", path, (long)getpid());
	buf_char(&tmp, '\0');
	fd = open(tmp.p, flags, mode);
	/* One that a killed process of this number left. */
	if (fd < 0 && errno == EEXIST && unlink(tmp.p) == 0)
		fd = open(tmp.p, flags, mode);
	good = fd >= 0 && cmd_write_all(fd, text.p, text.n) && (!was || take_over(fd, was));
	error = errno;
	if (fd >= 0 && close(fd) != 0 && good) {
		good = false;
		error = errno;
	}
	if (good && rename(tmp.p, path) != 0) {
		good = false;
		error = errno;
	}
	if (!good && fd >= 0)
		unlink(tmp.p);
	buf_free(&tmp);
	errno = error;
	return good;
}

bool
cmd_write_file(const char *path, struct slice text)
{
	return write_beside(path, text, NULL);
}

bool
cmd_replace_file(const char *path, struct slice text)
{
	char *real = realpath(path, NULL);
	struct stat st;
	bool good = false;
	int error;

	if (!real)
		return false;
	if (access(real, W_OK) == 0 && stat(real, &st) == 0) {
		if (st.st_nlink > 1)
			errno = EMLINK;
		else if (!S_ISREG(st.st_mode))
			errno = EINVAL;
		else
			good = write_beside(real, text, &st);
	}
	error = errno;
	free(real);
	errno = error;
	return good;
}

bool
cmd_make_folders(const char *path)
{
	char *copy;
	bool good;

	/* Mostly only the last is missing. */
	if (mkdir(path, 0755) == 0 || errno == EEXIST)
		return true;
	copy = strdup(path);
	good = copy != NULL;
	for (char *p = copy; good && *p; p++) {
		if (*p != '/' || p == copy)
			continue;
		*p = '\0';
		good = mkdir(copy, 0755) == 0 || errno == EEXIST;
		*p = '/';
	}
	if (good)
		good = mkdir(copy, 0755) == 0 || errno == EEXIST;
	free(copy);
	return good;
}
