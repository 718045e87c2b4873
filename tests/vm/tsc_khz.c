// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * tsc_khz: prints the frequency of this machine's time stamp counter, which QEMU without KVM hands to its guests; boot
 * tells it to them, because a guest that has to find it out on a busy machine may err, and then all its clocks do.
 */
#include <stdint.h>
#include <stdio.h>
#include <time.h>

struct sample {
	uint64_t ticks, ns;
};

static uint64_t now_ns(void)
{
	struct timespec time;

	clock_gettime(CLOCK_MONOTONIC_RAW, &time);
	return time.tv_sec * 1000000000ULL + time.tv_nsec;
}

/* The tightest of some readings: nobody took the processor away between the two clocks. */
static struct sample sample(void)
{
	struct sample best = { 0, 0 };
	uint64_t tightest = UINT64_MAX;

	for (int i = 0; i < 50; i++) {
		uint64_t before = __builtin_ia32_rdtsc(), ns = now_ns(), after = __builtin_ia32_rdtsc();

		if (after - before < tightest) {
			tightest = after - before;
			best = (struct sample){ before + (after - before) / 2, ns };
		}
	}
	return best;
}

int main(void)
{
	const struct timespec pause = { .tv_nsec = 100 * 1000 * 1000 };
	struct sample begin = sample(), end;

	nanosleep(&pause, NULL);
	end = sample();
	printf("%llu\n", (unsigned long long)((end.ticks - begin.ticks) * 1000000 / (end.ns - begin.ns)));
	return 0;
}
