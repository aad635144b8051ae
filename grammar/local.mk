# SPDX-License-Identifier: MPL-2.0
# Scanner and parser of one grammar share a name, so the rules stand here in full
# and not with automake's own, which would give both the same output file.
noinst_LTLIBRARIES += libgrammar.la

libgrammar_la_SOURCES = grammar/parse.c grammar/parse.h grammar/parse_int.h
nodist_libgrammar_la_SOURCES = grammar/rule.tab.c grammar/rule.h grammar/rule.lex.c

EXTRA_DIST += grammar/rule.y grammar/rule.l
BUILT_SOURCES += grammar/rule.h
CLEANFILES += grammar/rule.tab.c grammar/rule.h grammar/rule.lex.c

grammar/rule.tab.c: $(srcdir)/grammar/rule.y
	$(AM_V_YACC)$(MKDIR_P) grammar && $(BISON) -Wall -Wno-yacc -Werror --header=grammar/rule.h \
	    -o $@ $(srcdir)/grammar/rule.y

grammar/rule.h: grammar/rule.tab.c
	@test -f $@ || { rm -f grammar/rule.tab.c; $(MAKE) grammar/rule.tab.c; }

grammar/rule.lex.c: $(srcdir)/grammar/rule.l grammar/rule.h
	$(AM_V_LEX)$(MKDIR_P) grammar && $(LEX) -o $@ $(srcdir)/grammar/rule.l
