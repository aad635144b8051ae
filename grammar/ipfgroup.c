/* SPDX-License-Identifier: MPL-2.0 */
/*
 * Groups by name, and the check that a packet's way through them ends: no group
 * within itself, at most IPF_NESTING_MAX deep, at most IPF_VISITS_MAX lines.
 *
 * Several heads may share a group, so what a group costs is counted once and
 * added at each head: linear in lines.
 */
#include "ipfast_int.h"

uint32_t
ipfgroup_find(const struct ipf_reader *rd, struct slice name)
{
	const uint32_t *g = strmap_get(&rd->groups, name);

	return g ? *g : 0;
}

uint32_t
ipfgroup_add(struct ipf_reader *rd, struct slice name, struct span at, enum ipf_dir dir)
{
	struct ipf_file *f = rd->file;
	struct slice text = { f->src->text.p + at.off, name.n };
	uint32_t g = f->groups.n;

	*vec_push(rd->arena, &f->groups) = (struct ipf_group){
		.name = text, .at = at, .dir = (uint8_t)dir,
	};
	*strmap_put(rd->arena, &rd->groups, text) = g;
	return g;
}

/* --- the check ---------------------------------------------------------- */

struct walk {
	struct ipf_reader *rd;
	uint8_t *state;                 /* of each group */
	uint8_t *height;                /* groups nested below it */
	uint32_t *cost;                 /* lines that a packet meets in it at most */
};

enum { UNSEEN, OPEN, DONE };

static bool
too_deep(struct walk *w, uint32_t g, unsigned depth)
{
	if (depth + w->height[g] <= IPF_NESTING_MAX)
		return false;
	ipfast_report(w->rd, group_deep, w->rd->file->groups.v[g].at, IPF_NESTING_MAX);
	return true;
}

static bool
walk_group(struct walk *w, uint32_t g, unsigned depth)
{
	const struct ipf_file *f = w->rd->file;
	const struct ipf_group *group = &f->groups.v[g];
	uint64_t cost = 0;

	if (w->state[g] == OPEN) {
		ipfast_report(w->rd, group_loop, group->at, (int)group->name.n, group->name.p);
		return false;
	}
	if (too_deep(w, g, depth))
		return false;
	if (w->state[g] == DONE)
		return true;
	w->state[g] = OPEN;
	for (uint32_t i = 0; i < group->lines.n; i++) {
		uint32_t head = f->lines.v[group->lines.v[i]].head;

		cost++;
		if (!head)
			continue;
		if (!walk_group(w, head, depth + 1))
			return false;
		if (w->height[g] <= w->height[head])
			w->height[g] = w->height[head] + 1;
		cost += w->cost[head];
	}
	w->state[g] = DONE;
	w->cost[g] = cost > IPF_VISITS_MAX ? IPF_VISITS_MAX + 1 : (uint32_t)cost;
	return true;
}

void
ipfgroup_check(struct ipf_reader *rd)
{
	uint32_t n = rd->file->groups.n;
	struct walk w = {
		.rd = rd,
		.state = arena_zero(rd->arena, n),
		.height = arena_zero(rd->arena, n),
		.cost = arena_zero(rd->arena, n * sizeof(*w.cost)),
	};

	for (uint32_t dir = IPF_IN; dir <= IPF_OUT; dir++) {
		if (!walk_group(&w, dir, 0))
			return;
		if (w.cost[dir] > IPF_VISITS_MAX)
			ipfast_report(rd, visits, ((struct span){ 0, 0 }), IPF_VISITS_MAX);
	}
}
