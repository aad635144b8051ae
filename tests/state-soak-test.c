/* SPDX-License-Identifier: MPL-2.0 */
/*
 * An agent's session that goes on for long: every request has names that were never
 * there before (rules, owners, tags, VMs, remote VMs, files that are none of ours),
 * and memory stays what it was.
 *
 * SOAK_ROUNDS: how many rounds (default ROUNDS).
 */
#include "runtime/rpc/rpc.h"
#include "runtime/state/state.h"

#include <fcntl.h>
#include <ftw.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "compiler/base/json.h"
#include "compiler/base/uuid.h"

#define ROUNDS 1200
#define VMS 40
#define RVMS 400                /* without an owner: on a side of every owner's rules */
#define LONG 20000              /* bytes of a tag */
/* The garbage that a state may hold, and the allocator's. */
#define GROWTH_MAX ((size_t)40 << 20)

static struct soak {
	char root[64];
	struct rpc *rpc;
	struct buf vms, line, out;
	unsigned warnings;
} k;

static size_t
resident(void)
{
	FILE *f = fopen("/proc/self/statm", "r");
	unsigned long all, pages = 0;

	if (!f || fscanf(f, "%lu %lu", &all, &pages) != 2)
		fail_msg("no /proc/self/statm");
	fclose(f);
	return (size_t)pages * (size_t)sysconf(_SC_PAGESIZE);
}

static void
warn(void *context, const char *text)
{
	(void)context;
	(void)text;
	k.warnings++;
}

static const char *
fresh_uuid(void)
{
	static char text[32][UUID_TEXT + 1];       /* a round takes fewer */
	static unsigned n;
	char *t = text[n++ % 32];

	uuid_write(t, uuid_random());
	t[UUID_TEXT] = '\0';
	return t;
}

/* One request; with_vms: the host's, as an agent adds them every time. */
static void __attribute__((format(printf, 3, 4)))
ask(const char *method, bool with_vms, const char *fmt, ...)
{
	va_list ap;

	k.line.n = k.out.n = 0;
	buf_printf(&k.line, "{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"%s\",\"params\":{", method);
	va_start(ap, fmt);
	buf_vprintf(&k.line, fmt, ap);
	va_end(ap);
	if (with_vms) {
		buf_str(&k.line, ",\"vms\":");
		buf_slice(&k.line, buf_view(&k.vms));
	}
	buf_str(&k.line, "}}");
	rpc_answer(k.rpc, buf_view(&k.line), &k.out);
}

static void
good(void)
{
	if (k.out.n < 30 || !memmem(k.out.p, k.out.n, "\"result\":", 9))
		fail_msg("%.*s: %.*s", (int)(k.line.n < 300 ? k.line.n : 300), k.line.p, (int)k.out.n,
		    k.out.p);
}

static void
prepare(void)
{
	buf_char(&k.vms, '[');
	for (unsigned i = 0; i < VMS; i++)
		buf_printf(&k.vms, "%s{\"uuid\":\"%s\",\"owner_uuid\":\"%s\",\"firewall_enabled\":true,"
		    "\"state\":\"stopped\",\"zonepath\":\"/zones/%u\",\"tags\":{\"role\":\"www\",\"n\":%u},"
		    "\"nics\":[{\"ip\":\"10.0.0.%u\"}]}", i ? "," : "", fresh_uuid(), fresh_uuid(), i, i,
		    i + 1);
	buf_char(&k.vms, ']');
	ask("add", true, "\"remoteVMs\":[]");
	good();
	for (unsigned i = 0; i < RVMS; i++) {
		ask("add", true, "\"remoteVMs\":[{\"uuid\":\"%s\",\"ips\":[\"10.1.%u.%u\"],"
		    "\"tags\":{\"role\":\"db\",\"n\":%u}}]", fresh_uuid(), i / 250, i % 250, i);
		good();
	}
}

/* A file that is none of ours, and a rule that cannot be read, come and go. */
static void
disturb(unsigned round)
{
	char path[256];
	int fd;

	snprintf(path, sizeof(path), "%s/var/fw/rules/stranger %u.json", k.root, round);
	fd = open(path, O_CREAT | O_WRONLY, 0644);
	assert_true(fd >= 0);
	close(fd);
	ask("list", false, "\"fields\":[\"uuid\"]");
	good();
	assert_int_equal(unlink(path), 0);
	snprintf(path, sizeof(path), "%s/var/fw/rules/%s.json", k.root, fresh_uuid());
	assert_int_equal(symlink("/nowhere", path), 0);
	ask("list", false, "\"fields\":[\"uuid\"]");
	good();
	assert_int_equal(unlink(path), 0);
}

static void
one_round(unsigned round)
{
	static char tag[LONG + 1];
	const char *rule = fresh_uuid(), *rvm = fresh_uuid(), *owner = fresh_uuid();

	memset(tag, 'x', LONG);
	ask("add", true, "\"rules\":[{\"uuid\":\"%s\",\"owner_uuid\":\"%s\",\"enabled\":true,"
	    "\"rule\":\"FROM tag %s%u TO (vm %s OR tag u = %u) ALLOW tcp PORT 1\"}]", rule, owner, tag,
	    round, fresh_uuid(), round);
	good();
	ask("vms", true, "\"rule\":{\"owner_uuid\":\"%s\",\"rule\":\"FROM tag v%u TO all vms ALLOW udp "
	    "PORT 1\"}", fresh_uuid(), round);
	good();
	ask("update", true, "\"rules\":[{\"uuid\":\"%s\",\"rule\":\"FROM tag w%u TO tag role ALLOW tcp "
	    "PORT 2\"}],\"remoteVMs\":[{\"uuid\":\"%s\",\"ips\":[\"10.2.0.1\"],\"tags\":{\"x%u\":1}}]",
	    rule, round, rvm, round);
	good();
	ask("remoteVMRules", true, "\"remoteVM\":\"%s\"", rvm);
	good();
	ask("add", true, "\"dryrun\":true,\"rules\":[{\"uuid\":\"%s\",\"owner_uuid\":\"%s\",\"rule\":"
	    "\"FROM tag y%u TO all vms BLOCK tcp PORT 1\"}]", fresh_uuid(), fresh_uuid(), round);
	good();
	/* What is not there. */
	ask("get", false, "\"uuid\":\"%s\"", fresh_uuid());
	ask("rules", true, "\"vm\":\"%s\"", fresh_uuid());
	ask("remoteTargets", true, "\"rules\":[{\"owner_uuid\":\"%s\",\"rule\":\"FROM tag z%u TO all vms "
	    "ALLOW tcp PORT 1\"}]", fresh_uuid(), round);
	good();
	ask("no such method", false, "\"%s\":1", fresh_uuid());
	ask("delete", true, "\"uuids\":[\"%s\",\"%s\"],\"rvmUUIDs\":[\"%s\",\"%s\"]", rule, fresh_uuid(),
	    rvm, fresh_uuid());
	good();
	if (round % 8 == 0)
		disturb(round);
}

static int
remove_one(const char *path, const struct stat *st, int type, struct FTW *ftw)
{
	(void)st;
	(void)type;
	(void)ftw;
	return remove(path);
}

static void
test_soak(void **context)
{
	const char *own = getenv("SOAK_ROUNDS");
	unsigned rounds = own ? (unsigned)atoi(own) : ROUNDS;
	struct state_opts o = { .root = k.root, .level = 1, .ipf = "/bin/false", .warn = warn };
	struct arena arena = { 0 };
	struct diags diags = { .arena = &arena };
	struct state *s;
	size_t before = 0, after;

	(void)context;
	snprintf(k.root, sizeof(k.root), "%s/fwadm-soak-XXXXXX",
	    access("/dev/shm", W_OK) == 0 ? "/dev/shm" : "/tmp");
	assert_non_null(mkdtemp(k.root));
	s = state_open(&o, &diags);
	assert_non_null(s);
	k.rpc = rpc_new(s);
	prepare();
	for (unsigned i = 0; i < rounds; i++) {
		one_round(i);
		if (i == rounds / 4)
			before = resident();
	}
	after = resident();
	printf("# %u rounds, %zu MB, then %zu MB\n", rounds, before >> 20, after >> 20);
#ifndef __SANITIZE_ADDRESS__            /* which keeps what was freed */
	if (after > before + GROWTH_MAX)
		fail_msg("memory grew from %zu to %zu bytes", before, after);
#endif
	/* Two unknown names a deletion, a stranger and a link: each is told of once. */
	assert_true(k.warnings <= 2 * rounds + 2 * (rounds / 8 + 1));
	rpc_free(k.rpc);
	state_close(s);
	arena_free(&arena);
	buf_free(&k.vms);
	buf_free(&k.line);
	buf_free(&k.out);
	nftw(k.root, remove_one, 16, FTW_DEPTH | FTW_PHYS);
}

int
main(void)
{
	const struct CMUnitTest tests[] = { cmocka_unit_test(test_soak) };

	json_arena_install();
	return cmocka_run_group_tests(tests, NULL, NULL);
}
