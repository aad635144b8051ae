/* SPDX-License-Identifier: MPL-2.0 */
/*
 * libFuzzer target: any bytes as an inventory, local VMs before the first byte
 * 0xff and remote ones behind it, compiled with rules that name everything, at
 * every level, each file proven.
 */
#include "compiler/compile.h"
#include "compiler/input/input.h"
#include "fuzz.h"

#define LEVELS 2

static const char rules[] =
	"{\"uuid\":\"00000000-0000-4000-8000-000000000001\",\"version\":\"1\",\"enabled\":true,"
	"\"rule\":\"FROM (all vms) TO all vms BLOCK tcp (PORT 1 AND PORT 2)\"}\n"
	"{\"uuid\":\"00000000-0000-4000-8000-000000000002\",\"version\":\"1\",\"enabled\":true,"
	"\"rule\":\"FROM (tag a OR tag b = 1 OR tag c = true OR ip fd00::1) TO "
	"(tag a OR tag d = \\\"1.5\\\" OR subnet fd00::/8) ALLOW icmp6 TYPE 8\"}\n"
	"{\"uuid\":\"00000000-0000-4000-8000-000000000003\",\"version\":\"1\",\"enabled\":true,"
	"\"owner_uuid\":\"00000000-0000-4000-8000-000000000000\",\"log\":true,"
	"\"rule\":\"FROM any TO all vms ALLOW udp PORTS 1 - 2 PRIORITY 1\"}\n";

static bool
take(void *context, const struct vm *vm, const struct backend *b, struct slice text)
{
	(void)b;
	++*(uint32_t *)context;
	REQUIRE(vm->local && vm->firewall && text.n > 0 && text.p[text.n - 1] == '\n');
	return true;
}

static void
compile(struct inventory *inv, struct input *in, unsigned level, bool tags)
{
	struct compile_opts o = { .verify = true };
	uint32_t files = 0, expected = 0;

	o.emit[o.n_emit++] = backend_find(slice_of("ipf"));
	o.emit[o.n_emit++] = backend_find(slice_of("ipf6"));
	o.backend.date = slice_of("now");
	o.backend.level = level;
	o.backend.tags = tags;
	for (uint32_t i = 0; i < inv->n_local; i++)
		expected += inv->vms.v[i]->firewall ? 2 : 0;
	REQUIRE(compile_host(inv, in->rules.v, in->rules.n, &o, take, &files, NULL));
	REQUIRE(files == expected);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	struct arena arena = { 0 }, scratch = { 0 };
	struct diags diags = { .arena = &arena };
	struct inventory inv;
	struct input in;
	struct src local = { .name = { "local", 5 } }, remote = { .name = { "remote", 6 } };
	const char *copy = arena_copy(&arena, (const char *)data, n);
	const char *split = memchr(copy, 0xff, n);
	struct buf b = { 0 };

	local.text = (struct slice){ copy, split ? (size_t)(split - copy) : n };
	inventory_init(&inv, &arena, &diags);
	inventory_read(&inv, &local, false, &scratch);
	if (split) {
		remote.text = (struct slice){ split + 1, n - local.text.n - 1 };
		inventory_read(&inv, &remote, true, &scratch);
	}
	diag_print_all(&b, &diags, false);
	buf_free(&b);
	input_init(&in, &arena, &diags, (struct lang_opts){ 0 });
	input_read_text(&in, slice_of("rules"), slice_of(rules));
	REQUIRE(in.rules.n == 3);
	for (unsigned level = 0; level <= LEVELS; level++)
		compile(&inv, &in, level, n & 1);
	input_done(&in);
	arena_free(&scratch);
	arena_free(&arena);
	return 0;
}
