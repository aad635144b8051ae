/* SPDX-License-Identifier: MPL-2.0 */
/* How the service is: /ping for clients, /metrics for Prometheus. */
#include <stdio.h>
#include <sys/resource.h>
#include <time.h>
#include <unistd.h>

#include "../../compiler/base/text.h"
#include "api_int.h"

/* --- ping --------------------------------------------------------------------------- */

static void
service(struct buf *out, const char *name, bool online, bool first)
{
	buf_printf(out, "%s\"%s\":\"%s\"", first ? "" : ",", name, online ? "online" : "offline");
}

struct clients {
	struct buf *out;
	bool any;
};

static void
add_client(void *context, struct slice id)
{
	struct clients *l = context;

	if (l->any)
		buf_char(l->out, ',');
	l->any = true;
	text_json(l->out, id);
}

static void
ping_agents(struct call *c)
{
	struct clients l = { .out = &c->r.body };
	char id[UUID_TEXT];

	uuid_write(id, uuid_random());
	buf_str(l.out, ",\"agents\":{\"connected\":[");
	feed_each_client(c->api->feed, add_client, &l);
	feed_ping(c->api->feed, (struct slice){ id, UUID_TEXT });
	buf_printf(l.out, "],\"ping_id\":\"%.*s\"}", UUID_TEXT, id);
}

void
handle_ping(struct call *c)
{
	struct book *book = atomic_load(&c->api->book);
	struct buf *out = &c->r.body;
	struct book_stats st = { .online = false };
	struct slice text;
	bool index = book != NULL, healthy;

	if (book)
		book_get_stats(book, &st);
	healthy = st.online && index;
	c->r.status = 200;
	c->r.type = "application/json";
	buf_printf(out, "{\"healthy\":%s,\"status\":\"%s\",\"services\":{",
	    healthy ? "true" : "false", !index ? "initializing" : healthy ? "OK" : "offline");
	service(out, "store", st.online, true);
	/* Agents are let in once the rules are there. */
	service(out, "agents", index, false);
	service(out, "index", index, false);
	/* The names that today's service has for its three. */
	service(out, "fast", index, false);
	service(out, "moray", st.online, false);
	service(out, "ufds", index, false);
	buf_char(out, '}');
	if (index && !st.online) {
		buf_str(out, ",\"stale\":true,\"reason\":");
		text_json(out, slice_of(st.error));
	}
	if (index && param_text(c, "agents", &text))
		ping_agents(c);
	buf_char(out, '}');
}

/* --- metrics ------------------------------------------------------------------------- */

static void
head(struct buf *out, const char *name, const char *type, const char *help)
{
	buf_printf(out, "# HELP %s %s\n# TYPE %s %s\n", name, help, name, type);
}

static void
one(struct buf *out, const char *name, const char *type, const char *help, double value)
{
	head(out, name, type, help);
	buf_printf(out, "%s %.15g\n", name, value);
}

static void
label(struct buf *out, size_t i)
{
	if (i < route_count)
		buf_printf(out, "{method=\"%s\",route=\"%s\"", route_table[i].method,
		    route_table[i].path);
	else
		buf_str(out, "{method=\"\",route=\"\"");
}

static void
write_requests(struct buf *out, struct metrics *m)
{
	head(out, "fwapi_requests_total", "counter", "Requests answered, by the status's class.");
	for (size_t i = 0; i < METRICS_ROUTES; i++)
		for (int d = 1; d < 6; d++) {
			uint64_t n = atomic_load(&m->route[i].status[d]);

			if (n == 0)
				continue;
			buf_str(out, "fwapi_requests_total");
			label(out, i);
			buf_printf(out, ",code=\"%dxx\"} %llu\n", d, (unsigned long long)n);
		}
}

static void
write_durations(struct buf *out, struct metrics *m)
{
	head(out, "fwapi_request_duration_seconds", "histogram", "From the whole request to the "
	    "response.");
	for (size_t i = 0; i < METRICS_ROUTES; i++) {
		unsigned long long n = 0;

		for (int b = 0; b <= METRICS_BUCKETS; b++)
			n += atomic_load(&m->route[i].bucket[b]);
		if (n == 0)
			continue;
		n = 0;
		for (int b = 0; b <= METRICS_BUCKETS; b++) {
			n += atomic_load(&m->route[i].bucket[b]);
			buf_str(out, "fwapi_request_duration_seconds_bucket");
			label(out, i);
			if (b < METRICS_BUCKETS)
				buf_printf(out, ",le=\"%.6g\"} %llu\n",
				    (double)metrics_bound[b] / 1e6, n);
			else
				buf_printf(out, ",le=\"+Inf\"} %llu\n", n);
		}
		buf_str(out, "fwapi_request_duration_seconds_sum");
		label(out, i);
		buf_printf(out, "} %.6f\n", (double)atomic_load(&m->route[i].us) / 1e6);
		buf_str(out, "fwapi_request_duration_seconds_count");
		label(out, i);
		buf_printf(out, "} %llu\n", n);
	}
}

static void
write_book(struct buf *out, struct book *book)
{
	struct index_stats ix;
	struct book_stats st;

	index_get_stats(book_index(book), &ix);
	book_get_stats(book, &st);
	one(out, "fwapi_rules", "gauge", "Rules there are.", ix.rules);
	one(out, "fwapi_index_bytes", "gauge", "Memory of the index.", (double)ix.memory);
	one(out, "fwapi_index_waiting_blocks", "gauge", "Blocks of the index that readers hold back.",
	    (double)ix.waiting);
	one(out, "fwapi_store_online", "gauge", "1: the store can be written; 0: answers are from "
	    "memory and may be stale.", st.online);
	one(out, "fwapi_update_last", "gauge", "Number of the last update.", (double)st.applied);
	one(out, "fwapi_store_writes_total", "counter", "Changes that were stored.",
	    (double)st.written);
	one(out, "fwapi_store_failures_total", "counter", "Changes that could not be stored.",
	    (double)st.failed);
	one(out, "fwapi_store_commits_total", "counter", "Transactions.", (double)st.commits);
	one(out, "fwapi_store_commit_seconds_total", "counter", "Time spent in transactions.",
	    (double)st.commit_us / 1e6);
	one(out, "fwapi_load_seconds", "gauge", "How long reading all rules took at the start.",
	    st.load_seconds);
}

static void
write_cache(struct buf *out, struct cache *cache)
{
	struct cache_stats st;

	cache_get_stats(cache, &st);
	one(out, "fwapi_cache_hits_total", "counter", "Searches answered from the cache.",
	    (double)st.hits);
	one(out, "fwapi_cache_misses_total", "counter", "Searches that were not.", (double)st.misses);
	one(out, "fwapi_cache_bytes", "gauge", "Memory of answers that are kept.", (double)st.bytes);
}

static void
write_feed(struct buf *out, struct feed *feed)
{
	struct feed_stats f;

	feed_stats(feed, &f);
	one(out, "fwapi_agents", "gauge", "Agents connected.", (double)f.clients);
	one(out, "fwapi_agents_queued_bytes", "gauge", "Bytes that wait for agents.",
	    (double)f.queued_bytes);
	one(out, "fwapi_agents_slow_total", "counter", "Agents dropped for not reading.",
	    (double)f.slow);
	one(out, "fwapi_agents_broken_total", "counter", "Agents dropped for what they sent.",
	    (double)f.broken);
	one(out, "fwapi_updates_published_total", "counter", "Updates handed to agents.",
	    (double)f.published);
	one(out, "fwapi_streams", "gauge", "Readers of GET /updates.", (double)f.streams);
}

/* Resident memory, from Linux's /proc; 0 where there is none. */
static double
resident(void)
{
	FILE *f = fopen("/proc/self/statm", "r");
	double pages = 0;

	if (!f)
		return 0;
	if (fscanf(f, "%*s %lf", &pages) != 1)
		pages = 0;
	fclose(f);
	return pages * (double)sysconf(_SC_PAGESIZE);
}

static void
write_process(struct buf *out, struct metrics *m)
{
	struct rusage ru;
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	getrusage(RUSAGE_SELF, &ru);
	one(out, "process_cpu_seconds_total", "counter", "CPU time.",
	    (double)(ru.ru_utime.tv_sec + ru.ru_stime.tv_sec) +
	    (double)(ru.ru_utime.tv_usec + ru.ru_stime.tv_usec) / 1e6);
	one(out, "process_resident_memory_bytes", "gauge", "Memory in use.", resident());
	one(out, "fwapi_uptime_seconds", "gauge", "Since the start.", (double)t.tv_sec +
	    (double)t.tv_nsec / 1e9 - (double)m->started_us / 1e6);
}

void
handle_metrics(struct call *c)
{
	struct book *book = atomic_load(&c->api->book);
	struct metrics *m = &c->api->metrics;
	struct buf *out = &c->r.body;

	c->r.status = 200;
	c->r.type = "text/plain; version=0.0.4; charset=utf-8";
	write_requests(out, m);
	write_durations(out, m);
	one(out, "fwapi_response_bytes_total", "counter", "Bytes of bodies.",
	    (double)atomic_load(&m->bytes_out));
	one(out, "fwapi_connections", "gauge", "Open connections.",
	    (double)atomic_load(&m->connections_open));
	one(out, "fwapi_connections_total", "counter", "Connections so far.",
	    (double)atomic_load(&m->connections));
	one(out, "fwapi_refused_total", "counter", "Requests refused by a limit of the server.",
	    (double)atomic_load(&m->refused));
	if (book) {
		write_book(out, book);
		write_feed(out, c->api->feed);
	}
	if (c->api->cache)
		write_cache(out, c->api->cache);
	write_process(out, m);
}
