// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "util/links.h"

#include <limits.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* /tmp is: those of others can't be removed there, but everyone makes what he likes. */
static bool is_everyones(const struct stat *folder)
{
	return (folder->st_mode & (S_ISVTX | S_IWOTH)) == (S_ISVTX | S_IWOTH);
}

static bool is_others(const struct stat *status)
{
	return S_ISLNK(status->st_mode) && status->st_uid && status->st_uid != geteuid();
}

bool links_are_trusted(const char *path)
{
	char part[PATH_MAX] = "";
	struct stat status, parent;
	const char *name, *end;
	size_t size;

	if (stat(*path == '/' ? "/" : ".", &parent) || strlen(path) >= sizeof(part))
		return true; /* nothing can be made there either */
	for (name = path + strspn(path, "/"); *name; name = end + strspn(end, "/")) {
		end = name + strcspn(name, "/");
		size = end - path;
		memcpy(part, path, size);
		part[size] = '\0';
		if (lstat(part, &status))
			return true;
		if (is_others(&status) && (!end[strspn(end, "/")] || is_everyones(&parent)))
			return false;
		if (stat(part, &parent))
			return true;
	}
	return true;
}
