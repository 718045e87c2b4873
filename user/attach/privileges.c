// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* The way down from root. */
#include "attach/privileges.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/types.h>
#include <unistd.h>

#include "attach/seccomp.h"
#include "util/capabilities.h"
#include "util/log.h"

#define TRACING (CAPABILITY(CAP_BPF) | CAPABILITY(CAP_PERFMON))

/* Names of cgroups by handle; other users' descriptors and namespaces in /proc. */
#define READING (CAPABILITY(CAP_DAC_READ_SEARCH) | CAPABILITY(CAP_SYS_PTRACE))

#define USED (TRACING | READING | CAPABILITY(CAP_SYS_ADMIN) | CAPABILITY(CAP_SYS_RESOURCE) | CAPABILITY(CAP_DAC_OVERRIDE))

/*
 * What an executable file gives to another user than root serves tracing, never his paths: with the rights to pass over permissions
 * he could read (report FILE) and write (record -o) what he may not. The right to read other users' descriptors in /proc is raised
 * when all paths that he named are open, by privileges_drop().
 */
void privileges_raise(void)
{
	capabilities_raise(geteuid() ? USED & ~(CAPABILITY(CAP_DAC_OVERRIDE) | CAPABILITY(CAP_DAC_READ_SEARCH)) : USED);
}

static uint64_t capabilities_kept(unsigned int privileges, uint64_t effective)
{
	uint64_t kept = READING;

	if (privileges & PRIVILEGE_BPF)
		kept |= effective & CAPABILITY(CAP_BPF) ? CAPABILITY(CAP_BPF) : CAPABILITY(CAP_SYS_ADMIN);
	if (privileges & PRIVILEGE_NAMESPACES)
		kept |= CAPABILITY(CAP_SYS_ADMIN);
	if (privileges & PRIVILEGE_FILES) /* the next file of a recording, in a user's folder */
		kept |= CAPABILITY(CAP_DAC_OVERRIDE);
	return kept & effective;
}

static unsigned int seccomp_needs(unsigned int privileges)
{
	return (privileges & PRIVILEGE_BPF ? SECCOMP_BPF : 0) | (privileges & PRIVILEGE_NAMESPACES ? SECCOMP_NAMESPACES : 0) |
	       (privileges & PRIVILEGE_FILES ? SECCOMP_FILES : 0) | (privileges & PRIVILEGE_RENAME ? SECCOMP_RENAME : 0);
}

void privileges_drop(unsigned int privileges, int removes_in)
{
	struct capability_sets sets;
	uint64_t kept = 0;
	char names[160];
	int err;

	if (!(privileges & (PRIVILEGE_FILES | PRIVILEGE_PATHS)))
		capabilities_raise(CAPABILITY(CAP_DAC_READ_SEARCH));
	err = capabilities_read(&sets);
	if (!err) {
		kept = capabilities_kept(privileges, sets.effective);
		err = capabilities_limit(kept);
	}
	if (err)
		log_warn("capabilities could not be given up: %s", strerror(-err));
	prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
	err = seccomp_confine(seccomp_needs(privileges), removes_in);
	privileges_names(kept, names, sizeof(names));
	if (err)
		log_info("capabilities kept: %s; system calls are not filtered: %s", names, strerror(-err));
	else
		log_info("capabilities kept: %s; system calls are filtered", names);
}

int privileges_serve(void)
{
	capabilities_limit(0);
	prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
	return seccomp_confine_server();
}

void privileges_names(uint64_t capabilities, char *text, size_t size)
{
	size_t used = 0;
	int number;

	snprintf(text, size, "none");
	for (number = 0; number < 64 && used < size; number++) {
		if (!(capabilities & CAPABILITY(number)) || !capability_name(number))
			continue;
		capabilities &= ~CAPABILITY(number);
		used += snprintf(text + used, size - used, "%s%s", used ? capabilities ? ", " : " and " : "",
				 capability_name(number));
	}
}
