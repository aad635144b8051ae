/* SPDX-License-Identifier: MPL-2.0 */
/*
 * The grammar of the rule language (spec 1), for one sentence and for files of
 * them.
 *
 * A value must be checked exactly when the next token has been read and can
 * follow, so this is LALR without default reductions: a reduction, and with it
 * the ast_ call that checks, happens only on a token of its look-ahead set.
 */
%code top {
#include "grammar/parse_int.h"
}

%define api.pure full
%define api.prefix {rule_yy}
%define api.token.raw
%define lr.type lalr
%define lr.default-reduction accepting
%define parse.error custom
%param { struct parse *px }
%expect 0

%union {
	struct span tok;
	const struct ast_target *target;
}

%code requires {
#include "compiler/lang/ast.h"
struct parse;
}

%code {
static void
rule_yyerror(struct parse *px, const char *text)
{
	(void)px;
	(void)text;
	base_oom(0);    /* only "memory exhausted" comes here: the grammar does not nest */
}

static inline int
rule_yylex(RULE_YYSTYPE *value, struct parse *px)
{
	int token;

	if (!px->plain)
		return parse_token_slow(value, px);
	token = rule_scan(value, px->scanner);
	if (token == RULE_YYEOF)
		value->tok = parse_end_of(px->at);
	px->last = token;
	px->at = value->tok;
	return token;
}

#define B (&px->b)
}

%token <tok> FROM "FROM" TO "TO" IP "IP" SUBNET "SUBNET" ANY "ANY" ALL "ALL" TAG "TAG"
%token <tok> VM "VM" VMS "VMS" OR "OR" AND "AND" BLOCK "BLOCK" ALLOW "ALLOW"
%token <tok> PORT "PORT" PORTS "PORTS" TCP "TCP" UDP "UDP" ICMP "ICMP" ICMP6 "ICMP6"
%token <tok> AH "AH" ESP "ESP" TYPE "TYPE" CODE "CODE" PRIORITY "PRIORITY"
%token <tok> WORD "a word" STRING "a quoted string" IPV4 "an IPv4 address"
%token <tok> IPV6 "an IPv6 address" LENGTH "a prefix length"
%token <tok> ATTRIBUTE "an attribute" BAD_TOKEN "unreadable text"
%token SENTENCE_END "the end of the rule" YYEOF 0 "the end of the text"
%token START_SENTENCE START_FILE
/* Several tokens at once (whole.c), OR and AND behind them included.  No message names them. */
%token <target> TARGET TARGET_OR <tok> PORT_NUMBER PORT_NUMBER_AND
%token LEFT "(" RIGHT ")" COMMA "," EQUAL "=" HYPHEN "-"

%type <tok> string all

%%

start
    : START_SENTENCE sentence
    | START_FILE items
    ;

items
    : %empty
    | items sentence SENTENCE_END   { parse_sentence_done(px); }
    | items ATTRIBUTE               { parse_attribute(px, $2); }
    | items error SENTENCE_END      { parse_sentence_failed(px); yyerrok; }
    ;

sentence
    : from targets to targets action protocol               { ast_end(B); }
    | from targets to targets action protocol priority      { ast_end(B); }
    ;

from
    : FROM                          { ast_begin(B, $1); }
    ;

to
    : TO                            { ast_side_done(B, $1); }
    ;

targets
    : ANY                           { ast_wildcard(B, AST_ANY, $1, $1); }
    | "(" ANY ")"                   { ast_wildcard(B, AST_ANY, $2, $2); }
    | ALL VMS                       { ast_wildcard(B, AST_ALL_VMS, $1, $2); }
    | "(" ALL VMS ")"               { ast_wildcard(B, AST_ALL_VMS, $2, $3); }
    | target
    | "(" target_list ")"
    ;

target_list
    : targets_or target
    ;

targets_or
    : %empty
    | targets_or target OR
    | targets_or TARGET_OR          { ast_target(B, $2); }
    ;

target
    : IP IPV4                       { ast_ip(B, NET_V4, $1, $2); }
    | IP IPV6                       { ast_ip(B, NET_V6, $1, $2); }
    | SUBNET IPV4 LENGTH            { ast_subnet(B, NET_V4, $1, $2, $3); }
    | SUBNET IPV6 LENGTH            { ast_subnet(B, NET_V6, $1, $2, $3); }
    | VM WORD                       { ast_vm(B, $1, $2); }
    | TAG string                    { ast_tag(B, $1, $2, NULL); }
    | TAG string "=" string         { ast_tag(B, $1, $2, &$4); }
    | TARGET                        { ast_target(B, $1); }
    ;

string
    : WORD                          { $$ = $1; }
    | STRING                        { $$ = $1; }
    ;

action
    : ALLOW                         { ast_action(B, LANG_ALLOW, $1); }
    | BLOCK                         { ast_action(B, LANG_BLOCK, $1); }
    ;

protocol
    : port_protocol ports
    | ICMP                          { ast_proto(B, LANG_ICMP, $1); }
      types
    | ICMP6                         { ast_proto(B, LANG_ICMP6, $1); }
      types                         { ast_types_done(B); }
    | AH                            { ast_proto(B, LANG_AH, $1); }
    | ESP                           { ast_proto(B, LANG_ESP, $1); }
    ;

port_protocol
    : TCP                           { ast_proto(B, LANG_TCP, $1); }
    | UDP                           { ast_proto(B, LANG_UDP, $1); }
    ;

ports
    : port
    | PORT all                      { ast_all(B, $2); }
    | "(" PORT all ")"              { ast_all(B, $3); }
    | "(" port_list ")"
    | PORTS range_list              { ast_ports_done(B); }
    ;

all
    : ALL                           { $$ = $1; }
    ;

port_list
    : port
    | ports_and port
    ;

ports_and
    : port_and
    | ports_and port_and
    ;

port_and
    : port AND
    | PORT_NUMBER_AND               { ast_port(B, $1); }
    ;

port
    : PORT WORD                     { ast_port(B, $2); }
    | PORT_NUMBER                   { ast_port(B, $1); }
    ;

range_list
    : range
    | range_list "," range
    ;

range
    : WORD                          { ast_range(B, $1, NULL); }
    | WORD "-" WORD                 { ast_range(B, $1, &$3); }
    ;

types
    : type
    | TYPE all_types
    | "(" TYPE all_types ")"
    | "(" type_list ")"
    ;

/* Apart: it is looked at before a parenthesis is missed, as the reference does. */
all_types
    : ALL                           { ast_all(B, $1); }
    ;

type_list
    : type
    | type_list AND type
    ;

type
    : TYPE type_number
    | TYPE type_number CODE code_number
    ;

type_number
    : WORD                          { ast_type(B, $1); }
    ;

code_number
    : WORD                          { ast_code(B, $1); }
    ;

priority
    : PRIORITY WORD                 { ast_priority(B, $1, $2); }
    ;

%%

/* What was read and what could have been read: the words for it are parse.c's. */
static int
yyreport_syntax_error(const yypcontext_t *context, struct parse *px)
{
	enum { MOST = 40 };
	yysymbol_kind_t kind[MOST];
	const char *expected[MOST];
	int n = yypcontext_expected_tokens(context, kind, MOST), named = 0;

	for (int i = 0; i < n; i++)
		if (kind[i] < YYSYMBOL_TARGET || kind[i] > YYSYMBOL_PORT_NUMBER_AND)
			expected[named++] = yysymbol_name(kind[i]);
	parse_report_syntax(px, yysymbol_name(yypcontext_token(context)), expected, named);
	return 0;
}
