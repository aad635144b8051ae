/* SPDX-License-Identifier: MPL-2.0 */
#include "log.h"

#include <errno.h>
#include <stdatomic.h>
#include <time.h>
#include <unistd.h>

#include "../../compiler/base/text.h"

static int log_fd = 2;
static _Atomic int log_least = LOG_INFO;
static char log_host[256] = "localhost";

void
log_open(int fd, enum log_level least)
{
	log_fd = fd;
	log_least = least;
	if (gethostname(log_host, sizeof(log_host) - 1) != 0)
		memcpy(log_host, "localhost", 10);
}

void
log_set_level(enum log_level least)
{
	log_least = least;
}

bool
log_is_on(enum log_level level)
{
	return (int)level >= log_least;
}

bool
log_level_of(const char *name, enum log_level *out)
{
	static const char *const names[] = { "trace", "debug", "info", "warn", "error", "fatal" };

	for (size_t i = 0; i < BASE_COUNT(names); i++)
		if (strcmp(names[i], name) == 0) {
			*out = (enum log_level)((i + 1) * 10);
			return true;
		}
	return false;
}

/* A JSON string; bytes that are not UTF-8 become escapes that people can read. */
static void
string(struct buf *out, struct slice s)
{
	struct buf seen = { 0 };

	if (text_utf8_bad(s) == s.n) {
		text_json(out, s);
		return;
	}
	text_visible(&seen, s);
	text_json(out, buf_view(&seen));
	buf_free(&seen);
}

void
log_member(struct buf *out, const char *name, struct slice value)
{
	buf_printf(out, ",\"%s\":", name);
	string(out, value);
}

void
log_line(enum log_level level, struct slice msg, struct slice more)
{
	char space[1024];
	struct timespec t;
	struct buf b;
	struct tm tm;

	if (!log_is_on(level))
		return;
	clock_gettime(CLOCK_REALTIME, &t);
	gmtime_r(&t.tv_sec, &tm);
	buf_borrow(&b, space, sizeof(space));
	buf_str(&b, "{\"name\":\"fwapid\",\"hostname\":");
	string(&b, slice_of(log_host));
	buf_printf(&b, ",\"pid\":%ld,\"level\":%d,\"msg\":", (long)getpid(), (int)level);
	string(&b, msg);
	buf_slice(&b, more);
	buf_printf(&b, ",\"time\":\"%04d-%02d-%02dT%02d:%02d:%02d.%03ldZ\",\"v\":0}\n",
	    tm.tm_year + 1900, tm.tm_mon + 1, tm.tm_mday, tm.tm_hour, tm.tm_min, tm.tm_sec,
	    t.tv_nsec / 1000000);
	/* A log that cannot be written must not stop the service. */
	while (write(log_fd, b.p, b.n) < 0 && errno == EINTR)
		;
	buf_free(&b);
}

void
log_printf(enum log_level level, const char *fmt, ...)
{
	struct buf b = { 0 };
	va_list ap;

	va_start(ap, fmt);
	buf_vprintf(&b, fmt, ap);
	va_end(ap);
	log_line(level, buf_view(&b), (struct slice){ "", 0 });
	buf_free(&b);
}
