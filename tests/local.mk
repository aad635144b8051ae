# SPDX-License-Identifier: MPL-2.0
# Tests run in the build folder, with srcdir set by automake.  FWRULE may name
# another program to test.

# --- modules ------------------------------------------------------------------
check_PROGRAMS += \
	tests/aggregate-test \
	tests/api-sets-test \
	tests/change-test \
	tests/corpus-test \
	tests/decide-test \
	tests/diff-test \
	tests/essentials-test \
	tests/explain-test \
	tests/filter-test \
	tests/format-test \
	tests/index-soak-test \
	tests/index-test \
	tests/inject-test \
	tests/ipf-test \
	tests/ipf-diag-test \
	tests/join-test \
	tests/json-test \
	tests/keyword-test \
	tests/lint-sets-test \
	tests/lint-test \
	tests/map-test \
	tests/meet-test \
	tests/net-test \
	tests/ortc-test \
	tests/passes-test \
	tests/pieces-test \
	tests/portset-test \
	tests/pset-test \
	tests/query-params-test \
	tests/query-plan-test \
	tests/record-test \
	tests/region-test \
	tests/roundtrip-test \
	tests/rpc-drain-test \
	tests/state-model-test \
	tests/state-soak-test \
	tests/search-api-test \
	tests/suite-test \
	tests/tree-test \
	tests/verify-test \
	tests/whole-test
TESTS += $(check_PROGRAMS)

# Not a test: it makes a program's system calls fail.
EXTRA_PROGRAMS += tests/faults/fault
check_DATA = tests/faults/fault$(EXEEXT)
tests_faults_fault_SOURCES = tests/faults/fault.c
tests_faults_fault_LDADD =

LDADD = libruntime.la $(CMOCKA_LIBS)
AM_TESTS_ENVIRONMENT = FWRULE_CORPUS=$(srcdir)/tests/corpus; export FWRULE_CORPUS; \
	CC_FOR_TESTS='$(CC) $(CFLAGS) $(SANITIZE_CFLAGS)'; export CC_FOR_TESTS;

# From outside, by the header and the shared library.
tests_api_sets_test_SOURCES = tests/api-sets-test.c tests/random.h
tests_api_sets_test_CPPFLAGS = -I$(srcdir)/runtime/api $(AM_CPPFLAGS)
tests_api_sets_test_LDADD = libfwrule.la $(CMOCKA_LIBS)
tests_aggregate_test_SOURCES = tests/aggregate-test.c tests/random.h
tests_diff_test_SOURCES = tests/diff-test.c tests/host-gen.h tests/random.h
tests_essentials_test_SOURCES = tests/essentials-test.c tests/host-gen.h tests/random.h
tests_explain_test_SOURCES = tests/explain-test.c tests/host-gen.h tests/random.h
tests_decide_test_SOURCES = \
	tests/decide-test.c tests/ipf-doc.h tests/ipf-gen.h tests/points.h tests/random.h
tests_filter_test_SOURCES = tests/filter-test.c tests/ipf-doc.h
tests_format_test_SOURCES = tests/format-test.c tests/random.h tests/sentence.c tests/sentence.h
tests_index_soak_test_SOURCES = tests/index-soak-test.c tests/random.h
tests_index_test_SOURCES = tests/index-test.c tests/index-gen.h tests/random.h
tests_inject_test_SOURCES = tests/inject-test.c tests/random.h tests/sentence.c tests/sentence.h
tests_ipf_test_SOURCES = tests/ipf-test.c tests/ipf-doc.h tests/random.h
tests_ipf_diag_test_SOURCES = tests/ipf-diag-test.c tests/ipf-doc.h
tests_join_test_SOURCES = tests/join-test.c tests/random.h
tests_json_test_SOURCES = tests/json-test.c tests/random.h
tests_keyword_test_SOURCES = tests/keyword-test.c
tests_lint_sets_test_SOURCES = tests/lint-sets-test.c tests/lint-world.h tests/random.h
tests_lint_test_SOURCES = tests/lint-test.c tests/lint-world.h
tests_net_test_SOURCES = tests/net-test.c tests/random.h
model_sources = tests/build.c tests/build.h tests/model.c tests/model.h tests/random.h \
	tests/walker.c tests/walker.h
tests_corpus_test_SOURCES = tests/corpus-test.c $(model_sources)
tests_ortc_test_SOURCES = tests/ortc-test.c $(model_sources)
tests_change_test_SOURCES = tests/change-test.c $(model_sources)
tests_passes_test_SOURCES = tests/passes-test.c $(model_sources)
tests_verify_test_SOURCES = tests/verify-test.c tests/ipf-doc.h tests/mutate.c tests/mutate.h \
	$(model_sources)
tests_pieces_test_SOURCES = tests/pieces-test.c tests/random.h tests/sentence.c tests/sentence.h
tests_portset_test_SOURCES = tests/portset-test.c tests/random.h
tests_pset_test_SOURCES = tests/pset-test.c tests/random.h tests/trie.h
tests_query_params_test_SOURCES = tests/query-params-test.c
tests_query_plan_test_SOURCES = tests/query-plan-test.c
tests_rpc_drain_test_SOURCES = tests/rpc-drain-test.c
tests_meet_test_SOURCES = tests/meet-test.c tests/random.h
tests_map_test_SOURCES = tests/map-test.c tests/random.h
tests_record_test_SOURCES = tests/record-test.c tests/random.h
tests_region_test_SOURCES = tests/region-test.c tests/points.h tests/random.h
tests_roundtrip_test_SOURCES = tests/roundtrip-test.c tests/random.h tests/sentence.c tests/sentence.h
# Against the shared library, as programs are.
tests_search_api_test_SOURCES = tests/search-api-test.c
tests_search_api_test_LDADD = libfwrule.la $(CMOCKA_LIBS) -lpthread
tests_state_model_test_SOURCES = tests/state-model-test.c tests/random.h
tests_state_soak_test_SOURCES = tests/state-soak-test.c
tests_suite_test_SOURCES = tests/suite-test.c tests/host-gen.h tests/random.h
tests_tree_test_SOURCES = tests/tree-test.c tests/random.h
tests_whole_test_SOURCES = tests/whole-test.c tests/random.h

# --- the service ----------------------------------------------------------------
if FWAPID
service_tests = \
	tests/api-test \
	tests/cache-test \
	tests/feed-stream-test \
	tests/feed-test \
	tests/frame-test \
	tests/store-test
check_PROGRAMS += $(service_tests)
# What tests/store-pg-test.sh runs beside a server.
EXTRA_PROGRAMS += tests/store-pg-test
check_DATA += tests/store-pg-test$(EXEEXT)
service_scripts = tests/agents-test.sh tests/fwapid-pg-test.sh tests/fwapid-doc-test.sh \
	tests/fwapid-test.sh tests/fwapid-unit-test.sh
TESTS += $(service_scripts)
endif
dist_noinst_SCRIPTS += tests/agents-test.sh tests/fwapid-pg-test.sh tests/fwapid-doc-test.sh \
	tests/fwapid-test.sh tests/fwapid-unit-test.sh
EXTRA_DIST += tests/agents tests/service
tests_api_test_SOURCES = tests/api-test.c tests/api-call.h tests/random.h
tests_api_test_LDADD = libservice.la
tests_cache_test_SOURCES = tests/cache-test.c tests/random.h
tests_cache_test_LDADD = libservice.la $(CMOCKA_LIBS)
tests_feed_test_SOURCES = tests/feed-test.c tests/feed-agent.h
tests_feed_test_LDADD = libservice.la $(CMOCKA_LIBS)
tests_feed_stream_test_SOURCES = tests/feed-stream-test.c tests/random.h
tests_feed_stream_test_LDADD = libservice.la $(CMOCKA_LIBS)
tests_frame_test_SOURCES = tests/frame-test.c tests/random.h
tests_frame_test_LDADD = libservice.la $(CMOCKA_LIBS)
tests_store_pg_test_SOURCES = tests/store-pg-test.c tests/tcp-proxy.h
tests_store_pg_test_LDADD = libservice.la $(CMOCKA_LIBS)
tests_store_test_SOURCES = tests/store-test.c tests/random.h
tests_store_test_LDADD = libservice.la $(CMOCKA_LIBS)

EXTRA_DIST += tests/formats tests/corpus tests/reference tests/bench tests/fuzz

# --- the programs and the documents ---------------------------------------------
tests_scripts = \
	tests/ci-test.sh \
	tests/completion-test.sh \
	tests/diagnostics-test.sh \
	tests/differential.sh \
	tests/editors-test.sh \
	tests/fwadm-test.sh \
	tests/fwadm-faults.sh \
	tests/golden-test.sh \
	tests/include-order.sh \
	tests/lint-doc.sh \
	tests/lsp-test.sh \
	tests/manual-test.sh \
	tests/readme-test.sh \
	tests/report-test.sh

if FWAPID
tests_scripts += tests/store-pg-test.sh
endif

TESTS += $(tests_scripts)
dist_noinst_SCRIPTS += $(tests_scripts) tests/npm-install.sh tests/pg.sh tests/run-bench.sh tests/run-fuzz.sh
EXTRA_DIST += tests/editors tests/golden tests/lsp tests/transcript.awk

EXTRA_DIST += tests/faults/fwadm.js tests/ipf-stand-in.sh tests/zsh-ask.zsh
# --- targets --------------------------------------------------------------------
# What tests had npm install stands in tests/NAME-npm; `make clean` keeps it.
distclean-local:
	rm -rf tests/*-npm asan tsan fuzz bench-data

# Rewrites what golden tests expect; read the difference before it is committed.
update-golden: all
	UPDATE_GOLDEN=1 srcdir=$(srcdir) $(srcdir)/tests/golden-test.sh
	-UPDATE_GOLDEN=1 srcdir=$(srcdir) $(srcdir)/tests/lint-doc.sh

# The whole test suite with AddressSanitizer, UndefinedBehaviorSanitizer and leaks;
# but for fewer random cases against the reference, which take most of the time.
check-asan:
	@$(MKDIR_P) asan
	test -f asan/Makefile || { cd asan && $(abs_srcdir)/configure -q --enable-werror \
	    --enable-sanitize=address,undefined CFLAGS='-O1 -g'; }
	DIFFERENTIAL_CASES=$${DIFFERENTIAL_CASES:-4000} $(MAKE) -C asan check

# fwadm with each of its system calls failing in turn, in every way.
faults: all tests/faults/fault
	FAULTS_EVERY=1 srcdir=$(srcdir) $(srcdir)/tests/fwadm-faults.sh

# Readers and writers of the index, and of the service, together, with ThreadSanitizer.
TSAN_CHANGES = 20000
check-tsan:
	@$(MKDIR_P) tsan
	test -f tsan/Makefile || { cd tsan && $(abs_srcdir)/configure -q --enable-werror \
	    --enable-sanitize=thread CFLAGS='-O1 -g'; }
	$(MAKE) -C tsan -s $(BUILT_SOURCES)
	$(MAKE) -C tsan -s tests/index-soak-test tests/search-api-test
	cd tsan && tests/index-soak-test $(TSAN_CHANGES) 2 2 && tests/search-api-test
	test ! -e libservice.la || { $(MAKE) -C tsan -s tests/api-test tests/cache-test && \
	    cd tsan && tests/api-test && tests/cache-test; }

# A million changes; memory must stay flat.
SOAK_CHANGES = 1000000
soak: tests/index-soak-test
	tests/index-soak-test $(SOAK_CHANGES) 2 1

# kill -9 while the service writes, at random moments.
CRASHES = 200
crash: all
	CRASHES=$(CRASHES) srcdir=$(srcdir) $(srcdir)/tests/fwapid-test.sh crash

# PostgreSQL stopped, cut off and silent, and services killed, while they are written to.
OUTAGES = 60
OUTAGE_SEED = 1
outages: all
	OUTAGES=$(OUTAGES) TEST_SEED=$(OUTAGE_SEED) srcdir=$(srcdir) \
	    $(srcdir)/tests/fwapid-pg-test.sh 'one trouble after the other'

# Each target of tests/fuzz for FUZZ_SECONDS, from tests/fuzz/NAME.corpus if there is one.
FUZZ_SECONDS = 60
FUZZ_CC = clang
fuzz:
	@$(MKDIR_P) fuzz/found
	test -f fuzz/Makefile || { cd fuzz && $(abs_srcdir)/configure -q CC='$(FUZZ_CC)' \
	    --enable-sanitize=fuzzer-no-link,address,undefined CFLAGS='-O1 -g'; }
	$(MAKE) -C fuzz -s $(BUILT_SOURCES)
	$(MAKE) -C fuzz -s $(noinst_LTLIBRARIES)
	FUZZ_CC='$(FUZZ_CC)' FUZZ_SECONDS='$(FUZZ_SECONDS)' \
	    FUZZ_LIBS='$(SERVICE_LIBS) $(JANSSON_LIBS) $(UUID_LIBS) $(CIDR_LIBS) $(INIH_LIBS)' \
	    $(srcdir)/tests/run-fuzz.sh $(abs_srcdir) fuzz

# Tables for doc/performance.md; needs node and npm.  BENCH_FLAGS=--quick: a short run.
EXTRA_PROGRAMS += tests/bench/bench-rules tests/bench/bench-run tests/bench/bench-write \
	tests/bench/query-bench tests/bench/query-gen tests/bench/query-rpc \
	tests/bench/visits
tests_bench_bench_rules_SOURCES = tests/bench/bench-rules.c
tests_bench_bench_run_SOURCES = tests/bench/bench-run.c
tests_bench_bench_write_SOURCES = tests/bench/bench-write.c
tests_bench_query_bench_SOURCES = tests/bench/query-bench.c tests/bench/query.h tests/random.h
tests_bench_query_gen_SOURCES = tests/bench/query-gen.c tests/random.h
tests_bench_query_gen_LDADD = -lm
tests_bench_query_rpc_SOURCES = tests/bench/query-rpc.c tests/bench/query.h
tests_bench_visits_SOURCES = tests/bench/visits.c tests/random.h
if FWAPID
EXTRA_PROGRAMS += tests/bench/feed-bench
endif
tests_bench_feed_bench_SOURCES = tests/bench/feed-bench.c
tests_bench_feed_bench_LDADD = libservice.la
CLEANFILES += $(EXTRA_PROGRAMS)
BENCH_FLAGS =

# Every benchmark, with what it is measured against: BENCH_FLAGS='--quick' whether all works,
# BENCH_FLAGS='rules lint' only these.
bench: all
	$(MAKE) -s $(EXTRA_PROGRAMS)
	@FWRULE=$(abs_builddir)/fwrule srcdir=$(srcdir) $(srcdir)/tests/run-bench.sh $(BENCH_FLAGS)

.PHONY: update-golden check-asan check-tsan crash outages soak fuzz faults bench
