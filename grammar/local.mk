# SPDX-License-Identifier: MPL-2.0
# Scanner and parser of one grammar share a name, so the rules stand here in full
# and not with automake's own, which would give both the same output file.
noinst_LTLIBRARIES += libgrammar.la

libgrammar_la_SOURCES = \
	grammar/ipfast.c grammar/ipfast.h grammar/ipfast_int.h \
	grammar/ipfgroup.c \
	grammar/ipfnames.c \
	grammar/ipfread.c \
	grammar/parse.c grammar/parse.h grammar/parse_int.h \
	grammar/pieces.c \
	grammar/ptestast.c grammar/ptestast.h grammar/ptestast_int.h
nodist_libgrammar_la_SOURCES = \
	grammar/ipf.tab.c grammar/ipf.h grammar/ipf.lex.c \
	grammar/ptest.tab.c grammar/ptest.h grammar/ptest.lex.c \
	grammar/rule.tab.c grammar/rule.h grammar/rule.lex.c

EXTRA_DIST += grammar/ipf.y grammar/ipf.l grammar/ptest.y grammar/ptest.l grammar/rule.y grammar/rule.l
BUILT_SOURCES += grammar/ipf.h grammar/ptest.h grammar/rule.h
CLEANFILES += grammar/ipf.tab.c grammar/ipf.h grammar/ipf.lex.c
CLEANFILES += grammar/ptest.tab.c grammar/ptest.h grammar/ptest.lex.c
CLEANFILES += grammar/rule.tab.c grammar/rule.h grammar/rule.lex.c

grammar/rule.tab.c: $(srcdir)/grammar/rule.y
	$(AM_V_YACC)$(MKDIR_P) grammar && $(BISON) -Wall -Wno-yacc -Werror --header=grammar/rule.h \
	    -o $@ $(srcdir)/grammar/rule.y

grammar/rule.h: grammar/rule.tab.c
	@test -f $@ || { rm -f grammar/rule.tab.c; $(MAKE) grammar/rule.tab.c; }

# flex 2.6.4 ends a "fast" table with what the last states hold, and the scanner looks up
# every class of characters: where there is nothing, zeros say so.  A scanner that backs up
# is refused: it remembers at every character where to.
grammar/rule.lex.c: $(srcdir)/grammar/rule.l grammar/rule.h
	$(AM_V_LEX)$(MKDIR_P) grammar && $(LEX) -o $@ $(srcdir)/grammar/rule.l
	@sed 's/yy_transition\[\([0-9]*\)\] =/yy_transition[\1 + 256] =/' $@ >$@.t && \
	    grep -q 'yy_transition\[[0-9]* + 256\] =' $@.t && \
	    ! grep -q 'yy_last_accepting_cpos = yy_cp' $@.t && mv $@.t $@ || { rm -f $@ $@.t; exit 1; }

grammar/ipf.tab.c: $(srcdir)/grammar/ipf.y
	$(AM_V_YACC)$(MKDIR_P) grammar && $(BISON) -Wall -Wno-yacc -Werror --header=grammar/ipf.h \
	    -o $@ $(srcdir)/grammar/ipf.y

grammar/ipf.h: grammar/ipf.tab.c
	@test -f $@ || { rm -f grammar/ipf.tab.c; $(MAKE) grammar/ipf.tab.c; }

grammar/ipf.lex.c: $(srcdir)/grammar/ipf.l grammar/ipf.h
	$(AM_V_LEX)$(MKDIR_P) grammar && $(LEX) -o $@ $(srcdir)/grammar/ipf.l

grammar/ptest.tab.c: $(srcdir)/grammar/ptest.y
	$(AM_V_YACC)$(MKDIR_P) grammar && $(BISON) -Wall -Wno-yacc -Werror --header=grammar/ptest.h \
	    -o $@ $(srcdir)/grammar/ptest.y

grammar/ptest.h: grammar/ptest.tab.c
	@test -f $@ || { rm -f grammar/ptest.tab.c; $(MAKE) grammar/ptest.tab.c; }

grammar/ptest.lex.c: $(srcdir)/grammar/ptest.l grammar/ptest.h
	$(AM_V_LEX)$(MKDIR_P) grammar && $(LEX) -o $@ $(srcdir)/grammar/ptest.l
