/* SPDX-License-Identifier: MPL-2.0 */
/*
 * ipf files as the compiler emits them, walked packet by packet: a reader and an
 * evaluator for tests, which share nothing with the compiler's, and the edges at
 * which packets have to be tried.
 */
#ifndef FWR_TESTS_WALKER_H
#define FWR_TESTS_WALKER_H

#include "model.h"

struct w_line {
	bool out, pass, quick;
	bool opening;                           /* flags S/SA */
	bool state, frags, tagged, cfwlog;
	int proto;                              /* -1: all */
	struct m_prefix p;                      /* the remote side; bits 0 and any: "any" */
	bool any;
	bool turned;                            /* the address stands on the local side */
	enum { W_ALL, W_PORT, W_RANGE, W_TYPE, W_CODE } keys;
	int a, b;                               /* port, ends of a range, type and code */
	char tag[M_UUID];
	int rule;                               /* of the tag, with a host; else M_UNKNOWN */
	/* Groups by number in w_file.group; 0: none. */
	int head, group;
	/* The rules that the comment above it names, in w_file.named. */
	uint32_t named, n_named;
};

#define W_GROUP 16                              /* bytes of a group's name, a NUL included */

struct w_group {
	char name[W_GROUP];
};

struct w_file {
	const struct m_host *host;              /* may be NULL */
	int fam;
	VEC(struct w_group) group;              /* the first one has no name: lines in none */
	VEC(struct w_line) line;
	VEC(int) named;
};

/* Reads what the compiler writes; false for any other text. */
bool w_read(struct w_file *f, struct arena *arena, const struct m_host *h, int fam,
    struct slice text);
/* The lines without comments, one blank where the compiler leaves two. */
void w_write(struct buf *out, const struct w_file *f);
void w_write_line(struct buf *out, const struct w_file *f, const struct w_line *l);

/* *line, where given, is the one that decides, or NULL. */
struct m_outcome w_decide(const struct w_file *f, const struct m_packet *p,
    const struct w_line **line);

/*
 * Packets of a class at every edge of what was added: each end of an interval of
 * addresses and keys, and its neighbour outside.
 */
struct w_edges {
	struct arena *arena;
	int dir, fam, proto;
	VEC(u128) remote, local;
	VEC(int) key;
};

void w_edges_init(struct w_edges *e, struct arena *arena, int dir, int fam, int proto);
void w_edges_file(struct w_edges *e, const struct w_file *f);
void w_edges_meaning(struct w_edges *e, const struct m_meaning *m);
void w_edges_close(struct w_edges *e);
/* Calls fn for each packet until it returns false; true if it never did. */
bool w_edges_walk(const struct w_edges *e, bool (*fn)(void *arg, const struct m_packet *p),
    void *arg);

/* The classes: these protocols, of which the last is one that nothing names. */
extern const int w_proto[];
extern const int w_protos;

#endif
