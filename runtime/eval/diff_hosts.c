/* SPDX-License-Identifier: MPL-2.0 */
/* All VMs of a host, those with equal files compared once. */
#include "diff.h"

#include "diff_int.h"

#define NO_GROUP (UINT32_MAX - 1)       /* of files without a difference */

struct run {
	struct arena *arena;            /* of the result */
	struct arena each;
	struct diff_host host[2];
	enum diff_format format;
	struct strmap by_files, by_changes;     /* -> group */
	struct buf text;
	struct diff *out;
};

struct slice
diff_rule_key(struct buf *key, const struct rule *r)
{
	key->n = 0;
	buf_char(key, r->has_owner ? 'o' : 'g');
	if (r->has_owner)
		buf_add(key, r->owner.b, sizeof(r->owner.b));
	buf_slice(key, r->text);
	return buf_view(key);
}

void
diff_host_init(struct diff_host *d, struct arena *arena, struct eval_host *h)
{
	struct buf key = { 0 };

	memset(d, 0, sizeof(*d));
	d->eval = h;
	for (uint32_t i = 0; i < h->n_rules; i++) {
		const struct rule *r = h->rules[i];

		*strmap_put(arena, &d->by_text, arena_slice(arena, diff_rule_key(&key, r))) = i;
		if (r->action == LANG_BLOCK && rule_is_true(r->enabled))
			*vec_push(arena, &d->blocks) = r;
	}
	buf_free(&key);
}

/* Keyed hashes of all that a VM's changes follow from: its files and who blocks out of it. */
static struct slice
files_key(struct run *r, const struct diff_vms *v, const struct slice text[2][2])
{
	struct buf key = { 0 };
	struct slice own;

	for (int i = 0; i < 4; i++) {
		uint64_t hash = hash_bytes(text[i / 2][i % 2].p, text[i / 2][i % 2].n);

		buf_add(&key, &hash, sizeof(hash));
	}
	for (int side = 0; side < 2; side++) {
		const struct diff_host *h = &r->host[side];
		const struct vm *vm = h->eval->inv->vms.v[v->number[side]];

		buf_char(&key, vm->firewall ? '+' : '-');
		for (uint32_t i = 0; i < h->blocks.n && vm->firewall; i++)
			if (eval_blocks_out(h->blocks.v[i], vm, h->blocks.v[i]->proto))
				buf_add(&key, &i, sizeof(i));
	}
	own = arena_slice(r->arena, buf_view(&key));
	buf_free(&key);
	return own;
}

static void
write_changes(struct buf *out, const struct diff_changes *c, enum diff_format format)
{
	static void (*const write[])(struct buf *, const struct diff_change *, uint32_t) = {
		[DIFF_TEXT] = diff_write_text, [DIFF_JSON] = diff_write_json,
		[DIFF_MARKDOWN] = diff_write_markdown,
	};

	out->n = 0;
	write[format](out, c->list.v, c->list.n);
}

static uint32_t
find_group(struct run *r, const struct diff_changes *c)
{
	struct diff_group *g;
	uint32_t *at;

	if (c->list.n == 0)
		return NO_GROUP;
	/* JSON leaves nothing out. */
	write_changes(&r->text, c, DIFF_JSON);
	at = strmap_put(r->arena, &r->by_changes, arena_slice(r->arena, buf_view(&r->text)));
	if (*at != UINT32_MAX)
		return *at;
	*at = r->out->groups.n;
	if (r->format != DIFF_JSON)
		write_changes(&r->text, c, r->format);
	g = vec_push(r->arena, &r->out->groups);
	memset(g, 0, sizeof(*g));
	g->body = arena_slice(r->arena, buf_view(&r->text));
	g->n_changes = c->list.n;
	return *at;
}

static bool
compare_vm(struct run *r, const struct diff_vms *v)
{
	struct slice text[2][2];
	struct diff_changes changes;
	uint32_t *group;

	for (int i = 0; i < 2; i++)
		if (!eval_emit(r->host[i].eval, v->number[i], &r->each, text[i]))
			return false;
	if (slice_eq(text[0][0], text[1][0]) && slice_eq(text[0][1], text[1][1]))
		return true;
	group = strmap_put(r->arena, &r->by_files, files_key(r, v, text));
	if (*group == UINT32_MAX) {
		if (!diff_compare(&r->each, v, text[0], text[1], &changes))
			return false;
		*group = find_group(r, &changes);
	}
	if (*group != NO_GROUP)
		*vec_push(r->arena, &r->out->groups.v[*group].vms) =
		    r->host[1].eval->inv->vms.v[v->number[1]]->uuid;
	return true;
}

static uint32_t *
local_order(struct arena *arena, const struct inventory *inv)
{
	uint32_t *order = arena_alloc(arena, inv->n_local * sizeof(*order));

	for (uint32_t i = 0; i < inv->n_local; i++)
		order[i] = i;
	inventory_sort(inv, order, inv->n_local);
	return order;
}

/* Both inventories in order of UUID, side by side. */
static bool
compare_all(struct run *r, const struct inventory *was, const struct inventory *now)
{
	const uint32_t *x = local_order(r->arena, was), *y = local_order(r->arena, now);
	uint32_t i = 0, k = 0;

	while (i < was->n_local || k < now->n_local) {
		int c = i == was->n_local ? 1 : k == now->n_local ? -1
		    : uuid_cmp(was->vms.v[x[i]]->uuid, now->vms.v[y[k]]->uuid);

		if (c < 0) {
			*vec_push(r->arena, &r->out->only_old) = was->vms.v[x[i++]]->uuid;
		} else if (c > 0) {
			*vec_push(r->arena, &r->out->only_new) = now->vms.v[y[k++]]->uuid;
		} else {
			struct diff_vms v = { r->host, { x[i++], y[k++] } };

			if (!compare_vm(r, &v))
				return false;
			arena_reset(&r->each);
		}
	}
	return true;
}

bool
diff_hosts(struct arena *arena, struct eval_host *was, struct eval_host *now,
    enum diff_format format, struct diff *out)
{
	struct run r = { .arena = arena, .format = format, .out = out };
	bool good;

	memset(out, 0, sizeof(*out));
	diff_host_init(&r.host[0], arena, was);
	diff_host_init(&r.host[1], arena, now);
	good = compare_all(&r, was->inv, now->inv);
	arena_free(&r.each);
	buf_free(&r.text);
	return good;
}

bool
diff_vm(struct arena *arena, struct eval_host *was, uint32_t was_vm, struct eval_host *now,
    uint32_t now_vm, struct diff_changes *out)
{
	struct diff_host *host = arena_alloc(arena, 2 * sizeof(*host));
	struct diff_vms v = { host, { was_vm, now_vm } };
	struct slice text[2][2];

	diff_host_init(&host[0], arena, was);
	diff_host_init(&host[1], arena, now);
	return eval_emit(was, was_vm, arena, text[0]) && eval_emit(now, now_vm, arena, text[1]) &&
	    diff_compare(arena, &v, text[0], text[1], out);
}
