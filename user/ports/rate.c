// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* A ring of counts, a second apart. */
#include "ports/rate.h"

#include <stddef.h>

#define NSEC_PER_SEC 1000000000ULL
#define SECONDS_MIN 0.1 /* a rate of less time is none */

static void keep(struct rate_window *window, uint64_t now_ns, const struct port_counts *counts)
{
	window->newest = (window->newest + 1) % RATE_SAMPLES;
	window->samples[window->newest].time_ns = now_ns ?: 1;
	window->samples[window->newest].counts = *counts;
}

void rate_window_begin(struct rate_window *window, uint64_t now_ns)
{
	static const struct port_counts nothing;

	if (!window->samples[window->newest].time_ns)
		keep(window, now_ns, &nothing);
}

void rate_window_sample(struct rate_window *window, uint64_t now_ns, const struct port_counts *counts)
{
	uint64_t newest_ns = window->samples[window->newest].time_ns;

	if (!newest_ns || now_ns >= newest_ns + NSEC_PER_SEC)
		keep(window, now_ns, counts);
}

/* The oldest within the window; where none is, the newest of all. */
static const struct rate_sample *begin_of(const struct rate_window *window, uint64_t now_ns)
{
	const struct rate_sample *found = &window->samples[window->newest], *sample;
	uint64_t from_ns = now_ns > RATE_WINDOW_S * NSEC_PER_SEC ? now_ns - RATE_WINDOW_S * NSEC_PER_SEC : 0;
	unsigned int i;

	for (i = 1; i < RATE_SAMPLES; i++) {
		sample = &window->samples[(window->newest + RATE_SAMPLES - i) % RATE_SAMPLES];
		if (!sample->time_ns || sample->time_ns < from_ns)
			break;
		found = sample;
	}
	return found->time_ns ? found : NULL;
}

struct port_rates rate_window_rates(const struct rate_window *window, uint64_t now_ns, const struct port_counts *counts)
{
	const struct rate_sample *begin = begin_of(window, now_ns);
	struct port_rates rates = {};
	double seconds;

	if (!begin || now_ns <= begin->time_ns)
		return rates;
	seconds = (double)(now_ns - begin->time_ns) / NSEC_PER_SEC;
	if (seconds < SECONDS_MIN)
		return rates;
	rates.opened = (counts->opened - begin->counts.opened) / seconds;
	rates.closed = (counts->closed - begin->counts.closed) / seconds;
	rates.time_wait = (counts->time_wait - begin->counts.time_wait) / seconds;
	rates.failures = (counts->failures - begin->counts.failures) / seconds;
	return rates;
}

/* As of the newest sample that is not after it; of what was before the first nothing is known. */
static uint64_t opened_until(const struct rate_window *window, uint64_t until_ns)
{
	const struct rate_sample *sample, *found = NULL;
	unsigned int i;

	for (i = 0; i < RATE_SAMPLES; i++) {
		sample = &window->samples[i];
		if (sample->time_ns && sample->time_ns <= until_ns && (!found || sample->time_ns > found->time_ns))
			found = sample;
	}
	return found ? found->counts.opened : 0;
}

static unsigned int samples_since(const struct rate_window *window, uint64_t since_ns)
{
	unsigned int i, count = 0;

	for (i = 0; i < RATE_SAMPLES; i++)
		count += window->samples[i].time_ns >= since_ns;
	return count;
}

#define PARTS 3
#define PART_LEAST 10 /* of a part: one in so many of all, at least */

bool rate_window_is_steady(const struct rate_window *window, uint64_t now_ns, const struct port_counts *counts)
{
	const struct rate_sample *begin = begin_of(window, now_ns);
	uint64_t before, until, all;
	unsigned int part;

	if (!begin || now_ns <= begin->time_ns || counts->opened <= begin->counts.opened)
		return false;
	if (samples_since(window, begin->time_ns) < 2 * PARTS) /* it is measured too seldom to know */
		return true;
	all = counts->opened - begin->counts.opened;
	before = begin->counts.opened;
	for (part = 1; part <= PARTS; part++) {
		until = part == PARTS ? counts->opened : opened_until(window, begin->time_ns + (now_ns - begin->time_ns) * part / PARTS);
		if ((until - before) * PART_LEAST < all)
			return false;
		before = until;
	}
	return true;
}
