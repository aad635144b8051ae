/* SPDX-License-Identifier: MPL-2.0 */
/* Every diagnostic of the ipf.conf reader, with its exact text, place and help. */
#include "tests/ipf-doc.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

/* The line of the message and, where there is one, of the help. */
static const struct {
	const char *text, *want;
} errors[] = {
	{ "pass in all", "f:1:12: error: the last line does not end in a newline [E0606]\n"
	    "help: put a newline at the end of the file\n" },
	{ "# x", "f:1:4: error: the last line does not end in a newline [E0606]\n"
	    "help: put a newline at the end of the file\n" },
	{ "\n \n\t\n", "f:1:1: error: the file holds only blank lines, which ipf takes for a "
	    "syntax error [E0607]\nhelp: an empty file loads, and so does one with a comment\n" },
	{ "pass in\n", "f:1:8: error: expected log, quick, proto, all or from, found the end of "
	    "the line [E0601]\n" },
	{ "pass all\n", "f:1:6: error: expected in or out, found all [E0601]\n" },
	{ "permit in all\n", "f:1:1: error: expected pass, block or @, found \"permit\" [E0601]\n"
	    "help: a line is: pass|block in|out [quick] [proto P] all | from ADDRESS [port] to "
	    "ADDRESS [port] ...\n" },
	{ "blok in all\n", "f:1:1: error: expected pass, block or @, found \"blok\" [E0601]\n"
	    "help: did you mean block?\n" },
	{ "pass in quick log all\n", "f:1:15: error: expected proto, all or from, found log "
	    "[E0601]\nhelp: the order is: pass|block in|out log quick proto\n" },
	{ "pass in all keep stat\n", "f:1:18: error: expected state or frags, found \"stat\" "
	    "[E0601]\nhelp: did you mean state?\n" },
	{ "pass in all head a keep state\n", "f:1:20: error: expected group, set-tag or the end of "
	    "the line, found keep [E0601]\nhelp: the order is: flags, icmp-type, keep, head, "
	    "group, set-tag\n" },
	{ "pass in from 10/8 to any\n",
	    "f:1:14: error: expected any, an address or !, found \"10\" "
	    "[E0601]\nhelp: an address is written with all its parts: 10.0.0.0/8\n" },
	{ "pass in from gw to any\n", "f:1:14: error: expected any, an address or !, found \"gw\" "
	    "[E0601]\nhelp: names are not looked up: write the address\n" },
	{ "pass in from any to any port\n", "f:1:29: error: expected =, !=, <, <=, >, >=, a number "
	    "or a word, found the end of the line [E0601]\n" },
	{ "pass in all pass in all\n", "f:1:13: error: expected flags, icmp-type, keep, head, "
	    "group, set-tag or the end of the line, found pass [E0601]\n" },
	{ "pass in all;\n", "f:1:12: error: unexpected character \";\" [E0602]\n"
	    "help: the end of the line ends a rule\n" },
	{ "pass in \\\nall\n", "f:1:9: error: unexpected character \"\\\" [E0602]\n"
	    "help: a rule stands on one line\n"
	    "f:2:1: error: expected pass, block or @, found all [E0601]\n"
	    "help: a line is: pass|block in|out [quick] [proto P] all | from ADDRESS [port] to "
	    "ADDRESS [port] ...\n" },
	{ "pass in from $x to any\n", "f:1:14: error: unexpected character \"$\" [E0602]\n"
	    "help: variables are not read: write their values\n" },
	{ "pass in from fe80::1%eth0 to any\n", "f:1:21: error: unexpected character \"%\" "
	    "[E0602]\nhelp: an address has no zone index here\n" },
	{ "pass in \xc3\xa9 all\n", "f:1:9: error: unexpected character \"\xc3\xa9\" [E0602]\n" },
	{ "pass in \x1b all\n", "f:1:9: error: unexpected character \"\\u001b\" [E0602]\n" },
	{ "pass in on le0 all\n",
	    "f:1:9: error: \"on\" is not evaluated here: a packet's interface "
	    "is not known [E0603]\n" },
	{ "pass in quick on le0 all\n", "f:1:15: error: \"on\" is not evaluated here: a packet's "
	    "interface is not known [E0603]\n" },
	{ "pass in all with opt lsrr\n", "f:1:13: error: \"with\" is not evaluated here: this part "
	    "of a packet is not looked at [E0603]\n" },
	{ "block return-rst in all\n", "f:1:7: error: \"return-rst\" is not evaluated here: an "
	    "answer to the sender is no part of a verdict [E0603]\n" },
	{ "auth in all\n", "f:1:1: error: \"auth\" is not evaluated here: its verdict is found "
	    "elsewhere [E0603]\n" },
	{ "call fr_x in all\n",
	    "f:1:1: error: \"call\" is not evaluated here: its verdict is found "
	    "elsewhere [E0603]\n" },
	{ "count in all\n",
	    "f:1:1: error: \"count\" is not evaluated here: as an action it decides "
	    "nothing by itself [E0603]\n" },
	{ "skip 3 in all\n", "f:1:1: error: \"skip\" is not evaluated here: lines that are jumped "
	    "over are not followed [E0603]\n" },
	{ "log in all\n", "f:1:1: error: \"log\" is not evaluated here: as an action it decides "
	    "nothing [E0603]\n" },
	{ "pass in to le1 all\n", "f:1:9: error: \"to\" is not evaluated here: where a packet is "
	    "sent is no part of its verdict [E0603]\n" },
	{ "pass in quick fastroute all\n", "f:1:15: error: \"fastroute\" is not evaluated here: "
	    "where a packet is sent is no part of its verdict [E0603]\n" },
	{ "pass in tos 8 all\n", "f:1:9: error: \"tos\" is not evaluated here: this part of a "
	    "packet is not looked at [E0603]\n" },
	{ "pass in from <thishost> to any\n",
	    "f:1:14: error: \"<thishost>\" is not evaluated here: "
	    "the addresses of a host are not known [E0603]\n" },
	{ "pass in from pool/13 to any\n", "f:1:14: error: \"pool\" is not evaluated here: pools "
	    "are not known [E0603]\n" },
	{ "pass in from (1.1.1.1, 2.2.2.2) to any\n", "f:1:14: error: \"(\" is not evaluated here: "
	    "write one line for each member of the list [E0603]\n" },
	{ "pass in proto udp from any to any port = (1,2)\n", "f:1:42: error: \"(\" is not "
	    "evaluated here: write one line for each member of the list [E0603]\n" },
	{ "pass in from 1.2.3 to any\n", "f:1:14: error: address \"1.2.3\" is invalid [E0608]\n" },
	{ "pass in from 01.2.3.4 to any\n",
	    "f:1:14: error: address \"01.2.3.4\" is invalid [E0608]\n" },
	{ "pass in from 1::2::3 to any\n", "f:1:14: error: address \"1::2::3\" is invalid "
	    "[E0608]\n" },
	{ "pass in from 1.2.3.4/8 mask 255.0.0.0 to any\n",
	    "f:1:14: error: address \"1.2.3.4/8\" is invalid [E0608]\n" },
	{ "pass in from 1.2.3.4/33 to any\n", "f:1:14: error: the prefix length of \"1.2.3.4/33\" "
	    "is invalid: an IPv4 address has 32 bits [E0609]\n" },
	{ "pass in from ::1/129 to any\n", "f:1:14: error: the prefix length of \"::1/129\" is "
	    "invalid: an IPv6 address has 128 bits [E0609]\n" },
	{ "pass in from 1.2.3.4/2a to any\n", "f:1:14: error: the prefix length of \"1.2.3.4/2a\" "
	    "is invalid: an IPv4 address has 32 bits [E0609]\n" },
	{ "pass in from 1.2.3.4/255.0.255.0 to any\n", "f:1:14: error: netmask \"255.0.255.0\" is "
	    "not supported [E0610]\nhelp: a netmask here is ones and then zeros, such as "
	    "255.255.255.0\n" },
	{ "pass in from 1.2.3.4/0x1ffffffff to any\n", "f:1:14: error: netmask \"0x1ffffffff\" is "
	    "not supported [E0610]\nhelp: a netmask here is ones and then zeros, such as "
	    "255.255.255.0\n" },
	{ "pass in from fe80::1 mask 255.0.0.0 to any\n", "f:1:14: error: netmask \"255.0.0.0\" is "
	    "not supported [E0610]\nhelp: an IPv6 prefix is written ADDRESS/LENGTH\n" },
	{ "pass in from 1.1.1.1 to any\npass in from ::1 to any\n",
	    "f:2:14: error: an IPv6 address "
	    "in a file for IPv4 [E0611]\nnote: this made it a file for IPv4\n"
	    "help: IPv4 lines belong in ipf.conf, IPv6 lines in ipf6.conf\n" },
	{ "pass in proto ipv6-icmp all icmp-type 1\npass in proto icmp all icmp-type 1\n",
	    "f:2:24: error: a type of icmp in a file for IPv6 [E0611]\nnote: this made it a file "
	    "for IPv6\nhelp: IPv4 lines belong in ipf.conf, IPv6 lines in ipf6.conf\n" },
	{ "pass in proto tpc all\n", "f:1:15: error: unknown protocol \"tpc\" [E0612]\n"
	    "help: did you mean tcp?\n" },
	{ "pass in proto wireguard all\n", "f:1:15: error: unknown protocol \"wireguard\" "
	    "[E0612]\nhelp: a protocol may be written as its number\n" },
	{ "pass in proto 256 all\n", "f:1:15: error: unknown protocol \"256\" [E0612]\n" },
	{ "pass in proto tcp from any to any port = 65536\n",
	    "f:1:42: error: port \"65536\" is not a number from 0 to 65535 [E0613]\n" },
	{ "pass in proto tcp from any to any port = ssh\n", "f:1:42: error: port \"ssh\" is not a "
	    "number from 0 to 65535 [E0613]\nhelp: names are not looked up: ssh is usually 22\n" },
	{ "pass in proto tcp from any to any port 1 : x\n", "f:1:44: error: port \"x\" is not a "
	    "number from 0 to 65535 [E0613]\nhelp: names are not looked up: write the number\n" },
	{ "pass in proto icmp all icmp-type ecco\n", "f:1:34: error: unknown ICMP type \"ecco\" "
	    "[E0614]\nhelp: did you mean echo?\n" },
	{ "pass in proto icmp all icmp-type 256\n", "f:1:34: error: unknown ICMP type \"256\" "
	    "[E0614]\n" },
	{ "pass in proto ipv6-icmp all icmp-type squench\n",
	    "f:1:39: error: unknown ICMP type \"squench\" [E0614]\n" },
	{ "pass in proto icmp all icmp-type 3 code 256\n", "f:1:41: error: unknown ICMP code "
	    "\"256\" [E0615]\n" },
	{ "pass in proto ipv6-icmp all icmp-type 1 code port-unr\n", "f:1:46: error: unknown ICMP "
	    "code \"port-unr\" [E0615]\n" },
	{ "pass in from any to any port = 80\n",
	    "f:1:32: error: port goes only with proto tcp, udp "
	    "or tcp/udp [E0616]\n" },
	{ "pass in proto udp all flags S\n", "f:1:23: error: flags goes only with proto tcp "
	    "[E0616]\n" },
	{ "pass in proto udp all icmp-type 8\n", "f:1:23: error: icmp-type goes only with proto "
	    "icmp or ipv6-icmp [E0616]\n" },
	{ "pass in proto tcp all flags SX\n", "f:1:29: error: TCP flags \"SX\" are invalid "
	    "[E0617]\nhelp: the letters are FSRPAUEC\n" },
	{ "pass in proto tcp all flags 2/256\n", "f:1:31: error: TCP flags \"256\" are invalid "
	    "[E0617]\nhelp: the letters are FSRPAUEC\n" },
	{ "pass in all keep state (fast)\n", "f:1:25: error: \"fast\" is no option of keep state "
	    "[E0618]\n" },
	{ "pass in all keep state (limit)\n", "f:1:25: error: \"limit\" is no option of keep state "
	    "[E0618]\n" },
	{ "pass in all keep frags (sync)\n", "f:1:25: error: \"sync\" is no option of keep frags "
	    "[E0618]\n" },
	{ "pass in all keep state keep state\n", "f:1:29: error: keep state stands twice "
	    "[E0619]\n" },
	{ "pass in all keep state (sync, sync)\n", "f:1:31: error: option sync stands twice "
	    "[E0619]\n" },
	{ "pass in all set-tag(cfwlog, cfwlog)\n", "f:1:29: error: tag cfwlog stands twice "
	    "[E0619]\n" },
	{ "pass in all head a234567890123456\n",
	    "f:1:18: error: group name \"a234567890123456\" is "
	    "longer than 15 characters [E0620]\n" },
	{ "pass in all head 0\n", "f:1:18: error: group 0 is the main list and has no head "
	    "[E0621]\n" },
	{ "pass in all group a\n", "f:1:19: error: no line above heads group \"a\" [E0622]\n"
	    "help: a line with head a must come before the lines of the group\n" },
	{ "pass in all head a group a\n", "f:1:26: error: no line above heads group \"a\" "
	    "[E0622]\nhelp: a line with head a must come before the lines of the group\n" },
	{ "pass in all head a\npass out all group a\n", "f:2:20: error: group \"a\" is for packets "
	    "going in, not out [E0623]\nnote: its head\nhelp: a group serves one direction: use "
	    "another name for the other\n" },
	{ "pass in all head a\npass out all head a\n", "f:2:19: error: group \"a\" is for packets "
	    "going in, not out [E0623]\nnote: its head\nhelp: a group serves one direction: use "
	    "another name for the other\n" },
	{ "pass in all head a\npass in all head b group a\npass in all head a group b\n",
	    "f:1:18: error: group \"a\" stands within itself [E0624]\n" },
	{ "pass in all set-tag(log=1)\n", "f:1:21: error: unknown tag \"log\" [E0627]\n"
	    "help: known are uuid=UUID and cfwlog\n" },
	{ "pass in all set-tag(uuid)\n", "f:1:21: error: unknown tag \"uuid\" [E0627]\n"
	    "help: known are uuid=UUID and cfwlog\n" },
	{ "pass in all set-tag(uuid=382d3efc)\n", "f:1:26: error: UUID \"382d3efc\" is invalid "
	    "[E0628]\n" },
	{ "pass in all\n@1 pass in all\n", "f:2:1: error: the line would go before others: @1, and "
	    "1 stand above it [E0629]\nhelp: move the line to its place and leave out @1\n" },
	/* It goes on, one syntax error a line, and a head on a bad line is not missed below. */
	{ "pass in on le0 all head a\npass in all group a\nblock x x x\npass in all\n",
	    "f:1:9: error: \"on\" is not evaluated here: a packet's interface is not known "
	    "[E0603]\n"
	    "f:3:7: error: expected in or out, found \"x\" [E0601]\n" },
};

/* Of the printed diagnostics the lines with texts: no excerpts, no places of notes. */
static void
strip(struct buf *out, const char *printed)
{
	while (*printed) {
		size_t n = strcspn(printed, "\n") + 1;
		const char *note = memmem(printed, n, "note: ", 6);

		if (strncmp(printed, "f:", 2) == 0)
			buf_add(out, printed, n);
		else if (strncmp(printed, "      help: ", 12) == 0)
			buf_add(out, printed + 6, n - 6);
		else if (strncmp(printed, "      f:", 8) == 0 && note)
			buf_add(out, note, n - (size_t)(note - printed));
		printed += n;
	}
	buf_char(out, '\0');
}

static void
test_errors(void **state)
{
	(void)state;
	for (size_t i = 0; i < BASE_COUNT(errors); i++) {
		struct buf got = { 0 };
		struct doc d;

		doc_read(&d, slice_of(errors[i].text), 0);
		strip(&got, d.printed.p);
		assert_string_equal(got.p, errors[i].want);
		assert_false(d.good);
		buf_free(&got);
		doc_free(&d);
	}
}

static void
test_caret(void **state)
{
	struct doc d;

	(void)state;
	doc_read(&d, slice_of("# x\npass in proto tcp from any to any port = www\n"), 0);
	assert_string_equal(d.printed.p,
	    "f:2:42: error: port \"www\" is not a number from 0 to 65535 [E0613]\n"
	    "    2 | pass in proto tcp from any to any port = www\n"
	    "      |                                          ^~~\n"
	    "      help: names are not looked up: www is usually 80\n");
	doc_free(&d);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_errors),
		cmocka_unit_test(test_caret),
	};

	return cmocka_run_group_tests_name("ipf-diag", tests, NULL, NULL);
}
