/* SPDX-License-Identifier: MPL-2.0 */
/*
 * Runs a program and lets one of its system calls fail, by ptrace.
 *
 *	fault KIND AT MARK PROGRAM ARGUMENT...
 *
 * Calls are counted from the first on that names a path with MARK in it, and only
 * those that KIND concerns; the one with number AT (from 1) is hit.  With AT 0 none
 * is hit, and the number of calls that could have been is printed on descriptor 3.
 * KIND is one of
 *
 *	kill            SIGKILL instead of the call; any call
 *	after           SIGKILL behind the call
 *	EINTR           calls that can be interrupted
 *	ENOSPC EIO EACCES EMFILE
 *	                calls that can fail so
 *	short           a write writes half of what it was given
 *
 * The exit status is the program's, or 128 and the number of the signal that ended
 * it; 125 for wrong usage and for machines whose registers this file does not know.
 * Threads are followed, other processes are not.
 */
#include <elf.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ptrace.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <sys/user.h>
#include <sys/wait.h>
#include <unistd.h>

#define BAD 125

#if defined(__x86_64__)
#define REG_CALL orig_rax
#define REG_RESULT rax
#define REG_ARG2 rdx
#define SKIP(r) ((r)->orig_rax = (unsigned long long)-1)
static const unsigned long long *
args(const struct user_regs_struct *r, unsigned long long a[3])
{
	a[0] = r->rdi;
	a[1] = r->rsi;
	a[2] = r->rdx;
	return a;
}
#define KNOWN 1
#endif

#ifndef KNOWN

int
main(void)
{
	fprintf(stderr, "fault: not on this kind of machine\n");
	return BAD;
}

#else

/* What may happen to a call, as bits. */
enum {
	FILES = 1,                      /* names, makes or changes a file: ENOSPC, EACCES, EIO */
	OPENS = 2,                      /* makes a descriptor: EMFILE, EACCES, EIO */
	WAITS = 4,                      /* EINTR */
	DATA = 8,                       /* EIO */
	WRITES = 16                     /* short; ENOSPC */
};

/* path: which argument is one, from 1; a second one follows two later. */
static const struct {
	long nr;
	unsigned may;
	unsigned path;
} calls[] = {
	{ SYS_openat, FILES | OPENS | WAITS, 2 },
#ifdef SYS_openat2
	{ SYS_openat2, FILES | OPENS | WAITS, 2 },
#endif
	{ SYS_open, FILES | OPENS | WAITS, 1 },
	{ SYS_read, DATA | WAITS, 0 }, { SYS_pread64, DATA | WAITS, 0 },
	{ SYS_write, DATA | WRITES | WAITS, 0 }, { SYS_pwrite64, DATA | WRITES | WAITS, 0 },
	{ SYS_fsync, DATA | FILES | WAITS, 0 }, { SYS_fdatasync, DATA | FILES | WAITS, 0 },
	{ SYS_ftruncate, FILES | WAITS, 0 }, { SYS_fallocate, FILES | WAITS, 0 },
	{ SYS_rename, FILES, 1 }, { SYS_renameat, FILES, 2 }, { SYS_renameat2, FILES, 2 },
	{ SYS_link, FILES, 1 }, { SYS_linkat, FILES, 2 }, { SYS_symlinkat, FILES, 0 },
	{ SYS_unlink, FILES, 1 }, { SYS_unlinkat, FILES, 2 },
	{ SYS_mkdir, FILES, 1 }, { SYS_mkdirat, FILES, 2 },
	{ SYS_fchmod, FILES, 0 }, { SYS_fchown, FILES, 0 },
	{ SYS_getdents64, DATA, 0 }, { SYS_newfstatat, DATA, 2 }, { SYS_fstat, DATA, 0 },
	{ SYS_statx, DATA, 2 }, { SYS_stat, DATA, 1 },
	{ SYS_flock, WAITS, 0 }, { SYS_poll, WAITS, 0 }, { SYS_ppoll, WAITS, 0 },
	{ SYS_wait4, WAITS, 0 }, { SYS_waitid, WAITS, 0 },
	{ SYS_pipe2, OPENS, 0 },
};

static const struct {
	const char *name;
	int error;                      /* 0: none */
	unsigned may;
} kinds[] = {
	{ "kill", 0, 0 }, { "after", 0, 0 }, { "short", 0, WRITES },
	{ "EINTR", EINTR, WAITS }, { "ENOSPC", ENOSPC, FILES | WRITES },
	{ "EIO", EIO, DATA | FILES | OPENS }, { "EACCES", EACCES, FILES | OPENS },
	{ "EMFILE", EMFILE, OPENS },
};

#define COUNT(a) (sizeof(a) / sizeof((a)[0]))

enum { KILL, AFTER, SHORT };

static unsigned kind;
static unsigned long at, met;
static const char *mark;
static bool counting;

/* What is done when the call returns, by thread. */
struct thread {
	pid_t id;
	bool inside;
	bool hit;
};
static struct thread threads[256];
static unsigned n_threads;

static struct thread *
thread_of(pid_t id)
{
	for (unsigned i = 0; i < n_threads; i++)
		if (threads[i].id == id)
			return &threads[i];
	if (n_threads == COUNT(threads)) {
		fprintf(stderr, "fault: too many threads\n");
		exit(BAD);
	}
	threads[n_threads] = (struct thread){ .id = id };
	return &threads[n_threads++];
}

static bool
path_has_mark(pid_t id, unsigned long long where)
{
	char text[4096];
	struct iovec own = { text, sizeof(text) - 1 }, its = { (void *)(uintptr_t)where, 0 };
	ssize_t n;

	/* Up to the end of its page: beyond it may be nothing. */
	its.iov_len = 4096 - where % 4096;
	if (its.iov_len < 256)
		its.iov_len += 4096;
	n = process_vm_readv(id, &own, 1, &its, 1, 0);
	if (n <= 0) {
		its.iov_len = 4096 - where % 4096;
		n = process_vm_readv(id, &own, 1, &its, 1, 0);
	}
	if (n <= 0)
		return false;
	text[n] = 0;
	return strstr(text, mark) != NULL;
}

/* Is this call one to count? */
static bool
concerned(pid_t id, const struct user_regs_struct *r)
{
	unsigned long long a[3];
	unsigned may = 0;

	args(r, a);
	for (size_t i = 0; i < COUNT(calls); i++) {
		if ((long)r->REG_CALL != calls[i].nr)
			continue;
		may = calls[i].may;
		if (!counting && calls[i].path)
			counting = path_has_mark(id, a[calls[i].path - 1]);
	}
	if (!counting)
		return false;
	return kind == KILL || kind == AFTER || (may & kinds[kind].may);
}

/* Before the call. */
static void
enter(struct thread *t)
{
	struct user_regs_struct r;

	if (ptrace(PTRACE_GETREGS, t->id, NULL, &r) != 0 || !concerned(t->id, &r) || ++met != at)
		return;
	if (kind == KILL) {
		kill(t->id, SIGKILL);
		return;
	}
	t->hit = true;
	if (kind == AFTER)
		return;
	if (kind == SHORT)
		r.REG_ARG2 = r.REG_ARG2 > 1 ? r.REG_ARG2 / 2 : r.REG_ARG2;
	else
		SKIP(&r);
	ptrace(PTRACE_SETREGS, t->id, NULL, &r);
}

/* Behind it. */
static void
leave(struct thread *t)
{
	struct user_regs_struct r;

	if (!t->hit)
		return;
	t->hit = false;
	if (kind == AFTER) {
		kill(t->id, SIGKILL);
	} else if (kind != SHORT && ptrace(PTRACE_GETREGS, t->id, NULL, &r) == 0) {
		r.REG_RESULT = (unsigned long long)-kinds[kind].error;
		ptrace(PTRACE_SETREGS, t->id, NULL, &r);
	}
}

/* Follows until the first process has ended; its exit status. */
static int
follow(pid_t first)
{
	int status;

	for (;;) {
		struct thread *t;
		pid_t id = waitpid(-1, &status, __WALL);
		int deliver = 0;

		if (id < 0) {
			if (errno == EINTR)
				continue;
			perror("fault: waitpid");
			return BAD;
		}
		if (WIFEXITED(status) || WIFSIGNALED(status)) {
			if (id == first)
				return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
			continue;
		}
		t = thread_of(id);
		if (WSTOPSIG(status) == (SIGTRAP | 0x80)) {
			t->inside = !t->inside;
			if (t->inside)
				enter(t);
			else
				leave(t);
		} else if (status >> 16 == 0 && WSTOPSIG(status) != SIGTRAP &&
		    !(WSTOPSIG(status) == SIGSTOP && id != first)) {
			deliver = WSTOPSIG(status);
		}
		ptrace(PTRACE_SYSCALL, id, NULL, (void *)(intptr_t)deliver);
	}
}

static int
run(char **argv)
{
	pid_t id = fork();
	int status;

	if (id < 0) {
		perror("fault: fork");
		return BAD;
	}
	if (id == 0) {
		ptrace(PTRACE_TRACEME, 0, NULL, NULL);
		raise(SIGSTOP);
		close(3);
		execvp(argv[0], argv);
		perror(argv[0]);
		_exit(127);
	}
	if (waitpid(id, &status, 0) != id || !WIFSTOPPED(status)) {
		fprintf(stderr, "fault: cannot trace\n");
		return BAD;
	}
	thread_of(id);
	ptrace(PTRACE_SETOPTIONS, id, NULL, (void *)(PTRACE_O_TRACESYSGOOD | PTRACE_O_TRACECLONE |
	    PTRACE_O_TRACEEXEC | PTRACE_O_EXITKILL));
	ptrace(PTRACE_SYSCALL, id, NULL, NULL);
	return follow(id);
}

int
main(int argc, char **argv)
{
	char *end;
	int status;

	if (argc < 5) {
		fprintf(stderr, "usage: fault KIND AT MARK PROGRAM ARGUMENT...\n");
		return BAD;
	}
	while (kind < COUNT(kinds) && strcmp(argv[1], kinds[kind].name) != 0)
		kind++;
	at = strtoul(argv[2], &end, 10);
	if (kind == COUNT(kinds) || *end) {
		fprintf(stderr, "fault: no such kind or number\n");
		return BAD;
	}
	mark = argv[3];
	status = run(argv + 4);
	if (at == 0)
		dprintf(3, "%lu\n", met);
	return status;
}

#endif
