// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * Names that others chose: of cgroups (as paths, and as the kernel side sends them), of log files and folders, of programs and
 * their arguments. The first byte chooses.
 */
#include "fuzz.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "attribute/cgroup.h"
#include "attribute/container.h"
#include "attribute/pod_names.h"
#include "attribute/program.h"
#include "filter/name_filter.h"

static char directory[] = "/dev/shm/tcpdwell-fuzz-XXXXXX";

static void remove_directory(void)
{
	char path[64];

	snprintf(path, sizeof(path), "%s/pods", directory);
	rmdir(path);
	snprintf(path, sizeof(path), "%s/containers", directory);
	rmdir(path);
	rmdir(directory);
}

static void make_directory(void)
{
	static int made;
	char path[64];

	if (made++)
		return;
	if (!mkdtemp(directory))
		abort();
	snprintf(path, sizeof(path), "%s/pods", directory);
	mkdir(path, 0700);
	snprintf(path, sizeof(path), "%s/containers", directory);
	mkdir(path, 0700);
	atexit(remove_directory);
}

static void container_path(const char *text)
{
	struct container container;

	memset(&container, 0, sizeof(container));
	container_from_cgroup(text, &container);
	memset(&container, 0, sizeof(container));
	container_from_proc_cgroup(text, &container);
}

static void program(const char *text, size_t size)
{
	char name[PROGRAM_BYTES], line[CMDLINE_BYTES];

	program_from_arguments(name, text, size);
	cmdline_from_arguments(line, text, size);
}

/* As records of the ring buffer bring them. */
static void cgroup_components(const char *text, const char *bytes, size_t size)
{
	struct cgroup_names *names = cgroup_names_new("/nowhere", NULL);

	if (!names)
		return;
	cgroup_names_learn_upwards(names, 5, bytes, size);
	cgroup_names_lookup(names, 5, 1);
	cgroup_names_learn(names, 6, text);
	cgroup_names_lookup(names, 6, 1);
	cgroup_names_is_below(names, 6, 5, 1);
	cgroup_names_free(names);
}

/* A name a line; of folders, then of files. */
static void log_names(char *text)
{
	struct pod_names *names = pod_names_new(directory);
	struct container container = {};
	char paths[8][400], *save, *name;
	int count = 0, i;

	for (name = strtok_r(text, "\n", &save); name && count < 8; name = strtok_r(NULL, "\n", &save)) {
		if (!*name || strchr(name, '/') || strlen(name) > 255 || name[0] == '.')
			continue;
		snprintf(paths[count], sizeof(paths[0]), "%s/%s/%s", directory, count & 1 ? "containers" : "pods", name);
		if (!mkdir(paths[count], 0700))
			count++;
	}
	if (names)
		pod_names_refresh(names, 1000000000, true);
	container_from_cgroup("/kubepods/burstable/pod0f0f0f0f-1111-2222-3333-444444444444/"
			      "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef", &container);
	pod_names_complete(names, &container);
	pod_names_free(names);
	for (i = 0; i < count; i++)
		rmdir(paths[i]);
}

int fuzz_names(const uint8_t *data, size_t size)
{
	char *text;

	if (!size)
		return 0;
	make_directory();
	text = strndup((const char *)data + 1, size - 1);
	if (!text)
		abort();
	switch (data[0] % 4) {
	case 0:
		container_path(text);
		break;
	case 1:
		program((const char *)data + 1, size - 1);
		break;
	case 2:
		cgroup_components(text, (const char *)data + 1, size - 1);
		break;
	case 3:
		log_names(text);
		break;
	}
	free(text);
	return 0;
}
