// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* Entering and leaving states, booked in every grouping at once. */
#include "account/ledger.h"

#include <stdlib.h>
#include <string.h>

#include "util/tcp_state.h"

#define NSEC_PER_SEC 1000000000ULL
#define FORGET_NS (300 * NSEC_PER_SEC)
#define FORGET_CROWDED_NS (5 * NSEC_PER_SEC) /* when there is no room left */
#define DEFAULT_GROUPS 10000
#define DEFAULT_SOCKETS (4 << 20)

struct ledger {
	uint32_t followed;
	int8_t index[16]; /* of a state among the accounts; -1 = not counted */
	unsigned int n_groupings;
	struct groups groupings[GROUP_KEYS];
	struct followed sockets;
};

static unsigned int index_states(struct ledger *ledger, uint32_t states)
{
	unsigned int state, count = 0;

	for (state = 0; state < 16; state++)
		ledger->index[state] = states & 1U << state ? (int)count++ : -1;
	return count;
}

struct ledger *ledger_new(const struct ledger_config *config)
{
	struct ledger *ledger = calloc(1, sizeof(*ledger));
	unsigned int by, n_accounts;
	int err = 0;

	if (!ledger)
		return NULL;
	ledger->followed = config->followed;
	n_accounts = index_states(ledger, config->states);
	for (by = 0; by < GROUP_KEYS && !err; by++)
		if (config->groupings & 1U << by)
			err = groups_init(&ledger->groupings[ledger->n_groupings++], by, n_accounts,
					  config->max_groups ?: DEFAULT_GROUPS);
	followed_init(&ledger->sockets, ledger->n_groupings, config->keep_endpoints,
		     config->max_followed ?: DEFAULT_SOCKETS);
	if (!err)
		return ledger;
	ledger_free(ledger);
	return NULL;
}

void ledger_free(struct ledger *ledger)
{
	unsigned int i;

	if (!ledger)
		return;
	for (i = 0; i < ledger->n_groupings; i++)
		groups_release(&ledger->groupings[i]);
	followed_release(&ledger->sockets);
	free(ledger);
}

static bool is_counted(const struct ledger *ledger, unsigned int state)
{
	return ledger->index[state & 15] >= 0;
}

struct account *ledger_account(const struct ledger *ledger, struct group *group, unsigned int state)
{
	return is_counted(ledger, state) ? &group->accounts[ledger->index[state & 15]] : NULL;
}

/*
 * A process that was looked up when TIME_WAIT began may be gone when it ends; the closer is in both records. So without
 * one the socket is looked for in any case.
 */
static bool is_followed(const struct ledger *ledger, const struct event *event, unsigned int state)
{
	return ledger->followed & 1U << state || (state == STATE_TIME_WAIT && !event->record.closer.start_ns);
}

/*
 * The kernel side can't tell any more whose a TIME_WAIT is that was there before it (its records have a listing, those of polling
 * and of recordings have none): its row is the same when it ends.
 */
static bool stays_unknown(const struct transition *record)
{
	return record->type == RECORD_SOCKET && record->new_state == STATE_TIME_WAIT && record->listing && !record->since_ns &&
	       !record->owner.start_ns && !record->owner_credentials;
}

static bool is_remembered(const struct ledger *ledger, const struct event *event, unsigned int state)
{
	return ledger->followed & 1U << state || (is_followed(ledger, event, state) && !stays_unknown(&event->record));
}

static void enter(struct ledger *ledger, const struct event *event, unsigned int state, bool seeded, bool stays)
{
	struct followed_socket *socket = NULL;
	unsigned int i;

	if (!is_counted(ledger, state))
		return;
	if (stays && is_remembered(ledger, event, state))
		socket = followed_enter(&ledger->sockets, event);
	for (i = 0; i < ledger->n_groupings; i++) {
		struct group *group = groups_enter(&ledger->groupings[i], event, state);
		struct account *account = ledger_account(ledger, group, state);

		if (seeded)
			account->count.seeded++;
		else
			account->count.created++;
		group->last_ns = event->record.time_ns;
		if (!socket)
			continue;
		socket->groups[i] = group;
		group->held++;
	}
}

static void add_dwell(struct account *account, const struct transition *record)
{
	if (record->since_ns && record->since_ns <= record->time_ns)
		histogram_add(&account->dwell, record->time_ns - record->since_ns);
}

static void leave(struct ledger *ledger, const struct event *event, unsigned int state)
{
	const struct transition *record = &event->record;
	struct followed_socket *socket = NULL;
	unsigned int i;

	if (!is_counted(ledger, state))
		return;
	if (is_followed(ledger, event, state))
		socket = followed_find(&ledger->sockets, record->id);
	if (socket && socket->state != state)
		socket = NULL;
	for (i = 0; i < ledger->n_groupings; i++) {
		struct group *entered = socket ? socket->groups[i] : NULL;
		struct group *group = groups_leave(&ledger->groupings[i], event, state, entered);
		struct account *account = ledger_account(ledger, group, state);

		account->count.left++;
		add_dwell(account, record);
		group->last_ns = record->time_ns;
	}
	if (socket)
		followed_remove(&ledger->sockets, record->id, socket);
}

void ledger_event(struct ledger *ledger, const struct event *event)
{
	const struct transition *record = &event->record;

	switch (record->type) {
	case RECORD_SOCKET:
		enter(ledger, event, record->new_state & 15, true, true);
		break;
	case RECORD_TRANSITION:
		if (record->flags & FLAG_FIRST_SEEN)
			enter(ledger, event, record->old_state & 15, true, false);
		leave(ledger, event, record->old_state & 15);
		enter(ledger, event, record->new_state & 15, false, true);
		break;
	}
}

static int grouping_index(const struct ledger *ledger, unsigned int by)
{
	unsigned int i;

	for (i = 0; i < ledger->n_groupings; i++)
		if (ledger->groupings[i].by == by)
			return i;
	return -1;
}

struct groups *ledger_groups(struct ledger *ledger, unsigned int by)
{
	int i = grouping_index(ledger, by);

	return i < 0 ? NULL : &ledger->groupings[i];
}

const struct followed *ledger_followed(const struct ledger *ledger)
{
	return &ledger->sockets;
}

struct group *ledger_group_of(const struct ledger *ledger, const struct followed_socket *socket, unsigned int by)
{
	int i = grouping_index(ledger, by);

	return i < 0 ? NULL : socket->groups[i];
}

static void forget_ages(struct group *group)
{
	unsigned int i;

	group->oldest_ns = 0;
	group->oldest_at_least = false;
	for (i = 0; i < group->n_accounts; i++) {
		histogram_clear(&group->accounts[i].open);
		group->accounts[i].open_at_least = 0;
	}
}

static void note_oldest(struct group *group, const struct followed_socket *socket)
{
	if (socket->state != STATE_CLOSE_WAIT || (group->oldest_ns && group->oldest_ns <= socket->since_ns))
		return;
	group->oldest_ns = socket->since_ns;
	group->oldest_at_least = socket->at_least;
}

static void add_age(struct account *account, const struct followed_socket *socket, uint64_t now_ns)
{
	histogram_add(&account->open, now_ns > socket->since_ns ? now_ns - socket->since_ns : 0);
	account->open_at_least += socket->at_least;
}

void ledger_age(struct ledger *ledger, unsigned int by, uint64_t now_ns, bool histograms)
{
	struct groups *groups = ledger_groups(ledger, by);
	struct followed_socket *socket;
	struct group *group;
	size_t cursor = 0;

	if (!groups)
		return;
	forget_ages(groups->other);
	for (group = groups->table; group; group = group->hh.next)
		forget_ages(group);
	while ((socket = followed_next(&ledger->sockets, &cursor, NULL))) {
		group = ledger_group_of(ledger, socket, by);
		note_oldest(group, socket);
		if (histograms && is_counted(ledger, socket->state))
			add_age(ledger_account(ledger, group, socket->state), socket, now_ns);
	}
}

static void for_each_group(struct ledger *ledger, void (*act)(struct group *group, double argument), double argument)
{
	struct group *group;
	unsigned int i;

	for (i = 0; i < ledger->n_groupings; i++) {
		act(ledger->groupings[i].other, argument);
		for (group = ledger->groupings[i].table; group; group = group->hh.next)
			act(group, argument);
	}
}

static void recount(struct group *group, double unused)
{
	unsigned int i;

	(void)unused;
	for (i = 0; i < group->n_accounts; i++)
		state_totals_recount(&group->accounts[i].count);
	group->held = 0;
}

void ledger_recount(struct ledger *ledger)
{
	unsigned int i;

	for_each_group(ledger, recount, 0);
	for (i = 0; i < ledger->n_groupings; i++)
		id_map_clear(&ledger->groupings[i].folded);
	id_map_clear(&ledger->sockets.by_id);
}

static void end_interval(struct group *group, double seconds)
{
	struct account *account;

	for (account = group->accounts; account < group->accounts + group->n_accounts; account++) {
		account->rate = (account->count.created - account->created_before) / seconds;
		account->created_before = account->count.created;
	}
}

void ledger_end_interval(struct ledger *ledger, double seconds)
{
	for_each_group(ledger, end_interval, seconds);
}

static void clear_dwell(struct group *group, double unused)
{
	unsigned int i;

	(void)unused;
	for (i = 0; i < group->n_accounts; i++)
		histogram_clear(&group->accounts[i].dwell);
}

void ledger_clear_dwell(struct ledger *ledger)
{
	for_each_group(ledger, clear_dwell, 0);
}

void ledger_forget(struct ledger *ledger, uint64_t now_ns)
{
	unsigned int i;

	for (i = 0; i < ledger->n_groupings; i++) {
		struct groups *groups = &ledger->groupings[i];
		uint64_t idle_ns = groups_count(groups) < groups->max ? FORGET_NS : FORGET_CROWDED_NS;

		if (now_ns > idle_ns)
			groups_forget(groups, now_ns - idle_ns);
	}
}
