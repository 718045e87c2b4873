// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* Two system calls, whose sets come in halves of 32. */
#include "util/capabilities.h"

#include <errno.h>
#include <stddef.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#define HALVES _LINUX_CAPABILITY_U32S_3

static const struct {
	int number;
	const char *name;
} names[] = {
	{ CAP_BPF, "CAP_BPF" },
	{ CAP_PERFMON, "CAP_PERFMON" },
	{ CAP_SYS_ADMIN, "CAP_SYS_ADMIN" },
	{ CAP_SYS_PTRACE, "CAP_SYS_PTRACE" },
	{ CAP_SYS_RESOURCE, "CAP_SYS_RESOURCE" },
	{ CAP_DAC_OVERRIDE, "CAP_DAC_OVERRIDE" },
	{ CAP_DAC_READ_SEARCH, "CAP_DAC_READ_SEARCH" },
};

#define NAMES (sizeof(names) / sizeof(names[0]))

static int halves_read(struct __user_cap_data_struct halves[HALVES])
{
	struct __user_cap_header_struct header = { .version = _LINUX_CAPABILITY_VERSION_3 };

	return syscall(SYS_capget, &header, halves) ? -errno : 0;
}

static int halves_write(const struct __user_cap_data_struct halves[HALVES])
{
	struct __user_cap_header_struct header = { .version = _LINUX_CAPABILITY_VERSION_3 };

	return syscall(SYS_capset, &header, halves) ? -errno : 0;
}

static uint64_t effective_of(const struct __user_cap_data_struct halves[HALVES])
{
	return halves[0].effective | (uint64_t)halves[1].effective << 32;
}

uint64_t capabilities_effective(void)
{
	struct __user_cap_data_struct halves[HALVES] = {};

	return halves_read(halves) ? 0 : effective_of(halves);
}

int capabilities_read(struct capability_sets *sets)
{
	struct __user_cap_data_struct halves[HALVES] = {};
	int err = halves_read(halves);
	size_t i;

	memset(sets, 0, sizeof(*sets));
	if (err)
		return err;
	sets->effective = effective_of(halves);
	sets->permitted = halves[0].permitted | (uint64_t)halves[1].permitted << 32;
	for (i = 0; i < NAMES; i++)
		if (prctl(PR_CAPBSET_READ, names[i].number, 0, 0, 0) == 1)
			sets->bounding |= CAPABILITY(names[i].number);
	return 0;
}

int capabilities_raise(uint64_t wanted)
{
	struct __user_cap_data_struct halves[HALVES] = {};
	int err = halves_read(halves);
	size_t i;

	if (err)
		return err;
	for (i = 0; i < HALVES; i++)
		halves[i].effective |= halves[i].permitted & (uint32_t)(wanted >> 32 * i);
	return halves_write(halves);
}

uint64_t capabilities_suspend(void)
{
	struct __user_cap_data_struct halves[HALVES] = {};
	uint64_t effective;
	size_t i;

	if (!geteuid() || halves_read(halves))
		return 0;
	effective = effective_of(halves);
	for (i = 0; i < HALVES; i++)
		halves[i].effective = 0;
	if (effective)
		halves_write(halves);
	return effective;
}

void capabilities_resume(uint64_t suspended)
{
	int err = errno; /* of what was done meanwhile */

	if (suspended)
		capabilities_raise(suspended);
	errno = err;
}

int capabilities_limit(uint64_t kept)
{
	struct __user_cap_data_struct halves[HALVES] = {};
	int err = halves_read(halves);
	size_t i;

	if (err)
		return err;
	prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_CLEAR_ALL, 0, 0, 0);
	for (i = 0; i < HALVES; i++) {
		halves[i].effective &= (uint32_t)(kept >> 32 * i);
		halves[i].permitted = halves[i].effective;
		halves[i].inheritable = 0;
	}
	return halves_write(halves);
}

const char *capability_name(int number)
{
	size_t i;

	for (i = 0; i < NAMES; i++)
		if (names[i].number == number)
			return names[i].name;
	return NULL;
}
