/* SPDX-License-Identifier: MPL-2.0 */
/*
 * fwapid: the service's start, its signals and its end.
 *
 * The port is open before rules are read, so that /ping can tell; agents are let in
 * afterwards.  All threads block signals but the first, which waits for them.
 */
#include "config.h"

#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <unistd.h>

#include "settings.h"
#include "server.h"
#include "transfer.h"

#define STOP_SECONDS 10
#define FEED_STOP_MS 3000

const char *cmd_program = "fwapid";

static const char usage[] =
    "usage: fwapid [options]                            serve\n"
    "       fwapid import [options] FILE...             put rules into the store\n"
    "       fwapid export [options] [json|jsonl|moray]  all rules to standard output\n"
    "       fwapid backup [options] FILE                a copy of the store\n"
    "\n"
    "The service of all firewall rules of a data centre, over HTTP, in memory and on disk.\n"
    "Without options it serves on 127.0.0.1:8080, agents on 127.0.0.1:2020, and keeps its\n"
    "data in a state folder: /var/lib/fwapid for root, otherwise ~/.local/state/fwapid.\n"
    "Import, export and backup work while it serves.\n"
    "\n";

static const char usage_end[] =
    "  -h, --help\n"
    "      --version\n"
    "\n"
    "SIGHUP reads the configuration and the file of VMs again, SIGTERM ends it when what\n"
    "is being answered is answered.  Exit status: 0 done, 1 rules were refused, 2 usage, or\n"
    "a file, a store or an address that cannot be had.\n";

struct service {
	struct config config;
	struct api api;
	struct server_opts http;
	struct server *server;
	struct book *book;
	char host[256];
	pthread_mutex_t gate;           /* held until the feed is there to publish to */
};

int
cmd_help(const char *name)
{
	(void)name;
	fputs(usage, stdout);
	config_help(stdout);
	fputs(usage_end, stdout);
	return CMD_DONE;
}

/* --- between the parts ---------------------------------------------------------------- */

static void
publish(void *context, const struct db_update *u)
{
	struct service *s = context;
	struct feed_update f = { u->seq, u->name, u->req_id, u->value };

	pthread_mutex_lock(&s->gate);
	pthread_mutex_unlock(&s->gate);
	feed_publish(s->api.feed, &f);
}

static void
rewind_feed(void *context, uint64_t seq)
{
	struct service *s = context;

	pthread_mutex_lock(&s->gate);
	pthread_mutex_unlock(&s->gate);
	log_printf(LOG_WARN, "the store's log is another one than before, its last update is %llu: "
	    "rules were read anew, agents are told to sync", (unsigned long long)seq);
	feed_rewind(s->api.feed, seq);
}

static void
report(void *context, const char *text)
{
	(void)context;
	if (text)
		log_printf(LOG_ERROR, "the store is lost, answers are from memory: %s", text);
	else
		log_printf(LOG_INFO, "the store can be written");
}

static void
feed_log(void *context, bool warning, const char *line)
{
	(void)context;
	log_printf(warning ? LOG_WARN : LOG_INFO, "%s", line);
}

struct replay {
	feed_each *each;
	void *context;
};

static bool
replay_one(void *context, const struct db_update *u)
{
	struct replay *r = context;
	struct feed_update f = { u->seq, u->name, u->req_id, u->value };

	return r->each(r->context, &f);
}

static enum feed_replay
replay(void *context, uint64_t since, uint32_t limit, feed_each *each, void *each_context)
{
	struct service *s = context;
	struct replay r = { each, each_context };
	struct book_stats st;
	uint64_t first;

	book_get_stats(s->book, &st);
	if (since > st.applied)
		return FEED_LOST;
	if (book_updates(s->book, since, limit, replay_one, &r, &first) != DB_OK)
		return FEED_FAILED;
	return first > since + 1 ? FEED_LOST : FEED_REPLAYED;
}

/* --- VMs -------------------------------------------------------------------------------- */

/* NULL after a message. */
static struct vms *
open_vms(const struct config *c)
{
	struct arena arena = { 0 };
	struct diags diags = { .arena = &arena };
	struct buf text = { 0 };
	struct vms *v;

	if (c->vmapi) {
		v = vms_from_vmapi(c->vmapi, c->vmapi_timeout);
		if (!v)
			log_printf(LOG_FATAL, "vmapi is a URL, http:// or https://");
		return v;
	}
	if (!c->vms)
		return vms_none();
	v = vms_from_file(c->vms, &diags);
	if (!v) {
		diag_print_all(&text, &diags, false);
		log_line(LOG_ERROR, slice_of("the file of VMs cannot be read"), (struct slice){ "", 0 });
		log_line(LOG_ERROR, buf_view(&text), (struct slice){ "", 0 });
	}
	buf_free(&text);
	arena_free(&arena);
	return v;
}

/* --- configuration ------------------------------------------------------------------------ */

static void
apply_config(struct service *s, const struct config *c)
{
	enum log_level level;

	if (log_level_of(c->log_level, &level))
		log_set_level(level);
	atomic_store(&s->api.opts.max_body, c->max_body);
	atomic_store(&s->api.opts.max_result, c->max_result);
	atomic_store(&s->http.max_header, c->max_header);
	atomic_store(&s->http.max_connections, c->max_connections);
	atomic_store(&s->http.timeout, c->timeout);
	if (s->api.cache)
		cache_set_most(s->api.cache, c->cache);
	else
		s->api.cache = cache_new(c->cache);
	s->config = *c;
}

static void
reload(struct service *s, int argc, char **argv)
{
	char error[CONFIG_ERROR_SIZE];
	struct config c;
	struct vms *v, *old;
	const char *fixed;
	int operand;

	if (!config_read(&c, argc, argv, &operand, error)) {
		log_printf(LOG_ERROR, "the configuration is not read again: %s", error);
		return;
	}
	fixed = config_fixed_difference(&s->config, &c);
	if (fixed)
		log_printf(LOG_WARN, "a new value of %s counts from the next start", fixed);
	v = open_vms(&c);
	if (!v)
		return;
	pthread_rwlock_wrlock(&s->api.vms_lock);
	old = s->api.vms;
	s->api.vms = v;
	pthread_rwlock_unlock(&s->api.vms_lock);
	vms_free(old);
	apply_config(s, &c);
	log_printf(LOG_INFO, "the configuration was read again");
}

/* --- start ---------------------------------------------------------------------------------- */

static bool
start_http(struct service *s)
{
	config_address(s->config.listen, &s->http.address);
	s->http.threads = s->config.threads;
	s->server = server_start(&s->api, &s->http);
	if (!s->server)
		log_printf(LOG_FATAL, "cannot listen on %s: %s", s->config.listen, strerror(errno));
	else
		log_printf(LOG_INFO, "HTTP on %s, port %u", s->config.listen, server_port(s->server));
	return s->server != NULL;
}

static bool
start_feed(struct service *s)
{
	struct book_stats st;
	struct feed_opts o = { .server_id = slice_of(s->host), .replay = replay,
		.replay_context = s, .log = feed_log };
	const char *colon = strrchr(s->config.agents, ':');
	char error[FEED_ERROR_SIZE], host[64] = "127.0.0.1";
	size_t n = colon ? (size_t)(colon - s->config.agents) : 0;

	if (strcmp(s->config.agents, "none") != 0) {
		bool bracket = n && *s->config.agents == '[';

		if (n)
			snprintf(host, sizeof(host), "%.*s", (int)n - 2 * bracket,
			    s->config.agents + bracket);
		o.host = host;
		o.port = (uint16_t)strtoul(colon ? colon + 1 : s->config.agents, NULL, 10);
	}
	book_get_stats(s->book, &st);
	o.last_id = st.applied;
	s->api.feed = feed_new(&o, error);
	if (!s->api.feed)
		log_printf(LOG_FATAL, "agents: %s", error);
	else if (o.host)
		log_printf(LOG_INFO, "agents on %s, port %u", s->config.agents,
		    feed_port(s->api.feed));
	return s->api.feed != NULL;
}

static bool
start_book(struct service *s)
{
	struct book_opts o = { .publish = publish, .rewind = rewind_feed, .report = report, .context = s,
		.threads = s->config.threads };
	char error[CONFIG_ERROR_SIZE > DB_ERROR_SIZE ? CONFIG_ERROR_SIZE : DB_ERROR_SIZE];
	struct book_stats st;
	struct buf url = { 0 };
	bool good = config_store_url(&s->config, true, &url, error);

	transfer_db_opts(&s->config, true, &o.db);
	if (good && s->config.default_rules)
		good = transfer_defaults(&s->config, url.p, error);
	if (good)
		s->book = book_open(url.p, &o, error);
	buf_free(&url);
	if (!s->book) {
		log_printf(LOG_FATAL, "the store cannot be opened: %s", error);
		return false;
	}
	book_get_stats(s->book, &st);
	log_printf(LOG_INFO, "rules were read in %.3f s; the last update is %llu", st.load_seconds,
	    (unsigned long long)st.applied);
	return true;
}

static void
stop(struct service *s)
{
	if (s->api.feed)
		feed_stop(s->api.feed, FEED_STOP_MS);
	server_stop(s->server, STOP_SECONDS);
	/* Nobody asks any more; what others write is still published until here. */
	book_close(s->book);
	if (s->api.feed)
		feed_free(s->api.feed);
	vms_free(s->api.vms);
	cache_free(s->api.cache);
}

/* A connection each for agents and requests: as many as may be had. */
static void
raise_files(void)
{
	struct rlimit l;

	if (getrlimit(RLIMIT_NOFILE, &l) != 0 || l.rlim_cur >= l.rlim_max)
		return;
	l.rlim_cur = l.rlim_max;
	setrlimit(RLIMIT_NOFILE, &l);
}

/*
 * A store's URL may hold a password, and everybody can read a command line: what stands
 * behind PostgreSQL's scheme is struck out, and a copy is returned.
 */
static char **
hide_arguments(int argc, char **argv)
{
	char **copy = base_alloc(((size_t)argc + 1) * sizeof(*copy));

	for (int i = 0; i < argc; i++) {
		char *url = strstr(argv[i], "postgresql:");

		copy[i] = strdup(argv[i]);
		if (!copy[i])
			base_oom(strlen(argv[i]));
		if (url)
			memset(strchr(url, ':') + 1, '*', strlen(strchr(url, ':') + 1));
	}
	copy[argc] = NULL;
	return copy;
}

static int
serve(int argc, char **argv)
{
	static struct service s = { .gate = PTHREAD_MUTEX_INITIALIZER,
		.api.vms_lock = PTHREAD_RWLOCK_INITIALIZER };
	char error[CONFIG_ERROR_SIZE];
	struct config c;
	struct timespec t;
	sigset_t set;
	int operand, sig;
	bool good;

	if (!config_read(&c, argc, argv, &operand, error))
		return cmd_usage("", "%s", error);
	if (operand < argc)
		return cmd_usage("", "there is no command \"%s\"", argv[operand]);
	log_open(1, LOG_INFO);
	apply_config(&s, &c);
	sigemptyset(&set);
	sigaddset(&set, SIGTERM);
	sigaddset(&set, SIGINT);
	sigaddset(&set, SIGHUP);
	pthread_sigmask(SIG_BLOCK, &set, NULL);
	raise_files();
	signal(SIGPIPE, SIG_IGN);
	signal(SIGXFSZ, SIG_IGN);
	if (gethostname(s.host, sizeof(s.host) - 1) != 0)
		strcpy(s.host, "localhost");
	s.api.opts.server_name = s.host;
	s.api.opts.lang = (struct lang_opts){ c.max_version, true, true };
	clock_gettime(CLOCK_MONOTONIC, &t);
	s.api.metrics.started_us = (uint64_t)t.tv_sec * 1000000 + (uint64_t)t.tv_nsec / 1000;
	s.api.vms = open_vms(&c);
	pthread_mutex_lock(&s.gate);
	good = s.api.vms && start_http(&s) && start_book(&s) && start_feed(&s);
	if (good) {
		pthread_mutex_unlock(&s.gate);
		atomic_store(&s.api.book, s.book);
		log_printf(LOG_INFO, "serving");
		while (sigwait(&set, &sig) == 0 && sig == SIGHUP)
			reload(&s, argc, argv);
		log_printf(LOG_INFO, "stopping");
	}
	stop(&s);
	return good ? CMD_DONE : CMD_USAGE;
}

static void
out_of_memory(size_t wanted)
{
	static const char text[] = "fwapid: out of memory\n";

	(void)wanted;
	(void)!write(2, text, sizeof(text) - 1);
	_exit(CMD_INTERNAL);
}

static int
run(int argc, char **argv)
{
	static const struct {
		const char *name;
		int (*run)(int argc, char **argv);
	} commands[] = {
		{ "import", transfer_import }, { "export", transfer_export },
		{ "backup", transfer_backup },
	};

	for (int i = 1; i < argc; i++) {
		if (strcmp(argv[i], "--help") == 0 || strcmp(argv[i], "-h") == 0)
			return cmd_help("");
		if (strcmp(argv[i], "--version") == 0) {
			printf("fwapid %s\n", PACKAGE_VERSION);
			return CMD_DONE;
		}
	}
	for (size_t i = 0; argc > 1 && i < BASE_COUNT(commands); i++)
		if (strcmp(argv[1], commands[i].name) == 0)
			return commands[i].run(argc - 1, argv + 1);
	return serve(argc, argv);
}

int
main(int argc, char **argv)
{
	char **args;
	int status;

	base_set_oom(out_of_memory);
	json_arena_install();
	index_add_input_format();
	args = hide_arguments(argc, argv);
	status = run(argc, args);
	for (int i = 0; i < argc; i++)
		free(args[i]);
	free(args);
	return status;
}
