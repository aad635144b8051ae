/* SPDX-License-Identifier: MPL-2.0 */
/*
 * The service's log: a JSON object a line, with bunyan's fields (name, hostname, pid,
 * level, msg, time, v).  Any thread may write; a line is one write(2).
 */
#ifndef FWR_HTTP_LOG_H
#define FWR_HTTP_LOG_H

#include "../../compiler/base/base.h"

enum log_level { LOG_TRACE = 10, LOG_DEBUG = 20, LOG_INFO = 30, LOG_WARN = 40, LOG_ERROR = 50,
	LOG_FATAL = 60 };

/* To file descriptor fd, lines of at least that level. */
void log_open(int fd, enum log_level least);
void log_set_level(enum log_level least);
bool log_is_on(enum log_level level);
/* False: there is no level of that name. */
bool log_level_of(const char *name, enum log_level *out);

/* more, where given, is further members of the object: ",\"route\":\"/rules\"". */
void log_line(enum log_level level, struct slice msg, struct slice more);
void log_printf(enum log_level level, const char *fmt, ...)
    __attribute__((format(printf, 2, 3)));
/* ,"name":"value" */
void log_member(struct buf *out, const char *name, struct slice value);

#endif
