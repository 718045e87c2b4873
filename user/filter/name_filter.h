/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * The filters on names: --container, --pod, --namespace, --unit. What they let pass is a property of a cgroup, so it is
 * decided cgroup by cgroup. Pure.
 *
 *   --container  a name that Kubernetes or LXC gave, an id or its begin (4 digits or more), or namespace/pod/container
 *   --pod        name, uid, or namespace/pod
 *   --namespace  of Kubernetes
 *   --unit       a systemd unit and all below it: nginx.service, nginx (the same), system.slice
 */
#ifndef ATTRIBUTE_NAME_FILTER_H
#define ATTRIBUTE_NAME_FILTER_H

#include <stdbool.h>

#include "attribute/container.h"
#include "filter/filter.h"

enum name_verdict {
	NAMES_REJECT,
	NAMES_PASS,
	NAMES_MISSING, /* may pass when names are known that may still come */
};

bool filter_has_names(const struct filter *filter);

/* "--container", … */
const char *name_option(enum name_kind kind);

/* `path` of the cgroup, NULL = not known. */
enum name_verdict names_decide(const struct filter *filter, const char *path, const struct container *container);

/* Does one value of an option mean this cgroup, as far as is known? path not NULL. */
bool name_matches(enum name_kind kind, const char *item, const char *path, const struct container *container);

/* Is a value of --container the begin of this container's id? */
bool name_is_id_prefix(const char *item, const struct container *container);

#endif
