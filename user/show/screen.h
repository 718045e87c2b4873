/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* A panel on the terminal: events, ticks and keys in, frames out. */
#ifndef TCPDWELL_SHOW_SCREEN_H
#define TCPDWELL_SHOW_SCREEN_H

#include "event/event.h"
#include "show/panel.h"
#include "show/terminal_guard.h"
#include "show/timeline.h"

struct screen;

/* What the view is beside its panel; `screen` is the first member of the view's own struct. */
struct screen_kind {
	/* 0 or -ENOMEM. With a timeline it may be called again. */
	int (*begin)(struct screen *screen, const struct run *run);
	int (*event)(struct screen *screen, const struct event *event);
	void (*recount)(struct screen *screen, bool begins);
	/* With a timeline: an interval is over that is passed by. 0 or negative errno. NULL: there is no such view. */
	int (*pass)(struct screen *screen, const struct tick *tick);
	/* With a timeline: is a finding told that was not at the last call? */
	bool (*has_new_finding)(struct screen *screen);
	/* Is the interval over? */
	bool (*is_due)(const struct screen *screen, const struct tick *tick);
	void (*end_interval)(struct screen *screen, const struct tick *tick);
	/* 0 or negative errno; the panel is refreshed afterwards. */
	int (*measure)(struct screen *screen, const struct tick *tick);
	bool (*is_over)(const struct screen *screen);
	/* What is printed on the first screen when it ends; at most `size` bytes. False: nothing. */
	bool (*farewell)(struct screen *screen, const struct tick *last, char *out, size_t size);
};

struct screen {
	struct view view;
	const struct screen_kind *kind;
	struct panel *panel; /* the owner's */
	const struct terminal_guard *guard;
	struct frame frame;
	struct terminal *terminal; /* NULL before the run and after it */
	struct timeline *timeline; /* the owner's; NULL: time goes on by itself */
	uint64_t reading_since_ns; /* with a timeline: when the last picture was drawn */
	bool color, drawn;
};

void screen_init(struct screen *screen, const struct screen_kind *kind, struct panel *panel, bool color,
		 const struct terminal_guard *guard);
void screen_release(struct screen *screen);

#endif
