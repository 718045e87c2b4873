// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* The forecast against a simulation, connection by connection. */
#include "unit.h"

#include <math.h>

#include "ports/forecast.h"

static double forecast_of(struct forecast forecast)
{
	static const struct port_schedule none;

	if (!forecast.schedule)
		forecast.schedule = &none;
	return forecast_seconds(&forecast);
}

static void assert_near(double value, double truth, double tolerance)
{
	if (!(fabs(value - truth) <= tolerance))
		fail_msg("%f is not %f (within %f)", value, truth, tolerance);
}

static void simple_cases(void **state)
{
	const struct port_schedule full = { .within = { [9] = 1000 }, .total = 1000 };

	(void)state;
	/* nothing happens */
	assert_true(isinf(forecast_of((struct forecast){ .limit = 1000, .open = 999, .hold_s = 60 })));
	/* full now */
	assert_true(forecast_of((struct forecast){ .limit = 1000, .open = 1000, .hold_s = 60 }) == 0);
	assert_true(forecast_of((struct forecast){ .limit = 0, .hold_s = 60 }) == 0);
	/* a leak: nobody closes */
	assert_near(forecast_of((struct forecast){ .limit = 1000, .open = 100, .opened = 10, .hold_s = 60 }), 90, 1e-6);
	/* each is closed at once, and stays for 60 s: the 50th second */
	assert_near(forecast_of((struct forecast){
			    .limit = 1000, .opened = 20, .closed = 20, .time_wait = 20, .hold_s = 60 }),
		    50, 1e-6);
	/* 16 a second never fill 1000, 17 do */
	assert_true(isinf(forecast_of((struct forecast){
		.limit = 1000, .opened = 16, .closed = 16, .time_wait = 16, .hold_s = 60 })));
	assert_near(forecast_of((struct forecast){
			    .limit = 1000, .opened = 17, .closed = 17, .time_wait = 17, .hold_s = 60 }),
		    1000 / 17.0, 1e-6);
	/* the peer closes first: no port is held */
	assert_true(isinf(forecast_of((struct forecast){ .limit = 1000, .opened = 900, .closed = 900, .hold_s = 60 })));
	/* reuse after a second */
	assert_true(isinf(forecast_of((struct forecast){
		.limit = 1000, .opened = 900, .closed = 900, .time_wait = 900, .hold_s = 1 })));
	assert_near(forecast_of((struct forecast){
			    .limit = 1000, .opened = 2000, .closed = 2000, .time_wait = 2000, .hold_s = 1 }),
		    0.5, 1e-6);
	/* full of TIME_WAIT now, all of it free in 10 s: that is 0 */
	assert_true(forecast_of((struct forecast){ .limit = 1000, .schedule = &full, .hold_s = 60 }) == 0);
	/* a slow leak behind the seconds that are looked at one by one, and behind the horizon */
	assert_near(forecast_of((struct forecast){ .limit = 1000, .opened = 1, .hold_s = 60 }), 1000, 1e-6);
	assert_true(isinf(forecast_of((struct forecast){ .limit = 28232, .opened = 1, .hold_s = 60 })));
	/* longer than TIME_WAIT lasts here */
	assert_near(forecast_of((struct forecast){
			    .limit = 5000, .opened = 10, .closed = 10, .time_wait = 10, .hold_s = 600 }),
		    500, 1e-6);
}

/* What is in TIME_WAIT comes back while new ones go in. */
static void time_wait_comes_back(void **state)
{
	struct port_schedule schedule = {};

	(void)state;
	/* 10 a second for the last 30 s, 30 a second from now on: 1000 = 300 + 30 t until the first come back at 30 s,
	 * then 20 a second net */
	for (int i = 0; i < 300; i++)
		port_schedule_add(&schedule, 30 + i / 10.0);
	assert_int_equal(schedule.total, 300);
	assert_near(forecast_of((struct forecast){ .limit = 1000, .schedule = &schedule, .opened = 30, .closed = 30,
						   .time_wait = 30, .hold_s = 60 }),
		    700 / 30.0, 0.01);
	assert_near(forecast_of((struct forecast){ .limit = 1400, .schedule = &schedule, .opened = 30, .closed = 30,
						   .time_wait = 30, .hold_s = 60 }),
		    30 + (1400 - 1200) / 20.0, 0.01);
}

static void late_and_early(void **state)
{
	struct port_schedule schedule = {};

	(void)state;
	port_schedule_add(&schedule, -3);
	port_schedule_add(&schedule, 0.5);
	port_schedule_add(&schedule, 63.99);
	port_schedule_add(&schedule, 64);
	port_schedule_add(&schedule, 1e9);
	assert_int_equal(schedule.within[0], 2);
	assert_int_equal(schedule.within[63], 1);
	assert_int_equal(schedule.later, 2);
	assert_int_equal(schedule.total, 5);
}

#define SIMULATED_MAX 100000

/* Connections one by one: opened each 1/rate s, open for life_s, then TIME_WAIT for 60 s. Starts with nothing. */
static double simulate(uint32_t limit, double rate, double life_s, double now_s, struct forecast *forecast,
		       struct port_schedule *schedule)
{
	double full_s = INFINITY;
	uint32_t used, opened;

	memset(schedule, 0, sizeof(*schedule));
	*forecast = (struct forecast){ .limit = limit, .schedule = schedule, .opened = rate, .hold_s = 60 };
	for (opened = 0; opened < SIMULATED_MAX && isinf(full_s); opened++) {
		double t = opened / rate, gone = 60 + life_s;

		used = opened - (t > gone ? (uint32_t)((t - gone) * rate) : 0);
		if (used >= limit)
			full_s = t;
	}
	for (opened = 0; opened / rate <= now_s; opened++) {
		double age = now_s - opened / rate;

		if (age < life_s)
			forecast->open++;
		else if (age < life_s + 60)
			port_schedule_add(schedule, life_s + 60 - age);
	}
	forecast->closed = forecast->time_wait = now_s > life_s ? rate : 0;
	return full_s - now_s;
}

static void as_simulated(void **state)
{
	static const struct {
		uint32_t limit;
		double rate, life_s, now_s;
	} cases[] = {
		{ 1000, 20, 0.01, 5 },	{ 1000, 20, 0.01, 40 }, { 1000, 20, 2, 10 },	 { 1000, 17, 0.1, 50 },
		{ 28232, 500, 0.05, 20 }, { 28232, 480, 0.05, 55 }, { 28232, 300, 0.05, 70 }, { 28232, 400, 20, 30 },
		{ 14116, 260, 0.001, 1 }, { 200, 3.2, 0, 30 },	    { 200, 3.5, 0, 30 },
	};
	struct port_schedule schedule;
	struct forecast forecast;

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		double truth = simulate(cases[i].limit, cases[i].rate, cases[i].life_s, cases[i].now_s, &forecast, &schedule);
		double found = forecast_seconds(&forecast);

		if (isinf(truth))
			assert_true(isinf(found));
		else
			assert_near(found, truth, 0.02 * truth + 2 / cases[i].rate);
	}
}

static void rates(void **state)
{
	(void)state;
	assert_near(sustainable_rate(28232, 0, 60, 1), 470.5, 0.1);
	assert_near(sustainable_rate(14116, 0, 60, 1), 235.3, 0.1);
	assert_near(sustainable_rate(1000, 40, 60, 1), 10, 1e-9);
	assert_near(sustainable_rate(1000, 10, 60, 0), 100, 1e-9);
	assert_true(isinf(sustainable_rate(1000, 0, 60, 0)));
	assert_true(isinf(sustainable_rate(1000, 1e-6, 60, 0)));
	assert_true(sustainable_rate(0, 0, 60, 0) == 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(simple_cases), cmocka_unit_test(time_wait_comes_back), cmocka_unit_test(late_and_early),
		cmocka_unit_test(as_simulated), cmocka_unit_test(rates),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
