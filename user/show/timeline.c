// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* Keys that go back and forward in time. */
#include "show/timeline.h"

#include <stdio.h>
#include <string.h>

#include "show/terminal.h"
#include "util/moment.h"
#include "util/text.h"

#define NSEC_PER_SEC 1000000000ULL
#define SAME_FINDING_NS (2 * NSEC_PER_SEC) /* met again by another run, which sees it a little earlier or later */
#define AFTER_BEGIN_NS NSEC_PER_SEC /* of a finding: then the rules have told of it */

void timeline_init(struct timeline *timeline, uint64_t step_ns)
{
	memset(timeline, 0, sizeof(*timeline));
	timeline->step_ns = step_ns;
	timeline->want = WANT_END;
}

static uint64_t distance(uint64_t a, uint64_t b)
{
	return a > b ? a - b : b - a;
}

void timeline_add_finding(struct timeline *timeline, uint64_t unix_ns)
{
	size_t i, at = timeline->n_findings;

	for (i = 0; i < timeline->n_findings; i++)
		if (distance(timeline->findings[i], unix_ns) < SAME_FINDING_NS)
			return;
	if (timeline->n_findings == TIMELINE_FINDINGS)
		return;
	for (; at && timeline->findings[at - 1] > unix_ns; at--)
		timeline->findings[at] = timeline->findings[at - 1];
	timeline->findings[at] = unix_ns;
	timeline->n_findings++;
}

void timeline_begin(struct timeline *timeline, const struct run *run)
{
	timeline->again = timeline->at_end = false;
	if (!timeline->offset_ns)
		timeline->offset_ns = run->begin_unix_ns - run->begin_ns;
	timeline->begin_place_ns = run->begin_ns + timeline->offset_ns;
	timeline->begin_unix_ns = run->begin_unix_ns;
}

bool timeline_is_reached(const struct timeline *timeline, const struct tick *tick)
{
	switch (timeline->want) {
	case WANT_PLACE:
		return tick->time_ns + timeline->offset_ns >= timeline->wanted_ns;
	case WANT_CLOCK:
		return tick->unix_ns >= timeline->wanted_ns;
	default:
		return false;
	}
}

/* Steps keep to their grid, though ticks come a little later. */
void timeline_show(struct timeline *timeline, const struct tick *tick, bool at_end)
{
	uint64_t place_ns = tick->time_ns + timeline->offset_ns;
	bool is_exact = timeline->want == WANT_PLACE && !at_end && distance(place_ns, timeline->wanted_ns) < NSEC_PER_SEC;

	timeline->place_ns = is_exact ? timeline->wanted_ns : place_ns;
	timeline->unix_ns = tick->unix_ns;
	timeline->at_end = at_end;
	timeline->holes[0] = '\0';
	if (tick->holes)
		holes_text(timeline->holes, "Not traced", tick->holes);
	if (at_end)
		timeline->last_ns = tick->unix_ns;
	if (at_end && timeline->want == WANT_FINDING)
		snprintf(timeline->note, sizeof(timeline->note), "No other finding begins up to the end.");
	else if (at_end && timeline->want != WANT_END)
		snprintf(timeline->note, sizeof(timeline->note), "This is the end of what was recorded.");
}

static enum timeline_step want(struct timeline *timeline, enum timeline_want how, uint64_t wanted_ns)
{
	timeline->want = how;
	timeline->wanted_ns = wanted_ns;
	timeline->again = how == WANT_CLOCK || how == WANT_END || timeline->at_end ||
			  (how == WANT_PLACE && (wanted_ns < timeline->place_ns || wanted_ns > timeline->reach_ns));
	return TIMELINE_GO;
}

static enum timeline_step stay(struct timeline *timeline, const char *note)
{
	snprintf(timeline->note, sizeof(timeline->note), "%s", note);
	return TIMELINE_STAY;
}

/* There is nothing to be seen before the first step. */
static uint64_t earliest(const struct timeline *timeline)
{
	return timeline->first_ns + timeline->step_ns;
}

static enum timeline_step move(struct timeline *timeline, int steps)
{
	uint64_t size_ns = timeline->step_ns * (steps < 0 ? -steps : steps), to_ns;

	if (steps > 0)
		return want(timeline, WANT_PLACE, timeline->place_ns + size_ns);
	if (timeline->place_ns <= earliest(timeline))
		return stay(timeline, "This is the begin of what was recorded.");
	to_ns = timeline->place_ns > size_ns ? timeline->place_ns - size_ns : 0;
	return want(timeline, WANT_PLACE, to_ns > earliest(timeline) ? to_ns : earliest(timeline));
}

/* Those that are known come first; whether there are more is seen by going on. */
static enum timeline_step next_finding(struct timeline *timeline)
{
	size_t i;

	for (i = 0; i < timeline->n_findings; i++)
		if (timeline->findings[i] > timeline->unix_ns)
			return want(timeline, WANT_CLOCK, timeline->findings[i] + AFTER_BEGIN_NS);
	return timeline->at_end ? stay(timeline, "No other finding begins up to the end.") : want(timeline, WANT_FINDING, 0);
}

static enum timeline_step previous_finding(struct timeline *timeline)
{
	size_t i = timeline->n_findings;

	while (i--)
		if (timeline->findings[i] + AFTER_BEGIN_NS + SAME_FINDING_NS < timeline->unix_ns)
			return want(timeline, WANT_CLOCK, timeline->findings[i] + AFTER_BEGIN_NS);
	return stay(timeline, "No earlier finding is known.");
}

enum timeline_step timeline_key(struct timeline *timeline, int key)
{
	static const struct {
		char key;
		short steps;
	} moves[] = { { '[', -1 }, { ']', 1 }, { ' ', 1 }, { '{', -10 }, { '}', 10 }, { '(', -60 }, { ')', 60 } };
	size_t i;

	timeline->note[0] = '\0';
	for (i = 0; i < sizeof(moves) / sizeof(moves[0]); i++)
		if (moves[i].key == key)
			return move(timeline, moves[i].steps);
	switch (key) {
	case 'N':
		return next_finding(timeline);
	case 'P':
		return previous_finding(timeline);
	case '^':
		return want(timeline, WANT_PLACE, earliest(timeline));
	case '$':
		return want(timeline, WANT_END, 0);
	case 'J':
		return TIMELINE_ASK;
	case 'p': /* it stands still anyway */
		return TIMELINE_STAY;
	}
	return TIMELINE_NO_KEY;
}

static enum timeline_step go_beside(struct timeline *timeline, const char *text)
{
	uint64_t ns;

	if (text_parse_duration(text + 1, &ns))
		return stay(timeline, "That is no time: give 03:12, 2026-11-28 03:12, 10m ago, +5m or -5m.");
	if (*text == '+')
		return want(timeline, WANT_PLACE, timeline->place_ns + ns);
	ns = timeline->place_ns > ns ? timeline->place_ns - ns : 0;
	return want(timeline, WANT_PLACE, ns > earliest(timeline) ? ns : earliest(timeline));
}

enum timeline_step timeline_go_to(struct timeline *timeline, const char *text)
{
	uint64_t unix_ns;

	timeline->note[0] = '\0';
	if (!*text)
		return TIMELINE_STAY;
	if (*text == '+' || *text == '-')
		return go_beside(timeline, text);
	if (moment_parse(text, timeline->last_ns, &unix_ns))
		return stay(timeline, "That is no time: give 03:12, 2026-11-28 03:12, 10m ago, +5m or -5m.");
	if (timeline->last_ns && unix_ns > timeline->last_ns)
		return stay(timeline, "Nothing is recorded of that time: it is later than the end.");
	if (unix_ns < earliest(timeline))
		return want(timeline, WANT_PLACE, earliest(timeline));
	return want(timeline, WANT_CLOCK, unix_ns);
}

void timeline_text(struct buffer *out, const struct timeline *timeline)
{
	char text[MOMENT_TEXT];

	moment_text(text, timeline->unix_ns);
	buffer_printf(out, "%.10s", text);
	if (timeline->first_ns && timeline->last_ns) {
		moment_text(text, timeline->first_ns);
		buffer_printf(out, ", of %s", text);
		moment_text(text, timeline->last_ns);
		buffer_printf(out, " to %s", text);
	}
	moment_text_of_day(text, timeline->begin_unix_ns);
	buffer_printf(out, "; new since %s", text);
}
