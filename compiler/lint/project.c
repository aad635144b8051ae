/* SPDX-License-Identifier: MPL-2.0 */
#include "project.h"

#include <stdlib.h>
#include <unistd.h>

/* The real path of a file, or of its folder if it is not there; NULL: neither is. */
static char *
real_path(struct arena *arena, const char *path)
{
	const char *slash = strrchr(path, '/');
	char *real = realpath(strcmp(path, "-") == 0 ? "." : path, NULL);

	if (real)
		return real;
	return realpath(slash ? arena_printf(arena, "%.*s", (int)(slash - path) + (slash == path),
	    path) : ".", NULL);
}

const char *
lint_project_find(struct arena *arena, const char *path)
{
	char *real = real_path(arena, path), *slash;
	const char *found = NULL;

	if (!real)
		return NULL;
	while (!found) {
		const char *at = arena_printf(arena, "%s/" LINT_PROJECT_FILE, real);

		if (access(at, F_OK) == 0)
			found = at;
		slash = strrchr(real, '/');
		if (!slash || *real == '\0')
			break;
		*slash = '\0';
	}
	free(real);
	return found;
}

bool
lint_project_read(struct lint_config *c, struct arena *arena, struct diags *diags,
    const char *path)
{
	struct src *src = input_file(arena, diags, path);

	return src && lint_config_read(c, arena, diags, src);
}
