/* SPDX-License-Identifier: MPL-2.0 */
/* fwadm: finds the command; its options may stand before it, too. */
#include <stdio.h>

#include "admin.h"
#include "program.h"

const char *cmd_program = "fwadm";

const struct cmd cmd_table[] = {
	{ "add", "add rules or remote VMs, and update VMs", NULL, admin_run },
	{ "add-rvm", "add remote VMs", NULL, admin_run },
	{ "delete", "delete rules", NULL, admin_run },
	{ "delete-rvm", "delete remote VMs", NULL, admin_run },
	{ "disable", "disable rules", NULL, admin_run },
	{ "doctor", "say what is wrong with this host's rules and files", NULL, admin_run },
	{ "enable", "enable rules", NULL, admin_run },
	{ "get", "show a rule", NULL, admin_run },
	{ "get-rvm", "show a remote VM", NULL, admin_run },
	{ "list", "list rules", NULL, admin_run },
	{ "list-rvms", "list remote VMs", NULL, admin_run },
	{ "remote-targets", "what other hosts must tell this one for rules", NULL, admin_run },
	{ "rules", "list the rules that name a VM", NULL, admin_run },
	{ "rvm-rules", "list the rules that name a remote VM", NULL, admin_run },
	{ "start", "start a VM's firewall", NULL, admin_run },
	{ "stats", "how often a VM's filter lines matched", NULL, admin_run },
	{ "status", "whether a VM's firewall is running", NULL, admin_run },
	{ "stop", "stop a VM's firewall", NULL, admin_run },
	{ "update", "change rules or remote VMs, and update VMs", NULL, admin_run },
	{ "validate", "check rules against this host, and change nothing", NULL, admin_run },
	{ "verify", "hold the files on disk to the rules", NULL, admin_run },
	{ "vms", "list the VMs that a rule names", NULL, admin_run },
};
const size_t cmd_count = BASE_COUNT(cmd_table);

int
cmd_help(const char *name)
{
	for (size_t i = 0; i < admin_count; i++)
		if (strcmp(admin_table[i].name, name) == 0)
			admin_write_help(&admin_table[i]);
	return CMD_DONE;
}

/* Options before the command are moved behind it; --help and --version are not. */
int
main(int argc, char **argv)
{
	int at = 1;

	while (at < argc && strncmp(argv[at], "--", 2) == 0 && strcmp(argv[at], "--help") != 0 &&
	    strcmp(argv[at], "--version") != 0)
		at += 1 + admin_takes_value(argv[at]);
	if (at > 1 && at < argc) {
		char *command = argv[at];

		memmove(&argv[2], &argv[1], (size_t)(at - 1) * sizeof(*argv));
		argv[1] = command;
	} else if (at > 1) {
		fputs("fwadm: which command?\n`fwadm --help` lists the commands.\n", stderr);
		return CMD_USAGE;
	}
	return program_run(argc, argv);
}
