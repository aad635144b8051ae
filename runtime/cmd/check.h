/* SPDX-License-Identifier: MPL-2.0 */
/* What the files of fwrule check share. */
#ifndef FWR_CMD_CHECK_H
#define FWR_CMD_CHECK_H

#include "../../compiler/lint/report.h"
#include "load.h"

/* An option that sets what is checked: given again to each file's configuration. */
struct check_setting {
	int option;
	const char *value;
};

/* A file as it is after fixes, not yet written. */
struct check_fixed {
	const char *path;
	struct slice text;
};

/* One reading of all inputs; with fixes there are several. */
struct check_round {
	struct arena arena;
	struct diags diags;
	struct cmd_host host;
	struct lint lint;
};

struct check_job {
	struct arena arena;             /* what outlives a round */
	struct lint_config config;      /* by the command line alone */
	VEC(struct check_setting) settings;
	const char **files;
	uint32_t n_files;
	VEC(const char *) remote;
	const char *vms, *explain, *baseline, *write_baseline;
	const struct lint_form *form;
	bool list, fix, unsafe, no_config, has_fail_on;
	unsigned fail_on;               /* enum diag_severity, or LINT_OFF for never */
	VEC(struct check_fixed) fixed;
	struct check_round round;
	struct buf out;
};

/* Applies one setting; false, after a usage message. */
bool check_set(struct lint_config *c, struct arena *arena, int option, const char *value);

/* The configuration for a file: the .fwrule.conf above it, then the command line's. */
const struct lint_config *check_config(struct check_job *j, const char *path);

void check_round_begin(struct check_job *j);
void check_round_end(struct check_job *j);

/* Mends what can be mended, round by round, and writes the files; a status, or -1. */
int check_fix(struct check_job *j);

#endif
