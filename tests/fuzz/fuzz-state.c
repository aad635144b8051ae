/* SPDX-License-Identifier: MPL-2.0 */
/*
 * What fwadm reads: a stored rule, a stored remote VM and a request, with a byte
 * 0xff between them.  The request is tried as each operation; whatever it holds,
 * files that could not be read stay as they are, those that could are still
 * readable afterwards, and a second state agrees on what is stored.
 */
#include "runtime/state/state.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "fuzz.h"

#define RULE "c0ffee00-0000-4000-8000-000000000001"
#define RVM "c0ffee00-0000-4000-8000-000000000002"

static const char vms[] = "[{\"uuid\":\"c0ffee00-0000-4000-8000-000000000003\","
	"\"firewall_enabled\":true,\"state\":\"stopped\",\"zonepath\":\"/zone\","
	"\"nics\":[{\"ip\":\"10.0.0.1\"}],\"tags\":{\"a\":1}}]";

static const char *const operations[] = { "list", "listRemoteVMs", "remoteTargets", "validate", "vms",
	"rules", "remoteVMRules", "add", "update", "enable", "start", "verify", "delete" };

static char root[64], rule_path[160], rvm_path[160];

static void
remove_root(void)
{
	char command[128];

	snprintf(command, sizeof(command), "rm -rf %s", root);
	(void)!system(command);
}

static void
make_root(void)
{
	static const char *const folders[] = { "var", "var/fw", "var/fw/rules", "var/fw/vms", "zone" };
	char path[160];

	snprintf(root, sizeof(root), "%s/fuzz-state-XXXXXX",
	    access("/dev/shm", W_OK) == 0 ? "/dev/shm" : "/tmp");
	REQUIRE(mkdtemp(root));
	atexit(remove_root);
	for (size_t i = 0; i < BASE_COUNT(folders); i++) {
		snprintf(path, sizeof(path), "%s/%s", root, folders[i]);
		REQUIRE(mkdir(path, 0755) == 0);
	}
	snprintf(rule_path, sizeof(rule_path), "%s/var/fw/rules/" RULE ".json", root);
	snprintf(rvm_path, sizeof(rvm_path), "%s/var/fw/vms/" RVM ".json", root);
}

static void
write_file(const char *path, struct slice text)
{
	int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC, 0644);

	REQUIRE(fd >= 0 && write(fd, text.p, text.n) == (ssize_t)text.n);
	close(fd);
}

static bool
holds(const char *path, struct slice text)
{
	struct buf b = { 0 };
	int fd = open(path, O_RDONLY);
	ssize_t n = fd < 0 ? -1 : read(fd, buf_room(&b, text.n + 1), text.n + 1);
	bool same = n == (ssize_t)text.n && (n == 0 || memcmp(b.p, text.p, text.n) == 0);

	if (fd >= 0)
		close(fd);
	buf_free(&b);
	return same;
}

/* The operation's result, or nothing if it failed, into out. */
static bool
call(struct state *s, const char *operation, const json_t *params, struct buf *out)
{
	struct arena arena = { 0 };
	struct diags diags = { .arena = &arena };
	bool good;

	out->n = 0;
	good = state_call(s, operation, params, &arena, &diags, out);
	REQUIRE(good || diags.errors);
	REQUIRE(!good || !diags.errors);
	arena_free(&arena);
	return good;
}

/* The rule's or VM's part of a listing: is it stored and readable? */
static bool
lists(struct state *s, const char *operation, const char *uuid)
{
	json_t *none = json_object();
	struct buf out = { 0 };
	bool there;

	REQUIRE(call(s, operation, none, &out));
	there = memmem(out.p, out.n, uuid, strlen(uuid)) != NULL;
	json_decref(none);
	buf_free(&out);
	return there;
}

static void
try_all(json_t *params, struct slice rule, struct slice rvm)
{
	struct arena arena = { 0 };
	struct diags diags = { .arena = &arena };
	struct state_opts o = { .root = root, .ipf = "/bin/false", .level = 1 };
	struct state *s = state_open(&o, &diags), *other;
	struct buf out = { 0 }, again = { 0 };
	bool rule_good, rvm_good;
	json_t *none = json_object();

	REQUIRE(s);
	rule_good = lists(s, "list", RULE);
	rvm_good = lists(s, "listRemoteVMs", RVM);
	for (size_t i = 0; i < BASE_COUNT(operations); i++)
		call(s, operations[i], params, &out);
	REQUIRE(rule_good || holds(rule_path, rule));
	REQUIRE(rvm_good || holds(rvm_path, rvm));
	other = state_open(&o, &diags);
	REQUIRE(other && call(s, "list", none, &out) && call(other, "list", none, &again));
	REQUIRE(out.n == again.n && memcmp(out.p, again.p, out.n) == 0);
	REQUIRE(call(s, "listRemoteVMs", none, &out) && call(other, "listRemoteVMs", none, &again));
	REQUIRE(out.n == again.n && memcmp(out.p, again.p, out.n) == 0);
	json_decref(none);
	state_close(s);
	state_close(other);
	buf_free(&out);
	buf_free(&again);
	arena_free(&arena);
}

/* What rules of earlier inputs have left would make this one's outcome theirs. */
static void
clear_folder(void)
{
	char command[256];
	static unsigned runs;

	if (runs++ % 64 == 63) {
		snprintf(command, sizeof(command), "rm -f %s/var/fw/rules/* %s/var/fw/vms/*", root, root);
		(void)!system(command);
	}
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	struct arena arena = { 0 };
	struct diags diags = { .arena = &arena };
	const char *copy = arena_copy(&arena, (const char *)data, n), *end = copy + n;
	const char *first = memchr(copy, 0xff, n), *second;
	struct src src = { .name = slice_of("request") };
	struct slice rule, rvm;
	size_t at = 0;
	json_t *params, *list;

	second = first ? memchr(first + 1, 0xff, (size_t)(end - first) - 1) : NULL;
	if (!second) {
		arena_free(&arena);
		return 0;
	}
	if (!*root)
		make_root();
	clear_folder();
	rule = (struct slice){ copy, (size_t)(first - copy) };
	rvm = (struct slice){ first + 1, (size_t)(second - first) - 1 };
	src.text = (struct slice){ second + 1, (size_t)(end - second) - 1 };
	write_file(rule_path, rule);
	write_file(rvm_path, rvm);
	params = json_read_all(&src, &diags);
	if (json_is_object(params)) {
		src.text = slice_of(vms);
		list = json_read(&src, &at, &diags);
		json_object_set_new(params, "vms", list);
		try_all(params, rule, rvm);
	}
	json_decref(params);
	arena_free(&arena);
	return 0;
}
