/* SPDX-License-Identifier: MPL-2.0 */
/* fwrule: its commands. */
#include <stdio.h>

#include "../index/index.h"
#include "program.h"

const char *cmd_program = "fwrule";

const struct cmd cmd_table[] = {
	{ "aggregate", "lists of addresses to the smallest list of prefixes",
	  "usage: fwrule aggregate [options] [FILE]...\n"
	  "\n"
	  "Reads lists of addresses, prefixes (ADDRESS/LENGTH) and ranges (ADDRESS-ADDRESS), one\n"
	  "a line, IPv4 and IPv6 mixed, with comments from `#` or `;` on.  Writes the smallest\n"
	  "list of prefixes for all their addresses: IPv4 before IPv6, in address order, single\n"
	  "addresses without a length.\n"
	  "\n"
	  "      --intersect=FILE    keep only addresses that this list has, too; may be repeated\n"
	  "      --exclude=FILE      leave out the addresses of this list; may be repeated\n"
	  "      --count             write how many instead: for each of ipv4 and ipv6 a line\n"
	  "                          with the family, the prefixes and the addresses\n"
	  "  -h, --help\n"
	  "\n"
	  "`-` and no FILE are standard input.  A list with an error in it gives no output.\n"
	  "Exit status: 0 done, 1 errors in a list, 2 usage or unreadable input.\n",
	  cmd_aggregate },
	{ "check", "what rules say that can hardly be meant",
	  "usage: fwrule check [options] FILE...\n"
	  "\n"
	  "Checks rules in any format for what their author can hardly have meant; --list shows\n"
	  "the checks, --explain=CODE says more of one.\n"
	  "\n"
	  "  -V, --vms=FILE          the host's VMs, as `vmadm lookup -j` prints them; they are\n"
	  "                          checked, too\n"
	  "  -R, --remote-vms=FILE   VMs of other hosts; may be repeated\n"
	  "      --format=FORMAT     text (default), json, jsonl, sarif, junit, github, gitlab\n"
	  "      --select=CODES      only these: codes, names, or beginnings as FW02\n"
	  "      --ignore=CODES      not these\n"
	  "      --severity=CODE=LEVEL  error, warning, note or off; may be repeated\n"
	  "      --fail-on=LEVEL     exit 1 from this severity on: error, warning (default), note,\n"
	  "                          never\n"
	  "      --fwrule-version=N  report features newer than rule version N (1 to 4)\n"
	  "      --sensitive-ports=LIST  for FW014: 22, 8000-8010, udp/161 ...\n"
	  "      --icmp6=MODE        how the rules are compiled: rfc4890, or none (default)\n"
	  "      --fix               mend in the files what is safe to mend\n"
	  "      --unsafe            with --fix: mend the rest that can be mended, too\n"
	  "      --baseline=FILE     leave out the findings that stand there\n"
	  "      --write-baseline=FILE  write the findings there, and show none\n"
	  "      --no-config         do not look for .fwrule.conf above each file\n"
	  "      --explain=CODE      what the check is about, with examples; all: of every check\n"
	  "      --list              the checks, a line each\n"
	  "  -h, --help\n"
	  "\n"
	  "`-` is standard input.  Exit status: 0 nothing found, 1 something was found, 2 usage\n"
	  "or unreadable input, 3 internal error.\n",
	  cmd_check },
	{ "compile", "rules and VMs to ipf.conf, ipf6.conf, FWAPI JSON or Moray records",
	  "usage: fwrule compile -r RULES -V VMS [-R RVMS] [options]\n"
	  "\n"
	  "  -r, --rules=PATH        rules: JSON, JSON lines, Moray records, a payload, a\n"
	  "                          folder like var/fw, or rule source text; may be repeated\n"
	  "  -V, --vms=FILE          the host's VMs, as `vmadm lookup -j` prints them\n"
	  "  -R, --remote-vms=FILE   VMs of other hosts; may be repeated\n"
	  "  -o, --output=DIR        write DIR/ZONE/ipf.conf ... instead of standard output\n"
	  "      --emit=LIST         of ipf, ipf6, fwapi, moray (default: ipf,ipf6)\n"
	  "      --fields=LIST       fwapi: add parsed.action, parsed.ports, parsed.protocol,\n"
	  "                          parsed.tags\n"
	  "      --vm=UUID           only this VM; may be repeated\n"
	  "      --ipf-tags          the host has ipf's event log device\n"
	  "      --icmp6=MODE        rfc4890: the rules without which IPv6 fails come first; or none\n"
	  "                          (default); not with -O0\n"
	  "      --date=TEXT         the date in the files' heads (default: SOURCE_DATE_EPOCH,\n"
	  "                          or now)\n"
	  "  -O0 | -O1 | -O2 | -O3   -O0: the reference's output, byte for byte; -O1 (default):\n"
	  "                          the smallest lists a rule; -O2: a VM's rules share lines;\n"
	  "                          -O3: those in groups, so that a packet meets few of them\n"
	  "      --fwrule-version=N  refuse features newer than rule version N (1 to 4)\n"
	  "      --verify            prove that each file decides every packet as the rules say;\n"
	  "                          else exit 3, and nothing is written\n"
	  "      --debug=LIST        dump the policies to standard error: ir, pass:merge,\n"
	  "                          pass:state, pass:share, pass:tree\n"
	  "  -v, --verbose           say how much was written\n"
	  "  -h, --help\n"
	  "\n"
	  "`-` is standard input.  Exit status: 0 done, 1 errors in the input, 2 usage or\n"
	  "unreadable input, 3 internal error.\n",
	  cmd_compile },
	{ "convert", "rules from any format to any other",
	  "usage: fwrule convert --to=FORMAT [-o FILE] PATH...\n"
	  "\n"
	  "Reads rules in any format and writes all of them in another.  What that cannot carry\n"
	  "is told on standard error; a rule that it cannot carry at all is an error.\n"
	  "\n"
	  "      --to=FORMAT     fwrule (rule source text), payload ({\"rules\", \"remoteVMs\"}),\n"
	  "                      moray (FWAPI's records, one a line), or fwapi (an array)\n"
	  "  -o, --output=FILE   written whole or not at all; by default standard output\n"
	  "  -h, --help\n"
	  "\n"
	  "`-` is standard input.  Exit status: 0 done, 1 errors in the input, 2 usage, or a\n"
	  "file that cannot be read or written.\n",
	  cmd_convert },
	{ "diff", "what traffic changes between two sets of rules, and by which rules",
	  "usage: fwrule diff OLD NEW -V VMS [-W NEWVMS] [-R RVMS] [options]\n"
	  "\n"
	  "What traffic is newly allowed, newly blocked or changes its state keeping, VM by VM,\n"
	  "as sets of addresses and ports, each with the rules responsible.  VMs with equal\n"
	  "changes are told together.  OLD and NEW are rules in any format.\n"
	  "\n"
	  "  -V, --vms=FILE          the host's VMs, as `vmadm lookup -j` prints them\n"
	  "  -W, --new-vms=FILE      the VMs that go with NEW, if they changed, too\n"
	  "  -R, --remote-vms=FILE   VMs of other hosts; may be repeated\n"
	  "      --format=FORMAT     text (default), json, or markdown: tables for a merge request\n"
	  "      --ipf-tags          the host has ipf's event log device\n"
	  "      --icmp6=MODE        rfc4890: the rules without which IPv6 fails come first; or none\n"
	  "                          (default); not with -O0\n"
	  "      --new-icmp6=MODE    the same of NEW alone\n"
	  "  -O0 | -O1               what is compared: files of -O0, with what ipf does otherwise\n"
	  "                          than the rules say, or of -O1 and up (default)\n"
	  "  -h, --help\n"
	  "\n"
	  "`-` is standard input.  Exit status: 0 no traffic changes, 1 some does, 2 usage, or\n"
	  "an input that cannot be read or has an error in it, 3 internal error.\n",
	  cmd_diff },
	{ "equiv", "whether two ipf.conf files decide the same for all packets",
	  "usage: fwrule equiv [options] A.conf B.conf\n"
	  "\n"
	  "Proves that two files of ipfilter decide the same for every packet: the verdict, what\n"
	  "state and fragments it keeps, and tags.  If not, shows for each pair of lines that\n"
	  "disagree a packet, what each file makes of it, and by which line.\n"
	  "\n"
	  "      --family=4|6    of the files; by default their addresses tell, and files\n"
	  "                      without any are compared for both\n"
	  "      --max=N         differences to show (default: 10)\n"
	  "      --json          the answer as JSON\n"
	  "  -h, --help\n"
	  "\n"
	  "`-` is standard input.  Exit status: 0 they are equal, 1 they differ, 2 usage, or a\n"
	  "file that cannot be read or has an error in it.\n",
	  cmd_equiv },
	{ "explain", "what becomes of a packet at a VM, by which rule, and why",
	  "usage: fwrule explain -r RULES -V VMS [-R RVMS] --vm=UUID --in|--out --proto=P\n"
	  "                      [--addr=A] [--port=N | --type=T [--code=C]] [options]\n"
	  "\n"
	  "The verdict, the filter line and the rules that decide, the rules that match but come\n"
	  "later, and those that would match but for something, each with a code for programs.\n"
	  "\n"
	  "  -r, --rules=PATH        rules in any format; may be repeated\n"
	  "  -V, --vms=FILE          the host's VMs, as `vmadm lookup -j` prints them\n"
	  "  -R, --remote-vms=FILE   VMs of other hosts; may be repeated\n"
	  "      --vm=UUID           the VM\n"
	  "      --in | --out        whether the packet comes in to it or goes out of it\n"
	  "      --proto=P           tcp, udp, icmp, icmp6, ah, esp, or another by name or number\n"
	  "      --addr=A            the address at the other end; by default one that no rule\n"
	  "                          names, which only rules for `any` match\n"
	  "      --port=N            the destination port, of tcp and udp\n"
	  "      --type=T --code=C   of icmp and icmp6; the code is 0 by default\n"
	  "      --flags=FLAGS       of tcp, of FSRPAUEC (default: S, which opens a connection)\n"
	  "      --ipf-tags          the host has ipf's event log device\n"
	  "      --icmp6=MODE        rfc4890: the rules without which IPv6 fails come first; or none\n"
	  "                          (default); not with -O0\n"
	  "  -O0 | -O1 | -O2 | -O3   the optimisation of the file that is asked (default: -O1)\n"
	  "      --json              everything, as JSON\n"
	  "  -h, --help\n"
	  "\n"
	  "Exit status: 0 done, 1 errors in the input, 2 usage or unreadable input, 3 internal\n"
	  "error: the file and the rules it was made from disagree.\n",
	  cmd_explain },
	{ "fmt", "rule source text in its canonical layout",
	  "usage: fwrule fmt [-w | --check | --diff] [FILE]...\n"
	  "\n"
	  "Writes source files in their canonical layout to standard output: each word in its\n"
	  "usual spelling, a rule on one line or its parts on a line each, long lists one entry\n"
	  "a line.  Comments, attributes, order and meaning stay.\n"
	  "\n"
	  "  -w, --write   replace each file that changes, whole or not at all\n"
	  "      --check   only name the files that would change\n"
	  "      --diff    show what would change\n"
	  "  -h, --help\n"
	  "\n"
	  "`-` and no FILE are standard input.  A file with an error in it is left alone.\n"
	  "Exit status: 0 done, 1 errors in a file, or --check or --diff found one that would\n"
	  "change, 2 usage, or a file that cannot be read or written, 3 internal error.\n",
	  cmd_fmt },
	{ "index", "rules as a file that is searched without being read",
	  "usage: fwrule index build -r RULES... -o FILE\n"
	  "       fwrule index check FILE\n"
	  "\n"
	  "The file can be given wherever rules are read.\n"
	  "\n"
	  "  -r, --rules=PATH   rules in any format; may be repeated\n"
	  "  -o, --output=FILE  written whole or not at all\n"
	  "  -v, --verbose      say how big it is\n"
	  "  -h, --help\n"
	  "\n"
	  "Exit status: 0 done, 1 errors in the rules, 2 usage, or a file that cannot be read or\n"
	  "is damaged.\n",
	  cmd_index },
	{ "lsp", "rules in an editor: findings, layout, hover, completion, fixes",
	  "usage: fwrule lsp [-V VMS] [-R RVMS]...\n"
	  "\n"
	  "A language server (LSP 3.17) on standard input and output, for rule source text:\n"
	  "findings of `fwrule check` as you type, the layout of `fwrule fmt`, what a target\n"
	  "names and a rule compiles to, completion of keywords, tags and VMs, the rule that\n"
	  "covers another, and fixes.\n"
	  "\n"
	  "  -V, --vms=FILE          the host's VMs, as `vmadm lookup -j` prints them\n"
	  "  -R, --remote-vms=FILE   VMs of other hosts; may be repeated\n"
	  "      --stdio             what is done anyway; editors pass it\n"
	  "  -h, --help\n"
	  "\n"
	  "Exit status: 0 the client has ended it, 1 it went away, 2 usage, or no LSP.\n",
	  cmd_lsp },
	{ "parse", "a sentence to its parsed form as JSON",
	  "usage: fwrule parse [options] [RULE | FILE]...\n"
	  "\n"
	  "Prints the parsed form of each sentence, one JSON object a line.  An argument that\n"
	  "names a file is read as rule source text; `-` and no argument are standard input.\n"
	  "\n"
	  "      --fwrule-version=N     refuse features newer than rule version N (1 to 4)\n"
	  "      --enforce-subnet-mask  refuse subnets with bits to the right of the mask\n"
	  "      --json                 errors as JSON on standard output, for programs\n"
	  "      --debug=ast            with the places of everything\n"
	  "  -h, --help\n"
	  "\n"
	  "Exit status: 0 done, 1 a sentence was refused, 2 usage or unreadable input.\n",
	  cmd_parse },
	{ "query", "rules that name an address, a subnet, a tag, a VM, an owner ...",
	  "usage: fwrule query -r RULES... [conditions] [options]\n"
	  "\n"
	  "Conditions of different kinds must all hold; one that is repeated holds for any of\n"
	  "its values.  Without conditions all rules answer.\n"
	  "\n"
	  "      --ip=ADDRESS       an ip target\n"
	  "      --subnet=PREFIX    a subnet target\n"
	  "      --match=MODE       how --ip and --subnet are meant: exact (default); contains\n"
	  "                         (targets that it lies in); within (targets that lie in\n"
	  "                         it); overlaps (either)\n"
	  "      --vm=UUID          a vm target\n"
	  "      --tag=KEY          a tag, whatever its value\n"
	  "      --value=VALUE      of the --tag before it: that value, or the tag alone\n"
	  "      --wildcard=NAME    any, vmall\n"
	  "      --direction=SIDE   look for all those on one side only: from, to\n"
	  "      --owner=UUID       rules of that owner\n"
	  "      --global[=false]   rules without an owner (with one)\n"
	  "      --protocol=NAME  --action=allow|block  --enabled=true|false  --log=true|false\n"
	  "      --port=N           rules whose ports include it\n"
	  "\n"
	  "  -r, --rules=PATH       rules in any format, or an index file; may be repeated\n"
	  "  -f, --format=NAME      text (default), json, jsonl, uuids\n"
	  "      --explain          say which target of a rule matched\n"
	  "      --count            only how many\n"
	  "      --limit=N  --offset=N\n"
	  "      --sort=LIST        of uuid (default), owner_uuid, rule, version, created_by,\n"
	  "                         description, action, protocol, priority, enabled, log; with\n"
	  "                         - before it descending\n"
	  "      --fields=LIST      json: add parsed.action, parsed.ports, parsed.protocol,\n"
	  "                         parsed.tags\n"
	  "  -h, --help\n"
	  "\n"
	  "Exit status: 0 done, 1 errors in the rules, 2 usage or unreadable input.\n",
	  cmd_query },
	{ "rpc", "the toolchain as JSON-RPC 2.0 on standard input and output",
	  "usage: fwrule rpc [options]\n"
	  "\n"
	  "One request and one answer a line.  Methods: parse, create, compile,\n"
	  "load, query, put, remove, and fwadm's operations: add, update, delete, enable, disable,\n"
	  "get, list, vms, rules, getRemoteVM, listRemoteVMs, remoteVMRules, remoteTargets,\n"
	  "validate, start, stop, status, stats.\n"
	  "fwrule(1) lists their parameters and results.\n"
	  "\n"
	  "      --root=DIR        where fwadm's operations find var/fw and the zones (default: /)\n"
	  "      --ipf=PATH        ipf, if it is not in PATH\n"
	  "      --ipfstat=PATH    ipfstat, likewise\n"
	  "  -O0 | -O1 | -O2 | -O3 how short filter files are made (default: what FWADM_OPTIMIZE\n"
	  "                        says, or -O1)\n"
	  "      --log=FILE        add a line of JSON for each of fwadm's operations; `-`: to\n"
	  "                        standard error\n"
	  "  -h, --help\n",
	  cmd_rpc },
	{ "test", "policy tests: whether rules do what is expected of them",
	  "usage: fwrule test [options] FILE...\n"
	  "\n"
	  "A file names rules and VMs, and says what is expected of them, a line each:\n"
	  "\n"
	  "    rules       site.fwrule\n"
	  "    vms         vms.json\n"
	  "    remote-vms  other-hosts.json\n"
	  "    expect allow in  tcp 443 from any to vm web0\n"
	  "    expect block in  tcp 5432 from any to tag \"role\" = \"db\"\n"
	  "    expect allow in  icmp6 135, 136 from fe80::/10 to all vms\n"
	  "    expect block out tcp 25 from all vms to (192.0.2.0/24 or tag \"mail\")\n"
	  "\n"
	  "Each is decided over every packet and every VM it speaks of.  If it does not hold, one\n"
	  "packet is shown, with the VM and the rule that decides.\n"
	  "\n"
	  "      --format=FORMAT   text (default), tap, junit or json\n"
	  "      --coverage        tell which rules no expectation touches\n"
	  "      --icmp6=MODE      rfc4890 or none, as `fwrule compile` has it\n"
	  "  -h, --help\n"
	  "\n"
	  "`-` is standard input.  Exit status: 0 all hold, 1 some do not, or there are errors in\n"
	  "a file, 2 usage or unreadable input.\n",
	  cmd_test },
};
const size_t cmd_count = BASE_COUNT(cmd_table);

int
cmd_help(const char *name)
{
	fputs(program_find(name)->help, stdout);
	return CMD_DONE;
}

int
main(int argc, char **argv)
{
	index_add_input_format();
	return program_run(argc, argv);
}
