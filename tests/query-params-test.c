/* SPDX-License-Identifier: MPL-2.0 */
/*
 * The parameters of ListRules: every message of the service word for word (spec 7),
 * and how a command or a library reads the same.
 */
#include "runtime/index/query.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

#define UUID_A "00000000-0000-4000-8000-00000000000a"
#define UUID_B "00000000-0000-4000-8000-00000000000b"
#define LONG_64 "0123456789012345678901234567890123456789012345678901234567890123"

/* What the service answers; NULL: the parameters are good.  ' stands for ". */
static const struct {
	const char *params;
	unsigned status;
	const char *errors;             /* of 422; the body of 409 */
} refusal[] = {
	{ "{}", 0, NULL },
	/* ip */
	{ "{'ip':'1.2.3.4,fd00::1'}", 0, NULL },
	{ "{'ip':'nope'}", 422,
	  "{'field':'ip','code':'InvalidParameter','message':'invalid IP','invalid':['nope']}" },
	{ "{'ip':''}", 422, "{'field':'ip','code':'InvalidParameter','message':'invalid IP',"
	  "'invalid':['Empty string']}" },
	{ "{'ip':'1.2.3.4,'}", 422, "{'field':'ip','code':'InvalidParameter',"
	  "'message':'invalid IP','invalid':['Empty string']}" },
	{ "{'ip':'z,1.2.3.4,a,'}", 422, "{'field':'ip','code':'InvalidParameter',"
	  "'message':'invalid IPs','invalid':['','a','z']}" },
	{ "{'ip':['z','1.2.3.4/32','z']}", 422, "{'field':'ip','code':'InvalidParameter',"
	  "'message':'invalid IPs','invalid':['1.2.3.4/32','z','z']}" },
	{ "{'ip':['10.0.0.256,a','fe80::1%eth0']}", 422, "{'field':'ip',"
	  "'code':'InvalidParameter','message':'invalid IPs',"
	  "'invalid':['10.0.0.256','a','fe80::1%eth0']}" },
	/* vm, owner_uuid */
	{ "{'vm':'" UUID_A "," UUID_B "','owner_uuid':['" UUID_A "','" UUID_B "']}", 0, NULL },
	{ "{'vm':'x'}", 422,
	  "{'field':'vm','code':'InvalidParameter','message':'invalid UUID','invalid':['x']}" },
	{ "{'vm':'y,x,y,x," UUID_A "'}", 422, "{'field':'vm','code':'InvalidParameter',"
	  "'message':'invalid UUID','invalid':['x','y']}" },
	{ "{'vm':'00000000-0000-4000-8000-00000000000A'}", 422, "{'field':'vm',"
	  "'code':'InvalidParameter','message':'invalid UUID',"
	  "'invalid':['00000000-0000-4000-8000-00000000000A']}" },
	{ "{'owner_uuid':'x'}", 422, "{'field':'owner_uuid','code':'InvalidParameter',"
	  "'message':'invalid UUID','invalid':['x']}" },
	{ "{'owner_uuid':''}", 422, "{'field':'owner_uuid','code':'InvalidParameter',"
	  "'message':'invalid UUID','invalid':['']}" },
	{ "{'owner_uuid':['b,a','a']}", 422, "{'field':'owner_uuid',"
	  "'code':'InvalidParameter','message':'invalid UUID','invalid':['a','b']}" },
	/* subnet; shorter than /8 is fine here */
	{ "{'subnet':'10.0.0.0/8,fd00::/8,0.0.0.0/0,128.0.0.0/1'}", 0, NULL },
	{ "{'subnet':'10.0.0.0'}", 422, "{'field':'subnet','code':'InvalidParameter',"
	  "'message':'Subnet must be in CIDR form','invalid':['10.0.0.0']}" },
	{ "{'subnet':'fd00::1/8,10.0.0.1/8,10.0.0.0/33,10.0.0.0/8'}", 422, "{'field':'subnet',"
	  "'code':'InvalidParameter','message':'Subnet must be in CIDR form',"
	  "'invalid':['10.0.0.0/33','10.0.0.1/8','fd00::1/8']}" },
	/* enabled, log, global */
	{ "{'enabled':'true','log':'false','global':'true'}", 0, NULL },
	{ "{'enabled':'maybe'}", 422,
	  "{'field':'enabled','code':'InvalidParameter','message':'must be a boolean value'}" },
	{ "{'log':'TRUE'}", 422,
	  "{'field':'log','code':'InvalidParameter','message':'must be a boolean value'}" },
	{ "{'global':'1'}", 422,
	  "{'field':'global','code':'InvalidParameter','message':'must be a boolean value'}" },
	/* action, protocol */
	{ "{'action':'allow','protocol':'icmp6'}", 0, NULL },
	{ "{'action':'ALLOW'}", 422, "{'field':'action','code':'InvalidParameter',"
	  "'message':'action must be \\'block\\' or \\'allow\\''}" },
	{ "{'protocol':''}", 422,
	  "{'field':'protocol','code':'InvalidParameter','message':'must not be empty'}" },
	{ "{'protocol':'" LONG_64 "4'}", 422, "{'field':'protocol','code':'InvalidParameter',"
	  "'message':'must not be longer than 64 characters'}" },
	{ "{'protocol':'" LONG_64 "'}", 409, "{'code':'InvalidArgument','message':'Invalid value "
	  "for protocol: must be one of: tcp, udp, icmp, icmp6, ah, esp'}" },
	{ "{'protocol':'gre'}", 409, "{'code':'InvalidArgument','message':'Invalid value for "
	  "protocol: must be one of: tcp, udp, icmp, icmp6, ah, esp'}" },
	/* What is wrong in form comes first. */
	{ "{'protocol':'gre','log':'x'}", 422,
	  "{'field':'log','code':'InvalidParameter','message':'must be a boolean value'}" },
	/* fields */
	{ "{'fields':['parsed.action','parsed.ports','parsed.protocol','parsed.tags']}", 0, NULL },
	{ "{'fields':'parsed.tags'}", 0, NULL },
	{ "{'fields':{'a':'b'}}", 422, "{'field':'fields','code':'InvalidParameter',"
	  "'message':'must be an array of strings'}" },
	{ "{'fields':[]}", 422, "{'field':'fields','code':'InvalidParameter',"
	  "'message':'must not be an empty array'}" },
	{ "{'fields':['parsed.tags','a','b','c','d']}", 422, "{'field':'fields',"
	  "'code':'InvalidParameter','message':'can only specify a maximum of 4 fields'}" },
	{ "{'fields':'parsed.tags,parsed.ports'}", 422, "{'field':'fields',"
	  "'code':'InvalidParameter','message':'unknown field specified'}" },
	/* Of another name a wildcard finds nothing; a tag's key is never split. */
	{ "{'wildcard':'other','tag':'foo,other'}", 0, NULL },
	{ "{'match':'contains','port':'80','direction':'to','limit':'10','offset':'5',"
	  "'sort':'-rule','count':'true'}", 0, NULL },
	/* Unknown ones, in the order in which they came; entries by field. */
	{ "{'b':'1','a':'2'}", 422, "{'field':['b','a'],'code':'UnknownParameters',"
	  "'message':'Unknown parameters: b, a'}" },
	{ "{'explain':'true'}", 422, "{'field':['explain'],'code':'UnknownParameters',"
	  "'message':'Unknown parameters: explain'}" },
	{ "{'vm':'x','ip':'y','log':'z','n':'1','enabled':'?'}", 422,
	  "{'field':'enabled','code':'InvalidParameter','message':'must be a boolean value'},"
	  "{'field':'ip','code':'InvalidParameter','message':'invalid IP','invalid':['y']},"
	  "{'field':'log','code':'InvalidParameter','message':'must be a boolean value'},"
	  "{'field':['n'],'code':'UnknownParameters','message':'Unknown parameters: n'},"
	  "{'field':'vm','code':'InvalidParameter','message':'invalid UUID','invalid':['x']}" },
};

/* Quotes for apostrophes. */
static const char *
quoted(struct buf *b, const char *text)
{
	b->n = 0;
	for (; *text; text++)
		buf_char(b, *text == '\'' ? '"' : *text);
	buf_char(b, '\0');
	return b->p;
}

static json_t *
read_json(struct arena *arena, const char *text)
{
	struct diags diags = { .arena = arena };
	struct src src = { .name = slice_of("params"), .text = slice_of(text) };
	json_t *v = json_read_all(&src, &diags);

	assert_non_null(v);
	return v;
}

static void
test_refusals(void **state)
{
	struct buf text = { 0 }, want = { 0 }, out = { 0 };
	struct arena arena = { 0 };

	(void)state;
	for (size_t i = 0; i < BASE_COUNT(refusal); i++) {
		json_t *params = read_json(&arena, quoted(&text, refusal[i].params));
		struct query_errors errors;
		struct query q;

		query_read_http(&q, params, &arena, &errors);
		out.n = 0;
		assert_int_equal(query_write_refusal(&out, &errors), refusal[i].status);
		want.n = 0;
		if (refusal[i].status == 422)
			buf_printf(&want, "{\"code\":\"InvalidParameters\",\"message\":\"Invalid "
			    "parameters\",\"errors\":[%s]}", quoted(&text, refusal[i].errors));
		else if (refusal[i].status)
			buf_str(&want, quoted(&text, refusal[i].errors));
		buf_char(&want, '\0');
		buf_char(&out, '\0');
		assert_string_equal(out.p, want.p);
		json_decref(params);
	}
	buf_free(&text);
	buf_free(&want);
	buf_free(&out);
	arena_free(&arena);
}

/* What was split at commas is all there. */
static void
test_commas(void **state)
{
	struct arena arena = { 0 };
	struct query_errors errors;
	struct query q;
	json_t *params = read_json(&arena, "{\"ip\":[\"1.2.3.4,::1\",\"5.6.7.8\"],"
	    "\"subnet\":\"10.0.0.0/8,fd00::/8\",\"vm\":\"" UUID_A "," UUID_B "\","
	    "\"owner_uuid\":\"" UUID_B "," UUID_A "\",\"tag\":[\"a,b\",{\"k,l\":\"v,w\"}],"
	    "\"wildcard\":\"any,vmall\"}");

	(void)state;
	query_read_http(&q, params, &arena, &errors);
	assert_int_equal(errors.list.n, 0);
	assert_int_equal(q.ips.n, 3);
	assert_int_equal(q.subnets.n, 2);
	assert_int_equal(q.vms.n, 2);
	assert_int_equal(q.owners.n, 2);
	assert_int_equal(q.tags.n, 2);
	assert_true(slice_is(q.tags.v[0].key, "a,b"));
	assert_true(slice_is(q.tags.v[1].key, "k,l") && slice_is(q.tags.v[1].value, "v,w"));
	assert_true(q.has_wildcard && !q.any && !q.vmall);
	/* Elsewhere a comma is part of the value. */
	query_read(&q, params, &arena, &errors);
	assert_int_equal(errors.list.n, 4);
	json_decref(params);
	arena_free(&arena);
}

/* To commands and libraries. */
static const struct {
	const char *params, *errors;
} bad[] = {
	{ "{\"ip\":\"1.2.3\"}",
	  "[{\"field\":\"ip\",\"code\":\"InvalidParameter\",\"message\":\"invalid IP\","
	  "\"invalid\":[\"1.2.3\"]}]" },
	{ "{\"ip\":\"\"}",
	  "[{\"field\":\"ip\",\"code\":\"InvalidParameter\",\"message\":\"invalid IP\","
	  "\"invalid\":[\"Empty string\"]}]" },
	{ "{\"ip\":[\"z\",\"1.2.3.4\",\"a\"]}",
	  "[{\"field\":\"ip\",\"code\":\"InvalidParameter\",\"message\":\"invalid IPs\","
	  "\"invalid\":[\"a\",\"z\"]}]" },
	{ "{\"vm\":[\"x\",\"x\",\"A2D8B14-F25F-40D2-8CA3-043EDAD506EE\"]}",
	  "[{\"field\":\"vm\",\"code\":\"InvalidParameter\",\"message\":\"invalid UUID\","
	  "\"invalid\":[\"A2D8B14-F25F-40D2-8CA3-043EDAD506EE\",\"x\"]}]" },
	{ "{\"owner_uuid\":7}",
	  "[{\"field\":\"owner_uuid\",\"code\":\"InvalidParameter\",\"message\":\"invalid UUID\","
	  "\"invalid\":[\"7\"]}]" },
	{ "{\"subnet\":[\"10.0.0.1/8\",\"10.0.0.0\"]}",
	  "[{\"field\":\"subnet\",\"code\":\"InvalidParameter\","
	  "\"message\":\"Subnet must be in CIDR form\","
	  "\"invalid\":[\"10.0.0.0\",\"10.0.0.1/8\"]}]" },
	{ "{\"log\":\"yes\",\"enabled\":1,\"global\":\"\"}",
	  "[{\"field\":\"enabled\",\"code\":\"InvalidParameter\","
	  "\"message\":\"must be a boolean value\"},"
	  "{\"field\":\"global\",\"code\":\"InvalidParameter\","
	  "\"message\":\"must be a boolean value\"},"
	  "{\"field\":\"log\",\"code\":\"InvalidParameter\","
	  "\"message\":\"must be a boolean value\"}]" },
	{ "{\"action\":\"drop\"}",
	  "[{\"field\":\"action\",\"code\":\"InvalidParameter\","
	  "\"message\":\"action must be \\\"block\\\" or \\\"allow\\\"\"}]" },
	{ "{\"protocol\":\"\"}",
	  "[{\"field\":\"protocol\",\"code\":\"InvalidParameter\","
	  "\"message\":\"must not be empty\"}]" },
	{ "{\"protocol\":\"01234567890123456789012345678901234567890123456789012345678901234\"}",
	  "[{\"field\":\"protocol\",\"code\":\"InvalidParameter\","
	  "\"message\":\"must not be longer than 64 characters\"}]" },
	{ "{\"fields\":[1]}",
	  "[{\"field\":\"fields\",\"code\":\"InvalidParameter\","
	  "\"message\":\"must be an array of strings\"}]" },
	{ "{\"fields\":[]}",
	  "[{\"field\":\"fields\",\"code\":\"InvalidParameter\","
	  "\"message\":\"must not be an empty array\"}]" },
	{ "{\"fields\":[\"a\",\"b\",\"c\",\"d\",\"e\"]}",
	  "[{\"field\":\"fields\",\"code\":\"InvalidParameter\","
	  "\"message\":\"can only specify a maximum of 4 fields\"}]" },
	{ "{\"fields\":[\"parsed.tags\",\"tags\"]}",
	  "[{\"field\":\"fields\",\"code\":\"InvalidParameter\","
	  "\"message\":\"unknown field specified\"}]" },
	{ "{\"port\":65536,\"b\":1,\"a\":2}",
	  "[{\"field\":[\"b\",\"a\"],\"code\":\"UnknownParameters\","
	  "\"message\":\"Unknown parameters: b, a\"},"
	  "{\"field\":\"port\",\"code\":\"InvalidParameter\","
	  "\"message\":\"must be a port number, 0 to 65535\"}]" },
	{ "{\"protocol\":\"gre\"}",
	  "[{\"field\":\"protocol\",\"code\":\"InvalidArgument\",\"message\":\"Invalid value for "
	  "protocol: must be one of: tcp, udp, icmp, icmp6, ah, esp\"}]" },
	{ "{\"wildcard\":\"other\",\"protocol\":\"esp\",\"tag\":[\"foo,other\",{\"a\":[\"b\"]}],"
	  "\"limit\":\"10\",\"offset\":0,\"sort\":[\"-rule\",\"uuid\"],\"global\":\"true\"}", "[]" },
};

static void
test_params(void **state)
{
	struct arena arena = { 0 };
	struct buf out = { 0 };

	(void)state;
	for (size_t i = 0; i < BASE_COUNT(bad); i++) {
		json_t *params = read_json(&arena, bad[i].params);
		struct query_errors errors;
		struct query q;

		query_read(&q, params, &arena, &errors);
		out.n = 0;
		query_write_errors(&out, &errors);
		buf_char(&out, '\0');
		assert_string_equal(out.p, bad[i].errors);
		json_decref(params);
	}
	buf_free(&out);
	arena_free(&arena);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_refusals),
		cmocka_unit_test(test_commas),
		cmocka_unit_test(test_params),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
