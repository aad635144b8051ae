/* SPDX-License-Identifier: MPL-2.0 */
/* The routes as OpenAPI 3.1; made from their table, so it says what there is. */
#include "../../compiler/base/text.h"
#include "api_int.h"

static const struct {
	const char *name, *schema;
} types[] = {
	{ "uuid", "{\"type\":\"string\",\"format\":\"uuid\"}" },
	{ "string", "{\"type\":\"string\"}" },
	{ "boolean", "{\"type\":\"boolean\"}" },
	{ "integer", "{\"type\":\"integer\",\"minimum\":0}" },
	{ "object", "{\"type\":\"object\"}" },
	{ "uuid[]", "{\"type\":\"array\",\"items\":{\"type\":\"string\",\"format\":\"uuid\"}}" },
	{ "string[]", "{\"type\":\"array\",\"items\":{\"type\":\"string\"}}" },
	{ "tag", "{\"oneOf\":[{\"type\":\"string\"},{\"type\":\"array\",\"items\":{\"type\":"
	  "\"string\"}},{\"type\":\"object\",\"additionalProperties\":{\"type\":\"string\"}}]}" },
	{ "Rule", "{\"$ref\":\"#/components/schemas/Rule\"}" },
	{ "Rule[]", "{\"type\":\"array\",\"items\":{\"$ref\":\"#/components/schemas/Rule\"}}" },
	{ "VM[]", "{\"type\":\"array\",\"items\":{\"type\":\"object\"}}" },
	{ "Ping", "{\"$ref\":\"#/components/schemas/Ping\"}" },
	{ "Resolved", "{\"$ref\":\"#/components/schemas/Resolved\"}" },
	{ "UpdateId", "{\"type\":\"object\",\"required\":[\"update_uuid\"],\"properties\":"
	  "{\"update_uuid\":{\"type\":\"string\"}}}" },
};

static const char schemas[] =
    "\"Rule\":{\"type\":\"object\",\"required\":[\"enabled\",\"log\",\"rule\",\"uuid\","
    "\"version\"],\"properties\":{\"created_by\":{\"type\":\"string\"},\"description\":"
    "{\"type\":\"string\",\"maxLength\":255},\"enabled\":{\"type\":[\"boolean\",\"string\"]},"
    "\"global\":{\"const\":true},\"log\":{\"type\":[\"boolean\",\"string\"]},"
    "\"owner_uuid\":{\"type\":\"string\",\"format\":\"uuid\"},\"rule\":{\"type\":\"string\"},"
    "\"uuid\":{\"type\":\"string\",\"format\":\"uuid\"},\"version\":{\"type\":\"string\"},"
    "\"parsed\":{\"type\":\"object\"}}},"
    "\"Ping\":{\"type\":\"object\",\"required\":[\"healthy\",\"status\",\"services\"],"
    "\"properties\":{\"healthy\":{\"type\":\"boolean\"},\"status\":{\"enum\":[\"OK\","
    "\"initializing\",\"offline\"]},\"services\":{\"type\":\"object\",\"additionalProperties\":"
    "{\"enum\":[\"online\",\"offline\"]}},\"agents\":{\"type\":\"object\"},\"stale\":"
    "{\"const\":true},\"reason\":{\"type\":\"string\"}}},"
    "\"Resolved\":{\"type\":\"object\",\"required\":[\"rules\",\"tags\",\"vms\",\"allVMs\","
    "\"owner_uuid\"],\"properties\":{\"rules\":{\"type\":\"array\",\"items\":{\"$ref\":"
    "\"#/components/schemas/Rule\"}},\"tags\":{\"type\":\"object\"},\"vms\":{\"type\":\"array\"},"
    "\"allVMs\":{\"type\":\"boolean\"},\"owner_uuid\":{\"type\":\"string\",\"format\":"
    "\"uuid\"}}},"
    "\"Error\":{\"type\":\"object\",\"required\":[\"code\",\"message\"],\"properties\":"
    "{\"code\":{\"type\":\"string\"},\"message\":{\"type\":\"string\"},\"errors\":{\"type\":"
    "\"array\",\"items\":{\"type\":\"object\",\"required\":[\"field\",\"code\",\"message\"]}}}}";

static void
write_type(struct buf *out, const char *name)
{
	for (size_t i = 0; i < BASE_COUNT(types); i++)
		if (strcmp(types[i].name, name) == 0)
			buf_str(out, types[i].schema);
}

/* ":uuid" is "{uuid}" there. */
static void
write_path(struct buf *out, const char *path)
{
	buf_char(out, '"');
	while (*path)
		if (*path == ':') {
			size_t n = strcspn(++path, "/");

			buf_printf(out, "{%.*s}", (int)n, path);
			path += n;
		} else {
			buf_char(out, *path++);
		}
	buf_str(out, "\":{");
}

static void
write_query(struct buf *out, const struct route *r)
{
	bool first = true;

	buf_str(out, ",\"parameters\":[");
	if (strstr(r->path, ":uuid")) {
		buf_str(out, "{\"name\":\"uuid\",\"in\":\"path\",\"required\":true,\"schema\":");
		write_type(out, "uuid");
		buf_char(out, '}');
		first = false;
	}
	for (const struct route_param *p = r->params; p->name; p++) {
		if (p->body)
			continue;
		buf_printf(out, "%s{\"name\":\"%s\",\"in\":\"query\",\"required\":%s,\"description\":"
		    "\"%s\",", first ? "" : ",", p->name, p->required ? "true" : "false", p->text);
		if (strcmp(p->type, "tag") == 0)
			buf_str(out, "\"style\":\"deepObject\",\"explode\":true,");
		buf_str(out, "\"schema\":");
		write_type(out, p->type);
		buf_char(out, '}');
		first = false;
	}
	buf_char(out, ']');
}

static void
write_body(struct buf *out, const struct route *r)
{
	bool first = true;

	if (!r->params[0].name || !r->params[0].body)
		return;
	buf_str(out, ",\"requestBody\":{\"required\":true,\"content\":{\"application/json\":{\"schema\":"
	    "{\"type\":\"object\",\"required\":[");
	for (const struct route_param *p = r->params; p->name; p++)
		if (p->required) {
			buf_printf(out, "%s\"%s\"", first ? "" : ",", p->name);
			first = false;
		}
	buf_str(out, "],\"properties\":{");
	for (const struct route_param *p = r->params; p->name; p++) {
		buf_printf(out, "%s\"%s\":{\"description\":\"%s\",\"allOf\":[", p == r->params ? "" : ",",
		    p->name, p->text);
		write_type(out, p->type);
		buf_str(out, "]}");
	}
	buf_str(out, "}}}}}");
}

static void
write_answers(struct buf *out, const struct route *r)
{
	buf_printf(out, ",\"responses\":{\"%d\":{\"description\":\"%s\"", r->status,
	    http_reason(r->status));
	if (r->answer) {
		buf_str(out, ",\"content\":{\"application/json\":{\"schema\":");
		write_type(out, r->answer);
		buf_str(out, "}}");
	}
	buf_str(out, "},\"default\":{\"description\":\"an error\",\"content\":{\"application/json\":"
	    "{\"schema\":{\"$ref\":\"#/components/schemas/Error\"}}}}}");
}

static void
write_route(struct buf *out, const struct route *r)
{
	buf_char(out, '"');
	for (const char *p = r->method; *p; p++)
		buf_char(out, (char)(*p | 0x20));
	buf_printf(out, "\":{\"operationId\":\"%s\",\"summary\":\"%s\"", r->id, r->summary);
	write_query(out, r);
	write_body(out, r);
	write_answers(out, r);
	buf_char(out, '}');
}

void
api_write_openapi(struct buf *out)
{
	buf_str(out, "{\"openapi\":\"3.1.0\",\"info\":{\"title\":\"SmartDC Firewall API\",\"version\":\""
	    API_VERSION "\",\"license\":{\"name\":\"MPL-2.0\",\"identifier\":\"MPL-2.0\"}},"
	    "\"paths\":{");
	/* Routes of one path stand together in the table or not; here they must. */
	for (size_t i = 0; i < route_count; i++) {
		bool seen = false;

		for (size_t k = 0; k < i; k++)
			seen |= strcmp(route_table[k].path, route_table[i].path) == 0;
		if (seen)
			continue;
		if (i)
			buf_char(out, ',');
		write_path(out, route_table[i].path);
		for (size_t k = i; k < route_count; k++)
			if (strcmp(route_table[k].path, route_table[i].path) == 0) {
				if (k > i)
					buf_char(out, ',');
				write_route(out, &route_table[k]);
			}
		buf_char(out, '}');
	}
	buf_printf(out, "},\"components\":{\"schemas\":{%s}}}", schemas);
}

void
handle_openapi(struct call *c)
{
	c->r.status = 200;
	c->r.type = "application/json";
	api_write_openapi(&c->r.body);
}
