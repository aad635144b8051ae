/* SPDX-License-Identifier: MPL-2.0 */
/* fwrule explain */
#include <getopt.h>

#include "../../compiler/net/pset.h"
#include "../eval/explain.h"
#include "cmd.h"
#include "load.h"

#define NAME "explain"

struct job {
	struct arena arena, scratch;
	struct diags diags;
	struct cmd_host host;
	VEC(const char *) rules, remote;
	const char *vms, *vm, *proto, *addr, *flags;
	int dir;                        /* enum ipf_dir, or -1 */
	unsigned port, type, code;
	bool has_port, has_type, has_code, json;
	struct eval_opts opts;
	struct filter_packet packet;
	struct buf out;
};

/* --- options --------------------------------------------------------------------------- */

enum { VM = 256, IN, OUT, PROTO, ADDR, PORT, TYPE, CODE, FLAGS, JSON, TAGS, ICMP6_RULES };

static bool
take_option(struct job *j, int o, char *value)
{
	switch (o) {
	case 'r':
		*vec_push(&j->arena, &j->rules) = value;
		return true;
	case 'V':
		j->vms = value;
		return true;
	case 'R':
		*vec_push(&j->arena, &j->remote) = value;
		return true;
	case 'O':
		return cmd_read_level(NAME, value, &j->opts.level);
	case VM:
		j->vm = value;
		return true;
	case IN:
	case OUT:
		if (j->dir >= 0 && j->dir != (o == IN ? IPF_IN : IPF_OUT)) {
			cmd_usage(NAME, "a packet goes in or out, not both");
			return false;
		}
		j->dir = o == IN ? IPF_IN : IPF_OUT;
		return true;
	case PROTO:
		j->proto = value;
		return true;
	case ADDR:
		j->addr = value;
		return true;
	case PORT:
		j->has_port = true;
		return cmd_read_number(NAME, "--port", value, 65535, &j->port);
	case TYPE:
		j->has_type = true;
		return cmd_read_number(NAME, "--type", value, 255, &j->type);
	case CODE:
		j->has_code = true;
		return cmd_read_number(NAME, "--code", value, 255, &j->code);
	case FLAGS:
		j->flags = value;
		return true;
	case JSON:
		j->json = true;
		return true;
	case TAGS:
		j->opts.tags = true;
		return true;
	case ICMP6_RULES:
		return cmd_read_icmp6(NAME, value, &j->opts.icmp6);
	default:
		return false;
	}
}

static int
read_options(struct job *j, int argc, char **argv)
{
	static const struct option options[] = {
		{ "rules", required_argument, NULL, 'r' },
		{ "vms", required_argument, NULL, 'V' },
		{ "remote-vms", required_argument, NULL, 'R' },
		{ "vm", required_argument, NULL, VM },
		{ "in", no_argument, NULL, IN },
		{ "out", no_argument, NULL, OUT },
		{ "proto", required_argument, NULL, PROTO },
		{ "addr", required_argument, NULL, ADDR },
		{ "port", required_argument, NULL, PORT },
		{ "type", required_argument, NULL, TYPE },
		{ "code", required_argument, NULL, CODE },
		{ "flags", required_argument, NULL, FLAGS },
		{ "json", no_argument, NULL, JSON },
		{ "ipf-tags", no_argument, NULL, TAGS },
		{ "icmp6", required_argument, NULL, ICMP6_RULES },
		{ "help", no_argument, NULL, 'h' },
		{ 0 }
	};
	int o;

	opterr = 0;
	while ((o = getopt_long(argc, argv, "r:V:R:O:h", options, NULL)) != -1) {
		if (o == 'h')
			return cmd_help(NAME);
		if (o == '?')
			return cmd_bad_option(NAME, argv);
		if (!take_option(j, o, optarg))
			return CMD_USAGE;
	}
	if (optind < argc)
		return cmd_usage(NAME, "unexpected argument \"%s\"", argv[optind]);
	if (j->rules.n == 0 || !j->vms || !j->vm)
		return cmd_usage(NAME, "%s", j->rules.n == 0 ? "no rules: give -r"
		    : !j->vms ? "no VMs: give -V" : "which VM? give --vm");
	if (j->dir < 0 || !j->proto)
		return cmd_usage(NAME, "%s", j->dir < 0 ? "which way? give --in or --out"
		    : "which protocol? give --proto");
	return cmd_check_icmp6(NAME, j->opts.icmp6, j->opts.level);
}

/* --- the packet ------------------------------------------------------------------------ */

static bool
set_flags(struct filter_packet *p, const char *text)
{
	static const char letters[] = "FSRPAUEC";

	for (; *text; text++) {
		const char *at = strchr(letters, *text);

		if (!at) {
			cmd_usage(NAME, "--flags takes letters of %s, not \"%c\"", letters, *text);
			return false;
		}
		p->tcp_flags |= (uint8_t)(1u << (at - letters));
	}
	return true;
}

/* The address, and the family by it or by the protocol. */
static bool
set_family(struct job *j)
{
	struct filter_packet *p = &j->packet;
	struct prefix a;

	p->fam = p->proto == IPF_ICMP6 ? NET_V6 : NET_V4;
	if (j->addr) {
		if (!addr_read(slice_of(j->addr), &a)) {
			cmd_usage(NAME, "--addr takes an address, not \"%s\"", j->addr);
			return false;
		}
		p->remote = a.a;
		p->fam = a.fam;
	}
	p->local = family_first(p->fam);
	if ((p->proto == IPF_ICMP && p->fam == NET_V6) ||
	    (p->proto == IPF_ICMP6 && p->fam == NET_V4)) {
		cmd_usage(NAME, "icmp is IPv4's, icmp6 is IPv6's");
		return false;
	}
	return true;
}

static bool
make_packet(struct job *j)
{
	struct filter_packet *p = &j->packet;
	int number = ipf_proto_number(slice_of(strcmp(j->proto, "icmp6") == 0 ? "ipv6-icmp"
	    : j->proto));
	bool ports, types;

	if (number < 0) {
		cmd_usage(NAME, "unknown protocol \"%s\"", j->proto);
		return false;
	}
	p->dir = (uint8_t)j->dir;
	p->proto = (uint8_t)number;
	if (!set_family(j))
		return false;
	ports = filter_has_ports(p->proto);
	types = filter_has_types(p->fam, p->proto);
	if (ports != j->has_port || types != j->has_type || (j->has_code && !types)) {
		cmd_usage(NAME, ports ? "%s goes with --port, and with neither type nor code"
		    : types ? "%s goes with --type, may have a --code, and has no port"
		    : "%s has neither ports nor types", j->proto);
		return false;
	}
	if (j->flags && p->proto != IPF_TCP) {
		cmd_usage(NAME, "only tcp has flags");
		return false;
	}
	p->dport = (uint16_t)j->port;
	p->type = (uint8_t)j->type;
	p->code = (uint8_t)j->code;
	return p->proto != IPF_TCP || set_flags(p, j->flags ? j->flags : "S");
}

/* --- the run --------------------------------------------------------------------------- */

static void
read_host(struct job *j)
{
	struct src **remote = arena_alloc(&j->scratch, j->remote.n * sizeof(*remote));
	struct src *vms;

	for (uint32_t i = 0; i < j->rules.n; i++)
		input_read(&j->host.in, j->rules.v[i]);
	vms = input_file(&j->scratch, &j->diags, j->vms);
	for (uint32_t i = 0; i < j->remote.n; i++)
		remote[i] = input_file(&j->scratch, &j->diags, j->remote.v[i]);
	cmd_host_read_vms(&j->host, vms, remote, j->remote.n);
}

static int
explain(struct job *j, struct uuid vm)
{
	struct eval_host host;
	struct explain e;
	uint32_t number;
	bool done;

	read_host(j);
	if (j->diags.errors)
		return cmd_status_of(&j->diags);
	number = inventory_find(&j->host.inv, vm);
	if (number >= j->host.inv.n_local)
		return cmd_fail(NAME, "no VM %s among the host's own", j->vm);
	eval_host_init(&host, &j->arena, &j->host.inv, j->host.in.rules.v, j->host.in.rules.n,
	    j->opts);
	done = explain_packet(&host, &j->arena, number, &j->packet, !j->addr, &e);
	eval_host_end(&host);
	if (!done)
		return cmd_status_of(&j->diags);
	if (j->json)
		explain_write_json(&j->out, &e);
	else
		explain_write_text(&j->out, &e);
	return cmd_write_stdout(NAME, buf_view(&j->out));
}

static int
run(struct job *j)
{
	struct uuid vm;
	int status;

	if (!uuid_read(slice_of(j->vm), &vm))
		return cmd_usage(NAME, "--vm takes a UUID in lower case, not \"%s\"", j->vm);
	if (!make_packet(j))
		return CMD_USAGE;
	status = explain(j, vm);
	cmd_print_diags(&j->diags);
	return status;
}

int
cmd_explain(int argc, char **argv)
{
	struct job j = { .dir = -1, .opts.level = 1 };
	int status;

	j.diags.arena = &j.scratch;
	cmd_host_init(&j.host, &j.arena, &j.diags);
	status = read_options(&j, argc, argv);
	if (status < 0)
		status = run(&j);
	cmd_host_done(&j.host);
	buf_free(&j.out);
	arena_free(&j.arena);
	arena_free(&j.scratch);
	return status;
}
