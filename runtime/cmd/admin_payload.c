/* SPDX-License-Identifier: MPL-2.0 */
/* Where fwadm's parameters come from: files, standard input, arguments, vmadm. */
#include <errno.h>
#include <stdlib.h>
#include <unistd.h>

#include "../../compiler/base/text.h"
#include "../../compiler/input/input.h"
#include "../state/tool.h"
#include "admin.h"

#define VMADM_MS 300000

/* --- reading JSON ------------------------------------------------------------------------ */

/* The file's text; NULL after a message. */
static struct src *
read_file(struct admin *a, const char *path, int *status)
{
	bool is_stdin = strcmp(path, "-") == 0;
	struct diags diags = { .arena = &a->messages };
	struct src *src;

	*status = CMD_FOUND;
	if (!is_stdin && access(path, F_OK) != 0 && errno == ENOENT) {
		admin_error(a, "File \"%s\" does not exist.", path);
		return NULL;
	}
	src = input_file(&a->arena, &diags, path);
	if (!src)
		admin_error(a, "Error reading \"%s\": %s", is_stdin ? "stdin" : path,
		    diags.list.v[0].text);
	return src;
}

/* Values one after the other; a single one is itself, several are an array. */
static json_t *
read_values(struct admin *a, const struct src *src, bool several, const char *name, int *status)
{
	struct diags diags = { .arena = &a->messages };
	json_t *list = several ? json_array() : NULL, *v;
	size_t at = 0, bad = text_utf8_bad(src->text);

	*status = CMD_FOUND;
	if (bad < src->text.n) {
		admin_error(a, "Error reading \"%s\": it is not UTF-8", name);
		return NULL;
	}
	if (!several) {
		v = json_read_all(src, &diags);
	} else {
		while (v = NULL, at < src->text.n) {
			while (at < src->text.n && strchr(" \t\r\n", src->text.p[at]) && src->text.p[at])
				at++;
			if (at == src->text.n || !(v = json_read(src, &at, &diags)))
				break;
			if (json_is_array(v))
				json_array_extend(list, v);
			else
				json_array_append(list, v);
		}
		v = diags.errors ? NULL : list;
	}
	if (!v) {
		uint32_t line = 0, column = 0;

		src_position(src, diags.list.v[0].at.off, &line, &column, NULL);
		admin_error(a, "Error reading \"%s\": line %u, column %u: %s", name, line, column,
		    diags.list.v[0].text);
	}
	return v;
}

/* --- VMs ------------------------------------------------------------------------------------- */

static json_t *
ask_vmadm(struct admin *a, int *status)
{
	const char *argv[] = { "vmadm", "lookup", "-j", NULL };
	struct src src = { .name = slice_of("vmadm") };
	struct tool_run run;
	struct buf why = { 0 };
	json_t *v = NULL;

	tool_run(&run, argv, VMADM_MS);
	*status = CMD_FOUND;
	if (run.error == ENOENT && a->hushed) {
		admin_error(a, "there is no vmadm here, and no other list was given");
	} else if (run.error == ENOENT) {
		*status = cmd_usage(a->command->name, "which VMs has this host? There is no vmadm here: "
		    "give --vms, or set FWADM_VMS");
	} else if (!tool_succeeded(&run)) {
		tool_explain(&why, argv, &run, VMADM_MS);
		admin_error(a, "%.*s", (int)why.n, why.p);
	} else {
		src.text = arena_slice(&a->arena, buf_view(&run.out));
		v = read_values(a, &src, true, "vmadm lookup -j", status);
	}
	buf_free(&why);
	tool_run_free(&run);
	return v;
}

bool
admin_add_vms(struct admin *a, int *status)
{
	const char *file = a->vms ? a->vms : getenv("FWADM_VMS");
	struct src *src;
	json_t *v = NULL;

	if (!file || !*file)
		v = ask_vmadm(a, status);
	else if ((src = read_file(a, file, status)) != NULL)
		v = read_values(a, src, true, file, status);
	if (v)
		json_object_set_new(a->params, "vms", v);
	return v != NULL;
}

int
admin_switch_by_vmadm(struct admin *a, const char *uuid, bool on)
{
	const char *argv[] = { "vmadm", "update", uuid, on ? "firewall_enabled=true"
		: "firewall_enabled=false", NULL };
	const char *file = a->vms ? a->vms : getenv("FWADM_VMS");
	struct tool_run run;
	struct buf why = { 0 };
	int status = CMD_DONE;

	if (file && *file)
		return -1;
	tool_run(&run, argv, VMADM_MS);
	if (run.error == ENOENT) {
		status = -1;
	} else if (!tool_succeeded(&run)) {
		tool_explain(&why, argv, &run, VMADM_MS);
		status = admin_error(a, "%.*s", (int)why.n, why.p);
	}
	buf_free(&why);
	tool_run_free(&run);
	return status;
}

/* --- payloads --------------------------------------------------------------------------------- */

bool
admin_is_rule(const json_t *o)
{
	static const char *const own[] = { "rule", "enabled", "description", "owner_uuid", "version" };

	for (size_t i = 0; i < BASE_COUNT(own); i++)
		if (json_object_get(o, own[i]))
			return true;
	return false;
}

static json_t *
string_of(const char *text)
{
	return json_stringn(text, strlen(text));
}

/* What stands before the text of an update, its rule's UUID: 0 or 1 arguments; -1 after a message. */
static int
count_uuids(struct admin *a, int *status)
{
	struct uuid u;

	if (a->n_args == 0 || strcmp(a->command->name, "update") != 0)
		return 0;
	if (uuid_read(slice_of(a->args[0]), &u))
		return 1;
	*status = admin_error(a, "Error: invalid UUID \"%s\"", a->args[0]);
	return -1;
}

/* The arguments from that one on as a rule. */
static json_t *
rule_of_arguments(struct admin *a, int from, int *status)
{
	json_t *o = json_object();
	struct buf text = { 0 };

	for (int i = from; i < a->n_args; i++)
		buf_printf(&text, "%s%s", text.n ? " " : "", a->args[i]);
	buf_char(&text, '\0');
	if (text.n > 1 && json_object_set_new(o, "rule", json_stringn(text.p, text.n - 1)) != 0) {
		*status = admin_error(a, "Error: the rule is not UTF-8");
		o = NULL;
	}
	buf_free(&text);
	return o;
}

/* What options say of a rule. */
static bool
add_options(struct admin *a, json_t *rule, int *status)
{
	json_t *text = a->description ? string_of(a->description) : NULL;

	if (a->description && !text) {
		*status = admin_error(a, "Error: the description is not UTF-8");
		return false;
	}
	if (text)
		json_object_set_new(rule, "description", text);
	if (a->enable)
		json_object_set_new(rule, "enabled", json_true());
	if (a->global)
		json_object_set_new(rule, "global", json_true());
	if (a->owner)
		json_object_set_new(rule, "owner_uuid", string_of(a->owner));
	return true;
}

static json_t *
read_payload_file(struct admin *a, int *status)
{
	const char *path = a->file ? a->file : "-";
	struct src *src;

	if (!a->file && isatty(0)) {
		*status = cmd_usage(a->command->name, "Must supply file!");
		return NULL;
	}
	src = read_file(a, path, status);
	return src ? read_values(a, src, false, strcmp(path, "-") == 0 ? "stdin" : path, status) : NULL;
}

/* The rule that an update's argument names is the one that the payload is. */
static bool
give_uuid(struct admin *a, json_t *rule, int *status)
{
	const json_t *own = json_object_get(rule, "uuid");
	bool one = json_is_object(rule) && !json_object_get(rule, "rules") &&
	    !json_object_get(rule, "localVMs") && !json_object_get(rule, "remoteVMs");

	if (one && !own)
		return json_object_set_new(rule, "uuid", string_of(a->args[0])) == 0;
	if (one && json_is_string(own) && strcmp(json_string_value(own), a->args[0]) == 0)
		return true;
	*status = admin_error(a, one ? "Error: the payload's rule is not \"%s\""
	    : "Error: with the UUID \"%s\" the payload is that rule alone", a->args[0]);
	return false;
}

json_t *
admin_read_payload(struct admin *a, int *status)
{
	bool rule = a->command->options & ADMIN_RULE;
	bool described = a->description || a->enable || a->global || a->owner;
	int uuids = rule ? count_uuids(a, status) : 0;
	json_t *o;

	if (uuids < 0)
		return NULL;
	if (a->file && a->n_args > uuids) {
		*status = cmd_usage(a->command->name, "a rule's text or a file, not both: \"%s\"",
		    a->args[uuids]);
		return NULL;
	}
	if (!a->file && rule && (a->n_args > uuids || (uuids && described)))
		o = rule_of_arguments(a, uuids, status);
	else
		o = read_payload_file(a, status);
	if (!o || (uuids && !give_uuid(a, o, status)))
		return NULL;
	if (rule && json_is_object(o) && (admin_is_rule(o) || uuids || a->n_args) &&
	    !add_options(a, o, status))
		return NULL;
	return o;
}
