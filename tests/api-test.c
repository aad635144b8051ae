/* SPDX-License-Identifier: MPL-2.0 */
/*
 * Readers and writers of the service's calls together, without HTTP; for
 * ThreadSanitizer too.
 *
 *   api-test [CHANGES [READERS [WRITERS]]]     (3000 2 4)
 *
 * Every rule of writer w has w for its owner and says k in two places, its port and its
 * tag; so what readers find must agree with itself.  In the end the index must hold what
 * the writers were told, and the log must lead there.
 */
#include <unistd.h>

#include "tests/api-call.h"
#include "tests/random.h"

#define RULES 20                /* of a writer */

static struct api api;
static _Atomic bool stop;
static _Atomic uint64_t answers, published;
static unsigned changes = 3000, readers = 2, writers = 4;

static void
die(const char *text, struct slice what)
{
	fprintf(stderr, "api-test: %s: %.*s\n", text, (int)what.n, what.p);
	abort();
}

static struct http_response *
ask(struct caller *k, const char *method, const char *target, const char *body)
{
	struct http_request *q;

	api_reset(k->call);
	q = api_request(k->call);
	q->method = slice_of(method);
	q->target = arena_slice(api_arena(k->call), slice_of(target));
	q->body = arena_slice(api_arena(k->call), slice_of(body));
	return caller_run(k);
}

static void
check_rules(struct slice body)
{
	json_error_t error;
	json_t *list = json_loadb(body.p, body.n, 0, &error), *v;
	unsigned port, tag;
	size_t i;

	if (!json_is_array(list))
		die("no array", body);
	json_array_foreach(list, i, v)
		if (sscanf(json_string_value(json_object_get(v, "rule")),
		    "FROM tag \"t\" = \"%u\" TO all vms ALLOW tcp PORT %u", &tag, &port) != 2 ||
		    port != tag)
			die("a torn rule", body);
	json_decref(list);
}

static void *
read_rules(void *context)
{
	struct caller k;
	char target[128];
	uint64_t n = 0;

	(void)context;
	caller_init(&k, &api);
	while (!atomic_load(&stop)) {
		struct http_response *r;

		snprintf(target, sizeof(target), n % 3 == 0 ? "/rules?tag[t]=%u" : n % 3 == 1
		    ? "/rules?port=%u&limit=50" : "/rules?limit=%u", (unsigned)(n % 200 + 1));
		r = ask(&k, "GET", n % 50 == 49 ? "/metrics" : target, "");
		if (r->status != 200)
			die("a search failed", http_body(r));
		if (n++ % 50 != 49)
			check_rules(http_body(r));
		atomic_fetch_add(&answers, 1);
	}
	caller_free(&k);
	return NULL;
}

struct writer {
	unsigned number, port[RULES];   /* 0: not there */
	uint64_t random;
};

static unsigned
below(struct writer *w, unsigned n)
{
	w->random = w->random * 6364136223846793005u + 1442695040888963407u;
	return (unsigned)((w->random >> 33) % n);
}

static void
change(struct writer *w, struct caller *k)
{
	unsigned i = below(w, RULES), port = below(w, 200) + 1, want;
	char target[128], body[512];
	const char *method;
	struct http_response *r;
	struct slice text;

	snprintf(target, sizeof(target), "/rules/%08x-0000-4000-8000-%012x", i, w->number);
	snprintf(body, sizeof(body), "{\"rule\":\"FROM tag \\\"t\\\" = \\\"%u\\\" TO all vms ALLOW tcp "
	    "PORT %u\",\"owner_uuid\":\"00000000-0000-4000-8000-%012x\"%s%s%s}", port, port, w->number,
	    w->port[i] ? "" : ",\"uuid\":\"", w->port[i] ? "" : target + 7, w->port[i] ? "" : "\"");
	method = !w->port[i] ? "POST" : below(w, 3) ? "PUT" : "DELETE";
	want = *method == 'D' ? 204 : 202;
	r = ask(k, method, w->port[i] ? target : "/rules", *method == 'D' ? "" : body);
	if (r->status != (int)want)
		die(method, http_body(r));
	w->port[i] = *method == 'D' ? 0 : port;
	/* What was answered is found at once. */
	r = ask(k, "GET", target, "");
	if (r->status != (w->port[i] ? 200 : 404))
		die("a change is not seen", http_body(r));
	/* Also where answers are kept. */
	snprintf(body, sizeof(body), "\"uuid\":\"%s\"", target + 7);
	snprintf(target, sizeof(target), "/rules?owner_uuid=00000000-0000-4000-8000-%012x", w->number);
	r = ask(k, "GET", target, "");
	text = http_body(r);
	if (r->status != 200 ||
	    (memmem(text.p, text.n, body, strlen(body)) != NULL) != (w->port[i] != 0))
		die("a change is not seen in a list", text);
}

static void *
write_rules(void *context)
{
	struct writer *w = context;
	struct caller k;

	caller_init(&k, &api);
	for (unsigned i = 0; i < changes / writers; i++)
		change(w, &k);
	caller_free(&k);
	return NULL;
}

static void
check_end(struct writer *w)
{
	unsigned want = 0, port;
	struct http_response *r;
	struct caller k;
	json_error_t error;
	json_t *list, *v;
	size_t i;

	caller_init(&k, &api);
	r = ask(&k, "GET", "/rules", "");
	list = json_loadb(http_body(r).p, http_body(r).n, 0, &error);
	for (unsigned n = 0; n < writers; n++)
		for (unsigned m = 0; m < RULES; m++)
			want += w[n].port[m] != 0;
	if (json_array_size(list) != want)
		die("rules are missing or too many", slice_of(""));
	json_array_foreach(list, i, v) {
		unsigned rule, number;

		if (sscanf(json_string_value(json_object_get(v, "uuid")), "%8x-0000-4000-8000-%12x",
		    &rule, &number) != 2 || number >= writers || rule >= RULES ||
		    sscanf(json_string_value(json_object_get(v, "rule")), "FROM tag \"t\" = \"%u\"",
		    &port) != 1 || port != w[number].port[rule])
			die("a rule is not as it was written", slice_of(""));
	}
	json_decref(list);
	caller_free(&k);
}

static void
count_update(void *context, const struct db_update *u)
{
	(void)context;
	if (u->seq != atomic_fetch_add(&published, 1) + 1)
		die("updates out of order", u->name);
}

int
main(int argc, char **argv)
{
	char folder[] = "/tmp/api-test.XXXXXX", path[64], command[64];
	pthread_t reader[16], thread[16];
	struct writer w[16];
	unsigned made;

	if (argc > 1)
		changes = (unsigned)atoi(argv[1]);
	if (argc > 3) {
		readers = (unsigned)atoi(argv[2]) % 17;
		writers = (unsigned)atoi(argv[3]) % 17;
	}
	random_start(3);
	if (!mkdtemp(folder))
		return 99;
	snprintf(path, sizeof(path), "sqlite:%s/store", folder);
	api_open(&api, path, count_update, NULL);
	memset(w, 0, sizeof(w));
	for (unsigned i = 0; i < readers; i++)
		pthread_create(&reader[i], NULL, read_rules, NULL);
	for (unsigned i = 0; i < writers; i++) {
		w[i].number = i;
		w[i].random = random_u64();
		pthread_create(&thread[i], NULL, write_rules, &w[i]);
	}
	for (unsigned i = 0; i < writers; i++)
		pthread_join(thread[i], NULL);
	atomic_store(&stop, true);
	for (unsigned i = 0; i < readers; i++)
		pthread_join(reader[i], NULL);
	made = changes / writers * writers;
	if (published != made)
		die("updates are missing", slice_of(""));
	check_end(w);
	api_close(&api);
	/* And once more from the store. */
	published = made;
	api_open(&api, path, count_update, NULL);
	check_end(w);
	api_close(&api);
	snprintf(command, sizeof(command), "rm -rf %s", folder);
	if (system(command) != 0)
		return 1;
	printf("%u changes, %llu answers beside them\n", made, (unsigned long long)answers);
	return 0;
}
