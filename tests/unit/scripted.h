/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* A view that writes down how it is called, and answers one of the calls with what the test wants. */
#ifndef SCRIPTED_H
#define SCRIPTED_H

#include "unit.h"

#include "event/event.h"

#define SCRIPTED_CALLS 4000

/* Letters: b begin, e event, r recount, t tick, z end. */
struct scripted {
	struct view view;
	char calls[SCRIPTED_CALLS + 1]; /* cut when full */
	unsigned int count;
	char answer_to; /* this letter … */
	unsigned int nth; /* … when it comes for the n-th time, from 1 … */
	int answer; /* … is answered so; all else with 0 */
	unsigned int seen; /* of that letter */
	uint64_t end_ns; /* of the tick that `end` got */
};

static inline int scripted_call(struct view *view, char letter)
{
	struct scripted *scripted = (struct scripted *)view;

	if (scripted->count < SCRIPTED_CALLS)
		scripted->calls[scripted->count] = letter;
	scripted->count++;
	return letter == scripted->answer_to && ++scripted->seen == scripted->nth ? scripted->answer : 0;
}

static inline int scripted_begin(struct view *view, const struct run *run)
{
	(void)run;
	return scripted_call(view, 'b');
}

static inline int scripted_event(struct view *view, const struct event *event)
{
	(void)event;
	return scripted_call(view, 'e');
}

static inline int scripted_recount(struct view *view, bool begins)
{
	(void)begins;
	return scripted_call(view, 'r');
}

static inline int scripted_tick(struct view *view, const struct tick *tick)
{
	(void)tick;
	return scripted_call(view, 't');
}

static inline int scripted_end(struct view *view, const struct tick *last)
{
	((struct scripted *)view)->end_ns = last->time_ns;
	return scripted_call(view, 'z');
}

static inline void scripted_init(struct scripted *scripted, char answer_to, unsigned int nth, int answer)
{
	memset(scripted, 0, sizeof(*scripted));
	scripted->view = (struct view){
		.begin = scripted_begin,
		.event = scripted_event,
		.recount = scripted_recount,
		.tick = scripted_tick,
		.end = scripted_end,
	};
	scripted->answer_to = answer_to;
	scripted->nth = nth;
	scripted->answer = answer;
}

#endif
