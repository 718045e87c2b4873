/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * The capabilities of this process, through capget(2) and capset(2) themselves. A set is a mask with bit (1 << number).
 * /proc is not asked: it may be missing, or another namespace's.
 */
#ifndef TCPDWELL_UTIL_CAPABILITIES_H
#define TCPDWELL_UTIL_CAPABILITIES_H

#include <linux/capability.h>
#include <stdint.h>

/* Linux 5.8 has them, <linux/capability.h> of an older system may not. */
#ifndef CAP_PERFMON
#define CAP_PERFMON 38
#endif
#ifndef CAP_BPF
#define CAP_BPF 39
#endif

#define CAPABILITY(number) (1ULL << (number))

struct capability_sets {
	uint64_t effective; /* what we may do now */
	uint64_t permitted; /* what we may raise */
	uint64_t bounding; /* what an executable file could give at most, as far as it is asked for; see capabilities_read() */
};

/* 0 or negative errno. */
int capabilities_read(struct capability_sets *sets);

/* What we may do now; 0 if the kernel does not tell. Allowed after privileges_drop(), which capabilities_read() is not. */
uint64_t capabilities_effective(void);

/*
 * Makes those of `wanted` effective that are permitted and are not yet: what an executable file's "=p" or a container's
 * runtime gives to another user than root. 0 or negative errno.
 */
int capabilities_raise(uint64_t wanted);

/*
 * For as long as a path is opened that the caller named: it must be reached with his rights alone, and not with those that an
 * executable file gave us. None is effective until capabilities_resume() of what is returned. Root's own rights stay.
 */
uint64_t capabilities_suspend(void);
void capabilities_resume(uint64_t suspended);

/* Gives up all but `kept`, for good: permitted, inheritable and ambient ones too. 0 or negative errno. */
int capabilities_limit(uint64_t kept);

/* "CAP_BPF"; NULL for those that we have nothing to do with. */
const char *capability_name(int number);

#endif
