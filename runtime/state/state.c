/* SPDX-License-Identifier: MPL-2.0 */
/* Opening a root, the table of operations, and what they share. */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <unistd.h>

#include "../../compiler/base/text.h"
#include "log.h"
#include "state_int.h"
#include "watch.h"

static const struct {
	const char *name;
	enum state_access access;
	state_operation *run;
} operations[] = {
	{ "add", STATE_CHANGES, change_add },
	{ "delete", STATE_CHANGES, change_delete },
	{ "disable", STATE_CHANGES, change_disable },
	{ "doctor", STATE_NO_FILES, check_doctor },
	{ "enable", STATE_CHANGES, change_enable },
	{ "get", STATE_READS, read_get },
	{ "getRemoteVM", STATE_READS, read_get_rvm },
	{ "list", STATE_READS, read_list },
	{ "listRemoteVMs", STATE_READS, read_list_rvms },
	{ "remoteTargets", STATE_NO_FILES, read_remote_targets },
	{ "remoteVMRules", STATE_READS, read_rvm_rules },
	{ "rules", STATE_READS, read_rules },
	{ "start", STATE_CHANGES, zone_start },
	{ "stats", STATE_NO_FILES, zone_stats },
	{ "status", STATE_NO_FILES, zone_status },
	{ "stop", STATE_CHANGES, zone_stop },
	{ "update", STATE_CHANGES, change_update },
	{ "validate", STATE_READS, read_validate },
	{ "verify", STATE_READS, check_verify },
	{ "vms", STATE_READS, read_vms },
};

#define NOWHERE ((struct span){ 0, 0 })

/* With the working folder before it if need be, and without a slash at the end. */
static char *
absolute(const char *root)
{
	char *cwd = *root == '/' ? NULL : getcwd(NULL, 0);
	struct buf b = { 0 };

	if (cwd)
		buf_printf(&b, "%s/", cwd);
	buf_str(&b, root);
	while (b.n && b.p[b.n - 1] == '/')
		b.n--;
	buf_char(&b, '\0');
	free(cwd);
	return b.p;
}

struct state *
state_open(const struct state_opts *o, struct diags *diags)
{
	const char *root = o->root && *o->root ? o->root : "/";
	struct state *s = base_alloc(sizeof(*s));

	memset(s, 0, sizeof(*s));
	s->opts = *o;
	if (!s->opts.lock_ms)
		s->opts.lock_ms = STATE_LOCK_MS;
	if (!s->opts.tool_ms)
		s->opts.tool_ms = STATE_TOOL_MS;
	if (!s->opts.ipf)
		s->opts.ipf = "ipf";
	if (!s->opts.ipfstat)
		s->opts.ipfstat = "ipfstat";
	/* Before threads use it. */
	json_object_seed(0);
	s->folder[STATE_RULES].fd = s->folder[STATE_RVMS].fd = s->fw_fd = s->lock.fd = -1;
	s->root_fd = open(root, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (s->root_fd < 0) {
		diag_add(diags, DIAG_state_root, NULL, NOWHERE, root, strerror(errno));
		free(s);
		return NULL;
	}
	s->root = absolute(root);
	s->watch = watch_new(STATE_KINDS);
	s->rvms = 1;
	uuid_write(s->kept, uuid_random());
	return s;
}

void
state_close(struct state *s)
{
	if (!s)
		return;
	host_free(s->host);
	load_free(s);
	watch_free(s->watch);
	close(s->root_fd);
	free((char *)s->root);
	free(s);
}

uint64_t
state_vms_serial(const struct state *s)
{
	return s->host ? s->host_serial : 0;
}

const char *
state_vms_kept(const struct state *s)
{
	return s->kept;
}

bool
state_knows(const char *operation)
{
	for (size_t i = 0; i < BASE_COUNT(operations); i++)
		if (strcmp(operations[i].name, operation) == 0)
			return true;
	return false;
}

/* --- what operations share ------------------------------------------------------------------ */

bool
state_fail(struct state_call *c, enum diag_id id, ...)
{
	va_list ap;

	va_start(ap, id);
	diag_vadd(c->diags, id, NULL, NOWHERE, ap);
	va_end(ap);
	return false;
}

bool
state_not_found(struct state_call *c, enum diag_id id, struct slice what)
{
	diag_add(c->diags, id, NULL, NOWHERE, (int)what.n, what.p)->code = "ENOENT";
	return false;
}

bool
state_get_bool(struct state_call *c, const char *name)
{
	return json_truthy(json_object_get(c->params, name));
}

bool
state_get_uuid(struct state_call *c, const char *name, struct uuid *out)
{
	struct slice s;

	if (json_get_slice(c->params, name, &s) && uuid_read(s, out))
		return true;
	return state_fail(c, DIAG_state_param, arena_printf(c->arena, "opts.%s (uuid) required", name));
}

static bool
is_list_of_objects(const json_t *v)
{
	const json_t *o;
	size_t i;

	if (!json_is_array(v))
		return false;
	json_array_foreach((json_t *)v, i, o)
		if (!json_is_object(o))
			return false;
	return true;
}

bool
state_check_lists(struct state_call *c, bool *any)
{
	static const char *const lists[] = { "rules", "localVMs", "remoteVMs" };

	*any = false;
	for (size_t i = 0; i < BASE_COUNT(lists); i++) {
		const json_t *v = json_object_get(c->params, lists[i]);

		if (v && !is_list_of_objects(v))
			return state_fail(c, DIAG_state_param, arena_printf(c->arena,
			    "opts.%s ([object]) required", lists[i]));
		*any |= v != NULL;
	}
	return true;
}

void
state_begin_input(struct state_call *c, bool enforce_global)
{
	input_init(&c->in, c->arena, c->diags, (struct lang_opts){ .enforce_global = enforce_global });
}

bool
state_read_rvm(struct state_call *c, struct host *h, const json_t *o, bool need_ips,
    struct state_rvm *out)
{
	const json_t *tags = json_object_get(o, "tags");
	uint32_t before = c->diags->list.n;
	struct buf text = { 0 };
	struct inventory inv;
	char name[UUID_TEXT + 1];

	inventory_init(&inv, c->arena, c->diags);
	if (inventory_add_remote(&inv, o, (struct slice){ 0 }, need_ips)) {
		out->vm = inv.vms.v[0];
		if (json_object_size(tags)) {
			json_write(&text, tags);
			out->tags = arena_slice(c->arena, buf_view(&text));
		}
		if (!h || host_find_local(h, out->vm->uuid) == UINT32_MAX) {
			buf_free(&text);
			return true;
		}
		uuid_write(name, out->vm->uuid);
		name[UUID_TEXT] = '\0';
		diag_add(c->diags, DIAG_rvm_local, NULL, NOWHERE, name);
	}
	text.n = 0;
	json_write(&text, o);
	buf_char(&text, '\0');
	for (uint32_t i = before; i < c->diags->list.n; i++)
		c->diags->list.v[i].details = arena_copy(c->arena, text.p, text.n - 1);
	buf_free(&text);
	return false;
}

void
state_write_rvm(struct buf *out, const struct state_rvm *rvm)
{
	const struct vm *vm = rvm->vm;

	buf_str(out, "{\"uuid\":\"");
	buf_uuid(out, vm->uuid);
	buf_str(out, "\",\"ips\":[");
	for (uint32_t i = 0; i < vm->n_addrs; i++) {
		buf_str(out, i ? ",\"" : "\"");
		buf_addr(out, vm->addrs[i]);
		buf_char(out, '"');
	}
	buf_char(out, ']');
	if (rvm->tags.n) {
		buf_str(out, ",\"tags\":");
		buf_slice(out, rvm->tags);
	}
	if (vm->has_owner) {
		buf_str(out, ",\"owner_uuid\":\"");
		buf_uuid(out, vm->owner);
		buf_char(out, '"');
	}
	buf_char(out, '}');
}

void
state_write_uuid(struct buf *out, struct uuid u)
{
	buf_char(out, '"');
	buf_uuid(out, u);
	buf_char(out, '"');
}

/* --- one call ----------------------------------------------------------------------------------- */

static void
say_locked(struct state_call *c, long holder)
{
	const char *path = arena_printf(c->arena, "%s/var/fw/%s", c->s->root, LOCK_NAME);
	const char *who = holder ? arena_printf(c->arena, "process %ld", holder) : "another process";
	struct diag *d = diag_add(c->diags, DIAG_state_locked, NULL, NOWHERE, path, who,
	    c->s->opts.lock_ms / 1000.0);

	diag_help(c->diags, d, "wait until it has ended, or look at what it is waiting for");
}

static bool
begin_files(struct state_call *c, enum state_access access)
{
	struct state *s = c->s;
	bool change = access == STATE_CHANGES;
	int error = files_open_folder(s->root_fd, "var/fw", change, &s->fw_fd);

	if (error == ENOENT && !change)
		return true;
	if (error) {
		s->fw_fd = -1;
		return state_fail(c, DIAG_state_folder, arena_printf(c->arena, "%s/var/fw", s->root),
		    files_why(error));
	}
	error = lock_take(&s->lock, s->fw_fd, change ? LOCK_EXCLUSIVE : LOCK_SHARED, s->opts.lock_ms);
	if (error == ETIMEDOUT)
		say_locked(c, s->lock.holder);
	else if (error)
		state_fail(c, DIAG_state_lock, arena_printf(c->arena, "%s/var/fw/%s", s->root, LOCK_NAME),
		    files_why(error));
	return error == 0;
}

static void
end_files(struct state *s)
{
	lock_release(&s->lock);
	if (s->fw_fd >= 0)
		close(s->fw_fd);
	s->fw_fd = -1;
}

/* The event log's device, which on the system itself is a symbolic link. */
static bool
has_event_log(const struct state *s)
{
	struct stat st;
	bool there;
	int dev;

	if (files_open_folder(s->root_fd, "dev", false, &dev) != 0)
		return false;
	there = fstatat(dev, "ipfev", &st, AT_SYMLINK_NOFOLLOW) == 0;
	close(dev);
	return there;
}

bool
state_call(struct state *s, const char *operation, const json_t *params, struct arena *arena,
    struct diags *diags, struct buf *out)
{
	struct state_call c = { .s = s, .operation = operation, .params = params, .arena = arena,
		.diags = diags, .out = out };
	struct log_line log;
	bool good = false;

	log_begin(&log);
	diags->limit = STATE_ERRORS_MAX;
	for (size_t i = 0; i < BASE_COUNT(operations); i++) {
		enum state_access access = operations[i].access;

		if (strcmp(operations[i].name, operation) != 0)
			continue;
		if (access == STATE_CHANGES && state_get_bool(&c, "dryrun"))
			access = STATE_READS;
		s->tags = has_event_log(s);
		good = (access == STATE_NO_FILES || begin_files(&c, access)) && operations[i].run(&c) &&
		    diags->errors == 0;
		end_files(s);
	}
	if (c.in.px)
		input_done(&c.in);
	if (s->opts.log)
		log_tell(&s->opts, log_end(&log, s->opts.log, s->opts.program, &c, good));
	return good;
}
