/* SPDX-License-Identifier: MPL-2.0 */
/* What programs with commands share: finds the command and runs it. */
#ifndef FWR_CMD_PROGRAM_H
#define FWR_CMD_PROGRAM_H

#include "cmd.h"

/* By name, or NULL. */
const struct cmd *program_find(const char *name);
/* Sets the process up, and runs the command of argv[1]: the exit status. */
int program_run(int argc, char **argv);

#endif
