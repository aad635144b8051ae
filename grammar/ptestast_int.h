/* SPDX-License-Identifier: MPL-2.0 */
/* What the scanner, the parser and the driver of policy tests share. */
#ifndef FWR_GRAMMAR_PTESTAST_INT_H
#define FWR_GRAMMAR_PTESTAST_INT_H

#include "ptestast.h"

struct ptest_reader {
	struct ast_builder b;
	struct ptest_file *file;
	void *scanner;
	uint32_t open;                  /* parentheses */
	int last;                       /* the token before */
	struct span at;                 /* and where it stands */
	uint32_t end;                   /* of the token before that */
	struct ptest test;              /* being read */
	bool complete;                  /* it is read, but for the end of its line */
	uint32_t errors_before;         /* of its line */
};

union PTEST_YYSTYPE;
int ptest_scan(union PTEST_YYSTYPE *value, void *scanner);
void *ptest_scanner_new(struct ptest_reader *rd);
void ptest_scanner_free(void *scanner);
/* text is writable and ends in two NULs, counted in size. */
void *ptest_scan_text(void *scanner, char *text, size_t size);
void ptest_scan_done(void *scanner, void *buffer);

void ptestast_bad_char(struct ptest_reader *rd, struct span t);
void ptestast_bad_string(struct ptest_reader *rd, struct span t);
/* The names are those of ptest.y. */
void ptestast_syntax_error(struct ptest_reader *rd, const char *found, const char **expected,
    int n);

/* --- building, one call an action --------------------------------------------------- */

void ptestast_rules(struct ptest_reader *rd, struct span path);
void ptestast_vms(struct ptest_reader *rd, struct span path);
void ptestast_remote(struct ptest_reader *rd, struct span path);
void ptestast_begin(struct ptest_reader *rd, struct span expect);
void ptestast_side(struct ptest_reader *rd, enum lang_side side);
/* keyword may be the address itself. */
void ptestast_ip(struct ptest_reader *rd, struct span keyword, struct span addr);
void ptestast_subnet(struct ptest_reader *rd, struct span keyword, struct span addr,
    struct span len);
void ptestast_vm(struct ptest_reader *rd, struct span keyword, struct span name);
void ptestast_done(struct ptest_reader *rd);
/* The end of any line, good or not. */
void ptestast_line(struct ptest_reader *rd);

#endif
