# SPDX-License-Identifier: MPL-2.0
# Tests run in the build folder, with srcdir set by automake.  FWRULE may name
# another program to test.

# --- modules ------------------------------------------------------------------
check_PROGRAMS += tests/keyword-test
TESTS += $(check_PROGRAMS)

tests_cflags = $(AM_CFLAGS) $(CMOCKA_CFLAGS)
tests_ldadd = libruntime.la $(CMOCKA_LIBS)

tests_keyword_test_SOURCES = tests/keyword-test.c
tests_keyword_test_CFLAGS = $(tests_cflags)
tests_keyword_test_LDADD = $(tests_ldadd)

# --- the programs and the documents ---------------------------------------------
tests_scripts = \
	tests/completion-test.sh \
	tests/diagnostics-test.sh \
	tests/golden-test.sh \
	tests/include-order.sh \
	tests/manual-test.sh \
	tests/readme-test.sh

TESTS += $(tests_scripts)
dist_noinst_SCRIPTS += $(tests_scripts) tests/run-fuzz.sh
EXTRA_DIST += tests/golden tests/extract.awk

# --- targets --------------------------------------------------------------------
# Rewrites what golden tests expect; read the difference before it is committed.
update-golden: all
	UPDATE_GOLDEN=1 srcdir=$(srcdir) $(srcdir)/tests/golden-test.sh

# The whole test suite with AddressSanitizer, UndefinedBehaviorSanitizer and leaks.
check-asan:
	@$(MKDIR_P) asan
	test -f asan/Makefile || { cd asan && $(abs_srcdir)/configure -q --enable-werror \
	    --enable-sanitize=address,undefined CFLAGS='-O1 -g'; }
	$(MAKE) -C asan check

# Each target of tests/fuzz for FUZZ_SECONDS, from tests/fuzz/NAME.corpus if there is one.
FUZZ_SECONDS = 60
FUZZ_CC = clang
fuzz:
	@$(MKDIR_P) fuzz/found
	test -f fuzz/Makefile || { cd fuzz && $(abs_srcdir)/configure -q CC='$(FUZZ_CC)' \
	    --enable-sanitize=fuzzer-no-link,address,undefined CFLAGS='-O1 -g'; }
	$(MAKE) -C fuzz -s libruntime.la
	FUZZ_CC='$(FUZZ_CC)' FUZZ_SECONDS='$(FUZZ_SECONDS)' \
	    FUZZ_LIBS='$(JANSSON_LIBS) $(UUID_LIBS) $(CIDR_LIBS)' \
	    $(srcdir)/tests/run-fuzz.sh $(abs_srcdir) fuzz

.PHONY: update-golden check-asan fuzz
