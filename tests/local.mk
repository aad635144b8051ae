# SPDX-License-Identifier: MPL-2.0
# Tests run in the build folder, with srcdir set by automake.  FWRULE may name
# another program to test.

# --- modules ------------------------------------------------------------------
check_PROGRAMS += \
	tests/aggregate-test \
	tests/corpus-test \
	tests/decide-test \
	tests/filter-test \
	tests/ipf-test \
	tests/ipf-diag-test \
	tests/keyword-test \
	tests/net-test \
	tests/ortc-test \
	tests/passes-test \
	tests/portset-test \
	tests/pset-test \
	tests/roundtrip-test \
	tests/verify-test
TESTS += $(check_PROGRAMS)

LDADD = libruntime.la $(CMOCKA_LIBS)
AM_TESTS_ENVIRONMENT = FWRULE_CORPUS=$(srcdir)/tests/corpus; export FWRULE_CORPUS;

tests_aggregate_test_SOURCES = tests/aggregate-test.c tests/random.h
tests_corpus_test_SOURCES = tests/corpus-test.c
tests_decide_test_SOURCES = tests/decide-test.c tests/ipf-doc.h tests/ipf-gen.h tests/random.h
tests_filter_test_SOURCES = tests/filter-test.c tests/ipf-doc.h
tests_ipf_test_SOURCES = tests/ipf-test.c tests/ipf-doc.h tests/random.h
tests_ipf_diag_test_SOURCES = tests/ipf-diag-test.c tests/ipf-doc.h
tests_keyword_test_SOURCES = tests/keyword-test.c
tests_net_test_SOURCES = tests/net-test.c tests/random.h
model_sources = tests/build.c tests/build.h tests/model.c tests/model.h tests/random.h \
	tests/walker.c tests/walker.h
tests_ortc_test_SOURCES = tests/ortc-test.c $(model_sources)
tests_passes_test_SOURCES = tests/passes-test.c $(model_sources)
tests_verify_test_SOURCES = tests/verify-test.c tests/ipf-doc.h tests/mutate.c tests/mutate.h \
	$(model_sources)
tests_portset_test_SOURCES = tests/portset-test.c tests/random.h
tests_pset_test_SOURCES = tests/pset-test.c tests/random.h
tests_roundtrip_test_SOURCES = tests/roundtrip-test.c tests/random.h tests/sentence.c tests/sentence.h

EXTRA_DIST += tests/corpus tests/reference tests/bench tests/fuzz

# --- the programs and the documents ---------------------------------------------
tests_scripts = \
	tests/completion-test.sh \
	tests/diagnostics-test.sh \
	tests/differential.sh \
	tests/golden-test.sh \
	tests/include-order.sh \
	tests/manual-test.sh \
	tests/readme-test.sh

TESTS += $(tests_scripts)
dist_noinst_SCRIPTS += $(tests_scripts) tests/run-fuzz.sh
EXTRA_DIST += tests/golden

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
