/* SPDX-License-Identifier: MPL-2.0 */
/*
 * The grammar of policy tests.  Values are checked by the functions that check a
 * rule's (ast.h).  Default reductions only where a state has no other action, so an
 * error names only what can follow.
 */
%code top {
#include "grammar/ptestast_int.h"
}

%define api.pure full
%define api.prefix {ptest_yy}
%define api.token.prefix {T_}
%define lr.type lalr
%define lr.default-reduction consistent
%define parse.error custom
%param { struct ptest_reader *rd }
%expect 0

%union {
	struct span tok;
}

%code requires {
#include "grammar/ptestast_int.h"
}

%code provides {
int ptest_yylex(PTEST_YYSTYPE *value, struct ptest_reader *rd);
}

%code {
static void
ptest_yyerror(struct ptest_reader *rd, const char *text)
{
	(void)rd;
	(void)text;
	base_oom(0);    /* only "memory exhausted" comes here: the grammar does not nest */
}

#define B (&rd->b)
}

%token <tok> RULES "rules" VM_FILES "vms" REMOTE_VMS "remote-vms" EXPECT "expect"
%token <tok> ALLOW "allow" BLOCK "block" IN "in" OUT "out" TCP "tcp" UDP "udp" ICMP "icmp"
%token <tok> ICMP6 "icmp6" AH "ah" ESP "esp" PORT "port" TYPE "type" CODE "code" FROM "from"
%token <tok> TO "to" ANY "any" ALL "all" VMS "VMS" VM "vm" TAG "tag" IP "ip" SUBNET "subnet"
%token <tok> OR "or" PATH "a path" WORD "a word" STRING "a quoted string"
%token <tok> IPV4 "an IPv4 address" IPV6 "an IPv6 address" LENGTH "a prefix length"
%token <tok> BAD "unreadable text" EOL "the end of the line"
%token <tok> '(' "(" ')' ")" ',' "," '=' "=" '-' "-"
%token YYEOF 0 "the end of the file"

%type <tok> name address

%%

file
    : %empty
    | file line
    ;

line
    : statement EOL                 { ptestast_line(rd); }
    | error EOL                     { ptestast_line(rd); yyerrok; }
    ;

statement
    : RULES rules
    | VM_FILES vms
    | REMOTE_VMS remote
    | expect action direction protocol from side to side
				    { ptestast_done(rd); }
    ;

rules
    : PATH                          { ptestast_rules(rd, $1); }
    | rules PATH                    { ptestast_rules(rd, $2); }
    ;

vms
    : PATH                          { ptestast_vms(rd, $1); }
    | vms PATH                      { ptestast_vms(rd, $2); }
    ;

remote
    : PATH                          { ptestast_remote(rd, $1); }
    | remote PATH                   { ptestast_remote(rd, $2); }
    ;

expect
    : EXPECT                        { ptestast_begin(rd, $1); }
    ;

action
    : ALLOW                         { ast_action(B, LANG_ALLOW, $1); }
    | BLOCK                         { ast_action(B, LANG_BLOCK, $1); }
    ;

direction
    : IN                            { rd->test.out = false; }
    | OUT                           { rd->test.out = true; }
    ;

protocol
    : port_protocol ports
    | type_protocol types
    | AH                            { ast_proto(B, LANG_AH, $1); }
    | ESP                           { ast_proto(B, LANG_ESP, $1); }
    ;

port_protocol
    : TCP                           { ast_proto(B, LANG_TCP, $1); }
    | UDP                           { ast_proto(B, LANG_UDP, $1); }
    ;

type_protocol
    : ICMP                          { ast_proto(B, LANG_ICMP, $1); }
    | ICMP6                         { ast_proto(B, LANG_ICMP6, $1); }
    ;

ports
    : %empty
    | port_list
    | PORT port_list
    ;

port_list
    : ALL                           { ast_all(B, $1); }
    | port_items
    ;

port_items
    : port_item
    | port_items ',' port_item
    ;

port_item
    : WORD                          { ast_range(B, $1, NULL); }
    | WORD '-' WORD                 { ast_range(B, $1, &$3); }
    ;

types
    : %empty
    | type_list
    | TYPE type_list
    ;

type_list
    : ALL                           { ast_all(B, $1); }
    | type_items
    ;

type_items
    : type
    | type_items ',' type
    | type_items ',' TYPE type
    ;

type
    : type_number
    | type_number CODE WORD         { ast_code(B, $3); }
    ;

type_number
    : WORD                          { ast_type(B, $1); }
    ;

from
    : FROM                          { ptestast_side(rd, LANG_FROM); }
    ;

to
    : TO                            { ptestast_side(rd, LANG_TO); }
    ;

side
    : target
    | '(' targets ')'
    ;

targets
    : target
    | targets OR target
    ;

target
    : ANY                           { ast_wildcard(B, AST_ANY, $1, $1); }
    | ALL VMS                       { ast_wildcard(B, AST_ALL_VMS, $1, $2); }
    | address                       { ptestast_ip(rd, $1, $1); }
    | address LENGTH                { ptestast_subnet(rd, $1, $1, $2); }
    | IP address                    { ptestast_ip(rd, $1, $2); }
    | SUBNET address LENGTH         { ptestast_subnet(rd, $1, $2, $3); }
    | VM name                       { ptestast_vm(rd, $1, $2); }
    | TAG name                      { ast_tag(B, $1, $2, NULL); }
    | TAG name '=' name             { ast_tag(B, $1, $2, &$4); }
    ;

address
    : IPV4                          { $$ = $1; }
    | IPV6                          { $$ = $1; }
    ;

name
    : WORD                          { $$ = $1; }
    | STRING                        { $$ = $1; }
    ;

%%

/* What was read and what could have been read: the words for it are ptestast.c's. */
static int
yyreport_syntax_error(const yypcontext_t *context, struct ptest_reader *rd)
{
	enum { MOST = 40 };
	yysymbol_kind_t kind[MOST];
	const char *expected[MOST];
	int n = yypcontext_expected_tokens(context, kind, MOST);

	for (int i = 0; i < n; i++)
		expected[i] = yysymbol_name(kind[i]);
	ptestast_syntax_error(rd, yysymbol_name(yypcontext_token(context)), expected, n);
	return 0;
}
