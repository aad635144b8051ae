/* SPDX-License-Identifier: MPL-2.0 */
/*
 * How many lines does a packet meet?  Takes a flat file and another one that
 * decides the same, and sends the same packets through both: for each a line of
 * the flat file is drawn, and a packet in it, at its edges or just outside, or one
 * of its protocol from anywhere.  Prints one row of a table; fails if the files
 * ever differ.
 *
 * usage: visits [-n PACKETS] [-s SEED] NAME FLAT OTHER [FLAT OTHER]
 */
#include "compiler/filter/filter.h"
#include "tests/random.h"

#include <string.h>
#include <unistd.h>

struct loaded {
	struct src src;
	struct ipf_file file;
};

struct bench {
	struct arena arena;
	struct diags diags;
	uint64_t packets;
	uint32_t lines[2];
	uint64_t sum[2], n;
	uint32_t worst[2];
};

static bool
load(struct bench *b, const char *path, struct loaded *l)
{
	struct buf text = { 0 };
	FILE *f = fopen(path, "r");
	size_t n;

	if (!f) {
		perror(path);
		return false;
	}
	while ((n = fread(buf_room(&text, 65536), 1, 65536, f)) > 0)
		text.n += n;
	fclose(f);
	memset(l, 0, sizeof(*l));
	l->src.name = slice_of(path);
	l->src.text = arena_slice(&b->arena, buf_view(&text));
	buf_free(&text);
	if (ipf_read(&b->arena, &b->diags, &l->src, strstr(path, "ipf6") ? NET_V6 : NET_V4,
	    &l->file))
		return true;
	fprintf(stderr, "%s: cannot be read\n", path);
	return false;
}

/* --- packets ---------------------------------------------------------------------- */

static struct addr
random_addr(unsigned fam)
{
	struct addr a = { random_u64(), random_u64() };

	return fam == NET_V4 ? addr_v4((uint32_t)a.lo) : a;
}

static struct addr
pick_addr(const struct ipf_addr *of, unsigned fam, unsigned where)
{
	struct addr any = random_addr(fam), mask;

	if (of->any || where == 5)
		return any;
	mask = addr_mask(of->p.len);
	switch (where) {
	case 1:
		return prefix_first(of->p);
	case 2:
		return prefix_last(of->p);
	case 3:
		return addr_prev(prefix_first(of->p));
	case 4:
		return addr_next(prefix_last(of->p));
	default:
		any.hi = (of->p.a.hi & mask.hi) | (any.hi & ~mask.hi);
		any.lo = (of->p.a.lo & mask.lo) | (any.lo & ~mask.lo);
		return any;
	}
}

static uint16_t
pick_port(const struct ipf_port *of, unsigned where)
{
	uint16_t last = of->op == IPF_PORT_RANGE ? of->b : of->a;

	if (of->op == IPF_PORT_ANY || where == 5)
		return (uint16_t)random_u64();
	switch (where) {
	case 1:
		return of->a;
	case 2:
		return last;
	case 3:
		return (uint16_t)(of->a - 1);
	case 4:
		return (uint16_t)(last + 1);
	default:
		return (uint16_t)(of->a + random_below(last - of->a + 1u));
	}
}

/* Of ten, three within the line, five at its edges or just outside, two from anywhere. */
static unsigned
pick_where(void)
{
	static const uint8_t way[] = { 0, 0, 0, 1, 2, 3, 4, 1, 5, 5 };

	return way[random_below(sizeof(way))];
}

static struct filter_packet
pick_packet(const struct ipf_file *flat, unsigned fam)
{
	const struct ipf_line *l = &flat->lines.v[random_below(flat->lines.n)];
	struct filter_packet p = { .dir = l->dir, .fam = (uint8_t)fam };
	bool in = l->dir == IPF_IN;

	p.proto = l->proto_kind == IPF_PROTO_ONE ? l->proto : IPF_TCP;
	p.remote = pick_addr(in ? &l->src : &l->dst, fam, pick_where());
	p.local = random_addr(fam);
	p.dport = pick_port(&l->dport, pick_where());
	p.sport = (uint16_t)random_u64();
	p.tcp_flags = random_below(2) ? IPF_TH_SYN : IPF_TH_ACK;
	p.type = l->has_type && random_below(4) ? l->type : (uint8_t)random_below(256);
	p.code = l->has_code && random_below(4) ? l->code : (uint8_t)random_below(4);
	return p;
}

static bool
run(struct bench *b, const char *flat_path, const char *other_path)
{
	struct loaded l[2];
	struct filter_result r[2];
	unsigned fam = strstr(flat_path, "ipf6") ? NET_V6 : NET_V4;

	if (!load(b, flat_path, &l[0]) || !load(b, other_path, &l[1]))
		return false;
	for (uint64_t i = 0; i < b->packets; i++) {
		struct filter_packet p = pick_packet(&l[0].file, fam);

		for (int k = 0; k < 2; k++) {
			filter_eval(&l[k].file, &p, &r[k], NULL);
			b->sum[k] += r[k].visited;
			if (r[k].visited > b->worst[k])
				b->worst[k] = r[k].visited;
		}
		if (!filter_outcome_eq(&r[0].outcome, &r[1].outcome)) {
			fprintf(stderr, "%s and %s differ\n", flat_path, other_path);
			return false;
		}
	}
	b->n += b->packets;
	for (int k = 0; k < 2; k++)
		b->lines[k] += l[k].file.lines.n;
	return true;
}

int
main(int argc, char **argv)
{
	struct bench b = { .packets = 20000 };
	bool good = true;
	int o;

	random_state = 1;
	b.diags.arena = &b.arena;
	while ((o = getopt(argc, argv, "n:s:")) != -1)
		if (o == 'n')
			b.packets = strtoull(optarg, NULL, 10);
		else if (o == 's')
			random_state = strtoull(optarg, NULL, 10);
		else
			return 2;
	if (argc - optind < 3 || (argc - optind) % 2 == 0)
		return 2;
	for (int i = optind + 1; i < argc && good; i += 2)
		good = run(&b, argv[i], argv[i + 1]);
	if (good)
		printf("| %-26s | %6u | %6u | %9.1f | %6u | %7.1f | %6u | %5.1f |\n", argv[optind],
		    b.lines[0], b.lines[1], (double)b.sum[0] / (double)b.n, b.worst[0],
		    (double)b.sum[1] / (double)b.n, b.worst[1],
		    (double)b.sum[0] / (double)b.sum[1]);
	arena_free(&b.arena);
	return good ? 0 : 1;
}
