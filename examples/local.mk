# SPDX-License-Identifier: MPL-2.0
examples = \
	examples/ci/README.md examples/ci/github-workflow.yml examples/ci/gitlab-ci.yml \
	examples/ci/pre-commit-config.yaml \
	examples/editors/README.md \
	examples/editors/vim/ftdetect/fwrule.vim examples/editors/vim/syntax/fwrule.vim \
	examples/editors/vim/ftdetect/fwtest.vim examples/editors/vim/syntax/fwtest.vim \
	examples/editors/vscode/language-configuration.json \
	examples/editors/vscode/package.json \
	examples/editors/vscode/syntaxes/fwrule.tmLanguage.json \
	examples/editors/vscode/syntaxes/fwtest.tmLanguage.json \
	examples/dual-stack/README.md examples/dual-stack/remote-vms.json \
	examples/dual-stack/rules.json examples/dual-stack/vms.json \
	examples/dual-stack/site.fwtest examples/web/site.fwtest \
	examples/tenant/README.md examples/tenant/remote-vms.json \
	examples/tenant/rules.fwrule examples/tenant/vms.json \
	examples/web/README.md examples/web/remote-vms.json \
	examples/web/rules.fwrule examples/web/vms.json \
	examples/.fwrule.conf

examplesdir = $(docdir)
nobase_dist_examples_DATA = $(examples)

# From the tables of the language; tests/editors-test.sh says when they are old.
dist_noinst_SCRIPTS += examples/editors/generate.sh
update-editors:
	$(srcdir)/examples/editors/generate.sh $(srcdir) $(srcdir)/examples/editors

.PHONY: update-editors
