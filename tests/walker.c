/* SPDX-License-Identifier: MPL-2.0 */
#include "walker.h"

#include <arpa/inet.h>
#include <stdio.h>
#include <stdlib.h>

const int w_proto[] = { M_TCP, M_UDP, M_ICMP, M_ICMP6, M_AH, M_ESP, M_OTHER };
const int w_protos = BASE_COUNT(w_proto);

static const struct {
	const char *name;
	int number;
} names[] = {
	{ "tcp", M_TCP }, { "udp", M_UDP }, { "icmp", M_ICMP }, { "ipv6-icmp", M_ICMP6 },
	{ "ah", M_AH }, { "esp", M_ESP },
};

/* --- reading ---------------------------------------------------------- */

/* The words of one line, parted by blanks. */
struct words {
	char text[512];
	char *word[40];
	int n, at;
};

static bool
split(struct words *w, const char *p, size_t n)
{
	char *save = NULL;

	*w = (struct words){ .n = 0 };
	if (n >= sizeof(w->text))
		return false;
	memcpy(w->text, p, n);
	for (char *t = strtok_r(w->text, " ", &save); t; t = strtok_r(NULL, " ", &save)) {
		if (w->n == BASE_COUNT(w->word))
			return false;
		w->word[w->n++] = t;
	}
	return true;
}

static bool
take(struct words *w, const char *word)
{
	if (w->at == w->n || strcmp(w->word[w->at], word) != 0)
		return false;
	w->at++;
	return true;
}

static bool
take_number(struct words *w, int *out)
{
	char *end;

	if (w->at == w->n)
		return false;
	*out = (int)strtol(w->word[w->at], &end, 10);
	return *end == '\0' && end != w->word[w->at++];
}

static bool
read_prefix(const char *text, int fam, struct m_prefix *p)
{
	unsigned char b[16];
	char host[64];
	const char *slash = strchr(text, '/');
	size_t n = slash ? (size_t)(slash - text) : strlen(text);

	if (n >= sizeof(host))
		return false;
	memcpy(host, text, n);
	host[n] = '\0';
	if (inet_pton(fam == 4 ? AF_INET : AF_INET6, host, b) != 1)
		return false;
	*p = (struct m_prefix){ 0, fam, slash ? atoi(slash + 1) : m_width(fam) };
	for (int i = 0; i < m_width(fam) / 8; i++)
		p->a = p->a << 8 | b[i];
	return true;
}

/* "from X to Y": one of them is any, the other the remote side, unless turned. */
static bool
read_sides(struct words *w, struct w_line *l, int fam)
{
	const char *from, *to;
	bool from_any, to_any;

	if (w->n - w->at < 4 || !take(w, "from"))
		return false;
	from = w->word[w->at++];
	if (!take(w, "to"))
		return false;
	to = w->word[w->at++];
	from_any = strcmp(from, "any") == 0;
	to_any = strcmp(to, "any") == 0;
	l->p.fam = fam;
	if ((l->any = from_any && to_any))
		return true;
	l->turned = l->out ? to_any : from_any;
	return from_any != to_any && read_prefix(from_any ? to : from, fam, &l->p);
}

static bool
read_keys(struct words *w, struct w_line *l)
{
	if (take(w, "icmp-type")) {
		l->keys = W_TYPE;
		if (!take_number(w, &l->a))
			return false;
		if (!take(w, "code"))
			return true;
		l->keys = W_CODE;
		return take_number(w, &l->b);
	}
	if (!take(w, "port"))
		return true;
	if (take(w, "=")) {
		l->keys = W_PORT;
		return take_number(w, &l->a);
	}
	l->keys = W_RANGE;
	return take_number(w, &l->a) && take(w, ":") && take_number(w, &l->b);
}

static int
find_rule(const struct m_host *h, const char *uuid)
{
	for (int i = 0; h && i < h->n_rules; i++)
		if (strncmp(h->rule[i].uuid, uuid, M_UUID - 1) == 0)
			return i;
	return M_UNKNOWN;
}

static int
find_group(struct w_file *f, struct arena *arena, const char *name)
{
	struct w_group *g;

	for (uint32_t i = 0; i < f->group.n; i++)
		if (strcmp(f->group.v[i].name, name) == 0)
			return (int)i;
	g = vec_push(arena, &f->group);
	strcpy(g->name, name);
	return (int)f->group.n - 1;
}

static bool
read_group(struct words *w, const char *word, struct w_file *f, struct arena *arena, int *out)
{
	if (!take(w, word))
		return true;
	if (w->at == w->n || strlen(w->word[w->at]) >= W_GROUP)
		return false;
	*out = find_group(f, arena, w->word[w->at++]);
	return true;
}

static bool
read_tag(struct words *w, struct w_line *l, const struct m_host *h)
{
	static const char begin[] = "set-tag(uuid=";
	const char *t;
	size_t n;

	l->rule = M_NOBODY;
	if (w->at == w->n)
		return true;
	t = w->word[w->at++];
	n = strlen(t);
	if (strncmp(t, begin, strlen(begin)) != 0 || n != strlen(begin) + M_UUID)
		return false;
	memcpy(l->tag, t + strlen(begin), M_UUID - 1);
	l->tagged = true;
	l->rule = find_rule(h, l->tag);
	if (t[n - 1] == ')')
		return true;
	l->cfwlog = true;
	return t[n - 1] == ',' && take(w, "cfwlog)");
}

static bool
read_line(struct words *w, struct w_line *l, struct w_file *f, struct arena *arena)
{
	*l = (struct w_line){ .proto = -1, .p.fam = f->fam, .rule = M_NOBODY };
	l->pass = take(w, "pass");
	if (!l->pass && !take(w, "block"))
		return false;
	l->out = take(w, "out");
	if (!l->out && !take(w, "in"))
		return false;
	l->quick = take(w, "quick");
	if (take(w, "proto")) {
		for (size_t i = 0; i < BASE_COUNT(names) && l->proto < 0; i++)
			if (take(w, names[i].name))
				l->proto = names[i].number;
		if (l->proto < 0)
			return false;
	}
	l->any = take(w, "all");
	if (!l->any && !read_sides(w, l, f->fam))
		return false;
	if (!read_keys(w, l))
		return false;
	l->opening = take(w, "flags");
	if (l->opening && !take(w, "S/SA"))
		return false;
	if (take(w, "keep")) {
		l->frags = take(w, "frags");
		if (l->frags ? take(w, "keep") : true) {
			l->state = take(w, "state");
			if (!l->state)
				return false;
		}
	}
	return read_group(w, "head", f, arena, &l->head) &&
	    read_group(w, "group", f, arena, &l->group) && read_tag(w, l, f->host) &&
	    w->at == w->n;
}

/* "# rule=U, ..." or "# rules=U, U": a header, which holds until the next blank line. */
static void
read_header(struct w_file *f, struct arena *arena, const char *p, const char *end)
{
	bool several = end - p > 8 && strncmp(p, "# rules=", 8) == 0;

	if (!several && !(end - p > 7 && strncmp(p, "# rule=", 7) == 0))
		return;
	for (p += several ? 8 : 7; end - p >= M_UUID - 1; p += M_UUID + 1) {
		*vec_push(arena, &f->named) = find_rule(f->host, p);
		if (!several)
			return;
	}
}

bool
w_read(struct w_file *f, struct arena *arena, const struct m_host *h, int fam, struct slice text)
{
	const char *p = text.p, *end = text.p + text.n, *line;
	uint32_t from = 0;
	struct words w;

	*f = (struct w_file){ .host = h, .fam = fam };
	find_group(f, arena, "");
	for (; p < end; p = line + 1) {
		struct w_line *l;

		line = memchr(p, '\n', (size_t)(end - p));
		if (!line)
			return false;
		if (line == p)
			from = f->named.n;
		else if (*p == '#')
			read_header(f, arena, p, line);
		if (line == p || *p == '#')
			continue;
		l = vec_push(arena, &f->line);
		if (!split(&w, p, (size_t)(line - p)) || !read_line(&w, l, f, arena))
			return false;
		l->named = from;
		l->n_named = f->named.n - from;
	}
	return true;
}

/* --- writing ---------------------------------------------------------- */

static void
write_remote(struct buf *out, const struct w_line *l)
{
	if (l->any)
		buf_str(out, "any");
	else if (l->p.bits == m_width(l->p.fam))
		m_write_addr(out, l->p.fam, l->p.a);
	else
		m_write_prefix(out, l->p);
}

static void
write_keys(struct buf *out, const struct w_line *l)
{
	static const char *const form[] = {
		[W_PORT] = " port = %d", [W_RANGE] = " port %d : %d", [W_TYPE] = " icmp-type %d",
		[W_CODE] = " icmp-type %d code %d",
	};
	char text[64];

	if (l->keys == W_ALL)
		return;
	snprintf(text, sizeof(text), form[l->keys], l->a, l->b);
	buf_str(out, text);
}

void
w_write_line(struct buf *out, const struct w_file *f, const struct w_line *l)
{
	bool first = l->out == l->turned;

	buf_str(out, l->pass ? "pass" : "block");
	buf_str(out, l->out ? " out" : " in");
	buf_str(out, l->quick ? " quick" : "");
	for (size_t i = 0; i < BASE_COUNT(names); i++)
		if (names[i].number == l->proto)
			buf_printf(out, " proto %s", names[i].name);
	if (l->any && l->proto < 0) {
		buf_str(out, " all");
	} else {
		buf_str(out, " from ");
		if (first)
			write_remote(out, l);
		buf_str(out, first ? " to any" : "any to ");
		if (!first)
			write_remote(out, l);
	}
	write_keys(out, l);
	buf_str(out, l->opening ? " flags S/SA" : "");
	buf_str(out, l->frags ? " keep frags" : "");
	buf_str(out, l->state ? " keep state" : "");
	if (l->head)
		buf_printf(out, " head %s", f->group.v[l->head].name);
	if (l->group)
		buf_printf(out, " group %s", f->group.v[l->group].name);
	if (l->tagged)
		buf_printf(out, " set-tag(uuid=%s%s)", l->tag, l->cfwlog ? ", cfwlog" : "");
	buf_char(out, '\n');
}

void
w_write(struct buf *out, const struct w_file *f)
{
	for (uint32_t i = 0; i < f->line.n; i++)
		w_write_line(out, f, &f->line.v[i]);
}

/* --- one packet ------------------------------------------------------- */

static void
key_range(const struct w_line *l, int *lo, int *hi)
{
	*lo = 0;
	*hi = 65535;
	if (l->keys == W_PORT || l->keys == W_RANGE) {
		*lo = l->a;
		*hi = l->keys == W_PORT ? l->a : l->b;
	} else if (l->keys != W_ALL) {
		*lo = l->a << 8 | (l->keys == W_CODE ? l->b : 0);
		*hi = l->a << 8 | (l->keys == W_CODE ? l->b : 255);
	}
}

static bool
matches(const struct w_line *l, const struct m_packet *p)
{
	int lo, hi;

	if (l->out != (p->dir == M_OUT) || (l->proto >= 0 && l->proto != p->proto))
		return false;
	if (p->fam == 6 && l->proto == M_AH)
		return false;
	if (!l->any && p->fam == 6 && (l->p.a & m_host_bits(l->p)) != 0)
		return false;
	if (!l->any && !m_holds(l->p, l->turned ? p->local : p->remote))
		return false;
	key_range(l, &lo, &hi);
	return p->key >= lo && p->key <= hi && (!l->opening || p->opening);
}

/* The line whose verdict holds so far. */
struct standing {
	const struct w_line *line;              /* NULL: none */
	bool quick, state_kept;
};

/*
 * The lines of one group in their order.  A head's verdict holds where no line of its
 * group matches.  State is kept where a quick verdict is reached; if it cannot be
 * kept, the line (a head with all its group) counts as not matched.
 */
static struct standing
walk_list(const struct w_file *f, const struct m_packet *p, int group, struct standing s)
{
	bool can = m_can_keep(p->fam, p->proto, p->key);

	for (uint32_t i = 0; i < f->line.n; i++) {
		const struct w_line *l = &f->line.v[i];
		struct standing before = s;

		if (l->group != group || !matches(l, p))
			continue;
		s = (struct standing){ l, l->quick, false };
		if (l->head)
			s = walk_list(f, p, l->head, s);
		if (!s.quick)
			continue;
		if (!s.line->state || s.state_kept || can) {
			s.state_kept |= s.line->state;
			break;
		}
		s = before;
	}
	return s;
}

struct m_outcome
w_decide(const struct w_file *f, const struct m_packet *p, const struct w_line **line)
{
	bool can = m_can_keep(p->fam, p->proto, p->key);
	struct m_outcome o = { .verdict = M_NONE, .tag = M_NOBODY };
	const struct w_line *by = walk_list(f, p, 0, (struct standing){ NULL, false, false }).line;

	if (line)
		*line = by;
	if (!by)
		return o;
	o.verdict = by->pass && (can || !by->state) ? M_PASS : M_BLOCK;
	o.state = o.verdict == M_PASS && by->state;
	o.frags = o.verdict == M_PASS && by->frags;
	o.tagged = by->tagged;
	o.cfwlog = by->cfwlog;
	o.tag = by->rule;
	return o;
}

/* --- edges ------------------------------------------------------------ */

void
w_edges_init(struct w_edges *e, struct arena *arena, int dir, int fam, int proto)
{
	*e = (struct w_edges){ .arena = arena, .dir = dir, .fam = fam, .proto = proto };
}

static u128
last_of(int fam)
{
	return fam == 4 ? (u128)UINT32_MAX : ~(u128)0;
}

static void
push_remote(struct w_edges *e, struct m_prefix p)
{
	u128 last = last_of(e->fam), first = p.a & ~m_host_bits(p), end = first | m_host_bits(p);

	*vec_push(e->arena, &e->remote) = first;
	*vec_push(e->arena, &e->remote) = end;
	if (first)
		*vec_push(e->arena, &e->remote) = first - 1;
	if (end < last)
		*vec_push(e->arena, &e->remote) = end + 1;
}

static void
push_local(struct w_edges *e, struct m_prefix p)
{
	*vec_push(e->arena, &e->local) = p.a & ~m_host_bits(p);
	if (p.bits)
		*vec_push(e->arena, &e->local) = p.a ^ (u128)1 << (m_width(p.fam) - p.bits);
}

static void
push_keys(struct w_edges *e, int lo, int hi)
{
	for (int k = lo - 1; k <= lo; k++)
		if (k >= 0)
			*vec_push(e->arena, &e->key) = k;
	for (int k = hi; k <= hi + 1; k++)
		if (k <= 65535)
			*vec_push(e->arena, &e->key) = k;
}

void
w_edges_file(struct w_edges *e, const struct w_file *f)
{
	int lo, hi;

	for (uint32_t i = 0; i < f->line.n; i++) {
		const struct w_line *l = &f->line.v[i];

		if (l->out != (e->dir == M_OUT) || (l->proto >= 0 && l->proto != e->proto))
			continue;
		if (!l->any && l->turned)
			push_local(e, l->p);
		else if (!l->any)
			push_remote(e, l->p);
		key_range(l, &lo, &hi);
		push_keys(e, lo, hi);
	}
}

void
w_edges_meaning(struct w_edges *e, const struct m_meaning *m)
{
	for (uint32_t i = 0; i < m->line.n; i++) {
		push_remote(e, m->line.v[i].p);
		push_keys(e, m->line.v[i].klo, m->line.v[i].khi);
	}
}

static int
by_addr(const void *a, const void *b)
{
	u128 x = *(const u128 *)a, y = *(const u128 *)b;

	return (x > y) - (x < y);
}

static int
by_key(const void *a, const void *b)
{
	return *(const int *)a - *(const int *)b;
}

void
w_edges_close(struct w_edges *e)
{
	static const int stateful[] = { 8, 13, 15, 17, 128, 130, 139 };
	uint32_t n = 0;

	*vec_push(e->arena, &e->remote) = 0;
	*vec_push(e->arena, &e->remote) = last_of(e->fam);
	*vec_push(e->arena, &e->local) = 0;
	push_keys(e, 0, 65535);
	for (size_t i = 0; m_has_types(e->fam, e->proto) && i < BASE_COUNT(stateful); i++)
		push_keys(e, stateful[i] << 8, stateful[i] << 8 | 255);
	qsort(e->remote.v, e->remote.n, sizeof(*e->remote.v), by_addr);
	for (uint32_t i = 0; i < e->remote.n; i++)
		if (n == 0 || e->remote.v[n - 1] != e->remote.v[i])
			e->remote.v[n++] = e->remote.v[i];
	e->remote.n = n;
	qsort(e->key.v, e->key.n, sizeof(*e->key.v), by_key);
	n = 0;
	for (uint32_t i = 0; i < e->key.n; i++)
		if (n == 0 || e->key.v[n - 1] != e->key.v[i])
			e->key.v[n++] = e->key.v[i];
	e->key.n = n;
	/* Without ports and types there is one key. */
	if (!m_has_types(e->fam, e->proto) && e->proto != M_TCP && e->proto != M_UDP)
		e->key.n = 1;
}

bool
w_edges_walk(const struct w_edges *e, bool (*fn)(void *arg, const struct m_packet *p), void *arg)
{
	struct m_packet p = { .dir = e->dir, .fam = e->fam, .proto = e->proto };

	for (uint32_t i = 0; i < e->remote.n; i++)
		for (uint32_t l = 0; l < e->local.n; l++)
			for (uint32_t k = 0; k < e->key.n; k++)
				for (int opening = 0; opening <= (e->proto == M_TCP); opening++) {
					p.remote = e->remote.v[i];
					p.local = e->local.v[l];
					p.key = e->key.v[k];
					p.opening = opening;
					if (!fn(arg, &p))
						return false;
				}
	return true;
}
