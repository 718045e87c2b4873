// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* The books against a made-up machine whose truth is known: sums, each group, bounded tables, forgetting. */
#include "account_world.h"

#include <errno.h>

#include "account/model.h"
#include "account/ranking.h"

#define WAITING (1U << STATE_TIME_WAIT | 1U << STATE_CLOSE_WAIT)
#define PROCESSES 40
#define REMOTES 30

static struct world world;

static void book(void *context, const struct event *event)
{
	model_event(context, event);
}

static struct model *begin(unsigned int max_groups, uint32_t followed, uint32_t max_sockets)
{
	struct model_config config = {
		.states = WAITING,
		.followed = followed,
		.max_groups = max_groups,
		.max_sockets = max_sockets,
	};
	struct model *model;

	for (unsigned int by = 0; by < GROUP_KEYS; by++)
		config.groupings[config.n_groupings++] = by;
	model = model_new(&config);

	assert_non_null(model);
	world_init(&world, PROCESSES, REMOTES);
	world.tell = book;
	world.context = model;
	return model;
}

static void add_counts(struct state_totals *sum, const struct state_totals *more)
{
	sum->created += more->created;
	sum->seeded += more->seeded;
	sum->left += more->left;
	sum->moved_in += more->moved_in;
	sum->moved_out += more->moved_out;
}

static void assert_rows_add_up(struct model *model, unsigned int by, unsigned int state)
{
	struct groups *groups = model_groups(model, by);
	struct state_totals sum = model_account(model, groups->other, state)->count;
	const struct state_totals *totals = &world.totals.states[state];

	for (struct group *group = groups->table; group; group = group->hh.next)
		add_counts(&sum, &model_account(model, group, state)->count);
	assert_int_equal(sum.created, totals->created);
	assert_int_equal(sum.seeded, totals->seeded);
	assert_int_equal(sum.left, totals->left);
}

static void assert_all_add_up(struct model *model)
{
	for (unsigned int by = 0; by < GROUP_KEYS; by++) {
		assert_rows_add_up(model, by, STATE_TIME_WAIT);
		assert_rows_add_up(model, by, STATE_CLOSE_WAIT);
	}
}

static bool of_process(const struct world_socket *socket, const void *key)
{
	const struct group_part *name = key;
	unsigned int charged = world_charged(socket);

	return name->kind == GROUP_UNKNOWN ? !charged : charged && name->process.pid == 100 + charged;
}

static bool of_cgroup(const struct world_socket *socket, const void *key)
{
	const struct group_part *name = key;
	unsigned int charged = world_charged(socket);

	return name->kind == GROUP_UNKNOWN ? !charged : charged && name->cgroup_id == 1 + charged / 2;
}

static bool of_container(const struct world_socket *socket, const void *key)
{
	const struct group_part *name = key;
	unsigned int charged = world_charged(socket), cgroup = 1 + charged / 2;

	if (name->kind == GROUP_UNKNOWN || !charged)
		return name->kind == GROUP_UNKNOWN && !charged;
	if (name->kind == GROUP_NONE)
		return cgroup % 3 == 0;
	return cgroup % 3 && strtoul(name->id, NULL, 16) == cgroup;
}

static bool of_pod(const struct world_socket *socket, const void *key)
{
	const struct group_part *name = key;
	unsigned int charged = world_charged(socket), cgroup = 1 + charged / 2;

	if (name->kind != GROUP_KNOWN)
		return of_container(socket, key);
	return charged && cgroup % 3 && strtoul(name->id + 24, NULL, 10) == cgroup / 2;
}

static bool of_remote(const struct world_socket *socket, const void *key)
{
	const struct group_part *name = key;

	return name->addr[15] == socket->remote && name->port == 8000 + socket->port &&
	       name->side == (socket->active ? SIDE_ACTIVE : SIDE_PASSIVE);
}

static bool of_port(const struct world_socket *socket, const void *key)
{
	return ((const struct group_part *)key)->port == 8000 + socket->port;
}

static bool of_comm(const struct world_socket *socket, const void *key)
{
	const struct group_part *name = key;
	unsigned int charged = world_charged(socket);

	return name->kind == GROUP_UNKNOWN ? !charged : charged && strtoul(name->id + strlen("worker"), NULL, 10) == charged;
}

static bool of_unit(const struct world_socket *socket, const void *key)
{
	const struct group_part *name = key;
	unsigned int charged = world_charged(socket), cgroup = 1 + charged / 2;

	if (name->kind == GROUP_UNKNOWN || !charged)
		return name->kind == GROUP_UNKNOWN && !charged;
	return cgroup % 4 ? strtoul(name->id + strlen("unit"), NULL, 10) == cgroup % 4 : name->kind == GROUP_NONE;
}

static bool (*const matches[GROUP_KEYS])(const struct world_socket *, const void *) = {
	of_process, of_cgroup, of_container, of_pod, of_remote, of_port, of_comm, of_unit,
};

/* Each row shows as many live sockets as there are. */
static void assert_live_rows(struct model *model, unsigned int by)
{
	static const unsigned int states[] = { STATE_TIME_WAIT, STATE_CLOSE_WAIT };

	for (struct group *group = model_groups(model, by)->table; group; group = group->hh.next)
		for (size_t i = 0; i < ARRAY_SIZE(states); i++)
			assert_int_equal(state_totals_now(&model_account(model, group, states[i])->count),
					 world_live(&world, states[i], matches[by], &group->name.parts[0]));
}

static void every_grouping_is_exact(void **state)
{
	struct model *model = begin(0, 1U << STATE_CLOSE_WAIT, 0);

	(void)state;
	for (int i = 0; i < 20; i++) {
		world_run(&world, 2000, 2 + i % 7);
		assert_all_add_up(model);
		for (unsigned int by = 0; by < GROUP_KEYS; by++)
			assert_live_rows(model, by);
	}
	assert_int_equal(groups_count(model_groups(model, GROUP_PROCESS)), PROCESSES);
	assert_int_equal(groups_count(model_groups(model, GROUP_REMOTE)), REMOTES * WORLD_PORTS * 2);
	assert_int_equal(groups_count(model_groups(model, GROUP_PORT)), WORLD_PORTS);
	model_free(model);
}

/* With room for five groups: sums stay exact, and so do the groups that are kept apart. */
static void a_full_table_folds(void **state)
{
	struct model *model = begin(5, WAITING, 0);

	(void)state;
	for (int i = 0; i < 40; i++) {
		world_run(&world, 1000, i % 10);
		assert_all_add_up(model);
		for (unsigned int by = 0; by < GROUP_KEYS; by++) {
			assert_true(groups_count(model_groups(model, by)) <= 5);
			assert_live_rows(model, by);
		}
		world.now_ns += 10000000000ULL;
		model_forget(model, world.now_ns);
	}
	assert_true(model_groups(model, GROUP_REMOTE)->other->accounts[0].count.created > 0);
	model_free(model);
}

static void what_was_in_other_may_return(void **state)
{
	struct model *model = begin(1, WAITING, 0);
	struct groups *groups = model_groups(model, GROUP_REMOTE);

	(void)state;
	for (int i = 0; i < 2; i++) {
		world.sockets[i] = (struct world_socket){ .state = STATE_CLOSE_WAIT, .id = i + 1, .remote = i + 1, .owner = 1 };
		world_tell(&world, &world.sockets[i], RECORD_TRANSITION, STATE_ESTABLISHED, STATE_CLOSE_WAIT, 0);
	}
	assert_int_equal(groups->table->name.parts[0].addr[15], 1);
	assert_int_equal(groups->other->held, 1);
	assert_int_equal(groups->folded.used, 1);
	world_leave(&world, &world.sockets[0], 0);
	model_forget(model, world.now_ns + 3600000000000ULL);
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
	assert_all_add_up(model);
	model_free(model);
}

static void forgetting_keeps_sums_and_live_groups(void **state)
{
	struct model *model = begin(0, WAITING, 0);

	(void)state;
	world_run(&world, 20000, 5);
	for (size_t i = 0; i < WORLD_SOCKETS; i++)
		if (world.sockets[i].state && world.sockets[i].remote > 2)
			world_leave(&world, &world.sockets[i], 0);
	model_forget(model, world.now_ns + 270000000000ULL);
	assert_int_equal(groups_count(model_groups(model, GROUP_REMOTE)), REMOTES * WORLD_PORTS * 2);
	model_forget(model, world.now_ns + 301000000000ULL);
	assert_true(groups_count(model_groups(model, GROUP_REMOTE)) <= 3 * WORLD_PORTS * 2);
	assert_all_add_up(model);
	for (unsigned int by = 0; by < GROUP_KEYS; by++)
		assert_live_rows(model, by);
	model_free(model);
}

/* A process that was known when CLOSE_WAIT began is not known when it ends: the row is the one of the begin. */
static void a_row_keeps_its_sockets(void **state)
{
	struct model *model = begin(0, 1U << STATE_CLOSE_WAIT, 0);
	struct world_socket *socket = &world.sockets[0];
	struct group *group;

	(void)state;
	*socket = (struct world_socket){ .state = STATE_CLOSE_WAIT, .id = 7, .owner = 3 };
	world_tell(&world, socket, RECORD_TRANSITION, STATE_ESTABLISHED, STATE_CLOSE_WAIT, 0);
	socket->owner = 0;
	world_leave(&world, socket, 0);
	group = model_groups(model, GROUP_PROCESS)->table;
	assert_int_equal(groups_count(model_groups(model, GROUP_PROCESS)), 1);
	assert_int_equal(group->name.parts[0].process.pid, 103);
	assert_int_equal(model_account(model, group, STATE_CLOSE_WAIT)->count.left, 1);
	/* The same in TIME_WAIT, where no closer is known. */
	*socket = (struct world_socket){ .state = STATE_TIME_WAIT, .id = 8, .owner = 3 };
	world_tell(&world, socket, RECORD_TRANSITION, STATE_FIN_WAIT2, STATE_TIME_WAIT, 0);
	socket->owner = 0;
	world_leave(&world, socket, 0);
	assert_int_equal(groups_count(model_groups(model, GROUP_PROCESS)), 1);
	assert_all_add_up(model);
	model_free(model);
}

static void first_seen_is_seeded(void **state)
{
	struct model *model = begin(0, WAITING, 0);
	struct account *account;

	(void)state;
	world.sockets[0] = (struct world_socket){ .state = STATE_CLOSE_WAIT, .id = 7, .owner = 3 };
	world_leave(&world, &world.sockets[0], FLAG_FIRST_SEEN);
	account = model_account(model, model_groups(model, GROUP_PROCESS)->table, STATE_CLOSE_WAIT);
	assert_int_equal(account->count.seeded, 1);
	assert_int_equal(account->count.created, 0);
	assert_int_equal(account->count.left, 1);
	assert_int_equal(account->dwell.count, 0);
	assert_all_add_up(model);
	model_free(model);
}

static void a_full_table_of_sockets_keeps_counts(void **state)
{
	struct model *model = begin(0, WAITING, 10);

	(void)state;
	world_run(&world, 20000, 5);
	assert_true(model->sockets.refused > 0);
	assert_true(model->sockets.by_id.used <= 10);
	assert_all_add_up(model);
	for (unsigned int by = 0; by < GROUP_KEYS; by++)
		assert_live_rows(model, by);
	model_free(model);
}

static void ignore(void *context, const struct event *event)
{
	(void)context;
	(void)event;
}

/* What happens while nobody listens: neither the model nor the totals hear of it. */
static void run_unheard(unsigned int steps)
{
	struct totals heard = world.totals;

	world.tell = ignore;
	world_run(&world, steps, 5);
	world.tell = book;
	world.totals = heard;
}

/* Some of those that are there leave before they are told again. */
static void tell_all_again(struct model *model)
{
	totals_recount(&world.totals);
	model_recount(model, true);
	for (size_t i = 0; i < WORLD_SOCKETS; i++) {
		struct world_socket *socket = &world.sockets[i];

		if (socket->state && i % 10 == 0)
			world_leave(&world, socket, FLAG_FIRST_SEEN);
		else if (socket->state)
			world_tell(&world, socket, RECORD_SOCKET, socket->state, socket->state, 0);
	}
	model_recount(model, false);
}

static void a_recount_finds_back(void **state)
{
	static const unsigned int rooms[] = { 0, 5 };

	(void)state;
	for (size_t room = 0; room < ARRAY_SIZE(rooms); room++) {
		struct model *model = begin(rooms[room], 1U << STATE_CLOSE_WAIT, 0);

		for (int i = 0; i < 5; i++) {
			world_run(&world, 3000, 5);
			run_unheard(3000);
			tell_all_again(model);
			assert_all_add_up(model);
			world_run(&world, 3000, 3);
			assert_all_add_up(model);
			for (unsigned int by = 0; by < GROUP_KEYS; by++)
				assert_live_rows(model, by);
		}
		model_free(model);
	}
}

static void ages_and_dwell(void **state)
{
	struct model *model = begin(0, WAITING, 0);
	struct ranking ranking;
	struct ranking_row *row;
	struct account *account;

	(void)state;
	ranking_init(&ranking);
	for (int i = 0; i < 4; i++) {
		world.sockets[i] = (struct world_socket){
			.state = STATE_CLOSE_WAIT, .id = i + 1, .owner = 1, .since_ns = world.now_ns, .known = true };
		world_tell(&world, &world.sockets[i], i ? RECORD_TRANSITION : RECORD_SOCKET,
			   i ? STATE_ESTABLISHED : STATE_CLOSE_WAIT, STATE_CLOSE_WAIT, 0);
		world.now_ns += 1000000000;
	}
	/* Ages are 4, 3, 2, 1 s; the first was there before. */
	assert_int_equal(ranking_measure(&ranking, model, GROUP_PROCESS, world.now_ns, true), 0);
	row = &ranking.rows[0];
	assert_int_equal(ranking.count, 1);
	assert_true(row->value[MEASURE_CLOSE_WAIT_OLDEST] == 4e9);
	assert_true(row->group->oldest_at_least);
	assert_int_equal(row->value[MEASURE_CLOSE_WAIT_NOW], 4);
	world.sockets[0].known = false;
	world_leave(&world, &world.sockets[0], 0);
	world_leave(&world, &world.sockets[2], 0);
	assert_int_equal(ranking_measure(&ranking, model, GROUP_PROCESS, world.now_ns, true), 0);
	row = &ranking.rows[0];
	assert_true(row->value[MEASURE_CLOSE_WAIT_OLDEST] == 3e9);
	assert_false(row->group->oldest_at_least);
	/* One left after 2 s; of the seeded one nobody knows. A bound is at most 12.5 % too high. */
	account = model_account(model, model_groups(model, GROUP_PROCESS)->table, STATE_CLOSE_WAIT);
	assert_int_equal(account->dwell.count, 1);
	assert_in_range(row->value[MEASURE_CLOSE_WAIT_P50], 2000000000, 2250000000);
	model_age(model, GROUP_PROCESS, world.now_ns, true);
	assert_int_equal(account->open.count, 2);
	assert_int_equal(account->open.sum_ns, 4000000000);
	assert_int_equal(account->open_at_least, 0);
	ranking_release(&ranking);
	model_free(model);
}

/* Of a grouping that wants them of one state no others take memory. */
static void dwell_is_kept_where_it_is_wanted(void **state)
{
	static const struct model_config config = {
		.states = WAITING, .groupings = { GROUP_PROCESS, GROUP_COMM }, .dwells = { 0, 1U << STATE_CLOSE_WAIT }, .n_groupings = 2 };
	struct model *model = model_new(&config);
	unsigned int i, of_all[] = { STATE_CLOSE_WAIT, STATE_TIME_WAIT };
	struct group *group;

	(void)state;
	assert_non_null(model);
	world_init(&world, PROCESSES, REMOTES);
	world.tell = book;
	world.context = model;
	for (i = 0; i < 2; i++) {
		world.sockets[i] = (struct world_socket){
			.state = of_all[i], .id = i + 1, .owner = 1, .closer = 1, .since_ns = world.now_ns, .known = true };
		world_tell(&world, &world.sockets[i], RECORD_TRANSITION, STATE_ESTABLISHED, of_all[i], 0);
		world.now_ns += 1000000000;
		world_leave(&world, &world.sockets[i], 0);
	}
	group = model_groups(model, GROUP_PROCESS)->table;
	assert_int_equal(model_account(model, group, STATE_CLOSE_WAIT)->dwell.count, 1);
	assert_int_equal(model_account(model, group, STATE_TIME_WAIT)->dwell.count, 1);
	group = model_groups(model, GROUP_COMM)->table;
	assert_int_equal(model_account(model, group, STATE_CLOSE_WAIT)->dwell.count, 1);
	assert_int_equal(model_account(model, group, STATE_TIME_WAIT)->dwell.count, 0);
	assert_int_equal(model_account(model, group, STATE_TIME_WAIT)->count.left, 1);
	model_free(model);
}

static void rates_are_of_the_interval(void **state)
{
	struct model *model = begin(0, WAITING, 0);
	struct ranking ranking;
	double sum = 0;

	(void)state;
	ranking_init(&ranking);
	world_run(&world, 5000, 8);
	model_end_interval(model, 1, 0);
	uint64_t before = world.totals.states[STATE_TIME_WAIT].created;
	world_run(&world, 5000, 3);
	model_end_interval(model, 2.5, 0);
	assert_int_equal(ranking_measure(&ranking, model, GROUP_REMOTE, world.now_ns, true), 0);
	for (size_t i = 0; i < ranking.count; i++)
		sum += ranking.rows[i].value[MEASURE_TIME_WAIT_RATE];
	assert_true(sum * 2.5 > world.totals.states[STATE_TIME_WAIT].created - before - 0.001);
	assert_true(sum * 2.5 < world.totals.states[STATE_TIME_WAIT].created - before + 0.001);
	ranking_release(&ranking);
	model_free(model);
}

/* A connect() of a process that failed, or a socket of it that TIME_WAIT had no room for. */
static struct event happening_of(unsigned int process, unsigned int closer, uint16_t error)
{
	static const struct container none;
	struct event event = {
		.record = {
			.type = error ? RECORD_CONNECT_FAILED : RECORD_TRANSITION,
			.old_state = error ? STATE_SYN_SENT : STATE_FIN_WAIT2,
			.new_state = STATE_CLOSE,
			.side = SIDE_ACTIVE,
			.end = error ? END_NONE : END_OVERFLOW,
			.error = error,
			.time_ns = world.now_ns,
			.id = ++world.next_id,
			.endpoint.remote_port = 80,
		},
		.container = &none,
	};

	world_process(&event.record.owner, process);
	world_process(&event.record.closer, closer);
	return event;
}

/* Each is in one row of each grouping: of who connected, and of who closed. */
static void what_leaves_no_socket_is_counted(void **state)
{
	static const struct {
		uint16_t error;
		unsigned int kind;
	} failures[] = {
		{ EADDRNOTAVAIL, CONNECT_NO_PORT }, { ECONNREFUSED, CONNECT_REFUSED },	  { ETIMEDOUT, CONNECT_TIMEOUT },
		{ ECANCELED, CONNECT_ABANDONED },   { ENETUNREACH, CONNECT_UNREACHABLE }, { EHOSTUNREACH, CONNECT_UNREACHABLE },
	};

	(void)state;
	for (unsigned int room = 0; room <= 2; room++) {
		struct model *model = begin(room, WAITING, 0);

		for (unsigned int i = 0; i < 6 * ARRAY_SIZE(failures); i++) {
			struct event failed = happening_of(1 + i % 6, 0, failures[i / 6].error);
			struct event overflow = happening_of(7, 1 + i % 3, 0);

			model_event(model, &failed);
			model_event(model, &overflow);
		}
		for (unsigned int by = 0; by < GROUP_KEYS; by++) {
			struct groups *groups = model_groups(model, by);
			uint64_t overflows = groups->other->time_wait_overflows, sums[CONNECT_FAILURES];

			memcpy(sums, groups->other->connect_failures, sizeof(sums));
			for (struct group *group = groups->table; group; group = group->hh.next) {
				overflows += group->time_wait_overflows;
				for (int kind = 0; kind < CONNECT_FAILURES; kind++)
					sums[kind] += group->connect_failures[kind];
				if (by == GROUP_PROCESS && !room && group->name.parts[0].process.pid == 103) {
					assert_int_equal(group->time_wait_overflows, 2 * ARRAY_SIZE(failures));
					assert_int_equal(group->connect_failures[CONNECT_REFUSED], 1);
					assert_int_equal(group->connect_failures[CONNECT_UNREACHABLE], 2);
				}
			}
			assert_int_equal(overflows, 6 * ARRAY_SIZE(failures));
			for (int kind = 0; kind < CONNECT_FAILURES; kind++)
				assert_int_equal(sums[kind], kind == CONNECT_UNREACHABLE ? 12 : 6);
			assert_int_equal(groups->folded.used, 0);
		}
		model_free(model);
	}
}

static void assert_sorted(const struct ranking *ranking, unsigned int key, bool reverse)
{
	for (size_t i = 1; i < ranking->count; i++) {
		double a = ranking->rows[i - 1].value[key], b = ranking->rows[i].value[key];

		if (ranking->rows[i].group->name.parts[0].kind == GROUP_OTHER)
			assert_int_equal(i, ranking->count - 1);
		else if (a == a && b == b)
			assert_true(reverse ? a <= b : a >= b);
		else
			assert_true(reverse ? a != a : b != b);
	}
}

static void every_key_sorts(void **state)
{
	struct model *model = begin(20, WAITING, 0);
	struct ranking ranking;

	(void)state;
	ranking_init(&ranking);
	world_run(&world, 20000, 5);
	model_end_interval(model, 20, 0);
	assert_int_equal(ranking_measure(&ranking, model, GROUP_REMOTE, world.now_ns, true), 0);
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
	model_free(model);
}

/* `owner` has it, `closer` closes it. */
static void tell_change(struct model *model, uint64_t id, unsigned int old_state, unsigned int new_state, unsigned int owner,
			unsigned int closer, uint64_t time_ns)
{
	static const struct container nowhere;
	struct event event = {
		.record = { .type = RECORD_TRANSITION, .id = id, .old_state = old_state, .new_state = new_state, .time_ns = time_ns },
		.unix_ns = time_ns,
		.container = &nowhere,
	};

	world_process(&event.record.owner, owner);
	world_process(&event.record.closer, closer);
	model_event(model, &event);
}

static int64_t there_of(struct model *model, unsigned int by, unsigned int pid, unsigned int state)
{
	struct group *group;
	int64_t there = 0;

	for (group = model_groups(model, by)->table; group; group = group->hh.next)
		if (group->name.parts[0].process.pid == pid)
			there += state_totals_now(&model_account(model, group, state)->count);
	return there;
}

/* Another process closes it, and is told of for the first time just as the one that had it is forgotten, whose number it gets. */
static void a_number_of_another_is_no_stay(void **state)
{
	const unsigned int by = GROUP_BY_BOTH(GROUP_PROCESS, GROUP_REMOTE);
	const struct model_config config = {
		.states = 1U << STATE_CLOSE_WAIT | 1U << STATE_LAST_ACK,
		.followed = 1U << STATE_CLOSE_WAIT | 1U << STATE_LAST_ACK,
		.groupings = { by },
		.n_groupings = 1,
	};
	struct model *model = model_new(&config);

	(void)state;
	tell_change(model, 1, STATE_ESTABLISHED, STATE_CLOSE_WAIT, 1, 0, WORLD_BEGIN_NS);
	tell_change(model, 2, STATE_ESTABLISHED, STATE_CLOSE_WAIT, 2, 0, WORLD_BEGIN_NS);
	model->processes.crowd = 1;
	tell_change(model, 1, STATE_CLOSE_WAIT, STATE_LAST_ACK, 2, 3, WORLD_BEGIN_NS + 10000000000ULL);
	assert_int_equal(there_of(model, by, 101, STATE_CLOSE_WAIT), 0);
	assert_int_equal(there_of(model, by, 101, STATE_LAST_ACK), 0);
	assert_int_equal(there_of(model, by, 103, STATE_LAST_ACK), 1);
	model_free(model);
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
		cmocka_unit_test(dwell_is_kept_where_it_is_wanted),
		cmocka_unit_test(rates_are_of_the_interval),
		cmocka_unit_test(what_leaves_no_socket_is_counted),
		cmocka_unit_test(every_key_sorts),
		cmocka_unit_test(a_number_of_another_is_no_stay),
	};

	return cmocka_run_group_tests_name("ledger", tests, NULL, NULL);
}
