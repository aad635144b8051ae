/* SPDX-License-Identifier: MPL-2.0 */
/*
 * A request and a response as the service's code sees them: nothing of the HTTP
 * library is here, so tests and fuzzers ask without one.
 */
#ifndef FWR_HTTP_HTTP_H
#define FWR_HTTP_HTTP_H

#include "../../compiler/base/json.h"
#include "cache.h"

struct http_header {
	struct slice name, value;
};

struct http_request {
	struct slice method;            /* "GET" */
	struct slice target;            /* as it stood in the request line: "/rules?ip=::1" */
	VEC(struct http_header) headers;
	struct slice body;
};

#define HTTP_HEADERS_MAX 12

struct http_response {
	int status;
	const char *type;               /* of the body */
	struct buf body;
	struct cached *shared;          /* instead of body, or NULL: to be released */
	struct http_header header[HTTP_HEADERS_MAX];
	unsigned headers;
};

/* The first header of that name, whatever its case; false: there is none. */
bool http_find(const struct http_request *q, const char *name, struct slice *value);
bool http_equal(struct slice a, const char *b);         /* ASCII case ignored */
const char *http_reason(int status);
struct slice http_body(const struct http_response *r);

/*
 * Decodes %XX, and + as a space if plus is set.  False if a % is not followed by two
 * digits, or the result is no UTF-8 or has a NUL in it.
 */
bool http_decode(struct arena *arena, struct slice s, bool plus, struct slice *out);

/*
 * Adds the parameters of a query string or form to an object: repeated names become
 * arrays, name[key]=v and name.key=v objects, name[]=v and name[0]=v arrays.  False,
 * with *why in the arena, if it cannot be read.
 */
bool http_params(struct arena *arena, struct slice text, json_t *object, const char **why);

/* Is a version within an npm range: "1.2", "~1.0", ">=1 <2 || 3.x"? */
bool http_in_range(struct slice range, const unsigned version[3]);

#endif
