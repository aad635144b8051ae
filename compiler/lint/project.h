/* SPDX-License-Identifier: MPL-2.0 */
/*
 * What a project says to the linter, from its .fwrule.conf.  Unlike the rest of the
 * linter this looks for files and reads them.
 */
#ifndef FWR_LINT_PROJECT_H
#define FWR_LINT_PROJECT_H

#include "lint.h"

#define LINT_PROJECT_FILE ".fwrule.conf"

/*
 * The project file that counts for a file: the nearest one, from its folder upwards; of
 * "-" from the working folder.  The file itself need not be there.  An absolute path in
 * arena, or NULL.
 */
const char *lint_project_find(struct arena *arena, const char *path);

/*
 * Reads it, by that path or another of the same file, into *c, which must be made; what
 * is wrong with it is queued, and false returned.
 */
bool lint_project_read(struct lint_config *c, struct arena *arena, struct diags *diags,
    const char *path);

#endif
