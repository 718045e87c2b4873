// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* One place for the rule that a failed view is left alone. */
#include "source/guard.h"

void guard_take(struct guard *guard, int result)
{
	guard->result = result;
	if (result < 0)
		guard->runs = false;
}

static void take(struct guard *guard, int result)
{
	if (result)
		guard_take(guard, result);
}

void guard_begin(struct guard *guard, struct view *view, const struct run *run)
{
	*guard = (struct guard){ .view = view, .runs = true };
	if (view->begin)
		take(guard, view->begin(view, run));
}

void guard_recount(struct guard *guard, bool begins)
{
	if (guard->runs && guard->view->recount)
		take(guard, guard->view->recount(guard->view, begins));
}

void guard_tick(struct guard *guard, const struct tick *tick)
{
	if (guard->runs && guard->view->tick)
		take(guard, guard->view->tick(guard->view, tick));
}

void guard_fail(struct guard *guard, int err)
{
	take(guard, err);
}

int guard_end(struct guard *guard, const struct tick *last)
{
	if (guard->runs && guard->view->end)
		take(guard, guard->view->end(guard->view, last));
	guard->runs = false;
	return guard->result < 0 ? guard->result : 0;
}
