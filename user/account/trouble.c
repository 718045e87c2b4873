// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* A check a kind of trouble. */
#include "account/trouble.h"

#include "account/failures.h"
#include "util/tcp_state.h"

struct look {
	const struct model *model;
	struct group *group;
	const struct survey_row *row;
	uint64_t now_ns;
};

static uint64_t age_of(const struct look *look, uint64_t since_ns)
{
	return since_ns && look->now_ns > since_ns ? look->now_ns - since_ns : 0;
}

static double failing(const struct look *look, enum connect_failure kind)
{
	const struct failure_account *account = look->group->failures ? &look->group->failures->of[kind] : NULL;

	if (!account || !account->count || age_of(look, account->last_ns) > TROUBLE_RECENT_NS)
		return 0;
	return account->rate > 0 ? account->rate : 0.1;
}

static double no_port(const struct look *look)
{
	return failing(look, CONNECT_NO_PORT);
}

static double refused(const struct look *look)
{
	return failing(look, CONNECT_REFUSED);
}

static double unreachable(const struct look *look)
{
	return failing(look, CONNECT_UNREACHABLE);
}

static double no_answer(const struct look *look)
{
	double waiting = look->row->unanswered.sockets;

	if (waiting < TROUBLE_UNANSWERED && age_of(look, look->row->unanswered.since_ns) < TROUBLE_STUCK_NS)
		waiting = 0;
	return waiting + failing(look, CONNECT_TIMEOUT) + failing(look, CONNECT_ABANDONED);
}

static double gave_up(const struct look *look)
{
	return age_of(look, look->row->gave_up.since_ns) >= TROUBLE_STUCK_NS ? look->row->gave_up.sockets : 0;
}

static double queue_full(const struct look *look)
{
	return look->row->queue.full ? look->row->queue.facts.depth : 0;
}

static double queue_waits(const struct look *look)
{
	const struct listener_facts *facts = &look->row->queue.facts;
	uint32_t waiting = facts->depth > facts->closed ? facts->depth - facts->closed : 0;

	return waiting >= TROUBLE_QUEUED && age_of(look, facts->oldest_ns) >= TROUBLE_STUCK_NS ? waiting : 0;
}

static double queue_drops(const struct look *look)
{
	const struct group *group = look->group;

	return group->drops_ns && age_of(look, group->drops_ns) < TROUBLE_RECENT_NS ? group->present.accept_drops : 0;
}

/* Of what the program has: what waits to be accepted it can't close. */
static double close_wait(const struct look *look)
{
	int64_t now = model_state_now(look->model, look->group, STATE_CLOSE_WAIT) - look->row->gave_up.sockets;

	return now > 0 && age_of(look, look->group->oldest_ns) >= TROUBLE_STUCK_NS ? now : 0;
}

static double leak(const struct look *look)
{
	const struct account *account = model_account(look->model, look->group, STATE_CLOSE_WAIT);
	bool grows = account && account->grown > 2;

	return age_of(look, look->group->oldest_ns) >= TROUBLE_OLD_NS || grows ? close_wait(look) : 0;
}

static double half_closed(const struct look *look)
{
	int64_t held = model_state_now(look->model, look->group, STATE_FIN_WAIT2);

	return look->row->peer.sockets && look->row->peer.state == STATE_CLOSE_WAIT &&
			       age_of(look, look->row->peer.since_ns) >= TROUBLE_STUCK_NS ?
		       held : 0;
}

static double crowd(const struct look *look)
{
	return look->row->addresses >= TROUBLE_CROWD_ADDRESSES ? look->row->addresses : 0;
}

static const struct kind {
	const char *name;
	uint8_t level;
	double (*size)(const struct look *look);
} kinds[TROUBLES] = {
	[TROUBLE_NONE] = {"", LEVEL_NONE, NULL},
	[TROUBLE_CROWD] = {"many peers", LEVEL_WARNING, crowd},
	[TROUBLE_HALF_CLOSED] = {"half-close", LEVEL_NOTE, half_closed},
	[TROUBLE_CLOSE_WAIT] = {"unclosed", LEVEL_WARNING, close_wait},
	[TROUBLE_REFUSED] = {"refused", LEVEL_ALERT, refused},
	[TROUBLE_UNREACHABLE] = {"no route", LEVEL_ALERT, unreachable},
	[TROUBLE_NO_ANSWER] = {"no answer", LEVEL_ALERT, no_answer},
	[TROUBLE_GAVE_UP] = {"gave up", LEVEL_ALERT, gave_up},
	[TROUBLE_QUEUE_WAITS] = {"no accept", LEVEL_ALERT, queue_waits},
	[TROUBLE_QUEUE_DROPS] = {"drops", LEVEL_ALERT, queue_drops},
	[TROUBLE_QUEUE_FULL] = {"queue full", LEVEL_ALERT, queue_full},
	[TROUBLE_LEAK] = {"leak", LEVEL_ALERT, leak},
	[TROUBLE_NO_DESCRIPTOR] = {"no fds", LEVEL_ALERT, NULL},
	[TROUBLE_NO_PORT] = {"no port", LEVEL_ALERT, no_port},
};

/* What is told by something worse of the same sockets is not told twice. */
static void leave_out(struct trouble *trouble)
{
	if (trouble->also & 1U << TROUBLE_QUEUE_FULL)
		trouble->also &= ~(1U << TROUBLE_QUEUE_DROPS | 1U << TROUBLE_QUEUE_WAITS);
	if (trouble->also & (1U << TROUBLE_QUEUE_FULL | 1U << TROUBLE_QUEUE_DROPS | 1U << TROUBLE_QUEUE_WAITS))
		trouble->also &= ~(1U << TROUBLE_GAVE_UP);
	if (trouble->also & (1U << TROUBLE_LEAK | 1U << TROUBLE_NO_DESCRIPTOR))
		trouble->also &= ~(1U << TROUBLE_CLOSE_WAIT);
	if (trouble->also & 1U << TROUBLE_NO_DESCRIPTOR)
		trouble->also &= ~(1U << TROUBLE_LEAK);
}

void trouble_add(struct trouble *trouble, enum trouble_kind kind, double size)
{
	trouble->also |= 1U << kind;
	trouble->sizes[kind] = size;
	if (kind > trouble->kind) {
		trouble->kind = kind;
		trouble->level = kinds[kind].level;
	}
	leave_out(trouble);
}

struct trouble trouble_of(const struct model *model, struct group *group, const struct survey_row *row, uint64_t now_ns)
{
	const struct look look = {model, group, row, now_ns};
	struct trouble trouble = {};
	double size;
	int kind;

	for (kind = TROUBLES - 1; kind > TROUBLE_NONE; kind--) {
		size = kinds[kind].size ? kinds[kind].size(&look) : 0;
		if (size > 0)
			trouble_add(&trouble, kind, size);
	}
	return trouble;
}

enum trouble_level trouble_level(unsigned int kind)
{
	return kind < TROUBLES ? kinds[kind].level : LEVEL_NONE;
}

const char *trouble_name(unsigned int kind)
{
	return kind < TROUBLES ? kinds[kind].name : "";
}

char trouble_mark(unsigned int level)
{
	return level >= LEVEL_ALERT ? '!' : level >= LEVEL_NOTE ? '*' : ' ';
}

double trouble_weight(const struct trouble *trouble)
{
	double size = trouble->sizes[trouble->kind];

	return trouble->kind ? trouble->kind * 1e9 + (size < 1e9 ? size : 1e9 - 1) : 0;
}
