/* SPDX-License-Identifier: MPL-2.0 */
/*
 * libFuzzer target: any bytes as a file of policy tests, decided for a small host
 * and reported in every format.  The paths in it are not read.
 */
#include "runtime/suite/suite.h"

#include "fuzz.h"

static const char rules[] =
    "@owner 930896af-bf8c-48d4-885c-6573a94b1853\n"
    "FROM tag \"role\" = \"www\" TO tag \"role\" = \"db\" ALLOW tcp PORT 5432\n"
    "FROM any TO tag \"role\" = \"www\" ALLOW tcp (PORT 80 AND PORT 443)\n"
    "FROM any TO all vms ALLOW icmp6 (TYPE 135 AND TYPE 128 CODE 0)\n"
    "FROM all vms TO subnet 10.0.0.0/8 BLOCK udp PORTS 53, 4000 - 4999 PRIORITY 3\n";

#define VM(uuid, alias, role, more, ips)                                       \
	"{\"uuid\":\"5c3ea269-75b8-42fa-badc-956684fb4d" uuid "\",\"alias\":\"" alias "\","        \
	"\"tags\":{\"role\":\"" role "\"},\"state\":\"running\",\"zonepath\":\"/z\"," more       \
	"\"nics\":[{\"ips\":[" ips "]}]}"

static const char vms[] = "["
    VM("4e", "web0", "www", "\"firewall_enabled\":true,", "\"10.0.0.1/24\",\"fd00::1/64\"") ","
    VM("4f", "db0", "db", "\"owner_uuid\":\"930896af-bf8c-48d4-885c-6573a94b1853\",",
	"\"10.0.0.2/24\"") "]";

static void
read_host(struct arena *arena, struct diags *diags, struct input *in, struct inventory *inv)
{
	struct src src = { .name = slice_of("vms"), .text = { vms, sizeof(vms) - 1 } };

	input_init(in, arena, diags, (struct lang_opts){ 0 });
	inventory_init(inv, arena, diags);
	input_read_text(in, slice_of("rules"), (struct slice){ rules, sizeof(rules) - 1 });
	inventory_read(inv, &src, false, &in->scratch);
	REQUIRE(diags->errors == 0);
}

static void
report(const struct suite *s, const struct diags *diags)
{
	struct buf out = { 0 };

	for (int format = SUITE_TEXT; format <= SUITE_JSON; format++)
		suite_write(&out, s, 1, (enum suite_format)format, true);
	diag_print_all(&out, diags, true);
	buf_free(&out);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	struct arena arena = { 0 };
	struct diags diags = { .arena = &arena };
	struct src src = { .name = slice_of("fuzz"), .text = { (const char *)data, n } };
	struct suite suite = { .src = &src };
	struct eval_opts opts = { .level = 1 };
	struct ptest_file file;
	struct suite_host host;
	struct inventory inv;
	struct input in;
	bool good;

	read_host(&arena, &diags, &in, &inv);
	good = ptest_read(&arena, &diags, &src, &file);
	REQUIRE(good == (diags.errors == 0));
	suite_host_init(&host, &arena, &diags, &inv, in.rules.v, in.rules.n, opts);
	for (uint32_t i = 0; i < file.tests.n && i < 20; i++) {
		uint32_t errors = diags.errors;
		struct suite_case c;

		if (suite_decide(&host, &src, &file.tests.v[i], &c))
			*vec_push(&arena, &suite.cases) = c;
		else
			REQUIRE(diags.errors > errors);
	}
	report(&suite, &diags);
	suite_host_end(&host);
	input_done(&in);
	arena_free(&arena);
	return 0;
}
