/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * When are the ports of a destination used up, if it goes on as it does now? Ports in TIME_WAIT come back at known times; open
 * connections are opened and closed at the present rates. Pure: times are seconds from now.
 */
#ifndef TCPDWELL_PORTS_FORECAST_H
#define TCPDWELL_PORTS_FORECAST_H

#include <stdint.h>

#define RATE_MAX 1000000 /* connections a second: more than any program opens */
#define FORECAST_BUCKETS 64
#define FORECAST_HORIZON_S 3600 /* what is farther away is not foreseen: rates do not hold that long */

/* When ports that are in TIME_WAIT now can be used again: how many in each second from now. All zero: there are none. */
struct port_schedule {
	uint32_t within[FORECAST_BUCKETS]; /* [i]: in less than i + 1 s, not in less than i s */
	uint32_t later, total;
};

/* Comes back in so many seconds; 0 or less: at any moment. */
void port_schedule_add(struct port_schedule *schedule, double in_s);

struct forecast {
	uint32_t limit; /* ports that may be used: the capacity, or that up to the cliff */
	uint32_t open; /* ports used by connections that are not in TIME_WAIT */
	const struct port_schedule *schedule; /* ports used by those that are */
	double opened; /* connections a second that take a port */
	double closed; /* open connections a second that leave it, into TIME_WAIT or altogether */
	double time_wait; /* of these: into TIME_WAIT */
	double hold_s; /* how long TIME_WAIT holds a port: 60 s, or until it may be reused */
};

/* Seconds until `limit` ports are used. 0: they are. INFINITY: not at these rates, or not within the horizon. */
double forecast_seconds(const struct forecast *forecast);

/*
 * The highest rate of connections a second that so many ports bear for ever. life_s: how long a connection is open;
 * time_wait_share: of connections that hold their port for hold_s more, 0 to 1. INFINITY: more than RATE_MAX, so that
 * ports are no limit.
 */
double sustainable_rate(uint32_t ports, double life_s, double hold_s, double time_wait_share);

#endif
