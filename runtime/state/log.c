/* SPDX-License-Identifier: MPL-2.0 */
#include "log.h"

#include <stdio.h>
#include <unistd.h>

#include "../../compiler/base/text.h"

enum { LEVEL_INFO = 30, LEVEL_ERROR = 50 };

void
log_begin(struct log_line *l)
{
	clock_gettime(CLOCK_MONOTONIC, &l->begun);
}

static void
write_now(struct buf *b)
{
	struct timespec now;
	char text[32];
	struct tm tm;

	clock_gettime(CLOCK_REALTIME, &now);
	if (!gmtime_r(&now.tv_sec, &tm))
		memset(&tm, 0, sizeof(tm));
	strftime(text, sizeof(text), "%Y-%m-%dT%H:%M:%S", &tm);
	buf_printf(b, "\"%s.%03ldZ\"", text, now.tv_nsec / 1000000);
}

static void
write_errors(struct buf *b, const struct diags *ds)
{
	unsigned n = 0;

	buf_str(b, ",\"errors\":[");
	for (uint32_t i = 0; i < ds->list.n; i++)
		if (ds->list.v[i].severity == DIAG_ERROR) {
			buf_str(b, n++ ? "," : "");
			diag_write_json(b, &ds->list.v[i]);
		}
	buf_char(b, ']');
}

int
log_end(const struct log_line *l, int fd, const char *program, const struct state_call *c,
    bool good)
{
	const json_t *id = json_object_get(c->params, "req_id");
	struct timespec now;
	struct buf b = { 0 };
	char host[256] = "";
	int error;

	clock_gettime(CLOCK_MONOTONIC, &now);
	gethostname(host, sizeof(host) - 1);
	buf_str(&b, "{\"name\":");
	text_json(&b, slice_of(program ? program : "fwadm"));
	buf_str(&b, ",\"hostname\":");
	text_json(&b, slice_of(host));
	buf_printf(&b, ",\"pid\":%ld,\"level\":%d,\"op\":\"%s\"", (long)getpid(),
	    good ? LEVEL_INFO : LEVEL_ERROR, c->operation);
	if (json_is_string(id)) {
		buf_str(&b, ",\"req_id\":");
		text_json(&b, json_slice(id));
	}
	buf_printf(&b, ",\"dryrun\":%s,\"ms\":%.3f",
	    json_truthy(json_object_get(c->params, "dryrun")) ? "true" : "false",
	    (double)(now.tv_sec - l->begun.tv_sec) * 1e3 +
	    (double)(now.tv_nsec - l->begun.tv_nsec) / 1e6);
	buf_printf(&b, ",\"vms\":%u,\"rules\":%u,\"remoteVMs\":%u", c->n_vms, c->n_rules, c->n_rvms);
	if (!good)
		write_errors(&b, c->diags);
	buf_printf(&b, ",\"msg\":\"%s %s\",\"time\":", c->operation, good ? "done" : "failed");
	write_now(&b);
	buf_str(&b, ",\"v\":0}\n");
	error = files_write_all(fd, b.p, b.n);
	buf_free(&b);
	return error;
}

void
log_tell(const struct state_opts *o, int error)
{
	char text[256];

	if (!error || !o->warn)
		return;
	snprintf(text, sizeof(text), "cannot write the log: %s", files_why(error));
	o->warn(o->context, text);
}

void
state_log(const struct state_opts *o, const char *operation, const json_t *params,
    const struct diags *diags, const struct timespec *begun)
{
	struct state_call c = { .operation = operation, .params = params,
		.diags = (struct diags *)diags };
	struct log_line l = { .begun = *begun };

	if (o->log)
		log_tell(o, log_end(&l, o->log, "fwadm", &c, diags->errors == 0));
}
