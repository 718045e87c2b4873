// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* Ids are compared, not names: below another root the same names may come again. */
#include "attribute/cgroup_root.h"

#include <stdio.h>
#include <string.h>

#include "attribute/cgroup.h"

void cgroup_root_begin(struct cgroup_root *root)
{
	root->is_open = !cgroup_paths_are_whole();
	root->path[0] = 0;
}

static bool is_cgroup(const char *mount, const char *path, uint64_t id)
{
	char folder[8192];
	uint64_t found;
	int size = snprintf(folder, sizeof(folder), "%s%s", mount, path);

	return size < (int)sizeof(folder) && !cgroup_id_of(folder, &found) && found == id;
}

/* Ends of the path are tried, the whole one first, the mount itself last. */
bool cgroup_root_learn(struct cgroup_root *root, const char *mount, uint64_t id, const char *path)
{
	const char *rest = path[1] ? path : "";
	char found[2048];

	if (!root->is_open || strlen(path) >= sizeof(root->path))
		return false;
	if (!mount && cgroup_mount_find(NULL, found, sizeof(found)))
		return false;
	while (!is_cgroup(mount ?: found, rest, id)) {
		if (!*rest)
			return false;
		rest += 1 + strcspn(rest + 1, "/");
	}
	snprintf(root->path, sizeof(root->path), "%.*s", (int)(rest - path), path[1] ? path : "");
	root->is_open = false;
	return true;
}
