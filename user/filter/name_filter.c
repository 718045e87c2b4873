// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* Compares the values of the filters on names with what is known of a cgroup. */
#include "filter/name_filter.h"

#include <stdio.h>
#include <string.h>

#include "util/text.h"

#define ID_DIGITS 64
#define PREFIX_DIGITS 4

struct subject {
	const char *path;
	const struct container *container;
};

bool filter_has_names(const struct filter *filter)
{
	enum name_kind kind;

	for (kind = 0; kind < NAME_KINDS; kind++)
		if (filter->names[kind].count)
			return true;
	return false;
}

static bool is_name(const char *item, const char *name)
{
	return name && !strcmp(item, name);
}

/* "namespace/pod", and "/container" behind it where that is given. */
static bool is_full_name(const char *item, const struct container *container, const char *name)
{
	char full[FILTER_NAME_BYTES];

	if (!container->namespace || !container->pod)
		return false;
	snprintf(full, sizeof(full), "%s/%s%s%s", container->namespace, container->pod, name ? "/" : "", name ? name : "");
	return !strcmp(item, full);
}

bool name_is_id_prefix(const char *item, const struct container *container)
{
	size_t size = strlen(item);

	return size >= PREFIX_DIGITS && strlen(container->id) == ID_DIGITS && !strncmp(container->id, item, size);
}

static bool is_container(const char *item, const struct subject *subject)
{
	const struct container *container = subject->container;

	return is_name(item, container->name) || (container->id[0] && !strcmp(item, container->id)) ||
	       name_is_id_prefix(item, container) || (container->name && is_full_name(item, container, container->name));
}

static bool is_pod(const char *item, const struct subject *subject)
{
	const struct container *container = subject->container;

	return is_name(item, container->pod) || (container->pod_uid[0] && !strcmp(item, container->pod_uid)) ||
	       is_full_name(item, container, NULL);
}

static bool is_namespace(const char *item, const struct subject *subject)
{
	return is_name(item, subject->container->namespace);
}

/* The unit is any component of the path; "nginx" is short for "nginx.service". */
static bool is_in_unit(const char *item, const struct subject *subject)
{
	const char *path = subject->path;
	size_t size = strlen(item), length;

	for (path += strspn(path, "/"); *path; path += length, path += strspn(path, "/")) {
		length = strcspn(path, "/");
		if (length < size || strncmp(path, item, size))
			continue;
		if (length == size || (length == size + 8 && !strncmp(path + size, ".service", 8)))
			return true;
	}
	return false;
}

static const struct {
	const char *option;
	bool (*matches)(const char *item, const struct subject *subject);
} kinds[NAME_KINDS] = {
	[NAME_CONTAINER] = { "--container", is_container },
	[NAME_POD] = { "--pod", is_pod },
	[NAME_NAMESPACE] = { "--namespace", is_namespace },
	[NAME_UNIT] = { "--unit", is_in_unit },
};

const char *name_option(enum name_kind kind)
{
	return kinds[kind].option;
}

bool name_matches(enum name_kind kind, const char *item, const char *path, const struct container *container)
{
	const struct subject subject = { path, container };

	return kinds[kind].matches(item, &subject);
}

/* A name that an option may mean is not known yet. */
static bool is_missing(enum name_kind kind, const struct container *container)
{
	if (!container->pod_uid[0] || kind == NAME_UNIT)
		return false;
	return kind == NAME_CONTAINER ? container->id[0] && !container->name : !container->pod;
}

static enum name_verdict decide(const struct name_lists *names, enum name_kind kind, const char *path,
				const struct container *container)
{
	char item[FILTER_NAME_BYTES];
	const char *rest;
	unsigned int i;

	for (i = 0; i < names->count; i++)
		for (rest = names->lists[i]; text_list_next(&rest, item, sizeof(item)) > 0;)
			if (name_matches(kind, item, path, container))
				return NAMES_PASS;
	if (!names->count)
		return NAMES_PASS;
	return is_missing(kind, container) ? NAMES_MISSING : NAMES_REJECT;
}

enum name_verdict names_decide(const struct filter *filter, const char *path, const struct container *container)
{
	enum name_verdict verdict, sum = NAMES_PASS;
	enum name_kind kind;

	if (!path)
		return filter_has_names(filter) ? NAMES_MISSING : NAMES_PASS;
	for (kind = 0; kind < NAME_KINDS; kind++) {
		verdict = decide(&filter->names[kind], kind, path, container);
		if (verdict == NAMES_REJECT)
			return NAMES_REJECT;
		if (verdict == NAMES_MISSING)
			sum = NAMES_MISSING;
	}
	return sum;
}
