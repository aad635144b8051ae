/* SPDX-License-Identifier: MPL-2.0 */
/*
 * The grammar of ipf.conf (ipf(5)), as far as a line's verdict can be told from
 * the packet alone; one line is one rule.  What ipf knows besides is no token
 * here: ipfast_syntax_error names it.
 *
 * Default reductions only where a state has no other action: a line is done with
 * its newline, before the next token, and an error names only what can follow.
 * Lines without a rule do not get here (ipfread.c).
 */
%code top {
#include "grammar/ipfast_int.h"
}

%define api.pure full
%define api.prefix {ipf_yy}
%define api.token.prefix {T_}
%define lr.type lalr
%define lr.default-reduction consistent
%define parse.error custom
%param { struct ipf_reader *rd }
%expect 0

%union {
	struct ipf_token tok;
}

%code requires {
#include "grammar/ipfast_int.h"
}

%code provides {
int ipf_yylex(IPF_YYSTYPE *value, struct ipf_reader *rd);
}

%code {
static void
ipf_yyerror(struct ipf_reader *rd, const char *text)
{
	(void)rd;
	(void)text;
	base_oom(0);    /* only "memory exhausted" comes here: the grammar does not nest */
}
}

%token <tok> PASS "pass" BLOCK "block" IN "in" OUT "out" LOG "log" BODY "body" FIRST "first"
%token <tok> LEVEL "level" QUICK "quick" PROTO "proto" ALL "all" FROM "from" TO "to" ANY "any"
%token <tok> MASK "netmask" PORT "port" FLAGS "flags" ICMP_TYPE "icmp-type" CODE "code"
%token <tok> KEEP "keep" STATE "state" FRAGS "frags" HEAD "head" GROUP "group" SET_TAG "set-tag"
%token <tok> EQ "=" NE "!=" LT "<" LE "<=" GT ">" GE ">=" INSIDE "><" OUTSIDE "<>"
%token <tok> NUMBER "a number" HEX "a hexadecimal number" ADDRESS "an address" WORD "a word"
%token <tok> BAD "unreadable text" EOL "the end of the line"
%token <tok> ':' ":" ',' "," '(' "(" ')' ")" '!' "!" '@' "@" '/' "/"
%token YYEOF 0 "the end of the file"

%type <tok> mask number_or_word tag_name

%%

file
    : %empty
    | file line
    ;

line
    : rule EOL                      { ipfast_line_done(rd); }
    | error EOL                     { ipfast_line_failed(rd); yyerrok; }
    ;

rule
    : insert action direction log quick proto hosts flags icmp keeps head group tag
    ;

insert
    : %empty
    | '@' NUMBER                    { ipfast_insert(rd, $1, $2); }
    ;

action
    : PASS                          { ipfast_action(rd, IPF_PASS); }
    | BLOCK                         { ipfast_action(rd, IPF_BLOCK); }
    ;

direction
    : IN                            { ipfast_dir(rd, IPF_IN); }
    | OUT                           { ipfast_dir(rd, IPF_OUT); }
    ;

log
    : %empty
    | LOG log_options               { ipfast_log(rd); }
    | LOG log_options LEVEL WORD    { ipfast_log(rd); }
    ;

log_options
    : %empty
    | log_options BODY
    | log_options FIRST
    ;

quick
    : %empty
    | QUICK                         { ipfast_quick(rd); }
    ;

proto
    : %empty
    | PROTO WORD                    { ipfast_proto(rd, $2); }
    | PROTO NUMBER                  { ipfast_proto_number(rd, $2); }
    ;

hosts
    : ALL                           { ipfast_all(rd, $1); }
    | from address port to address port
    ;

from
    : FROM                          { ipfast_side(rd, IPF_SRC); }
    ;

to
    : TO                            { ipfast_side(rd, IPF_DST); }
    ;

address
    : place
    | '!' place                     { ipfast_not(rd, $1); }
    ;

place
    : ANY                           { ipfast_any(rd, $1); }
    | ADDRESS                       { ipfast_address(rd, $1); }
    | ADDRESS MASK mask             { ipfast_masked(rd, $1, $3); }
    ;

mask
    : ADDRESS
    | HEX
    ;

port
    : %empty
    | PORT EQ number_or_word        { ipfast_port(rd, IPF_PORT_EQ, $3); }
    | PORT NE number_or_word        { ipfast_port(rd, IPF_PORT_NE, $3); }
    | PORT LT number_or_word        { ipfast_port(rd, IPF_PORT_LT, $3); }
    | PORT LE number_or_word        { ipfast_port(rd, IPF_PORT_LE, $3); }
    | PORT GT number_or_word        { ipfast_port(rd, IPF_PORT_GT, $3); }
    | PORT GE number_or_word        { ipfast_port(rd, IPF_PORT_GE, $3); }
    | PORT number_or_word ':' number_or_word
				    { ipfast_ports(rd, IPF_PORT_RANGE, $2, $4); }
    | PORT number_or_word INSIDE number_or_word
				    { ipfast_ports(rd, IPF_PORT_INSIDE, $2, $4); }
    | PORT number_or_word OUTSIDE number_or_word
				    { ipfast_ports(rd, IPF_PORT_OUTSIDE, $2, $4); }
    ;

number_or_word
    : NUMBER
    | WORD
    ;

flags
    : %empty
    | FLAGS number_or_word          { ipfast_flags(rd, $1, &$2, NULL); }
    | FLAGS '/' number_or_word      { ipfast_flags(rd, $1, NULL, &$3); }
    | FLAGS number_or_word '/' number_or_word
				    { ipfast_flags(rd, $1, &$2, &$4); }
    ;

icmp
    : %empty
    | type
    | type CODE number_or_word      { ipfast_code(rd, $3); }
    ;

type
    : ICMP_TYPE number_or_word      { ipfast_type(rd, $1, $2); }
    ;

keeps
    : %empty
    | keeps keep
    | keeps keep '(' keep_options ')'
    ;

keep
    : KEEP STATE                    { ipfast_keep_state(rd, $2); }
    | KEEP FRAGS                    { ipfast_keep_frags(rd, $2); }
    ;

keep_options
    : keep_option
    | keep_options ',' keep_option
    ;

keep_option
    : WORD                          { ipfast_keep_option(rd, $1, NULL, NULL); }
    | WORD NUMBER                   { ipfast_keep_option(rd, $1, &$2, NULL); }
    | WORD NUMBER '/' NUMBER        { ipfast_keep_option(rd, $1, &$2, &$4); }
    ;

head
    : %empty
    | HEAD number_or_word           { ipfast_head(rd, $2); }
    ;

group
    : %empty
    | GROUP number_or_word          { ipfast_group(rd, $2); }
    ;

tag
    : %empty
    | SET_TAG '(' tag_items ')'     { ipfast_tag(rd); }
    ;

tag_items
    : tag_item
    | tag_items ',' tag_item
    ;

tag_item
    : tag_name                      { ipfast_tag_item(rd, $1, NULL); }
    | tag_name EQ number_or_word    { ipfast_tag_item(rd, $1, &$3); }
    ;

tag_name
    : WORD
    | LOG
    ;

%%

/* What was read and what could have been read: the words for it are ipfread.c's. */
static int
yyreport_syntax_error(const yypcontext_t *context, struct ipf_reader *rd)
{
	enum { MOST = 40 };
	yysymbol_kind_t kind[MOST];
	const char *expected[MOST];
	int n = yypcontext_expected_tokens(context, kind, MOST);

	for (int i = 0; i < n; i++)
		expected[i] = yysymbol_name(kind[i]);
	ipfast_syntax_error(rd, yysymbol_name(yypcontext_token(context)), expected, n);
	return 0;
}
