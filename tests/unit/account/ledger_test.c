// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* The books against a made-up machine whose truth is known: sums, each group, bounded tables, forgetting. */
#include "account_world.h"

#include "account/ledger.h"
#include "account/ranking.h"

#define WAITING (1U << STATE_TIME_WAIT | 1U << STATE_CLOSE_WAIT)
#define PROCESSES 40
#define REMOTES 30

static struct world world;

static void book(void *context, const struct event *event)
{
	ledger_event(context, event);
}

static struct ledger *begin(unsigned int max_groups, uint32_t followed, uint32_t max_followed)
{
	struct ledger_config config = {
		.states = WAITING,
		.followed = followed,
		.groupings = LEDGER_ALL_GROUPINGS,
		.max_groups = max_groups,
		.max_followed = max_followed,
	};
	struct ledger *ledger = ledger_new(&config);

	assert_non_null(ledger);
	world_init(&world, PROCESSES, REMOTES);
	world.tell = book;
	world.context = ledger;
	return ledger;
}

static void add_counts(struct state_totals *sum, const struct state_totals *more)
{
	sum->created += more->created;
	sum->seeded += more->seeded;
	sum->left += more->left;
}

static void assert_rows_add_up(struct ledger *ledger, unsigned int by, unsigned int state)
{
	struct groups *groups = ledger_groups(ledger, by);
	struct state_totals sum = ledger_account(ledger, groups->other, state)->count;
	const struct state_totals *totals = &world.totals.states[state];

	for (struct group *group = groups->table; group; group = group->hh.next)
		add_counts(&sum, &ledger_account(ledger, group, state)->count);
	assert_int_equal(sum.created, totals->created);
	assert_int_equal(sum.seeded, totals->seeded);
	assert_int_equal(sum.left, totals->left);
}

static void assert_all_add_up(struct ledger *ledger)
{
	for (unsigned int by = 0; by < GROUP_KEYS; by++) {
		assert_rows_add_up(ledger, by, STATE_TIME_WAIT);
		assert_rows_add_up(ledger, by, STATE_CLOSE_WAIT);
	}
}

static bool of_process(const struct world_socket *socket, const void *key)
{
	const struct group_name *name = key;
	unsigned int charged = world_charged(socket);

	return name->kind == GROUP_UNKNOWN ? !charged : charged && name->process.pid == 100 + charged;
}

static bool of_cgroup(const struct world_socket *socket, const void *key)
{
	const struct group_name *name = key;
	unsigned int charged = world_charged(socket);

	return name->kind == GROUP_UNKNOWN ? !charged : charged && name->cgroup_id == 1 + charged / 2;
}

static bool of_container(const struct world_socket *socket, const void *key)
{
	const struct group_name *name = key;
	unsigned int charged = world_charged(socket), cgroup = 1 + charged / 2;

	if (name->kind == GROUP_UNKNOWN || !charged)
		return name->kind == GROUP_UNKNOWN && !charged;
	if (name->kind == GROUP_NONE)
		return cgroup % 3 == 0;
	return cgroup % 3 && strtoul(name->id, NULL, 16) == cgroup;
}

static bool of_pod(const struct world_socket *socket, const void *key)
{
	const struct group_name *name = key;
	unsigned int charged = world_charged(socket), cgroup = 1 + charged / 2;

	if (name->kind != GROUP_KNOWN)
		return of_container(socket, key);
	return charged && cgroup % 3 && strtoul(name->id + 24, NULL, 10) == cgroup / 2;
}

static bool of_remote(const struct world_socket *socket, const void *key)
{
	const struct group_name *name = key;

	return name->addr[15] == socket->remote && name->port == 8000 + socket->port &&
	       name->side == (socket->active ? SIDE_ACTIVE : SIDE_PASSIVE);
}

static bool of_port(const struct world_socket *socket, const void *key)
{
	return ((const struct group_name *)key)->port == 8000 + socket->port;
}

static bool (*const matches[GROUP_KEYS])(const struct world_socket *, const void *) = {
	of_process, of_cgroup, of_container, of_pod, of_remote, of_port,
};

/* Each row shows as many live sockets as there are. */
static void assert_live_rows(struct ledger *ledger, unsigned int by)
{
	static const unsigned int states[] = { STATE_TIME_WAIT, STATE_CLOSE_WAIT };

	for (struct group *group = ledger_groups(ledger, by)->table; group; group = group->hh.next)
		for (size_t i = 0; i < ARRAY_SIZE(states); i++)
			assert_int_equal(state_totals_now(&ledger_account(ledger, group, states[i])->count),
					 world_live(&world, states[i], matches[by], &group->name));
}

static void every_grouping_is_exact(void **state)
{
	struct ledger *ledger = begin(0, 1U << STATE_CLOSE_WAIT, 0);

	(void)state;
	for (int i = 0; i < 20; i++) {
		world_run(&world, 2000, 2 + i % 7);
		assert_all_add_up(ledger);
		for (unsigned int by = 0; by < GROUP_KEYS; by++)
			assert_live_rows(ledger, by);
	}
	assert_int_equal(groups_count(ledger_groups(ledger, GROUP_PROCESS)), PROCESSES);
	assert_int_equal(groups_count(ledger_groups(ledger, GROUP_REMOTE)), REMOTES * WORLD_PORTS * 2);
	assert_int_equal(groups_count(ledger_groups(ledger, GROUP_PORT)), WORLD_PORTS);
	ledger_free(ledger);
}

/* With room for five groups: sums stay exact, and so do the groups that are kept apart. */
static void a_full_table_folds(void **state)
{
	struct ledger *ledger = begin(5, WAITING, 0);

	(void)state;
	for (int i = 0; i < 40; i++) {
		world_run(&world, 1000, i % 10);
		assert_all_add_up(ledger);
		for (unsigned int by = 0; by < GROUP_KEYS; by++) {
			assert_true(groups_count(ledger_groups(ledger, by)) <= 5);
			assert_live_rows(ledger, by);
		}
		world.now_ns += 10000000000ULL;
		ledger_forget(ledger, world.now_ns);
	}
	assert_true(ledger_groups(ledger, GROUP_REMOTE)->other->accounts[0].count.created > 0);
	ledger_free(ledger);
}

static void what_was_in_other_may_return(void **state)
{
	struct ledger *ledger = begin(1, WAITING, 0);
	struct groups *groups = ledger_groups(ledger, GROUP_REMOTE);

	(void)state;
	for (int i = 0; i < 2; i++) {
		world.sockets[i] = (struct world_socket){ .state = STATE_CLOSE_WAIT, .id = i + 1, .remote = i + 1, .owner = 1 };
		world_tell(&world, &world.sockets[i], RECORD_TRANSITION, STATE_ESTABLISHED, STATE_CLOSE_WAIT, 0);
	}
	assert_int_equal(groups->table->name.addr[15], 1);
	assert_int_equal(groups->other->held, 1);
	assert_int_equal(groups->folded.used, 1);
	world_leave(&world, &world.sockets[0], 0);
	ledger_forget(ledger, world.now_ns + 3600000000000ULL);
	assert_int_equal(groups_count(groups), 0);
	/* There is room now, but its first socket is still in ~other. */
	world.sockets[2] = world.sockets[1];
	world.sockets[2].id = 3;
	world_tell(&world, &world.sockets[2], RECORD_TRANSITION, STATE_ESTABLISHED, STATE_CLOSE_WAIT, 0);
	assert_int_equal(groups_count(groups), 0);
	world_leave(&world, &world.sockets[1], 0);
	world_leave(&world, &world.sockets[2], 0);
	assert_int_equal(groups->folded.used, 0);
	world.sockets[3] = (struct world_socket){ .state = STATE_CLOSE_WAIT, .id = 4, .remote = 2, .owner = 1 };
	world_tell(&world, &world.sockets[3], RECORD_TRANSITION, STATE_ESTABLISHED, STATE_CLOSE_WAIT, 0);
	assert_int_equal(groups_count(groups), 1);
	assert_all_add_up(ledger);
	ledger_free(ledger);
}

static void forgetting_keeps_sums_and_live_groups(void **state)
{
	struct ledger *ledger = begin(0, WAITING, 0);

	(void)state;
	world_run(&world, 20000, 5);
	for (size_t i = 0; i < WORLD_SOCKETS; i++)
		if (world.sockets[i].state && world.sockets[i].remote > 2)
			world_leave(&world, &world.sockets[i], 0);
	ledger_forget(ledger, world.now_ns + 270000000000ULL);
	assert_int_equal(groups_count(ledger_groups(ledger, GROUP_REMOTE)), REMOTES * WORLD_PORTS * 2);
	ledger_forget(ledger, world.now_ns + 301000000000ULL);
	assert_true(groups_count(ledger_groups(ledger, GROUP_REMOTE)) <= 3 * WORLD_PORTS * 2);
	assert_all_add_up(ledger);
	for (unsigned int by = 0; by < GROUP_KEYS; by++)
		assert_live_rows(ledger, by);
	ledger_free(ledger);
}

/* A process that was known when CLOSE_WAIT began is not known when it ends: the row is the one of the begin. */
static void a_row_keeps_its_sockets(void **state)
{
	struct ledger *ledger = begin(0, 1U << STATE_CLOSE_WAIT, 0);
	struct world_socket *socket = &world.sockets[0];
	struct group *group;

	(void)state;
	*socket = (struct world_socket){ .state = STATE_CLOSE_WAIT, .id = 7, .owner = 3 };
	world_tell(&world, socket, RECORD_TRANSITION, STATE_ESTABLISHED, STATE_CLOSE_WAIT, 0);
	socket->owner = 0;
	world_leave(&world, socket, 0);
	group = ledger_groups(ledger, GROUP_PROCESS)->table;
	assert_int_equal(groups_count(ledger_groups(ledger, GROUP_PROCESS)), 1);
	assert_int_equal(group->name.process.pid, 103);
	assert_int_equal(ledger_account(ledger, group, STATE_CLOSE_WAIT)->count.left, 1);
	/* The same in TIME_WAIT, where no closer is known. */
	*socket = (struct world_socket){ .state = STATE_TIME_WAIT, .id = 8, .owner = 3 };
	world_tell(&world, socket, RECORD_TRANSITION, STATE_FIN_WAIT2, STATE_TIME_WAIT, 0);
	socket->owner = 0;
	world_leave(&world, socket, 0);
	assert_int_equal(groups_count(ledger_groups(ledger, GROUP_PROCESS)), 1);
	assert_all_add_up(ledger);
	ledger_free(ledger);
}

static void first_seen_is_seeded(void **state)
{
	struct ledger *ledger = begin(0, WAITING, 0);
	struct account *account;

	(void)state;
	world.sockets[0] = (struct world_socket){ .state = STATE_CLOSE_WAIT, .id = 7, .owner = 3 };
	world_leave(&world, &world.sockets[0], FLAG_FIRST_SEEN);
	account = ledger_account(ledger, ledger_groups(ledger, GROUP_PROCESS)->table, STATE_CLOSE_WAIT);
	assert_int_equal(account->count.seeded, 1);
	assert_int_equal(account->count.created, 0);
	assert_int_equal(account->count.left, 1);
	assert_int_equal(account->dwell.count, 0);
	assert_all_add_up(ledger);
	ledger_free(ledger);
}

static void a_full_table_of_sockets_keeps_counts(void **state)
{
	struct ledger *ledger = begin(0, WAITING, 10);

	(void)state;
	world_run(&world, 20000, 5);
	assert_true(ledger_followed(ledger)->refused > 0);
	assert_true(ledger_followed(ledger)->by_id.used <= 10);
	assert_all_add_up(ledger);
	for (unsigned int by = 0; by < GROUP_KEYS; by++)
		assert_live_rows(ledger, by);
	ledger_free(ledger);
}

static void ignore(void *context, const struct event *event)
{
	(void)context;
	(void)event;
}

/* What happens while nobody listens: neither the ledger nor the totals hear of it. */
static void run_unheard(unsigned int steps)
{
	struct totals heard = world.totals;

	world.tell = ignore;
	world_run(&world, steps, 5);
	world.tell = book;
	world.totals = heard;
}

/* Some of those that are there leave before they are told again. */
static void tell_all_again(struct ledger *ledger)
{
	totals_recount(&world.totals);
	ledger_recount(ledger);
	for (size_t i = 0; i < WORLD_SOCKETS; i++) {
		struct world_socket *socket = &world.sockets[i];

		if (socket->state && i % 10 == 0)
			world_leave(&world, socket, FLAG_FIRST_SEEN);
		else if (socket->state)
			world_tell(&world, socket, RECORD_SOCKET, socket->state, socket->state, 0);
	}
}

static void a_recount_finds_back(void **state)
{
	static const unsigned int rooms[] = { 0, 5 };

	(void)state;
	for (size_t room = 0; room < ARRAY_SIZE(rooms); room++) {
		struct ledger *ledger = begin(rooms[room], 1U << STATE_CLOSE_WAIT, 0);

		for (int i = 0; i < 5; i++) {
			world_run(&world, 3000, 5);
			run_unheard(3000);
			tell_all_again(ledger);
			assert_all_add_up(ledger);
			world_run(&world, 3000, 3);
			assert_all_add_up(ledger);
			for (unsigned int by = 0; by < GROUP_KEYS; by++)
				assert_live_rows(ledger, by);
		}
		ledger_free(ledger);
	}
}

static void ages_and_dwell(void **state)
{
	struct ledger *ledger = begin(0, WAITING, 0);
	struct ranking ranking = {};
	struct ranking_row *row;
	struct account *account;

	(void)state;
	for (int i = 0; i < 4; i++) {
		world.sockets[i] = (struct world_socket){
			.state = STATE_CLOSE_WAIT, .id = i + 1, .owner = 1, .since_ns = world.now_ns, .known = true };
		world_tell(&world, &world.sockets[i], i ? RECORD_TRANSITION : RECORD_SOCKET,
			   i ? STATE_ESTABLISHED : STATE_CLOSE_WAIT, STATE_CLOSE_WAIT, 0);
		world.now_ns += 1000000000;
	}
	/* Ages are 4, 3, 2, 1 s; the first was there before. */
	assert_int_equal(ranking_measure(&ranking, ledger, GROUP_PROCESS, world.now_ns, true), 0);
	row = &ranking.rows[0];
	assert_int_equal(ranking.count, 1);
	assert_true(row->value[MEASURE_CLOSE_WAIT_OLDEST] == 4e9);
	assert_true(row->group->oldest_at_least);
	assert_int_equal(row->value[MEASURE_CLOSE_WAIT_NOW], 4);
	world.sockets[0].known = false;
	world_leave(&world, &world.sockets[0], 0);
	world_leave(&world, &world.sockets[2], 0);
	assert_int_equal(ranking_measure(&ranking, ledger, GROUP_PROCESS, world.now_ns, true), 0);
	row = &ranking.rows[0];
	assert_true(row->value[MEASURE_CLOSE_WAIT_OLDEST] == 3e9);
	assert_false(row->group->oldest_at_least);
	/* One left after 2 s; of the seeded one nobody knows. A bound is at most 12.5 % too high. */
	account = ledger_account(ledger, ledger_groups(ledger, GROUP_PROCESS)->table, STATE_CLOSE_WAIT);
	assert_int_equal(account->dwell.count, 1);
	assert_in_range(row->value[MEASURE_CLOSE_WAIT_P50], 2000000000, 2250000000);
	ledger_age(ledger, GROUP_PROCESS, world.now_ns, true);
	assert_int_equal(account->open.count, 2);
	assert_int_equal(account->open.sum_ns, 4000000000);
	assert_int_equal(account->open_at_least, 0);
	ranking_release(&ranking);
	ledger_free(ledger);
}

static void rates_are_of_the_interval(void **state)
{
	struct ledger *ledger = begin(0, WAITING, 0);
	struct ranking ranking = {};
	double sum = 0;

	(void)state;
	world_run(&world, 5000, 8);
	ledger_end_interval(ledger, 1);
	uint64_t before = world.totals.states[STATE_TIME_WAIT].created;
	world_run(&world, 5000, 3);
	ledger_end_interval(ledger, 2.5);
	assert_int_equal(ranking_measure(&ranking, ledger, GROUP_REMOTE, world.now_ns, true), 0);
	for (size_t i = 0; i < ranking.count; i++)
		sum += ranking.rows[i].value[MEASURE_TIME_WAIT_RATE];
	assert_true(sum * 2.5 > world.totals.states[STATE_TIME_WAIT].created - before - 0.001);
	assert_true(sum * 2.5 < world.totals.states[STATE_TIME_WAIT].created - before + 0.001);
	ranking_release(&ranking);
	ledger_free(ledger);
}

static void assert_sorted(const struct ranking *ranking, unsigned int key, bool reverse)
{
	for (size_t i = 1; i < ranking->count; i++) {
		double a = ranking->rows[i - 1].value[key], b = ranking->rows[i].value[key];

		if (ranking->rows[i].group->name.kind == GROUP_OTHER)
			assert_int_equal(i, ranking->count - 1);
		else if (a == a && b == b)
			assert_true(reverse ? a <= b : a >= b);
		else
			assert_true(reverse ? a != a : b != b);
	}
}

static void every_key_sorts(void **state)
{
	struct ledger *ledger = begin(20, WAITING, 0);
	struct ranking ranking = {};

	(void)state;
	world_run(&world, 20000, 5);
	ledger_end_interval(ledger, 20);
	assert_int_equal(ranking_measure(&ranking, ledger, GROUP_REMOTE, world.now_ns, true), 0);
	assert_int_equal(ranking.count, 21);
	for (unsigned int key = 0; key < MEASURES; key++) {
		ranking_sort(&ranking, key, false);
		assert_sorted(&ranking, key, false);
		ranking_sort(&ranking, key, true);
		assert_sorted(&ranking, key, true);
		if (sort_key_name(key))
			assert_int_equal(sort_key_parse(sort_key_name(key)), key);
	}
	assert_int_equal(sort_key_parse("close_wait_oldest_s"), MEASURE_CLOSE_WAIT_OLDEST);
	assert_true(sort_key_parse("") < 0);
	assert_true(sort_key_parse("tw") < 0);
	ranking_release(&ranking);
	ledger_free(ledger);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_grouping_is_exact),
		cmocka_unit_test(a_full_table_folds),
		cmocka_unit_test(what_was_in_other_may_return),
		cmocka_unit_test(forgetting_keeps_sums_and_live_groups),
		cmocka_unit_test(a_row_keeps_its_sockets),
		cmocka_unit_test(first_seen_is_seeded),
		cmocka_unit_test(a_full_table_of_sockets_keeps_counts),
		cmocka_unit_test(a_recount_finds_back),
		cmocka_unit_test(ages_and_dwell),
		cmocka_unit_test(rates_are_of_the_interval),
		cmocka_unit_test(every_key_sorts),
	};

	return cmocka_run_group_tests_name("ledger", tests, NULL, NULL);
}
