# SPDX-License-Identifier: MPL-2.0
dist_man_MANS += doc/man/fwrule.1 doc/man/fwrule.3 doc/man/fwrule.7 doc/man/fwadm.8
dist_doc_DATA = README.md NEWS.md
EXTRA_DIST += doc/architecture.md doc/conformance.md doc/dependencies.md doc/diagnostics.md doc/lint.md \
	doc/growth.svg doc/performance.md
