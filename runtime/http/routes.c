/* SPDX-License-Identifier: MPL-2.0 */
/* The routes: what is answered, and what /openapi.json says of it. */
#include "api_int.h"

#define OWNER { "owner_uuid", "uuid", "must be the owner of the rule", false, false }
#define RULE_FIELDS(required)                                                                     \
	{ "rule", "string", "the sentence", true, required },                                     \
	{ "owner_uuid", "uuid", "whose VMs it is for", true, false },                             \
	{ "global", "boolean", "true: it is for everybody's", true, false },                      \
	{ "enabled", "boolean", "whether it is in force", true, false },                          \
	{ "log", "boolean", "whether its connections are logged", true, false },                  \
	{ "description", "string", "at most 255 characters", true, false },                       \
	{ "created_by", "string", "checked, and not kept", true, false }

const struct route route_table[] = {
	{ "GET", "/ping", "Ping", "health", handle_ping, 200, "Ping", false, false,
	  { { "agents", "string", "anything: send agents a ping, and tell which are connected",
	      false, false } } },
	{ "HEAD", "/ping", "PingHead", "health", handle_ping, 200, NULL, false, false, { { 0 } } },
	{ "GET", "/rules", "ListRules", "the rules that meet all conditions", handle_list, 200,
	  "Rule[]", false, true, {
		{ "ip", "string[]", "addresses that are targets", false, false },
		{ "subnet", "string[]", "prefixes that are targets", false, false },
		{ "vm", "uuid[]", "VMs that are targets", false, false },
		{ "tag", "tag", "keys of tags, or keys with values", false, false },
		{ "wildcard", "string[]", "any, vmall", false, false },
		{ "owner_uuid", "uuid[]", "owners", false, false },
		{ "protocol", "string", "tcp, udp, icmp, icmp6, ah, esp", false, false },
		{ "action", "string", "allow, block", false, false },
		{ "enabled", "boolean", "whether it is in force", false, false },
		{ "log", "boolean", "whether it logs", false, false },
		{ "global", "boolean", "whether it has no owner", false, false },
		{ "match", "string", "how ip and subnet are meant: exact, contains, within, overlaps",
		  false, false },
		{ "port", "integer", "a port that it names", false, false },
		{ "direction", "string", "the side that is searched: from, to", false, false },
		{ "fields", "string[]", "parsed.action, parsed.ports, parsed.protocol, parsed.tags",
		  false, false },
		{ "limit", "integer", "at most so many", false, false },
		{ "offset", "integer", "without the first", false, false },
		{ "sort", "string", "fields, with - before them for descending", false, false },
		{ "count", "boolean", "only how many", false, false } } },
	{ "POST", "/rules", "CreateRule", "a new rule", handle_create, 202, "Rule", true, true, {
		RULE_FIELDS(true),
		{ "uuid", "uuid", "made where it is absent", true, false },
		{ "version", "string", "made where it is absent", true, false } } },
	{ "GET", "/rules/:uuid", "GetRule", "one rule", handle_get, 200, "Rule", false, true,
	  { OWNER } },
	{ "PUT", "/rules/:uuid", "UpdateRule", "the given fields over the stored ones",
	  handle_replace, 202, "Rule", true, true, { RULE_FIELDS(false) } },
	{ "DELETE", "/rules/:uuid", "DeleteRule", "removes a rule", handle_delete, 204, NULL, true,
	  true, { OWNER } },
	{ "GET", "/rules/:uuid/vms", "GetRuleVMs", "the VMs that a rule affects", handle_rule_vms,
	  200, "VM[]", false, true,
	  { { "owner_uuid", "uuid", "whose VMs; of a rule with an owner, that owner", false, true } } },
	{ "GET", "/firewalls/vms/:uuid", "GetVMrules", "the rules that apply to a VM",
	  handle_vm_rules, 200, "Rule[]", false, true, { { 0 } } },
	{ "POST", "/resolve", "Resolve", "the rules that meet VMs and tags, and what they need",
	  handle_resolve, 200, "Resolved", true, true, {
		{ "owner_uuid", "uuid", "whose rules, besides global ones", true, true },
		{ "vms", "uuid[]", "VMs", true, false },
		{ "ips", "string[]", "addresses; checked only", true, false },
		{ "tags", "object", "keys with true, a value or a list of values", true, false } } },
	{ "POST", "/updates", "CreateUpdate", "an update for all agents", handle_update, 202,
	  "UpdateId", true, true, {
		{ "type", "string", "sync, vm.add, vm.update, vm.delete", true, true },
		{ "uuid", "uuid", "of the VM", true, false },
		{ "owner_uuid", "uuid", "of the VM's owner", true, false },
		{ "server_uuid", "uuid", "of its server", true, false },
		{ "req_id", "string", "of what caused it", true, false } } },
	{ "GET", "/updates", "FollowUpdates", "updates as server-sent events, without end",
	  handle_follow, 200, NULL, false, true,
	  { { "since", "integer", "the number of the last update that is known", false, false } } },
	{ "GET", "/metrics", "Metrics", "what is counted, for Prometheus", handle_metrics, 200, NULL,
	  false, false, { { 0 } } },
	{ "GET", "/openapi.json", "OpenAPI", "this description", handle_openapi, 200, NULL, false,
	  false, { { 0 } } },
};
const size_t route_count = BASE_COUNT(route_table);

_Static_assert(BASE_COUNT(route_table) < METRICS_ROUTES, "every route is counted by itself");
