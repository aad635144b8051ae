/* SPDX-License-Identifier: MPL-2.0 */
#include "lang.h"

#include <ctype.h>

#include "../base/text.h"

const char *const lang_side_name[2] = { "from", "to" };
const char *const lang_action_name[2] = { "allow", "block" };
const char *const lang_proto_name[LANG_PROTOS] = { "ah", "esp", "icmp", "icmp6", "tcp", "udp" };

const char *const lang_keyword[] = {
	"ah", "all", "allow", "and", "any", "block", "code", "esp", "from", "icmp", "icmp6",
	"ip", "or", "port", "ports", "priority", "subnet", "tag", "tcp", "to", "type", "udp",
	"vm", "vms",
};
const size_t lang_keywords = BASE_COUNT(lang_keyword);

#define KEYWORD_MAX 8

/* s in lower case, and which cases it holds: 1 lower, 2 upper. */
static unsigned
fold(struct slice s, char out[KEYWORD_MAX + 1])
{
	unsigned cases = 0;

	for (size_t i = 0; i < s.n; i++) {
		unsigned char c = (unsigned char)s.p[i];

		cases |= islower(c) ? 1 : isupper(c) ? 2 : 0;
		out[i] = (char)tolower(c);
	}
	out[s.n] = '\0';
	return cases;
}

static int
find(const char *lower)
{
	size_t lo = 0, hi = lang_keywords;

	while (lo < hi) {
		size_t mid = (lo + hi) / 2;
		int c = strcmp(lower, lang_keyword[mid]);

		if (c == 0)
			return (int)mid;
		if (c < 0)
			hi = mid;
		else
			lo = mid + 1;
	}
	return -1;
}

int
lang_keyword_find(struct slice s)
{
	char lower[KEYWORD_MAX + 1];

	if (s.n == 0 || s.n > KEYWORD_MAX || fold(s, lower) == 3)
		return -1;
	return find(lower);
}

const char *
lang_nearest_keyword(struct slice word)
{
	char lower[KEYWORD_MAX + 1];
	const char *near = NULL;
	unsigned best = 3;

	if (word.n == 0)
		return NULL;
	if (word.n <= KEYWORD_MAX) {
		int same;

		fold(word, lower);
		if ((same = find(lower)) >= 0)
			return lang_keyword[same];
	}
	for (size_t i = 0; i < lang_keywords; i++) {
		unsigned d = text_distance(word, slice_of(lang_keyword[i]));
		/* Of a short word only one letter may be wrong. */
		unsigned most = strlen(lang_keyword[i]) <= 4 ? 1 : 2;

		if (d <= most && d < best) {
			best = d;
			near = lang_keyword[i];
		}
	}
	return near;
}
