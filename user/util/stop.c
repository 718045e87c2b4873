// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* Signals as a flag and a time; all that is called in handlers is async-signal-safe. */
#include "util/stop.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/time.h>
#include <time.h>
#include <unistd.h>

#define NSEC_PER_MSEC 1000000ULL
#define USEC_PER_SEC 1000000
#define BEAT_MS 50
#define SAME_MS 200 /* timeout(1) and others send a signal to us and to our group: that is one */
#define IDLE_BEATS 4 /* overdue, and blocked for so long by an output that takes nothing */
#define LIFELESS_BEATS 400 /* the same by something else: a slow disk gives little to do, but it gives */
#define COMPUTES_NS NSEC_PER_MSEC /* of CPU time in a beat: it is busy, not blocked */
#define LATE_NS (75 * NSEC_PER_MSEC) /* who is blocked in a call gets its beats in time; late ones come to who waits for a processor */

enum { NOT_REQUESTED, BY_TIME, BY_SIGNAL };

static volatile sig_atomic_t requested;
static volatile uint64_t requested_ns; /* set before `requested` */
static uint64_t used_ns, beat_ns; /* CPU time at the last beat, and when it was */
static unsigned int idle_beats, lifeless_beats;

static uint64_t clock_ns(clockid_t clock)
{
	struct timespec time;

	clock_gettime(clock, &time);
	return time.tv_sec * 1000000000ULL + time.tv_nsec;
}

static uint64_t since_request_ms(void)
{
	return (clock_ns(CLOCK_MONOTONIC) - requested_ns) / NSEC_PER_MSEC;
}

static void beat_after(double first_seconds)
{
	struct itimerval timer = { .it_interval.tv_usec = BEAT_MS * 1000 };

	timer.it_value.tv_sec = first_seconds;
	timer.it_value.tv_usec = (first_seconds - timer.it_value.tv_sec) * USEC_PER_SEC;
	if (!timer.it_value.tv_sec && !timer.it_value.tv_usec)
		timer.it_value.tv_usec = 1;
	setitimer(ITIMER_REAL, &timer, NULL);
}

static void request(int by)
{
	requested_ns = clock_ns(CLOCK_MONOTONIC);
	requested = by;
}

/* One that nobody has, or whose reader is gone, blocks no write. */
static bool is_stuck(int output)
{
	struct pollfd it = { .fd = output, .events = POLLOUT };

	return !poll(&it, 1, 0);
}

static void end_with(const char *sentence, size_t size)
{
	struct pollfd standard_error = { .fd = STDERR_FILENO, .events = POLLOUT };
	ssize_t ignored;

	if (poll(&standard_error, 1, 0) == 1 && standard_error.revents == POLLOUT) {
		ignored = write(STDERR_FILENO, sentence, size);
		(void)ignored;
	}
	_exit(1);
}

static void count_beat(void)
{
	const uint64_t cpu_ns = clock_ns(CLOCK_PROCESS_CPUTIME_ID), now_ns = clock_ns(CLOCK_MONOTONIC);
	const bool computes = cpu_ns - used_ns >= COMPUTES_NS;
	const bool late = now_ns - beat_ns >= LATE_NS; /* the next comes in time all the same: the timer keeps to its grid */

	idle_beats = computes || late ? 0 : idle_beats + 1;
	/* In so many some are late on a busy machine, which must not keep us for ever. */
	lifeless_beats = computes ? 0 : lifeless_beats + !late;
	used_ns = cpu_ns;
	beat_ns = now_ns;
}

/* In a place that repeats its call for EINTR and never asks us, such as curses: nothing can be lost any more. */
static void end_if_blocked(void)
{
	static const char output[] = "tcpdwell: ended without totals: the output takes nothing\n";
	static const char unknown[] = "tcpdwell: ended without totals: something that it waits for does not come\n";

	count_beat();
	if (idle_beats >= IDLE_BEATS && (is_stuck(STDOUT_FILENO) || is_stuck(STDERR_FILENO)))
		end_with(output, sizeof(output) - 1);
	if (lifeless_beats >= LIFELESS_BEATS)
		end_with(unknown, sizeof(unknown) - 1);
}

static void on_beat(int signal)
{
	int saved = errno;

	(void)signal;
	if (!requested)
		request(BY_TIME);
	else if (stop_is_overdue())
		end_if_blocked();
	errno = saved;
}

static void on_signal(int number)
{
	int saved = errno;

	if (requested != BY_SIGNAL) {
		request(BY_SIGNAL);
		beat_after(BEAT_MS / 1000.0);
	} else if (since_request_ms() > SAME_MS) {
		signal(number, SIG_DFL);
		raise(number);
	}
	errno = saved;
}

/* Without SA_RESTART: a signal ends every wait. */
void stop_catch_signals(void)
{
	struct sigaction on_request = { .sa_handler = on_signal }, on_timer = { .sa_handler = on_beat };

	sigaction(SIGALRM, &on_timer, NULL);
	sigaction(SIGINT, &on_request, NULL);
	sigaction(SIGTERM, &on_request, NULL);
	signal(SIGPIPE, SIG_IGN);
	signal(SIGXFSZ, SIG_IGN);
}

void stop_after(double seconds)
{
	if (seconds >= 0 && seconds < INT32_MAX && !requested)
		beat_after(seconds);
}

void stop_forget_time(void)
{
	static const struct itimerval never;

	setitimer(ITIMER_REAL, &never, NULL);
	if (requested == BY_TIME)
		requested = NOT_REQUESTED;
	else if (requested == BY_SIGNAL) /* it may have come just before */
		beat_after(BEAT_MS / 1000.0);
}

bool stop_is_requested(void)
{
	return requested;
}

bool stop_is_overdue(void)
{
	return requested && since_request_ms() > STOP_GRACE_MS;
}

bool stop_cuts_looks(void)
{
	return requested && since_request_ms() > (requested == BY_SIGNAL ? STOP_GRACE_MS : STOP_LOOKS_MS);
}
