// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* setrlimit(2) and what is open. */
#include "attach/limits.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>

#define DESCRIPTORS_WANTED 1024
#define STACK_NEEDED (512 << 10) /* half of it does; libbpf and SQLite have large frames */
#define STACK_WANTED (8 << 20)

void limits_raise_memory(void)
{
	const struct rlimit unlimited = { RLIM_INFINITY, RLIM_INFINITY };

	setrlimit(RLIMIT_MEMLOCK, &unlimited); /* without CAP_SYS_RESOURCE it stays, and loading says what is missing */
}

void limits_raise_stack(void)
{
	struct rlimit stack;

	if (getrlimit(RLIMIT_STACK, &stack) || stack.rlim_cur >= STACK_NEEDED)
		return;
	stack.rlim_cur = stack.rlim_max < STACK_WANTED ? stack.rlim_max : STACK_WANTED;
	setrlimit(RLIMIT_STACK, &stack); /* the kernel asks for it whenever a stack grows */
}

int limits_check_stack(char *error, size_t error_size)
{
	struct rlimit stack;

	if (getrlimit(RLIMIT_STACK, &stack) || stack.rlim_cur >= STACK_NEEDED)
		return 0;
	snprintf(error, error_size, "the stack is limited to %llu KiB (ulimit -s), and %d are needed: raise it (systemd: LimitSTACK=)",
		 (unsigned long long)stack.rlim_cur / 1024, STACK_NEEDED / 1024);
	return -ENOMEM;
}

void limits_raise_files(void)
{
	struct rlimit files;

	if (getrlimit(RLIMIT_NOFILE, &files) || files.rlim_cur >= DESCRIPTORS_WANTED)
		return;
	files.rlim_cur = files.rlim_max < DESCRIPTORS_WANTED ? files.rlim_max : DESCRIPTORS_WANTED;
	setrlimit(RLIMIT_NOFILE, &files);
}

int limits_check_files(unsigned int needed, char *error, size_t error_size)
{
	struct rlimit files;
	unsigned int fd, open = 0;

	if (getrlimit(RLIMIT_NOFILE, &files) || files.rlim_cur >= DESCRIPTORS_WANTED)
		return 0;
	for (fd = 0; fd < files.rlim_cur; fd++)
		open += fcntl(fd, F_GETFD) >= 0;
	if (files.rlim_cur - open >= needed)
		return 0;
	snprintf(error, error_size, "only %u more files may be open (ulimit -n is %u), and %u are needed: raise it (systemd: LimitNOFILE=)",
		 (unsigned int)files.rlim_cur - open, (unsigned int)files.rlim_cur, needed);
	return -EMFILE;
}

void limits_explain(int err, char *error, size_t error_size)
{
	static const struct {
		int which;
		const char *name;
	} limits[] = { { RLIMIT_AS, "ulimit -v" }, { RLIMIT_DATA, "ulimit -d" } };
	size_t used, i;
	struct rlimit memory;

	if (err == -EPERM || err == -EMFILE)
		return;
	for (i = 0; i < sizeof(limits) / sizeof(limits[0]); i++) {
		if (getrlimit(limits[i].which, &memory) || memory.rlim_cur == RLIM_INFINITY)
			continue;
		used = strlen(error);
		snprintf(error + used, error_size - used, "%smemory is limited to %llu KiB (%s), which may be too little",
			 used ? "; " : "", (unsigned long long)memory.rlim_cur / 1024, limits[i].name);
	}
}

void limits_out_of_memory(char *error, size_t error_size)
{
	snprintf(error, error_size, "out of memory");
	limits_explain(-ENOMEM, error, error_size);
}
