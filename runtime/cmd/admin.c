/* SPDX-License-Identifier: MPL-2.0 */
/* fwadm's commands. */
#include "admin.h"

#include <stdlib.h>
#include <time.h>
#include <unistd.h>

#include "../../compiler/base/text.h"
#include "../../compiler/base/uuid.h"

#define NAME(a) ((a)->command->name)

/* --- what commands share --------------------------------------------------------------------- */

static void
warn(void *context, const char *text)
{
	struct buf out = { 0 };

	(void)context;
	buf_str(&out, "fwadm: warning: ");
	text_visible(&out, slice_of(text));
	buf_char(&out, '\n');
	cmd_write_all(2, out.p, out.n);
	buf_free(&out);
}

/* Runs an operation; its result is in a->out.  False and *status after errors were printed. */
static bool
run(struct admin *a, const char *operation, int *status)
{
	a->opts.once = true;
	a->opts.program = "fwadm";
	if (!a->state)
		a->state = state_open(&a->opts, &a->diags);
	a->out.n = 0;
	*status = CMD_DONE;
	a->ran = a->state != NULL;
	if (a->state && state_call(a->state, operation, a->params, &a->messages, &a->diags, &a->out))
		return true;
	*status = admin_print_errors(a);
	return false;
}

/* The same, and the result as a value: in sentences lone surrogates are spelled as there. */
static json_t *
call(struct admin *a, const char *operation, int *status)
{
	struct src src = { .name = slice_of("result") };
	struct buf text = { 0 };
	json_t *result;

	if (!run(a, operation, status))
		return NULL;
	json_spell_surrogates(&text, a->out.n ? buf_view(&a->out) : slice_of("{}"));
	src.text = buf_view(&text);
	result = json_read_all(&src, &a->diags);
	buf_free(&text);
	if (!result)
		*status = admin_print_errors(a);
	return result;
}

static int
finish(struct admin *a)
{
	return cmd_write_stdout(NAME(a), buf_view(&a->text));
}

/* Runs an operation and shows its result as JSON. */
static int
show_json(struct admin *a, const char *operation)
{
	int status;

	if (!run(a, operation, &status))
		return status;
	json_indent(&a->text, buf_view(&a->out));
	buf_char(&a->text, '\n');
	return finish(a);
}

static int
usage(struct admin *a, const char *text)
{
	return cmd_usage(NAME(a), "%s", text);
}

static bool
is_uuid(const char *text)
{
	struct uuid u;

	return uuid_read(slice_of(text), &u);
}

/* The one argument, a UUID, as a parameter; false and a status. */
static bool
one_uuid(struct admin *a, const char *param, int *status)
{
	if (a->n_args > 1)
		*status = cmd_usage(NAME(a), "unexpected argument \"%s\"", a->args[1]);
	else if (a->n_args == 0)
		*status = admin_error(a, "Error: missing UUID");
	else if (!is_uuid(a->args[0]))
		*status = admin_error(a, "Error: invalid UUID \"%s\"", a->args[0]);
	else
		return json_object_set_new(a->params, param, json_string(a->args[0])) == 0;
	return false;
}

/* All arguments as a list of UUIDs. */
static bool
all_uuids(struct admin *a, const char *param, int *status)
{
	json_t *list = json_array();

	for (int i = 0; i < a->n_args; i++) {
		if (!is_uuid(a->args[i])) {
			*status = admin_error(a, "Error: invalid UUID \"%s\"", a->args[i]);
			return false;
		}
		json_array_append_new(list, json_string(a->args[i]));
	}
	json_object_set_new(a->params, param, list);
	return true;
}

static bool
no_arguments(struct admin *a, int *status)
{
	if (a->n_args == 0)
		return true;
	*status = cmd_usage(NAME(a), "unexpected argument \"%s\"", a->args[0]);
	return false;
}

static void
set_flag(struct admin *a, const char *name, bool on)
{
	if (on)
		json_object_set_new(a->params, name, json_true());
}

/* --- changes ------------------------------------------------------------------------------------ */

static int
change(struct admin *a, const char *operation, const char *done)
{
	json_t *result;
	int status;

	if (!admin_add_vms(a, &status))
		return status;
	set_flag(a, "dryrun", a->dryrun);
	set_flag(a, "filecontents", a->show);
	if (a->json)
		return show_json(a, operation);
	result = call(a, operation, &status);
	if (!result)
		return status;
	admin_print_changes(a, result, done);
	return finish(a);
}

static bool
take_payload(struct admin *a, int *status)
{
	static const char *const lists[] = { "rules", "localVMs", "remoteVMs" };
	json_t *o = admin_read_payload(a, status), *list, *v;

	if (!o)
		return false;
	if (json_is_object(o) && (admin_is_rule(o) || a->n_args)) {
		list = json_array();
		json_array_append(list, o);
		json_object_set_new(a->params, "rules", list);
	}
	for (size_t i = 0; i < BASE_COUNT(lists); i++)
		if (!json_object_get(a->params, lists[i]) && (v = json_object_get(o, lists[i])) != NULL)
			json_object_set(a->params, lists[i], v);
	return true;
}

static int
run_add(struct admin *a)
{
	int status;

	return take_payload(a, &status) ? change(a, "add", "Added") : status;
}

static int
run_update(struct admin *a)
{
	int status;

	return take_payload(a, &status) ? change(a, "update", "Updated") : status;
}

/* One remote VM, an array of them, or { "remoteVMs": [...] }. */
static int
run_add_rvm(struct admin *a)
{
	json_t *o, *list;
	int status;

	if (!no_arguments(a, &status) || !(o = admin_read_payload(a, &status)))
		return status;
	list = json_object_get(o, "remoteVMs");
	if (!list && json_is_array(o))
		list = o;
	if (!list) {
		list = json_array();
		json_array_append(list, o);
	}
	json_object_set(a->params, "remoteVMs", list);
	return change(a, "add", "Added");
}

static int
change_named(struct admin *a, const char *operation, const char *param, const char *done,
    const char *what)
{
	int status;

	if (a->n_args == 0)
		return usage(a, what);
	return all_uuids(a, param, &status) ? change(a, operation, done) : status;
}

static int
run_delete(struct admin *a)
{
	return change_named(a, "delete", "uuids", "Deleted", "Must specify rules to delete!");
}

static int
run_delete_rvm(struct admin *a)
{
	return change_named(a, "delete", "rvmUUIDs", "Deleted", "Must specify remote VMs to delete!");
}

static int
run_enable(struct admin *a)
{
	return change_named(a, "enable", "uuids", "Enabled", "Must specify rules to enable!");
}

static int
run_disable(struct admin *a)
{
	return change_named(a, "disable", "uuids", "Disabled", "Must specify rules to enable!");
}

/* --- reading --------------------------------------------------------------------------------------- */

static int
run_get(struct admin *a)
{
	int status;

	return one_uuid(a, "uuid", &status) ? show_json(a, "get") : status;
}

static int
run_get_rvm(struct admin *a)
{
	int status;

	return one_uuid(a, "uuid", &status) ? show_json(a, "getRemoteVM") : status;
}

static int
run_list_rvms(struct admin *a)
{
	int status;

	return no_arguments(a, &status) ? show_json(a, "listRemoteVMs") : status;
}

/* The fields of -o, or those that are shown without it. */
static json_t *
fields_of(const struct admin *a)
{
	const char *at = a->fields ? a->fields : "uuid,enabled,rule";
	json_t *list = json_array();

	for (;;) {
		size_t n = strcspn(at, ",");

		json_array_append_new(list, json_stringn_nocheck(at, n));
		if (!at[n])
			return list;
		at += n + 1;
	}
}

/* With -j all fields, where none are asked for. */
static int
list_rules(struct admin *a, const char *operation)
{
	json_t *fields = fields_of(a), *result;
	int status;

	if (a->fields || !a->json)
		json_object_set(a->params, "fields", fields);
	if (a->json)
		return show_json(a, operation);
	result = call(a, operation, &status);
	if (!result)
		return status;
	admin_print_rules(a, result, fields);
	return finish(a);
}

static int
run_list(struct admin *a)
{
	int status;

	return no_arguments(a, &status) ? list_rules(a, "list") : status;
}

static int
run_rules(struct admin *a)
{
	int status;

	if (!one_uuid(a, "vm", &status) || !admin_add_vms(a, &status))
		return status;
	return list_rules(a, "rules");
}

/* A UUID, or with -f a remote VM. */
static int
run_rvm_rules(struct admin *a)
{
	json_t *o;
	int status;

	if (a->file) {
		if (!no_arguments(a, &status) || !(o = admin_read_payload(a, &status)))
			return status;
		json_object_set(a->params, "remoteVM", o);
	} else if (!one_uuid(a, "remoteVM", &status)) {
		return status;
	}
	return admin_add_vms(a, &status) ? list_rules(a, "remoteVMRules") : status;
}

static int
run_vms(struct admin *a)
{
	json_t *result;
	int status;

	if (!one_uuid(a, "rule", &status) || !admin_add_vms(a, &status))
		return status;
	set_flag(a, "includeDisabled", a->off_too);
	if (a->json)
		return show_json(a, "vms");
	result = call(a, "vms", &status);
	if (!result)
		return status;
	admin_print_uuids(a, result);
	return finish(a);
}

static int
run_validate(struct admin *a)
{
	int status;

	if (!take_payload(a, &status) || !admin_add_vms(a, &status))
		return status;
	run(a, "validate", &status);
	return status;
}

static int
run_remote_targets(struct admin *a)
{
	int status;

	if (!take_payload(a, &status) || !admin_add_vms(a, &status))
		return status;
	return show_json(a, "remoteTargets");
}

/* --- zones ------------------------------------------------------------------------------------------- */

static int
say_switched(struct admin *a, const char *what)
{
	if (a->json)
		buf_str(&a->text, "{\n  \"result\": \"success\"\n}\n");
	else
		buf_printf(&a->text, "Firewall %s for VM %s\n", what, a->args[0]);
	return finish(a);
}

/* The VM of the arguments as the list has it; NULL after a message. */
static json_t *
find_vm(struct admin *a, int *status)
{
	const json_t *vms;
	json_t *vm;
	size_t i;

	if (!admin_add_vms(a, status))
		return NULL;
	vms = json_object_get(a->params, "vms");
	json_array_foreach((json_t *)vms, i, vm) {
		const char *uuid = json_string_value(json_object_get(vm, "uuid"));

		if (uuid && strcmp(uuid, a->args[0]) == 0)
			return vm;
	}
	*status = admin_error(a, "VM \"%s\" not found", a->args[0]);
	return NULL;
}

static int
run_start(struct admin *a)
{
	json_t *vm;
	int status;

	if (!one_uuid(a, "uuid", &status))
		return status;
	status = admin_switch_by_vmadm(a, a->args[0], true);
	if (status >= 0)
		return status ? status : say_switched(a, "started");
	vm = find_vm(a, &status);
	if (!vm)
		return status;
	if (!json_truthy(json_object_get(vm, "firewall_enabled")))
		return admin_error(a, "VM \"%s\" has firewall_enabled off in the list of VMs: set it there "
		    "first", a->args[0]);
	json_object_set(a->params, "vm", vm);
	run(a, "start", &status);
	return status ? status : say_switched(a, "started");
}

static int
run_stop(struct admin *a)
{
	json_t *vm;
	int status;

	if (!one_uuid(a, "uuid", &status))
		return status;
	status = admin_switch_by_vmadm(a, a->args[0], false);
	if (status >= 0)
		return status ? status : say_switched(a, "stopped");
	vm = find_vm(a, &status);
	if (!vm)
		return status;
	json_object_set(a->params, "vm", vm);
	run(a, "stop", &status);
	return status ? status : say_switched(a, "stopped");
}

static int
run_status(struct admin *a)
{
	json_t *result;
	int status;

	if (!one_uuid(a, "uuid", &status) || !(result = call(a, "status", &status)))
		return status;
	admin_print_status(a, result);
	return finish(a);
}

static int
run_stats(struct admin *a)
{
	json_t *result;
	int status;

	if (!one_uuid(a, "uuid", &status) || !(result = call(a, "stats", &status)))
		return status;
	admin_print_stats(a, result);
	return finish(a);
}

/* --- checks --------------------------------------------------------------------------------------------- */

/* A result { "found": n, "text": ... } and more for -j. */
static int
report(struct admin *a, const char *operation)
{
	json_t *result;
	int status;

	result = call(a, operation, &status);
	if (!result)
		return status;
	if (a->json) {
		json_object_del(result, "text");
		admin_print_json(a, result);
	} else {
		buf_slice(&a->text, json_slice(json_object_get(result, "text")));
	}
	status = finish(a);
	return status ? status : json_number_value(json_object_get(result, "found")) > 0 ? CMD_FOUND
	    : CMD_DONE;
}

static int
run_verify(struct admin *a)
{
	int status;

	if (!all_uuids(a, "uuids", &status) || !admin_add_vms(a, &status))
		return status;
	return report(a, "verify");
}

static int
run_doctor(struct admin *a)
{
	int status;

	if (!no_arguments(a, &status))
		return status;
	/* That the VMs are not known is a finding among others. */
	a->hushed = true;
	if (!admin_add_vms(a, &status) && a->diags.list.n) {
		const char *why = a->diags.list.v[0].text;

		json_object_set_new(a->params, "noVMs", json_string(why));
		a->diags = (struct diags){ .arena = &a->messages };
	}
	a->hushed = false;
	return report(a, "doctor");
}

/* --- the table --------------------------------------------------------------------------------------------- */

#define CHANGES (ADMIN_VMS | ADMIN_DRY | ADMIN_JSON | ADMIN_VERBOSE | ADMIN_IPF | ADMIN_LEVEL | \
	ADMIN_FORCE | ADMIN_LOCK)
#define LISTS (ADMIN_TABLE | ADMIN_JSON | ADMIN_LOCK)

const struct admin_command admin_table[] = {
	{ "add", CHANGES | ADMIN_FILE | ADMIN_RULE, "[RULE...]",
	  "Adds the rules and remote VMs of a payload, and brings the files of the VMs that they\n"
	  "concern up to date.  A payload is { \"rules\": [...], \"localVMs\": [...], \"remoteVMs\":\n"
	  "[...] } or one rule as JSON, read from --file or standard input; or the arguments are\n"
	  "one rule as text.\n", run_add },
	{ "add-rvm", CHANGES | ADMIN_FILE, "",
	  "Adds remote VMs: one as JSON, an array of them, or { \"remoteVMs\": [...] }.\n",
	  run_add_rvm },
	{ "delete", CHANGES, "UUID...", "Deletes rules.  One that is not there is no error.\n",
	  run_delete },
	{ "delete-rvm", CHANGES, "UUID...",
	  "Deletes remote VMs.  One that is not there is no error.\n", run_delete_rvm },
	{ "disable", CHANGES, "UUID...", "Disables rules.\n", run_disable },
	{ "doctor", ADMIN_VMS | ADMIN_JSON | ADMIN_IPF | ADMIN_STATS, "",
	  "Says what is wrong with this host's rules and files, and what to do: rules that cannot\n"
	  "be read, VMs without files, files without a VM, what interrupted runs have left.\n"
	  "Without a list of VMs the rest is looked at.  Exits 1 if anything is.\n", run_doctor },
	{ "enable", CHANGES, "UUID...", "Enables rules.\n", run_enable },
	{ "get", ADMIN_JSON | ADMIN_LOCK, "UUID", "Shows a rule as JSON.\n", run_get },
	{ "get-rvm", ADMIN_JSON | ADMIN_LOCK, "UUID", "Shows a remote VM as JSON.\n", run_get_rvm },
	{ "list", LISTS, "", "Lists all rules.\n", run_list },
	{ "list-rvms", ADMIN_JSON | ADMIN_LOCK, "", "Lists all remote VMs as JSON.\n", run_list_rvms },
	{ "remote-targets", ADMIN_VMS | ADMIN_FILE | ADMIN_RULE | ADMIN_JSON | ADMIN_LOCK, "[RULE...]",
	  "Shows as JSON what other hosts must tell this one for the payload's rules: their VMs\n"
	  "with these tags, these VMs, or all.\n", run_remote_targets },
	{ "rules", LISTS | ADMIN_VMS, "VM-UUID", "Lists the rules that name a VM.\n", run_rules },
	{ "rvm-rules", LISTS | ADMIN_VMS | ADMIN_FILE, "[RVM-UUID]",
	  "Lists the rules that name a remote VM: a stored one, or the one in --file.\n",
	  run_rvm_rules },
	{ "start", ADMIN_VMS | ADMIN_JSON | ADMIN_IPF | ADMIN_LEVEL | ADMIN_FORCE | ADMIN_LOCK,
	  "VM-UUID", "Starts a VM's firewall: through vmadm where VMs come from it, else by writing\n"
	  "and loading its files.\n", run_start },
	{ "stats", ADMIN_JSON | ADMIN_IPF | ADMIN_STATS, "VM-UUID",
	  "Shows how often each of a VM's filter lines has matched.\n", run_stats },
	{ "status", ADMIN_JSON | ADMIN_VERBOSE | ADMIN_IPF, "VM-UUID",
	  "Says whether a VM's firewall is running.\n", run_status },
	{ "stop", ADMIN_VMS | ADMIN_JSON | ADMIN_IPF | ADMIN_LOCK, "VM-UUID",
	  "Stops a VM's firewall: through vmadm where VMs come from it, else by taking its files\n"
	  "away (they stay as ipf.conf.old and ipf6.conf.old).\n", run_stop },
	{ "update", CHANGES | ADMIN_FILE | ADMIN_RULE, "[UUID [RULE...]]",
	  "Changes rules and remote VMs, and brings files of VMs up to date.  What a payload's\n"
	  "rule does not say stays as it is.  The payload is that of `fwadm add`; as arguments, a\n"
	  "rule's UUID and its new text; with the UUID alone, the payload is that rule.\n", run_update },
	{ "validate", ADMIN_VMS | ADMIN_FILE | ADMIN_RULE | ADMIN_JSON | ADMIN_LOCK, "[RULE...]",
	  "Checks a payload against this host's VMs, and changes nothing.\n", run_validate },
	{ "verify", ADMIN_VMS | ADMIN_JSON | ADMIN_LEVEL | ADMIN_LOCK, "[VM-UUID...]",
	  "Holds the files of these VMs, or of all, to the rules: not their bytes, but what they\n"
	  "decide for all packets.  Says what traffic differs, and by which line.  Exits 1 if any\n"
	  "does.\n", run_verify },
	{ "vms", ADMIN_VMS | ADMIN_JSON | ADMIN_ALL | ADMIN_LOCK, "RULE-UUID",
	  "Lists the VMs that a rule names, but for those whose firewall is off.\n", run_vms },
};
const size_t admin_count = BASE_COUNT(admin_table);

int
admin_run(int argc, char **argv)
{
	struct admin a = { 0 };
	struct arena json = { 0 };
	struct timespec begun;
	int status;

	clock_gettime(CLOCK_MONOTONIC, &begun);
	a.diags.arena = &a.messages;
	a.opts.warn = warn;
	for (size_t i = 0; i < admin_count; i++)
		if (strcmp(admin_table[i].name, argv[0]) == 0)
			a.command = &admin_table[i];
	/* All JSON of the run is freed at once. */
	json_arena_begin(&json);
	a.params = json_object();
	status = admin_read_options(&a, argc, argv);
	if (status < 0) {
		status = a.command->run(&a);
		/* What failed before it came to an operation, and what vmadm has done. */
		if (!a.ran && status != CMD_USAGE)
			state_log(&a.opts, a.command->name, a.params, &a.diags, &begun);
	}
	state_close(a.state);
	json_arena_end();
	buf_free(&a.out);
	buf_free(&a.text);
	arena_free(&a.arena);
	arena_free(&a.messages);
	arena_free(&json);
	if (a.opts.log > 2)
		close(a.opts.log);
	return status;
}
