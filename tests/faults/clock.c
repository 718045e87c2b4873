// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* Preloaded: clocks go CLOCK_FACTOR times as fast, from when the program begins. The kernel's do not. */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <stdlib.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <time.h>
#include <unistd.h>

#define CLOCKS 16
#define NSEC 1000000000LL

static long long begin_ns[CLOCKS], factor;

static long long real_ns(clockid_t clock)
{
	struct timespec now;

	return syscall(SYS_clock_gettime, clock, &now) ? -1 : now.tv_sec * NSEC + now.tv_nsec;
}

__attribute__((constructor)) static void begin(void)
{
	const char *wish = getenv("CLOCK_FACTOR");
	int i;

	for (i = 0; i < CLOCKS; i++)
		begin_ns[i] = real_ns(i);
	factor = wish ? atoll(wish) : 1;
}

/* Of the processor's time nothing is changed. */
int clock_gettime(clockid_t clock, struct timespec *out)
{
	long long now_ns = real_ns(clock);

	if (now_ns < 0)
		return -1;
	if (factor && clock >= 0 && clock < CLOCKS && clock != CLOCK_PROCESS_CPUTIME_ID && clock != CLOCK_THREAD_CPUTIME_ID)
		now_ns = begin_ns[clock] + (now_ns - begin_ns[clock]) * factor;
	*out = (struct timespec){ now_ns / NSEC, now_ns % NSEC };
	return 0;
}

time_t time(time_t *out)
{
	struct timespec now;

	clock_gettime(CLOCK_REALTIME, &now);
	if (out)
		*out = now.tv_sec;
	return now.tv_sec;
}

int gettimeofday(struct timeval *out, void *zone)
{
	struct timespec now;

	(void)zone;
	clock_gettime(CLOCK_REALTIME, &now);
	*out = (struct timeval){ now.tv_sec, now.tv_nsec / 1000 };
	return 0;
}
