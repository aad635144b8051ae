# SPDX-License-Identifier: MPL-2.0
noinst_LTLIBRARIES += libruntime.la

libruntime_la_SOURCES = \
	runtime/eval/compare.c runtime/eval/compare.h \
	runtime/eval/diff.c runtime/eval/diff.h runtime/eval/diff_int.h \
	runtime/eval/diff_hosts.c \
	runtime/eval/diff_text.c \
	runtime/eval/eval.h \
	runtime/eval/explain.c runtime/eval/explain.h \
	runtime/eval/explain_text.c \
	runtime/eval/files.c \
	runtime/eval/json.c \
	runtime/eval/meaning.c \
	runtime/index/answer.c \
	runtime/index/build.c \
	runtime/index/collect.c \
	runtime/index/file.c \
	runtime/index/find.c \
	runtime/index/index.c runtime/index/index.h runtime/index/index_int.h \
	runtime/index/keys.c \
	runtime/index/match.c \
	runtime/index/meet.c \
	runtime/index/params.c runtime/index/query.h runtime/index/query_int.h \
	runtime/index/prefixes.c \
	runtime/index/record.c runtime/index/record.h \
	runtime/index/sort.c \
	runtime/index/store.c runtime/index/store.h \
	runtime/index/tree.c runtime/index/tree.h \
	runtime/lsp/complete.c \
	runtime/lsp/document.c \
	runtime/lsp/edit.c \
	runtime/lsp/host.c \
	runtime/lsp/hover.c \
	runtime/lsp/lsp.c runtime/lsp/lsp.h runtime/lsp/lsp_int.h \
	runtime/state/apply.c runtime/state/apply_int.h \
	runtime/state/change.c \
	runtime/state/doctor.c \
	runtime/state/files.c runtime/state/files.h \
	runtime/state/host.c \
	runtime/state/install.c \
	runtime/state/load.c \
	runtime/state/lock.c runtime/state/lock.h \
	runtime/state/log.c runtime/state/log.h \
	runtime/state/names.c \
	runtime/state/pending.c \
	runtime/state/plan.c \
	runtime/state/read.c \
	runtime/state/state.c runtime/state/state.h runtime/state/state_int.h \
	runtime/state/tool.c runtime/state/tool.h \
	runtime/state/verify.c \
	runtime/state/watch.c runtime/state/watch.h \
	runtime/state/zone.c \
	runtime/suite/decide.c \
	runtime/suite/report.c \
	runtime/suite/suite.c runtime/suite/suite.h \
	runtime/rpc/kept.c \
	runtime/rpc/methods.c \
	runtime/rpc/query.c \
	runtime/rpc/rpc.c runtime/rpc/rpc.h runtime/rpc/rpc_int.h \
	runtime/rpc/state.c

libruntime_la_LIBADD = libcompiler.la

# --- the service ----------------------------------------------------------------------
if FWAPID
noinst_LTLIBRARIES += libservice.la
endif
libservice_la_CPPFLAGS = $(AM_CPPFLAGS) $(SERVICE_CFLAGS)
libservice_la_SOURCES = \
	runtime/feed/conn.c \
	runtime/feed/feed.c runtime/feed/feed.h runtime/feed/feed_int.h \
	runtime/feed/frame.c runtime/feed/frame.h \
	runtime/feed/payload.c \
	runtime/feed/request.c \
	runtime/feed/stream.c \
	runtime/http/answer.c \
	runtime/http/api.c runtime/http/api.h runtime/http/api_int.h \
	runtime/http/cache.c runtime/http/cache.h \
	runtime/http/http.c runtime/http/http.h \
	runtime/http/metrics.c runtime/http/metrics.h \
	runtime/http/openapi.c \
	runtime/http/resolve.c \
	runtime/http/routes.c \
	runtime/http/rules.c \
	runtime/http/status.c \
	runtime/http/updates.c \
	runtime/http/vms.c runtime/http/vms.h \
	runtime/store/book.c runtime/store/book.h \
	runtime/store/load.c runtime/store/load.h \
	runtime/store/pg_link.c runtime/store/pg_link.h \
	runtime/store/postgres.c \
	runtime/store/sqlite.c \
	runtime/store/store.c runtime/store/store.h
libservice_la_LIBADD = libruntime.la $(SERVICE_LIBS) -lpthread

# --- the library and the command --------------------------------------------------------
lib_LTLIBRARIES += libfwrule.la
libfwrule_la_SOURCES = \
	runtime/api/api.c runtime/api/api_int.h runtime/api/fwrule.h \
	runtime/api/search.c \
	runtime/api/sets.c
libfwrule_la_LIBADD = libruntime.la
libfwrule_la_LDFLAGS = $(AM_LDFLAGS) -version-info 0:0:0 -export-symbols-regex '^fwr_' -no-undefined
include_HEADERS += runtime/api/fwrule.h
pkgconfig_DATA += runtime/api/fwrule.pc

bin_PROGRAMS += fwrule
fwrule_SOURCES = \
	runtime/cmd/aggregate.c \
	runtime/cmd/check.c runtime/cmd/check.h \
	runtime/cmd/check_fix.c \
	runtime/cmd/cmd.c runtime/cmd/cmd.h \
	runtime/cmd/compile.c \
	runtime/cmd/convert.c \
	runtime/cmd/diff.c \
	runtime/cmd/equiv.c \
	runtime/cmd/explain.c \
	runtime/cmd/fmt.c \
	runtime/cmd/load.c runtime/cmd/load.h \
	runtime/cmd/index.c \
	runtime/cmd/lsp.c \
	runtime/cmd/main.c \
	runtime/cmd/parse.c \
	runtime/cmd/program.c runtime/cmd/program.h \
	runtime/cmd/query.c \
	runtime/cmd/rpc.c \
	runtime/cmd/table.c runtime/cmd/table.h \
	runtime/cmd/test.c
fwrule_LDADD = libruntime.la

if FWAPID
sbin_PROGRAMS += fwapid
endif
fwapid_CPPFLAGS = $(AM_CPPFLAGS) $(SERVICE_CFLAGS) -DSYSCONFDIR='"$(sysconfdir)"' \
	-DLOCALSTATEDIR='"$(localstatedir)"'
fwapid_SOURCES = \
	runtime/cmd/cmd.c runtime/cmd/cmd.h \
	runtime/http/settings.c runtime/http/settings.h \
	runtime/http/log.c runtime/http/log.h \
	runtime/http/main.c \
	runtime/http/server.c runtime/http/server.h \
	runtime/http/transfer.c runtime/http/transfer.h
fwapid_LDADD = libservice.la
sbin_PROGRAMS += fwadm
fwadm_SOURCES = \
	runtime/cmd/admin.c runtime/cmd/admin.h \
	runtime/cmd/admin_main.c \
	runtime/cmd/admin_options.c \
	runtime/cmd/admin_payload.c \
	runtime/cmd/admin_print.c \
	runtime/cmd/cmd.c runtime/cmd/cmd.h \
	runtime/cmd/program.c runtime/cmd/program.h
fwadm_LDADD = libruntime.la

# --- completions: the program's name is theirs, and each shell has its folder ---------
bashcompletiondir = $(bashcompdir)
zshcompletiondir = $(datadir)/zsh/site-functions
fishcompletiondir = $(datadir)/fish/vendor_completions.d
dist_zshcompletion_DATA = runtime/completions/_fwrule runtime/completions/_fwadm
dist_fishcompletion_DATA = runtime/completions/fwrule.fish runtime/completions/fwadm.fish
EXTRA_DIST += runtime/completions/fwrule.bash runtime/completions/fwadm.bash
bash_completions = fwrule fwadm

# How the service is run, for administrators to copy to where their system looks.
if FWAPID
pkgdata_DATA += fwapid.service fwapid.xml
dist_man_MANS += doc/man/fwapid.8
dist_zshcompletion_DATA += runtime/completions/_fwapid
dist_fishcompletion_DATA += runtime/completions/fwapid.fish
bash_completions += fwapid
endif
EXTRA_DIST += runtime/http/fwapid.service.in runtime/http/fwapid.xml.in \
	runtime/completions/fwapid.bash
CLEANFILES += fwapid.service fwapid.xml
edit_paths = sed -e 's|@sbindir[@]|$(sbindir)|g' -e 's|@localstatedir[@]|$(localstatedir)|g'
fwapid.service: $(srcdir)/runtime/http/fwapid.service.in Makefile
	$(AM_V_GEN)$(edit_paths) $(srcdir)/runtime/http/fwapid.service.in >$@.tmp && mv $@.tmp $@
fwapid.xml: $(srcdir)/runtime/http/fwapid.xml.in Makefile
	$(AM_V_GEN)$(edit_paths) $(srcdir)/runtime/http/fwapid.xml.in >$@.tmp && mv $@.tmp $@

install-data-local:
	$(MKDIR_P) $(DESTDIR)$(bashcompletiondir)
	for p in $(bash_completions); do $(INSTALL_DATA) $(srcdir)/runtime/completions/$$p.bash \
	    $(DESTDIR)$(bashcompletiondir)/$$p || exit 1; done

uninstall-local:
	for p in $(bash_completions); do rm -f $(DESTDIR)$(bashcompletiondir)/$$p; done
