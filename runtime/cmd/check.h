/* SPDX-License-Identifier: MPL-2.0 */
/* What the files of fwrule check share. */
#ifndef FWR_CMD_CHECK_H
#define FWR_CMD_CHECK_H

#include "../../compiler/lint/report.h"
#include "load.h"

struct check_job {
	struct arena arena;
	struct diags diags;
	struct cmd_host host;
	struct lint lint;
	const char *const *files;
	uint32_t n_files;
	VEC(const char *) remote;
	const char *vms, *explain;
	const struct lint_form *form;
	unsigned fail_on;               /* enum diag_severity, or LINT_OFF for never */
	bool list;
	struct buf out;
};

#endif
