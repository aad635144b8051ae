/* SPDX-License-Identifier: MPL-2.0 */
#include "tool.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "../../compiler/base/text.h"

#define OUTPUT_MAX ((size_t)64 << 20)
#define ERRORS_MAX ((size_t)64 << 10)
#define SLICE_MS 100                    /* how soon an exit is seen that leaves pipes open */
#define SHOWN_MAX 1000                  /* bytes of output in a message */

extern char **environ;

struct watch {
	struct pollfd fds[2];
	struct buf *to[2];
	size_t max[2];
};

static uint64_t
now_ms(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (uint64_t)t.tv_sec * 1000 + (uint64_t)t.tv_nsec / 1000000;
}

static int
start(const char *const *argv, int out, int err, pid_t *pid)
{
	posix_spawn_file_actions_t fa;
	posix_spawnattr_t attr;
	sigset_t none, usual;
	int error;

	sigemptyset(&none);
	sigemptyset(&usual);
	sigaddset(&usual, SIGPIPE);
	posix_spawn_file_actions_init(&fa);
	posix_spawn_file_actions_addopen(&fa, 0, "/dev/null", O_RDONLY, 0);
	posix_spawn_file_actions_adddup2(&fa, out, 1);
	posix_spawn_file_actions_adddup2(&fa, err, 2);
	posix_spawnattr_init(&attr);
	posix_spawnattr_setpgroup(&attr, 0);
	posix_spawnattr_setsigmask(&attr, &none);
	posix_spawnattr_setsigdefault(&attr, &usual);
	posix_spawnattr_setflags(&attr, POSIX_SPAWN_SETPGROUP | POSIX_SPAWN_SETSIGMASK |
	    POSIX_SPAWN_SETSIGDEF);
	error = posix_spawnp(pid, argv[0], &fa, &attr, (char *const *)argv, environ);
	posix_spawnattr_destroy(&attr);
	posix_spawn_file_actions_destroy(&fa);
	return error;
}

/* Reads what is there; beyond the limit it is passed over.  False at the end. */
static bool
take(int fd, struct buf *b, size_t max)
{
	char *room = buf_room(b, 4096);
	ssize_t n = read(fd, room, b->cap - b->n);

	if (n > 0)
		b->n = b->n + (size_t)n > max ? max : b->n + (size_t)n;
	return n > 0 || (n < 0 && (errno == EINTR || errno == EAGAIN));
}

/* One turn: false when both pipes are closed. */
static bool
watch_once(struct watch *w, int wait_ms)
{
	if (w->fds[0].fd < 0 && w->fds[1].fd < 0)
		return false;
	if (poll(w->fds, 2, wait_ms) > 0)
		for (int i = 0; i < 2; i++)
			if (w->fds[i].fd >= 0 && w->fds[i].revents &&
			    !take(w->fds[i].fd, w->to[i], w->max[i])) {
				close(w->fds[i].fd);
				w->fds[i].fd = -1;
			}
	return true;
}

/* Until it has ended, or the time is over and it is killed. */
static void
attend(struct tool_run *r, struct watch *w, pid_t pid, unsigned limit_ms)
{
	uint64_t end = now_ms() + limit_ms;

	for (;;) {
		bool open = watch_once(w, SLICE_MS);
		pid_t ended = waitpid(pid, &r->status, WNOHANG);

		if (ended == pid || (ended < 0 && errno != EINTR))
			break;
		if (!open)
			poll(NULL, 0, 1);
		if (!r->timed_out && now_ms() >= end) {
			r->timed_out = true;
			kill(-pid, SIGKILL);
		}
	}
	/* What it wrote and is still in the pipes. */
	for (int i = 0; i < 2; i++)
		if (w->fds[i].fd >= 0) {
			while (w->to[i]->n < w->max[i] && poll(&w->fds[i], 1, 0) > 0 &&
			    take(w->fds[i].fd, w->to[i], w->max[i]))
				;
			close(w->fds[i].fd);
		}
}

void
tool_run(struct tool_run *r, const char *const *argv, unsigned limit_ms)
{
	int out[2], err[2];
	struct watch w;
	pid_t pid;

	memset(r, 0, sizeof(*r));
	if (pipe2(out, O_CLOEXEC) != 0) {
		r->error = errno;
		return;
	}
	if (pipe2(err, O_CLOEXEC) != 0) {
		r->error = errno;
		close(out[0]);
		close(out[1]);
		return;
	}
	r->error = start(argv, out[1], err[1], &pid);
	close(out[1]);
	close(err[1]);
	w = (struct watch){ { { out[0], POLLIN, 0 }, { err[0], POLLIN, 0 } }, { &r->out, &r->err },
		{ OUTPUT_MAX, ERRORS_MAX } };
	if (r->error) {
		close(out[0]);
		close(err[0]);
		return;
	}
	fcntl(out[0], F_SETFL, O_NONBLOCK);
	fcntl(err[0], F_SETFL, O_NONBLOCK);
	attend(r, &w, pid, limit_ms);
}

void
tool_run_free(struct tool_run *r)
{
	buf_free(&r->out);
	buf_free(&r->err);
}

bool
tool_succeeded(const struct tool_run *r)
{
	return !r->error && !r->timed_out && WIFEXITED(r->status) && WEXITSTATUS(r->status) == 0;
}

bool
tool_said(const struct buf *output, const char *text)
{
	return output->n && memmem(output->p, output->n, text, strlen(text)) != NULL;
}

/* Lines joined by "; ", made visible. */
static void
show_output(struct buf *out, const struct buf *text)
{
	size_t n = text->n < SHOWN_MAX ? text->n : SHOWN_MAX, at = 0;
	bool first = true;

	while (at < n) {
		const char *nl = memchr(text->p + at, '\n', n - at);
		struct slice line = { text->p + at, (nl ? (size_t)(nl - text->p) : n) - at };

		at += line.n + 1;
		if (line.n == 0)
			continue;
		buf_str(out, first ? ": " : "; ");
		first = false;
		text_visible(out, line);
	}
	if (text->n > n)
		buf_str(out, " ...");
}

void
tool_explain(struct buf *out, const char *const *argv, const struct tool_run *r, unsigned limit_ms)
{
	for (int i = 0; argv[i]; i++) {
		buf_str(out, i ? " " : "");
		text_visible(out, slice_of(argv[i]));
	}
	if (r->error)
		buf_printf(out, ": %s", strerror(r->error));
	else if (r->timed_out)
		buf_printf(out, ": killed after %g seconds", limit_ms / 1000.0);
	else if (WIFSIGNALED(r->status))
		buf_printf(out, ": ended by signal %d", WTERMSIG(r->status));
	else
		buf_printf(out, ": exit status %d", WEXITSTATUS(r->status));
	show_output(out, &r->err);
	show_output(out, &r->out);
}
