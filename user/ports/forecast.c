// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* Ports used as a function of time: a straight line in each second, looked at one after the other. */
#include "ports/forecast.h"

#include <math.h>

void port_schedule_add(struct port_schedule *schedule, double in_s)
{
	schedule->total++;
	if (in_s >= FORECAST_BUCKETS)
		schedule->later++;
	else
		schedule->within[in_s > 0 ? (int)in_s : 0]++;
}

/* The slope of what new connections add: those closed meanwhile hold their ports for a while. */
static double growth_at(const struct forecast *forecast, double t)
{
	return forecast->opened - forecast->closed + (t < forecast->hold_s ? forecast->time_wait : 0);
}

/* When the line from `used` at `t` reaches the limit; INFINITY: not before `end`. */
static double crossing(const struct forecast *forecast, double used, double slope, double t, double end)
{
	double in;

	if (used >= forecast->limit)
		return t;
	in = slope > 0 ? (forecast->limit - used) / slope : INFINITY;
	return t + in <= end ? t + in : INFINITY;
}

/* Where a line's slope changes within a second, the second is two. */
static double step_end(const struct forecast *forecast, double t, double end)
{
	return t < forecast->hold_s && forecast->hold_s < end ? forecast->hold_s : end;
}

double forecast_seconds(const struct forecast *forecast)
{
	double used = (double)forecast->open + forecast->schedule->total, t = 0, next, slope, found;
	int second;

	if (used >= forecast->limit)
		return 0;
	for (second = 0; second < FORECAST_BUCKETS; second++) {
		while (t < second + 1) {
			next = step_end(forecast, t, second + 1);
			slope = growth_at(forecast, t) - forecast->schedule->within[second];
			found = crossing(forecast, used, slope, t, next);
			if (isfinite(found))
				return found;
			used += slope * (next - t);
			t = next;
		}
	}
	while (t < FORECAST_HORIZON_S) {
		next = step_end(forecast, t, FORECAST_HORIZON_S);
		slope = growth_at(forecast, t);
		found = crossing(forecast, used, slope, t, next);
		if (isfinite(found))
			return found;
		used += slope * (next - t);
		t = next;
	}
	return INFINITY;
}

double sustainable_rate(uint32_t ports, double life_s, double hold_s, double time_wait_share)
{
	double held_s = life_s + hold_s * time_wait_share;

	if (!ports)
		return 0;
	return ports <= RATE_MAX * held_s ? ports / held_s : INFINITY;
}
