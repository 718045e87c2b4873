/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Rates of a destination over the last ten seconds: long enough that a steady client's rate is steady, short enough that a
 * client that has begun is seen. All zero is a window of nothing.
 */
#ifndef TCPDWELL_PORTS_RATE_H
#define TCPDWELL_PORTS_RATE_H

#include <stdbool.h>
#include <stdint.h>

#define RATE_WINDOW_S 10
#define RATE_SAMPLES 12

/* Counted since the beginning. */
struct port_counts {
	uint64_t opened; /* connections that took a port */
	uint64_t closed; /* of these: no longer open, in TIME_WAIT or gone */
	uint64_t time_wait; /* of these: that went into TIME_WAIT */
	uint64_t failures; /* that found none */
};

struct port_rates {
	double opened, closed, time_wait, failures; /* a second */
};

struct rate_window {
	struct rate_sample {
		uint64_t time_ns; /* 0 = none */
		struct port_counts counts;
	} samples[RATE_SAMPLES];
	unsigned int newest;
};

/* The first event that is counted comes now: nothing was before. */
void rate_window_begin(struct rate_window *window, uint64_t now_ns);

/* Keeps the counts as of now, unless the newest sample is younger than a second. */
void rate_window_sample(struct rate_window *window, uint64_t now_ns, const struct port_counts *counts);

/* Up to now. */
struct port_rates rate_window_rates(const struct rate_window *window, uint64_t now_ns, const struct port_counts *counts);

/* Were connections opened in each third of the window that ends now, so that it is a rate, and no burst? True also where that is not known. */
bool rate_window_is_steady(const struct rate_window *window, uint64_t now_ns, const struct port_counts *counts);

#endif
