/* SPDX-License-Identifier: MPL-2.0 */
/*
 * Import writes like the service does, rule and update in one transaction, so one
 * that is running takes over what comes in.  Export reads one state of the store.
 */
#include "transfer.h"

#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <unistd.h>

#include "../../compiler/backends/backend.h"
#include "../store/load.h"

#define GROUP 10000             /* rules of one transaction */
#define TRIES 10                /* of a transaction that a service overtakes */
#define CHUNK ((size_t)1 << 20)

void
transfer_db_opts(const struct config *c, bool create, struct db_opts *out)
{
	*out = (struct db_opts){ .create = create, .busy_ms = c->store_timeout, .history = c->history };
}

/* --- import ----------------------------------------------------------------------- */

struct import {
	struct arena arena, scratch;
	struct diags diags;
	struct input in;
	struct db *db;
	struct index *ix;               /* what is there */
	struct index_reader *rd;
	uint64_t added, replaced, same;
	/* Of the transaction that is open. */
	uint64_t now_added, now_replaced, now_same;
};

static struct slice
serialized(struct import *im, const struct rule *r)
{
	struct buf b = { 0 };
	struct slice s;

	rule_write_serialized(&b, r);
	s = arena_slice(&im->scratch, buf_view(&b));
	buf_free(&b);
	return s;
}

static enum db_result
tell(struct import *im, const char *name, const struct rule *r)
{
	char id[UUID_TEXT];
	struct db_update u = { .name = slice_of(name), .value = serialized(im, r),
		.req_id = { id, UUID_TEXT } };

	uuid_write(id, uuid_random());
	return im->db->kind->append(im->db, &u);
}

/* What is there takes the new text, under a version that differs. */
static enum db_result
replace(struct import *im, struct rule *r, const struct rule *old)
{
	enum db_result result;

	if (slice_eq(serialized(im, r), serialized(im, old))) {
		im->now_same++;
		return DB_OK;
	}
	while (slice_eq(r->version, old->version))
		r->version = input_new_version(&im->arena);
	result = im->db->kind->put(im->db, r, &old->version);
	if (result == DB_OK)
		result = tell(im, "fw.update_rule", r);
	im->now_replaced++;
	return result;
}

static enum db_result
put(struct import *im, struct rule *r)
{
	struct record_room room;
	struct rule old;
	uint32_t number;
	enum db_result result;

	if (index_find(im->rd, r->uuid, &number) && index_view(im->rd, number, &old, &room))
		return replace(im, r, &old);
	result = im->db->kind->put(im->db, r, NULL);
	if (result == DB_OK)
		result = tell(im, "fw.add_rule", r);
	im->now_added++;
	return result;
}

static enum db_result
put_group(struct import *im, struct rule *const *rules, uint32_t n)
{
	enum db_result result = im->db->kind->begin(im->db);

	im->now_added = im->now_replaced = im->now_same = 0;
	if (result != DB_OK)
		return result;
	index_begin(im->rd);
	for (uint32_t i = 0; i < n && result == DB_OK; i++) {
		result = put(im, rules[i]);
		arena_reset(&im->scratch);
	}
	index_end(im->rd);
	if (result == DB_OK)
		result = im->db->kind->commit(im->db);
	if (result != DB_OK)
		im->db->kind->rollback(im->db);
	return result;
}

/* False, with im->db->error, if the store fails. */
static bool
put_all(struct import *im)
{
	uint32_t n = im->in.rules.n;
	enum db_result result;
	unsigned tries = 0;
	uint64_t seq;

	for (uint32_t i = 0; i < n; ) {
		uint32_t group = n - i < GROUP ? n - i : GROUP;

		result = put_group(im, im->in.rules.v + i, group);
		if (result == DB_EXISTS || result == DB_CHANGED) {
			if (++tries == TRIES) {
				db_fail(im->db, DB_DOWN, "others keep changing the rules");
				return false;
			}
			if (load_index_again(im->db, im->ix, &seq) != DB_OK)
				return false;
			continue;
		}
		if (result != DB_OK)
			return false;
		im->added += im->now_added;
		im->replaced += im->now_replaced;
		im->same += im->now_same;
		tries = 0;
		i += group;
	}
	return true;
}

static bool
stored_forms(struct import *im)
{
	bool good = true;

	json_arena_begin(&im->arena);
	for (uint32_t i = 0; i < im->in.rules.n; i++) {
		struct rule *r = db_stored_form(&im->in, im->in.rules.v[i]);

		good &= r != NULL;
		im->in.rules.v[i] = r;
		arena_reset(&im->in.scratch);
	}
	json_arena_end();
	return good;
}

static void
import_init(struct import *im, const struct config *c)
{
	memset(im, 0, sizeof(*im));
	im->diags.arena = &im->arena;
	input_init(&im->in, &im->arena, &im->diags, (struct lang_opts){
		.max_version = c->max_version });
}

static void
import_done(struct import *im)
{
	if (im->rd)
		index_reader_free(im->rd);
	index_free(im->ix);
	db_close(im->db);
	input_done(&im->in);
	arena_free(&im->scratch);
	arena_free(&im->arena);
}

static bool
open_for_import(struct import *im, const char *url, const struct config *c, char *error)
{
	struct db_opts opts;
	uint64_t seq;

	transfer_db_opts(c, true, &opts);
	im->db = db_open(url, &opts, error);
	if (!im->db)
		return false;
	im->ix = load_index(im->db, c->threads, &seq);
	if (im->ix)
		im->rd = index_reader_new(im->ix);
	else
		memcpy(error, im->db->error, DB_ERROR_SIZE);
	return im->ix != NULL;
}

static int
run_import(struct import *im, const struct config *c, int argc, char **argv)
{
	char error[CONFIG_ERROR_SIZE + DB_ERROR_SIZE];
	struct buf url = { 0 };
	int status = CMD_USAGE;

	for (int i = 0; i < argc; i++)
		input_read(&im->in, argv[i]);
	if (im->diags.errors || !stored_forms(im))
		return cmd_status_of(&im->diags);
	if (!config_store_url(c, true, &url, error) || !open_for_import(im, url.p, c, error))
		cmd_fail("import", "%s", error);
	else if (!put_all(im))
		cmd_fail("import", "%s; %llu rules were added, %llu replaced before", im->db->error,
		    (unsigned long long)im->added, (unsigned long long)im->replaced);
	else
		status = CMD_DONE;
	if (status == CMD_DONE)
		printf("%llu added, %llu replaced, %llu as they were\n", (unsigned long long)im->added,
		    (unsigned long long)im->replaced, (unsigned long long)im->same);
	buf_free(&url);
	return status;
}

int
transfer_import(int argc, char **argv)
{
	char error[CONFIG_ERROR_SIZE];
	struct import im;
	struct config c;
	int first, status;

	if (!config_read(&c, argc, argv, &first, error))
		return cmd_usage("import", "%s", error);
	if (first == argc)
		return cmd_usage("import", "which files?");
	import_init(&im, &c);
	status = run_import(&im, &c, argc - first, argv + first);
	cmd_print_diags(&im.diags);
	import_done(&im);
	return status;
}

bool
transfer_defaults(const struct config *c, const char *url, char *error)
{
	struct import im;
	uint64_t first, last;
	struct buf text = { 0 };
	bool good;

	import_init(&im, c);
	good = open_for_import(&im, url, c, error);
	if (good && im.db->kind->range(im.db, &first, &last) == DB_OK && last == 0) {
		input_read(&im.in, c->default_rules);
		good = im.diags.errors == 0 && stored_forms(&im);
		if (!good) {
			diag_print_all(&text, &im.diags, false);
			snprintf(error, DB_ERROR_SIZE, "%.*s", (int)(text.n ? text.n - 1 : 0), text.p);
		} else if (!put_all(&im)) {
			memcpy(error, im.db->error, DB_ERROR_SIZE);
			good = false;
		}
	}
	buf_free(&text);
	import_done(&im);
	return good;
}

/* --- export -------------------------------------------------------------------------- */

enum format { JSON, JSONL, MORAY };

struct export {
	struct index_reader *rd;
	enum format format;
	struct buf out;
	bool first;
	int status;
};

static bool
export_one(void *context, uint32_t number)
{
	struct export *ex = context;
	struct record_room room;
	struct rule r;

	if (!index_view(ex->rd, number, &r, &room))
		return false;
	if (ex->format == JSON)
		buf_str(&ex->out, ex->first ? "\n" : ",\n");
	ex->first = false;
	if (ex->format == MORAY)
		moray_write_record(&ex->out, &r);
	else
		rule_write_serialized(&ex->out, &r);
	if (ex->format != JSON)
		buf_char(&ex->out, '\n');
	if (ex->out.n >= CHUNK) {
		ex->status = cmd_write_stdout("export", buf_view(&ex->out));
		ex->out.n = 0;
	}
	return ex->status == CMD_DONE;
}

static int
run_export(struct db *db, const struct config *c, enum format format)
{
	struct export ex = { .format = format, .first = true, .status = CMD_DONE };
	struct index *ix;
	uint64_t seq;

	ix = load_index(db, c->threads, &seq);
	if (!ix)
		return cmd_fail("export", "%s", db->error);
	ex.rd = index_reader_new(ix);
	if (format == JSON)
		buf_char(&ex.out, '[');
	index_begin(ex.rd);
	index_walk(ex.rd, export_one, &ex);
	index_end(ex.rd);
	if (format == JSON)
		buf_str(&ex.out, ex.first ? "]\n" : "\n]\n");
	if (ex.status == CMD_DONE)
		ex.status = cmd_write_stdout("export", buf_view(&ex.out));
	index_reader_free(ex.rd);
	index_free(ix);
	buf_free(&ex.out);
	return ex.status;
}

/* The store as it is, not made; NULL after a message. */
static struct db *
open_store(const char *command, const struct config *c)
{
	char error[CONFIG_ERROR_SIZE + DB_ERROR_SIZE];
	struct buf url = { 0 };
	struct db_opts opts;
	struct db *db = NULL;

	transfer_db_opts(c, false, &opts);
	opts.read_only = true;
	if (config_store_url(c, false, &url, error))
		db = db_open(url.p, &opts, error);
	buf_free(&url);
	if (!db)
		cmd_fail(command, "%s", error);
	return db;
}

int
transfer_export(int argc, char **argv)
{
	static const char *const names[] = { "json", "jsonl", "moray" };
	char error[CONFIG_ERROR_SIZE];
	unsigned format = JSON;
	struct config c;
	struct db *db;
	int first, status;

	if (!config_read(&c, argc, argv, &first, error))
		return cmd_usage("export", "%s", error);
	if (first < argc) {
		for (format = 0; format < BASE_COUNT(names); format++)
			if (strcmp(argv[first], names[format]) == 0)
				break;
		first++;
	}
	if (format == BASE_COUNT(names) || first < argc)
		return cmd_usage("export", "a format is json, jsonl or moray");
	signal(SIGPIPE, SIG_IGN);
	db = open_store("export", &c);
	if (!db)
		return CMD_USAGE;
	status = run_export(db, &c, (enum format)format);
	db_close(db);
	return status;
}

/* --- backup ---------------------------------------------------------------------------- */

int
transfer_backup(int argc, char **argv)
{
	char error[CONFIG_ERROR_SIZE];
	int first, status = CMD_DONE;
	struct config c;
	struct db *db;

	if (!config_read(&c, argc, argv, &first, error))
		return cmd_usage("backup", "%s", error);
	if (first + 1 != argc)
		return cmd_usage("backup", "to which file?");
	db = open_store("backup", &c);
	if (!db)
		return CMD_USAGE;
	if (!db->kind->backup)
		status = cmd_fail("backup", "a store of this kind has tools of its own for it");
	else if (db->kind->backup(db, argv[first]) != DB_OK)
		status = cmd_fail("backup", "%s", db->error);
	db_close(db);
	return status;
}
