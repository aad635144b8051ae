/* SPDX-License-Identifier: MPL-2.0 */
/*
 * Files, folders and streams of JSON values into rules.
 *
 * JSON is read value by value, so a document, an array, a payload and one object
 * a line are all the same stream, and the trees of a big input never stand in
 * memory together.
 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "../base/text.h"
#include "source.h"

#define NOWHERE ((struct span){ 0, 0 })

void
input_init(struct input *in, struct arena *arena, struct diags *diags, struct lang_opts opts)
{
	memset(in, 0, sizeof(*in));
	in->arena = arena;
	in->diags = diags;
	in->opts = opts;
	in->px = parse_new();
}

void
input_forget(struct input *in)
{
	if (in->known.size && in->rules.n)
		memset(in->known.slot, 0xff, in->known.size * sizeof(*in->known.slot));
	memset(&in->rules, 0, sizeof(in->rules));
	memset(&in->remote_vms, 0, sizeof(in->remote_vms));
	memset(&in->trees, 0, sizeof(in->trees));
	memset(&in->sources, 0, sizeof(in->sources));
	in->n_comments = in->n_local_vms = 0;
}

void
input_done(struct input *in)
{
	parse_free(in->px);
	free(in->known.slot);
	arena_free(&in->scratch);
}

/* --- the rules, each UUID once -------------------------------------------- */

static void
known_grow(struct input *in)
{
	uint32_t size = in->known.size ? in->known.size * 2 : 1024, at;
	uint32_t *slot = base_alloc(size * sizeof(*slot));

	memset(slot, 0xff, size * sizeof(*slot));
	for (uint32_t i = 0; i < in->rules.n; i++) {
		at = uuid_hash(in->rules.v[i]->uuid) & (size - 1);
		while (slot[at] != UINT32_MAX)
			at = (at + 1) & (size - 1);
		slot[at] = i;
	}
	free(in->known.slot);
	in->known.slot = slot;
	in->known.size = size;
}

static uint32_t *
known_find(struct input *in, struct uuid u)
{
	uint32_t at;

	if (in->rules.n >= in->known.size / 2)
		known_grow(in);
	at = uuid_hash(u) & (in->known.size - 1);
	while (in->known.slot[at] != UINT32_MAX &&
	    uuid_cmp(in->rules.v[in->known.slot[at]]->uuid, u) != 0)
		at = (at + 1) & (in->known.size - 1);
	return &in->known.slot[at];
}

bool
input_knows(struct input *in, struct uuid u)
{
	return *known_find(in, u) != UINT32_MAX;
}

void
input_add(struct input *in, struct rule *rule, const struct src *src, struct span at)
{
	uint32_t *slot = known_find(in, rule->uuid);
	char text[UUID_TEXT + 1];
	struct diag *d;

	if (*slot != UINT32_MAX) {
		if (in->keep_trees && in->trees.n)
			in->trees.n--;
		uuid_write(text, rule->uuid);
		text[UUID_TEXT] = '\0';
		d = diag_add(in->diags, DIAG_rule_twice, src, at, text);
		d->field = "uuid";
		return;
	}
	*slot = in->rules.n;
	*vec_push(in->arena, &in->rules) = rule;
}

/* --- JSON ------------------------------------------------------------------- */

static bool
is_moray(const json_t *o)
{
	const json_t *value = json_object_get(o, "value");

	return json_is_object(value) &&
	    (json_object_get(o, "bucket") || json_object_get(value, "objectclass"));
}

static bool
is_moray_value(const json_t *o)
{
	return !json_object_get(o, "rule") && json_object_get(o, "objectclass");
}

static bool
is_payload(const json_t *o)
{
	return json_is_array(json_object_get(o, "rules")) ||
	    json_is_array(json_object_get(o, "remoteVMs")) ||
	    json_is_array(json_object_get(o, "localVMs"));
}

struct rule *
input_object(struct input *in, const json_t *o, struct slice within)
{
	if (is_moray(o))
		return input_moray(in, json_object_get(o, "value"), within);
	if (is_moray_value(o))
		return input_moray(in, o, within);
	return input_payload(in, o, within);
}

/* Where an object stands: "rules.json:12" or "rules.json, rule 3". */
struct place {
	const struct src *src;
	struct span at;                 /* of the value; of an element where trees are kept */
	uint32_t line;                  /* of a stream; counted as it is read */
	size_t counted;
	long index;                     /* in an array, or -1 */
};

static struct slice
describe(struct input *in, const struct place *p)
{
	const char *text = p->index >= 0
	    ? arena_printf(in->diags->arena, "%.*s, rule %ld", (int)p->src->name.n,
		p->src->name.p, p->index + 1)
	    : arena_printf(in->diags->arena, "%.*s:%u", (int)p->src->name.n, p->src->name.p,
		p->line);

	return slice_of(text);
}

static void
bad_shape(struct input *in, const struct place *p, const char *text)
{
	struct src *src = arena_zero(in->diags->arena, sizeof(*src));

	src->name = describe(in, p);
	diag_add(in->diags, DIAG_json_shape, src, NOWHERE, text);
}

static void
add_object(struct input *in, const json_t *o, const struct place *p)
{
	struct rule *rule;
	struct slice within;
	struct src *src;

	if (!json_is_object(o)) {
		bad_shape(in, p, "a rule is a JSON object");
		return;
	}
	within = describe(in, p);
	in->outer = p->src;
	in->outer_at = p->at;
	rule = input_object(in, o, within);
	in->outer = NULL;
	if (!rule)
		return;
	if (input_knows(in, rule->uuid)) {
		src = arena_zero(in->diags->arena, sizeof(*src));
		src->name = within;
		input_add(in, rule, src, NOWHERE);
	} else {
		input_add(in, rule, NULL, NOWHERE);
	}
}

static void
add_array(struct input *in, const json_t *list, struct place p)
{
	struct json_walk w;
	bool walk = in->keep_trees && json_walk_begin(&w, p.src->text, p.at.off);
	json_t *o;
	size_t i;

	json_array_foreach(list, i, o) {
		p.index = (long)i;
		if (walk)
			json_walk_next(&w, NULL, &p.at);
		add_object(in, o, &p);
	}
}

static void
add_remote_vms(struct input *in, const json_t *list, const struct place *p)
{
	struct buf text = { 0 };
	struct src *src;
	json_t *o;
	size_t i;

	json_array_foreach(list, i, o) {
		text.n = 0;
		json_write(&text, o);
		src = arena_zero(in->arena, sizeof(*src));
		src->name = arena_slice(in->arena, describe(in, p));
		src->text = arena_slice(in->arena, buf_view(&text));
		*vec_push(in->arena, &in->remote_vms) = src;
	}
	buf_free(&text);
}

static void
add_value(struct input *in, const json_t *v, struct place p)
{
	if (json_is_array(v)) {
		add_array(in, v, p);
	} else if (json_is_object(v) && is_payload(v)) {
		const json_t *rules = json_object_get(v, "rules");
		const json_t *remote = json_object_get(v, "remoteVMs");
		struct place q = p;

		if (in->keep_trees)
			json_walk_find(p.src->text, p.at.off, "rules", &q.at);
		if (json_is_array(rules))
			add_array(in, rules, q);
		else if (rules)
			bad_shape(in, &p, "rules must be an array");
		if (json_is_array(remote))
			add_remote_vms(in, remote, &p);
		else if (remote)
			bad_shape(in, &p, "remoteVMs must be an array");
		in->n_local_vms += (uint32_t)json_array_size(json_object_get(v, "localVMs"));
	} else {
		add_object(in, v, &p);
	}
}

/* After a value that is not JSON, the next line that begins with { is tried. */
static size_t
next_line(const struct src *src, size_t at)
{
	while (at < src->text.n) {
		const char *nl = memchr(src->text.p + at, '\n', src->text.n - at);

		if (!nl)
			return src->text.n;
		at = (size_t)(nl - src->text.p) + 1;
		if (at < src->text.n && src->text.p[at] == '{')
			return at;
	}
	return at;
}

static size_t
skip_space(struct slice s, size_t at)
{
	while (at < s.n && s.p[at] && strchr(" \t\r\n", s.p[at]))
		at++;
	return at;
}

static void
read_stream(struct input *in, const struct src *src)
{
	struct place p = { .src = src, .line = 1, .index = -1 };
	size_t at = skip_space(src->text, 0);

	while (at < src->text.n) {
		json_t *v;

		for (; p.counted < at; p.counted++)
			p.line += src->text.p[p.counted] == '\n';
		json_arena_begin(&in->scratch);
		p.at.off = (uint32_t)at;
		v = json_read(src, &at, in->diags);
		p.at.len = (uint32_t)at - p.at.off;
		if (v)
			add_value(in, v, p);
		json_arena_drop(v);
		json_arena_end();
		arena_reset(&in->scratch);
		at = v ? skip_space(src->text, at) : next_line(src, at);
	}
}

/* --- texts, files, folders --------------------------------------------------- */

static bool
check_utf8(struct input *in, const struct src *src)
{
	size_t bad = text_utf8_bad(src->text);
	struct diag *d;

	if (bad == src->text.n)
		return true;
	d = diag_add(in->diags, DIAG_not_utf8, src, (struct span){ (uint32_t)bad, 1 },
	    (unsigned char)src->text.p[bad]);
	if (src->text.n > 1 && (memcmp(src->text.p, "\xff\xfe", 2) == 0 ||
	    memcmp(src->text.p, "\xfe\xff", 2) == 0))
		diag_help(in->diags, d, "it seems to be UTF-16: save it as UTF-8");
	return false;
}

#define MAX_FORMATS 4

static const struct input_format *formats[MAX_FORMATS];

void
input_add_format(const struct input_format *format)
{
	for (int i = 0; i < MAX_FORMATS; i++)
		if (!formats[i] || formats[i] == format) {
			formats[i] = format;
			return;
		}
}

static const struct input_format *
added_format(struct slice text)
{
	for (int i = 0; i < MAX_FORMATS && formats[i]; i++)
		if (formats[i]->knows(text))
			return formats[i];
	return NULL;
}

static bool
is_json(struct slice text)
{
	size_t at = skip_space(text, 0);

	return at < text.n && (text.p[at] == '{' || text.p[at] == '[');
}

bool
input_is_source(struct slice text)
{
	return !added_format(text) && !is_json(text);
}

static void
read_src(struct input *in, const struct src *src)
{
	const struct input_format *format = added_format(src->text);

	if (format) {
		format->read(in, src);
		return;
	}
	if (!check_utf8(in, src))
		return;
	if (is_json(src->text))
		read_stream(in, src);
	else
		source_read(in, src);
	arena_reset(&in->scratch);
}

void
input_read_text(struct input *in, struct slice name, struct slice text)
{
	struct src *src = arena_zero(in->diags->arena, sizeof(*src));

	src->name = arena_slice(in->diags->arena, name);
	src->text = text;
	read_src(in, src);
}

static struct src *
cannot_read(struct diags *diags, struct src *src, const char *why)
{
	diag_add(diags, DIAG_cannot_read, src, NOWHERE, why);
	return NULL;
}

static bool
slurp(int fd, struct buf *b, size_t max)
{
	for (;;) {
		char *room = buf_room(b, 1 << 16);
		ssize_t n = read(fd, room, b->cap - b->n);

		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			return n == 0;
		b->n += (size_t)n;
		if (b->n > max)
			return true;
	}
}

/*
 * A regular file of that size, read to where it stays; false, and back at its
 * start, if it is of another size by now.
 */
static bool
slurp_regular(int fd, struct arena *arena, size_t size, struct slice *text)
{
	char *p = arena_alloc(arena, size + 1);
	size_t at = 0;
	ssize_t n;

	while ((n = read(fd, p + at, size + 1 - at)) > 0 || (n < 0 && errno == EINTR))
		at += n > 0 ? (size_t)n : 0;
	*text = (struct slice){ p, size };
	if (n == 0 && at == size) {
		p[size] = '\0';
		return true;
	}
	lseek(fd, 0, SEEK_SET);
	return false;
}

bool
input_open(struct arena *arena, struct diags *diags, const char *path, struct input_stream *in)
{
	bool is_stdin = strcmp(path, "-") == 0;

	in->diags = diags;
	in->src = arena_zero(arena, sizeof(*in->src));
	in->src->name = arena_slice(arena, slice_of(is_stdin ? "<stdin>" : path));
	in->fd = is_stdin ? STDIN_FILENO : open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY);
	return in->fd >= 0 || cannot_read(diags, in->src, strerror(errno)) != NULL;
}

ssize_t
input_next(void *stream, char *p, size_t n)
{
	struct input_stream *in = stream;
	ssize_t got;

	while ((got = read(in->fd, p, n)) < 0 && errno == EINTR)
		;
	if (got < 0)
		cannot_read(in->diags, in->src, strerror(errno));
	return got;
}

void
input_close(struct input_stream *in)
{
	if (in->fd != STDIN_FILENO)
		close(in->fd);
}

struct src *
input_file(struct arena *arena, struct diags *diags, const char *path)
{
	struct input_stream in;
	struct buf b = { 0 };
	struct stat st;
	struct src *src;

	if (!input_open(arena, diags, path, &in))
		return NULL;
	src = in.src;
	if (in.fd != STDIN_FILENO && fstat(in.fd, &st) == 0 && S_ISREG(st.st_mode) &&
	    st.st_size > 0 && (size_t)st.st_size <= INPUT_MAX_FILE &&
	    slurp_regular(in.fd, arena, (size_t)st.st_size, &src->text)) {
		input_close(&in);
		return src;
	}
	if (!slurp(in.fd, &b, INPUT_MAX_FILE))
		src = cannot_read(diags, src, strerror(errno));
	input_close(&in);
	if (src && b.n > INPUT_MAX_FILE) {
		diag_add(diags, DIAG_input_large, src, NOWHERE, INPUT_MAX_FILE);
		src = NULL;
	}
	if (src)
		src->text = arena_take(arena, &b);
	buf_free(&b);
	return src;
}

static int
is_json_name(const struct dirent *e)
{
	size_t n = strlen(e->d_name);

	return e->d_name[0] != '.' && n > 5 && strcmp(e->d_name + n - 5, ".json") == 0;
}

static char *
join(struct input *in, const char *dir, const char *name)
{
	return arena_printf(in->diags->arena, "%s/%s", dir, name);
}

static bool
is_folder(const char *path)
{
	struct stat st;

	return stat(path, &st) == 0 && S_ISDIR(st.st_mode);
}

static void
read_remote_vm(struct input *in, const char *path)
{
	struct src *src = input_file(in->arena, in->diags, path);

	if (src)
		*vec_push(in->arena, &in->remote_vms) = src;
}

/* How many files it holds; -1 after a diagnostic. */
static int
read_folder(struct input *in, const char *dir, bool remote)
{
	struct dirent **names;
	int n = scandir(dir, &names, is_json_name, alphasort);
	struct src *src;

	if (n < 0) {
		src = arena_zero(in->diags->arena, sizeof(*src));
		src->name = slice_of(dir);
		cannot_read(in->diags, src, strerror(errno));
		return -1;
	}
	for (int i = 0; i < n; i++) {
		char *path = join(in, dir, names[i]->d_name);

		if (remote)
			read_remote_vm(in, path);
		else if ((src = input_file(in->diags->arena, in->diags, path)) != NULL)
			read_src(in, src);
		free(names[i]);
	}
	free(names);
	return n;
}

static void
warn_empty(struct input *in, const char *dir)
{
	struct src *src = arena_zero(in->diags->arena, sizeof(*src));

	src->name = slice_of(dir);
	diag_help(in->diags, diag_add(in->diags, DIAG_input_folder, src, NOWHERE),
	    "rule source text is named file by file: %s/*.fwrule", dir);
}

void
input_read(struct input *in, const char *path)
{
	struct src *src;

	if (!is_folder(path)) {
		if ((src = input_file(in->diags->arena, in->diags, path)) != NULL)
			read_src(in, src);
		return;
	}
	if (is_folder(join(in, path, "rules"))) {
		read_folder(in, join(in, path, "rules"), false);
		if (is_folder(join(in, path, "vms")))
			read_folder(in, join(in, path, "vms"), true);
	} else if (read_folder(in, path, false) == 0) {
		warn_empty(in, path);
	}
}
