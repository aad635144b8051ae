# SPDX-License-Identifier: MPL-2.0
noinst_LTLIBRARIES += libcompiler.la

libcompiler_la_SOURCES = \
	compiler/base/base.c compiler/base/base.h \
	compiler/base/diag.c compiler/base/diag.def compiler/base/diag.h \
	compiler/base/hash.c compiler/base/hash.h \
	compiler/base/json.c compiler/base/json.h \
	compiler/base/jsonplain.c \
	compiler/base/jsonwalk.c \
	compiler/base/text.c compiler/base/text.h \
	compiler/base/uuid.c compiler/base/uuid.h \
	compiler/net/addr.c compiler/net/addr.h \
	compiler/net/addrlist.c compiler/net/addrlist.h \
	compiler/net/aggregate.c compiler/net/aggregate.h \
	compiler/net/cidr.c compiler/net/cidr.h \
	compiler/net/portlist.c compiler/net/portlist.h \
	compiler/net/portset.c compiler/net/portset.h \
	compiler/net/pset.c compiler/net/pset.h \
	compiler/net/rangeset_int.h \
	compiler/lang/ast.c compiler/lang/ast.h \
	compiler/lang/whole.c \
	compiler/lang/forms.c \
	compiler/lang/lang.c compiler/lang/lang.h \
	compiler/lang/rule.c compiler/lang/rule.h \
	compiler/lang/text.c \
	compiler/input/input.h \
	compiler/input/moray.c \
	compiler/input/payload.c \
	compiler/input/reader.c \
	compiler/input/source.c compiler/input/source.h \
	compiler/format/format.c compiler/format/format.h \
	compiler/format/unified.c compiler/format/unified.h \
	compiler/policy/dump.c \
	compiler/policy/essentials.c compiler/policy/essentials.h \
	compiler/policy/inventory.c compiler/policy/inventory.h \
	compiler/policy/policy.c compiler/policy/policy.h \
	compiler/passes/added.c \
	compiler/passes/cut.c \
	compiler/passes/dead.c \
	compiler/passes/decision.c \
	compiler/passes/edges.c \
	compiler/passes/items.c \
	compiler/passes/layers.c \
	compiler/passes/merge.c \
	compiler/passes/origin.c \
	compiler/passes/ortc.c compiler/passes/ortc.h \
	compiler/passes/passes.c compiler/passes/passes.h compiler/passes/passes_int.h \
	compiler/passes/share.c compiler/passes/share_int.h \
	compiler/passes/solve.c \
	compiler/passes/state.c \
	compiler/passes/tree.c compiler/passes/tree_int.h \
	compiler/passes/verify.c compiler/passes/verify.h \
	compiler/lint/atoms.c \
	compiler/lint/baseline.c \
	compiler/lint/check.def \
	compiler/lint/ci.c \
	compiler/lint/comments.c \
	compiler/lint/config.c \
	compiler/lint/cover.c compiler/lint/cover.h \
	compiler/lint/edit.c \
	compiler/lint/fix.c \
	compiler/lint/icmp.c compiler/lint/icmp.h \
	compiler/lint/items.c \
	compiler/lint/lint.c compiler/lint/lint.h compiler/lint/lint_int.h \
	compiler/lint/meaning.c \
	compiler/lint/meet.c \
	compiler/lint/meetings.c \
	compiler/lint/names.c \
	compiler/lint/pairs.c \
	compiler/lint/project.c compiler/lint/project.h \
	compiler/lint/real.c compiler/lint/real.h \
	compiler/lint/report.c compiler/lint/report.h compiler/lint/report_int.h \
	compiler/lint/sarif.c \
	compiler/lint/sets.c compiler/lint/sets_int.h \
	compiler/lint/special.c compiler/lint/special.h \
	compiler/lint/targets.c \
	compiler/lint/vms.c compiler/lint/vms.h \
	compiler/lint/within.c \
	compiler/filter/decide.c compiler/filter/decide.h \
	compiler/filter/equiv.c \
	compiler/filter/eval.c compiler/filter/filter.h \
	compiler/filter/join.c compiler/filter/join.h \
	compiler/filter/region.c compiler/filter/region.h compiler/filter/region_int.h \
	compiler/filter/region_diagram.c \
	compiler/filter/region_grid.c \
	compiler/filter/region_thin.c \
	compiler/filter/space.c \
	compiler/filter/text.c \
	compiler/backends/backend.c compiler/backends/backend.h compiler/backends/backend_int.h \
	compiler/backends/fwapi.c \
	compiler/backends/ipf.c \
	compiler/backends/ipfwarn.c \
	compiler/backends/moray.c \
	compiler/convert/convert.c compiler/convert/convert.h \
	compiler/compile.c compiler/compile.h

libcompiler_la_LIBADD = libgrammar.la $(JANSSON_LIBS) $(UUID_LIBS) $(CIDR_LIBS) $(INIH_LIBS) -lpthread -lm
