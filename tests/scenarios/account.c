// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * The kernel's own account against what a life left behind and against what tcpdwell's stream leaves open,
 * socket by socket; and the summary line against the stream.
 */
#define _GNU_SOURCE 1
#include "expect.h"
#include "rows.h"

#include <stdio.h>
#include <string.h>

#define MAX_ROWS 256

#define FAIL(why, ...) (snprintf((why)->text, sizeof((why)->text), __VA_ARGS__), false)

/* Takes one matching row out; false when there is none. */
static bool rows_take(struct row *rows, int *n, int local_port, int remote_port, int state)
{
	for (int i = 0; i < *n; i++) {
		if (rows[i].local_port != local_port || rows[i].remote_port != remote_port ||
		    rows[i].state != state)
			continue;
		rows[i] = rows[--*n];
		return true;
	}
	return false;
}

static bool rows_empty(const struct row *rows, int n, const char *who, struct reason *why)
{
	if (!n)
		return true;
	return FAIL(why, "the kernel has %d>%d in %s, %s does not", rows->local_port, rows->remote_port,
		    state_name(rows->state), who);
}

/* The state at rest: the last before '|', else the last. -1 for CLOSE and for paths that are not known. */
static int want_rest(const struct want *w)
{
	char path[256], *bar, *last;
	int state;

	snprintf(path, sizeof(path), "%s", w->path);
	bar = strchr(path, '|');
	if (bar)
		*bar = 0;
	last = strrchr(path, '>');
	state = state_number(last ? last + 1 : path);
	return state == state_number("CLOSE") ? -1 : state;
}

/* /proc/net/tcp and sockstat must agree before either is called the truth. */
static bool kernel_agrees(int pid, const struct row *rows, int n, struct reason *why)
{
	int small = 0, tw = rows_sockstat_tw(pid);

	for (int i = 0; i < n; i++)
		small += rows[i].small;
	return small == tw ? true : FAIL(why, "sockstat tw %d, but %d timewait rows", tw, small);
}

bool expect_rows(int pid, const struct truth *truth, struct reason *why)
{
	struct row rows[MAX_ROWS];
	int n = rows_read(pid, rows, MAX_ROWS);

	if (!kernel_agrees(pid, rows, n, why))
		return false;
	for (int i = 0; i < truth->wants; i++) {
		const struct want *w = &truth->want[i];
		int state = want_rest(w);

		if (state >= 0 && !rows_take(rows, &n, w->local_port, w->remote_port, state))
			return FAIL(why, "%d>%d expected in %s: the kernel has no such socket", w->local_port,
				    w->remote_port, state_name(state));
	}
	return rows_empty(rows, n, "the life", why);
}

bool expect_account(struct stream *s, int pid, const struct truth *truth, struct reason *why)
{
	struct row rows[MAX_ROWS];
	int n = rows_read(pid, rows, MAX_ROWS);

	for (int i = 0; i < s->view_count; i++) {
		const struct view *v = &s->views[i];
		int state = state_number(view_state(s, v));

		if (v->netns != truth->netns || !view_is_connection(s, v) || state == state_number("CLOSE"))
			continue;
		if (!rows_take(rows, &n, v->local_port, v->remote_port, state))
			return FAIL(why, "the stream leaves %d>%d in %s, the kernel has no such socket",
				    v->local_port, v->remote_port, state_name(state));
	}
	for (int i = 0; i < truth->wants; i++) {
		const struct want *w = &truth->want[i];

		/* Seeded, and nothing happened to it yet: no line. */
		if (w->seeded && !expect_find(s, truth->netns, w->local_port, w->remote_port, 0))
			rows_take(rows, &n, w->local_port, w->remote_port, want_rest(w));
	}
	return rows_empty(rows, n, "the stream", why);
}

static long long total(const struct stream *s, const char *key)
{
	return stream_summary_number(s, "totals", key);
}

static long long number(const struct stream *s, const char *key)
{
	return stream_summary_number(s, NULL, key);
}

static int lines_with(const struct stream *s, const char *key, const char *value)
{
	int n = 0;

	for (int i = 0; i < s->count; i++)
		n += record_is(&s->records[i], "transition") &&
		     !strcmp(record_text(&s->records[i], key), value);
	return n;
}

static int lines_of(const struct stream *s, const char *type)
{
	int n = 0;

	for (int i = 0; i < s->count; i++)
		n += record_is(&s->records[i], type);
	return n;
}

static int failures_with(const struct stream *s, const char *error)
{
	int n = 0;

	for (int i = 0; i < s->count; i++)
		n += record_is(&s->records[i], "connect_failed") && !strcmp(record_text(&s->records[i], "error"), error);
	return n;
}

static int unknown_entries(const struct stream *s)
{
	int n = 0;

	for (int i = 0; i < s->count; i++) {
		const char *new = record_text(&s->records[i], "new_state");

		n += (!strcmp(new, "TIME_WAIT") || !strcmp(new, "CLOSE_WAIT")) &&
		     !strcmp(record_text(&s->records[i], "attribution"), "unknown");
	}
	return n;
}

static bool is(long long have, long long want, const char *name, struct reason *why)
{
	return have == want ? true : FAIL(why, "%s is %lld, expected %lld", name, have, want);
}

static bool conserved(const struct stream *s, const char *state, const char *name, struct reason *why)
{
	char created[40], seeded[40], left[40], now[40];

	snprintf(created, sizeof(created), "%s_created", name);
	snprintf(seeded, sizeof(seeded), "%s_seeded", name);
	snprintf(left, sizeof(left), "%s_left", name);
	snprintf(now, sizeof(now), "%s_now", name);
	return is(total(s, created), lines_with(s, "new_state", state), created, why) &&
	       is(total(s, left), lines_with(s, "old_state", state), left, why) &&
	       is(total(s, created) + total(s, seeded) - total(s, left), total(s, now), now, why);
}

bool expect_kernel_totals(const struct stream *s, int tw, int close_wait, struct reason *why)
{
	return is(total(s, "time_wait_now") + total(s, "fin_wait2_timewait_now"), tw,
		  "time_wait_now + fin_wait2_timewait_now (kernel: sockstat tw)", why) &&
	       is(total(s, "close_wait_now"), close_wait, "close_wait_now (kernel: /proc/net/tcp)", why);
}

bool expect_seeded(const struct stream *s, int time_wait, int close_wait, struct reason *why)
{
	return is(total(s, "time_wait_seeded"), time_wait, "time_wait_seeded", why) &&
	       is(total(s, "close_wait_seeded"), close_wait, "close_wait_seeded", why);
}

/*
 * The kernel's recursion guard may skip an event: it is missed, told from what comes after, and so healed. When it was
 * a connection's end, the sweep dropped the record, and tells of it only where that end is selected.
 */
static bool explained(const struct stream *s, struct reason *why)
{
	long missed = number(s, "missed"), healed = number(s, "healed"), dropped = number(s, "dropped");

	if (dropped <= missed && healed <= missed && healed + dropped >= missed)
		return true;
	return FAIL(why, "missed %ld, of these healed %ld, dropped as ended %ld", missed, healed, dropped);
}

/* The kinds of failed connects by their errors; what has another error was told by the network or by the routes. */
static bool failures_counted(const struct stream *s, struct reason *why)
{
	static const char *const kinds[][2] = {
		{ "connect_failed", "EADDRNOTAVAIL" }, { "connect_failed_no_port", "EADDRNOTAVAIL" },
		{ "connect_failed_refused", "ECONNREFUSED" }, { "connect_failed_timeout", "ETIMEDOUT" },
		{ "connect_failed_abandoned", "ECANCELED" },
	};
	int others = lines_of(s, "connect_failed"), n;

	for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++) {
		n = failures_with(s, kinds[i][1]);
		others -= i ? n : 0;
		if (!is(number(s, kinds[i][0]), n, kinds[i][0], why))
			return false;
	}
	if (!others && json_is_null(json_object_get(s->summary, "connect_failed_unreachable")))
		return true;
	return is(number(s, "connect_failed_unreachable"), others, "connect_failed_unreachable", why);
}

bool expect_summary(const struct stream *s, struct reason *why)
{
	if (!s->summary)
		return FAIL(why, "no summary line");
	if (*s->error)
		return FAIL(why, "%s", s->error);
	return is(number(s, "transitions"), lines_of(s, "transition"), "transitions", why) &&
	       failures_counted(s, why) &&
	       is(number(s, "lost"), 0, "lost", why) && is(number(s, "map_full"), 0, "map_full", why) &&
	       is(number(s, "unknown"), unknown_entries(s), "unknown", why) &&
	       explained(s, why) &&
	       conserved(s, "TIME_WAIT", "time_wait", why) && conserved(s, "CLOSE_WAIT", "close_wait", why);
}
