# SPDX-License-Identifier: MPL-2.0
examples = \
	examples/dual-stack/README.md examples/dual-stack/remote-vms.json \
	examples/dual-stack/rules.json examples/dual-stack/vms.json \
	examples/dual-stack/site.fwtest examples/web/site.fwtest \
	examples/tenant/README.md examples/tenant/remote-vms.json \
	examples/tenant/rules.fwrule examples/tenant/vms.json \
	examples/web/README.md examples/web/remote-vms.json \
	examples/web/rules.fwrule examples/web/vms.json

examplesdir = $(docdir)
nobase_dist_examples_DATA = $(examples)
