// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * Sockets that change hands, against a plain list of who has what: rows move and add up, filters follow the charged process,
 * growth and dwell go to who has the socket, whatever finds no room.
 */
#include "account_world.h"

#include "account/model.h"
#include "attribute/pod_names.h"
#include "filter/filter.h"

#define WAITING (1U << STATE_TIME_WAIT | 1U << STATE_CLOSE_WAIT)
#define PROCESSES 12
#define REMOTES 10
#define SECOND 1000000000ULL

static struct world world;
static unsigned int holders[WORLD_SOCKETS]; /* who has it, as told; 0 = nobody, or not told */
static unsigned int learnt[WORLD_SOCKETS]; /* of an unknown owner: the first who was told to have it */
static struct filter filter;

static void book(void *context, const struct event *event)
{
	model_event(context, event);
}

struct setup {
	unsigned int max_groups, max_sockets;
	bool filtered, keep_ends;
	unsigned int pair; /* a further grouping; 0 = none */
};

static struct model *begin(const struct setup *setup)
{
	struct model_config config = {
		.states = WAITING,
		.followed = 1U << STATE_CLOSE_WAIT,
		.max_groups = setup->max_groups,
		.max_sockets = setup->max_sockets,
		.keep_ends = setup->keep_ends,
		.filter = setup->filtered ? &filter : NULL,
	};
	struct model *model;

	for (unsigned int by = 0; by < GROUP_KEYS; by++)
		config.groupings[config.n_groupings++] = by;
	if (setup->pair)
		config.groupings[config.n_groupings++] = setup->pair;
	model = model_new(&config);
	assert_non_null(model);
	world_init(&world, PROCESSES, REMOTES);
	memset(holders, 0, sizeof(holders));
	memset(learnt, 0, sizeof(learnt));
	world.tell = book;
	world.context = model;
	return model;
}

/* The event that says who has it. `comm`: called so now; NULL: as ever. */
static void tell_holder(struct model *model, uint64_t id, unsigned int number, const char *comm, bool queued)
{
	static struct container container;
	struct held held = { .count = number != 0, .fd = number ? 7 : -1, .queued = queued };
	struct event event = { .record = { .type = RECORD_HOLDER, .id = id, .time_ns = world.now_ns }, .held = &held };
	char path[64];

	world_process(&held.process, number);
	if (comm)
		snprintf(held.process.comm, sizeof(held.process.comm), "%s", comm);
	event.cgroup_id = held.process.cgroup_id;
	snprintf(path, sizeof(path), "/slice%llu", (unsigned long long)event.cgroup_id);
	event.cgroup = event.cgroup_id ? path : NULL;
	world_container(&container, event.cgroup_id);
	event.container = &container;
	model_event(model, &event);
}

static void hand_over(struct model *model, size_t i, unsigned int number)
{
	holders[i] = number;
	if (!world.sockets[i].owner && !learnt[i])
		learnt[i] = number;
	tell_holder(model, world.sockets[i].id, number, NULL, false);
}

/* Steps of the world, and after each a socket that may go to another process. A place's next socket is nobody's yet. */
static void run(struct model *model, unsigned int steps, unsigned int grow)
{
	while (steps--) {
		size_t i = world_below(&world, WORLD_SOCKETS);
		uint64_t id = world.sockets[i].id;

		world_run(&world, 1, grow);
		for (size_t k = 0; k < WORLD_SOCKETS; k++)
			if (!world.sockets[k].state)
				holders[k] = learnt[k] = 0;
		if (world.sockets[i].state == STATE_CLOSE_WAIT && world.sockets[i].id == id)
			hand_over(model, i, world_below(&world, PROCESSES));
	}
}

static unsigned int charged(size_t i)
{
	const struct world_socket *socket = &world.sockets[i];
	unsigned int told = holders[i] ? holders[i] : learnt[i];

	return socket->state == STATE_CLOSE_WAIT && told ? told : world_charged(socket);
}

static int64_t live_of_process(unsigned int state, unsigned int number)
{
	int64_t live = 0;

	for (size_t i = 0; i < WORLD_SOCKETS; i++)
		live += world.sockets[i].state == state && charged(i) == number;
	return live;
}

static unsigned int number_of(const struct group *group)
{
	return group->name.parts[0].kind == GROUP_UNKNOWN ? 0 : group->name.parts[0].process.pid - 100;
}

static void assert_same(const struct state_totals *a, const struct state_totals *b)
{
	assert_int_equal(a->created, b->created);
	assert_int_equal(a->seeded, b->seeded);
	assert_int_equal(a->left, b->left);
	assert_int_equal(state_totals_now(a), state_totals_now(b));
}

/* Rows of every grouping add up to the model's totals; only what went through a filter has moved then. */
static void assert_adds_up(struct model *model)
{
	static const unsigned int states[] = { STATE_TIME_WAIT, STATE_CLOSE_WAIT };

	for (unsigned int k = 0; k < model->n_groupings; k++)
		for (size_t s = 0; s < ARRAY_SIZE(states); s++) {
			struct groups *groups = &model->groupings[k].groups;
			struct state_totals sum = model_account(model, groups->other, states[s])->count;

			for (struct group *group = groups->table; group; group = group->hh.next)
				state_totals_add(&sum, &model_account(model, group, states[s])->count);
			assert_same(&sum, &model->totals[states[s]]);
			assert_int_equal(sum.moved_in - sum.moved_out,
					 model->totals[states[s]].moved_in - model->totals[states[s]].moved_out);
		}
}

static void assert_unfiltered_totals(struct model *model)
{
	assert_same(&model->totals[STATE_TIME_WAIT], &world.totals.states[STATE_TIME_WAIT]);
	assert_same(&model->totals[STATE_CLOSE_WAIT], &world.totals.states[STATE_CLOSE_WAIT]);
	assert_int_equal(model->totals[STATE_CLOSE_WAIT].moved_in + model->totals[STATE_CLOSE_WAIT].moved_out, 0);
}

static void assert_process_rows(struct model *model)
{
	for (struct group *group = model_groups(model, GROUP_PROCESS)->table; group; group = group->hh.next) {
		assert_int_equal(state_totals_now(&model_account(model, group, STATE_CLOSE_WAIT)->count),
				 live_of_process(STATE_CLOSE_WAIT, number_of(group)));
		assert_int_equal(state_totals_now(&model_account(model, group, STATE_TIME_WAIT)->count),
				 live_of_process(STATE_TIME_WAIT, number_of(group)));
	}
}

static uint64_t sum_of_moves(struct model *model, unsigned int by)
{
	struct groups *groups = model_groups(model, by);
	uint64_t moves = model_account(model, groups->other, STATE_CLOSE_WAIT)->count.moved_in;

	for (struct group *group = groups->table; group; group = group->hh.next)
		moves += model_account(model, group, STATE_CLOSE_WAIT)->count.moved_in;
	return moves;
}

static void sockets_move_to_who_has_them(void **state)
{
	static const struct setup setups[] = {
		{},
		{ .keep_ends = true },
		{ .pair = GROUP_BY_BOTH(GROUP_PROCESS, GROUP_REMOTE) },
		{ .pair = GROUP_BY_BOTH(GROUP_PORT, GROUP_COMM) },
		{ .pair = GROUP_BY_BOTH(GROUP_CONTAINER, GROUP_CGROUP) },
	};

	(void)state;
	for (size_t k = 0; k < ARRAY_SIZE(setups); k++) {
		struct model *model = begin(&setups[k]);

		for (int i = 0; i < 8; i++) {
			run(model, 400, 3 + i % 5);
			assert_adds_up(model);
			assert_unfiltered_totals(model);
			assert_process_rows(model);
		}
		assert_true(sum_of_moves(model, GROUP_PROCESS) > 200);
		assert_int_equal(sum_of_moves(model, GROUP_REMOTE), 0); /* another process, the same remote end */
		model_free(model);
	}
}

/* Rows of two keys: of each process those towards each remote. */
static void two_keys_at_once(void **state)
{
	const struct setup setup = { .pair = GROUP_BY_BOTH(GROUP_PROCESS, GROUP_REMOTE) };
	struct model *model = begin(&setup);
	int64_t all = 0;

	(void)state;
	run(model, 3000, 6);
	for (struct group *group = model_groups(model, setup.pair)->table; group; group = group->hh.next) {
		const struct group_part *remote = &group->name.parts[1];
		int64_t live = 0;

		for (size_t i = 0; i < WORLD_SOCKETS; i++)
			live += world.sockets[i].state == STATE_CLOSE_WAIT && charged(i) == number_of(group) &&
				world.sockets[i].remote == remote->addr[15] && world.sockets[i].port + 8000 == remote->port &&
				world.sockets[i].active == (remote->side == SIDE_ACTIVE);
		assert_int_equal(state_totals_now(&model_account(model, group, STATE_CLOSE_WAIT)->count), live);
		all += live;
	}
	assert_int_equal(all, state_totals_now(&world.totals.states[STATE_CLOSE_WAIT]));
	assert_true(all > 100);
	model_free(model);
}

static void full_tables_keep_the_sums(void **state)
{
	static const struct setup setups[] = {
		{ .max_groups = 3 },
		{ .max_sockets = 40 },
		{ .max_groups = 2, .max_sockets = 100, .pair = GROUP_BY_BOTH(GROUP_PROCESS, GROUP_PORT) },
	};

	(void)state;
	for (size_t k = 0; k < ARRAY_SIZE(setups); k++) {
		struct model *model = begin(&setups[k]);

		for (int i = 0; i < 12; i++) {
			run(model, 300, i % 10);
			assert_adds_up(model);
			assert_unfiltered_totals(model);
			world.now_ns += 10 * SECOND;
			model_forget(model, world.now_ns);
		}
		if (setups[k].max_sockets)
			assert_true(model->sockets.refused > 0 && model->sockets.by_id.used <= setups[k].max_sockets);
		else
			assert_process_rows(model);
		model_free(model);
	}
}

static void tell_all_again(struct model *model)
{
	totals_recount(&world.totals);
	model_recount(model, true);
	for (size_t i = 0; i < WORLD_SOCKETS; i++)
		if (world.sockets[i].state)
			world_tell(&world, &world.sockets[i], RECORD_SOCKET, world.sockets[i].state, world.sockets[i].state, 0);
	model_recount(model, false);
}

/* The kernel side tells of the sockets again, not of who has them: that stays known. */
static void a_recount_keeps_who_has_them(void **state)
{
	struct model *model = begin(&(struct setup){});

	(void)state;
	for (int i = 0; i < 5; i++) {
		run(model, 500, 6);
		tell_all_again(model);
		assert_adds_up(model);
		assert_unfiltered_totals(model);
		assert_process_rows(model);
	}
	model_free(model);
}

static bool passes(unsigned int number)
{
	return number == 3 || number == 4;
}

static void assert_filtered(struct model *model)
{
	static const unsigned int states[] = { STATE_TIME_WAIT, STATE_CLOSE_WAIT };

	assert_adds_up(model);
	for (size_t s = 0; s < ARRAY_SIZE(states); s++) {
		int64_t live = 0;

		for (size_t i = 0; i < WORLD_SOCKETS; i++)
			live += world.sockets[i].state == states[s] && passes(charged(i));
		assert_int_equal(state_totals_now(&model->totals[states[s]]), live);
	}
	for (struct group *group = model_groups(model, GROUP_PROCESS)->table; group; group = group->hh.next)
		assert_true(passes(number_of(group)));
	assert_process_rows(model);
}

static void run_filtered(void (*choose)(void))
{
	static const unsigned int rooms[] = { 0, 3 };

	for (size_t room = 0; room < ARRAY_SIZE(rooms); room++) {
		struct model *model;

		filter_init(&filter, NULL);
		choose();
		model = begin(&(struct setup){ .filtered = true, .max_groups = rooms[room] });
		for (int i = 0; i < 6; i++) {
			run(model, 400, 3 + i % 5);
			assert_filtered(model);
		}
		tell_all_again(model);
		assert_filtered(model);
		assert_true(model->totals[STATE_CLOSE_WAIT].moved_in > 20 && model->totals[STATE_CLOSE_WAIT].moved_out > 20);
		assert_int_equal(model->totals[STATE_TIME_WAIT].moved_in, 0);
		model_free(model);
	}
}

static void choose_pids(void)
{
	filter.pids[0] = 103;
	filter.pids[1] = 104;
	filter.n_pids = 2;
}

/* Of 3 and 4, which are in cgroups 2 and 3, with 5 in the same cgroup as 4; so by pid too. */
static void choose_cgroups(void)
{
	filter.cgroup_paths[0] = "slice2";
	filter.cgroup_paths[1] = "/slice3/";
	filter.cgroup_ids[0] = 2000;
	filter.cgroup_ids[1] = 3000;
	filter.n_cgroups = 2;
	choose_pids();
}

static void filters_follow_the_charged_process(void **state)
{
	(void)state;
	run_filtered(choose_pids);
	run_filtered(choose_cgroups);
}

static struct world_socket *enter(size_t i, unsigned int owner)
{
	struct world_socket *socket = &world.sockets[i];

	*socket = (struct world_socket){
		.state = STATE_CLOSE_WAIT, .id = 100 + i, .since_ns = world.now_ns, .owner = owner, .known = true };
	world_tell(&world, socket, RECORD_TRANSITION, STATE_ESTABLISHED, STATE_CLOSE_WAIT, 0);
	return socket;
}

static struct account *close_wait_of(struct model *model, unsigned int number)
{
	for (struct group *group = model_groups(model, GROUP_PROCESS)->table; group; group = group->hh.next)
		if (number_of(group) == number)
			return model_account(model, group, STATE_CLOSE_WAIT);
	fail_msg("process %u has no row", number);
	return NULL;
}

/* A name that is asked for is the name now; the process that took it moves through the filter with all that it has. */
static void a_name_is_the_name_now(void **state)
{
	struct model *model;

	(void)state;
	filter_init(&filter, NULL);
	strcpy(filter.comm, "renamed");
	model = begin(&(struct setup){ .filtered = true });
	enter(0, 3);
	enter(1, 3);
	assert_int_equal(state_totals_now(&model->totals[STATE_CLOSE_WAIT]), 0);
	tell_holder(model, 100, 3, "renamed", false);
	assert_int_equal(state_totals_now(&model->totals[STATE_CLOSE_WAIT]), 1);
	assert_int_equal(model->totals[STATE_CLOSE_WAIT].moved_in, 1);
	assert_string_equal(model_groups(model, GROUP_PROCESS)->table->label, "renamed[103]");
	tell_holder(model, 100, 3, "again", false);
	assert_int_equal(state_totals_now(&model->totals[STATE_CLOSE_WAIT]), 0);
	assert_int_equal(model->totals[STATE_CLOSE_WAIT].moved_out, 1);
	model_free(model);
}

static void a_rename_moves_names_not_processes(void **state)
{
	struct model *model = begin(&(struct setup){});

	(void)state;
	enter(0, 3);
	tell_holder(model, 100, 3, "renamed", false);
	assert_int_equal(groups_count(model_groups(model, GROUP_PROCESS)), 1);
	assert_int_equal(close_wait_of(model, 3)->count.moved_in, 0);
	assert_string_equal(model_groups(model, GROUP_PROCESS)->table->label, "renamed[103]");
	assert_int_equal(groups_count(model_groups(model, GROUP_COMM)), 2);
	assert_int_equal(sum_of_moves(model, GROUP_COMM), 1);
	assert_adds_up(model);
	model_free(model);
}

/* The FIN before accept(): entered on the listener's account, accepted by a worker, closed by it. */
static void growth_and_dwell_go_to_who_has_it(void **state)
{
	struct model *model = begin(&(struct setup){});
	struct account *listener, *worker;

	(void)state;
	for (size_t i = 0; i < 3; i++) {
		enter(i, 1);
		hand_over(model, i, 2);
	}
	listener = close_wait_of(model, 1);
	worker = close_wait_of(model, 2);
	assert_int_equal(listener->count.created, 3);
	assert_int_equal(listener->count.moved_out, 3);
	assert_int_equal(listener->grown, 0);
	assert_int_equal(listener->came, 0);
	assert_int_equal(worker->count.moved_in, 3);
	assert_int_equal(worker->grown, 3);
	model_end_interval(model, 2, 0);
	assert_true(worker->rate == 1.5 && listener->rate == 0);
	world.now_ns += 5 * SECOND;
	world_leave(&world, &world.sockets[0], 0);
	assert_int_equal(worker->dwell.count, 1);
	assert_int_equal(listener->dwell.count, 0);
	assert_int_equal(worker->count.left, 1);
	assert_int_equal(worker->grown, 2);
	assert_int_equal(worker->came, 3);
	/* One from before the run is no growth when it moves, and less when it goes. */
	world.sockets[9] = (struct world_socket){ .state = STATE_CLOSE_WAIT, .id = 109, .owner = 1 };
	world_tell(&world, &world.sockets[9], RECORD_SOCKET, STATE_CLOSE_WAIT, STATE_CLOSE_WAIT, 0);
	hand_over(model, 9, 2);
	assert_int_equal(worker->grown, 2);
	world_leave(&world, &world.sockets[9], 0);
	assert_int_equal(worker->grown, 1);
	model_free(model);
}

static struct model *begin_life(void)
{
	struct model_config config = { .states = 0xffff & ~(1U << STATE_CLOSE), .followed = 0xffff & ~(1U << STATE_CLOSE),
				       .groupings = { GROUP_PROCESS }, .n_groupings = 1, .keep_ends = true };
	struct model *model = model_new(&config);

	assert_non_null(model);
	world_init(&world, PROCESSES, REMOTES);
	return model;
}

static void go(struct model *model, unsigned int from, unsigned int to, unsigned int owner, unsigned int closer)
{
	static const struct container none;
	struct event event = { .container = &none, .record = { .type = RECORD_TRANSITION, .id = 1, .old_state = from,
							       .new_state = to, .time_ns = world.now_ns += SECOND } };

	world_process(&event.record.owner, owner);
	world_process(&event.record.closer, closer);
	model_event(model, &event);
}

static unsigned int charged_now(struct model *model)
{
	const struct live_socket *socket = live_sockets_find(&model->sockets, 1);
	const struct process *process = &processes_at(&model->processes, live_socket_charged(socket))->process;

	return process->start_ns ? process->pid - 100 : 0;
}

/* Through a whole life: the owner, who was given it, who closed it; half closed it is still its holder's. */
static void who_is_charged_through_a_life(void **state)
{
	struct model *model = begin_life();

	(void)state;
	go(model, STATE_SYN_RECV, STATE_ESTABLISHED, 1, 0);
	assert_int_equal(charged_now(model), 1);
	tell_holder(model, 1, 2, NULL, false);
	assert_int_equal(charged_now(model), 2);
	go(model, STATE_ESTABLISHED, STATE_FIN_WAIT1, 1, 3); /* close() or shutdown(), nobody can tell yet */
	assert_int_equal(charged_now(model), 3);
	tell_holder(model, 1, 2, NULL, false);
	assert_int_equal(charged_now(model), 2);
	go(model, STATE_FIN_WAIT1, STATE_FIN_WAIT2, 1, 3);
	assert_int_equal(charged_now(model), 2);
	tell_holder(model, 1, 0, NULL, false); /* an orphan is its closer's */
	assert_int_equal(charged_now(model), 3);
	go(model, STATE_FIN_WAIT2, STATE_TIME_WAIT, 1, 3);
	tell_holder(model, 1, 2, NULL, false); /* TIME_WAIT is nobody's any more */
	assert_int_equal(charged_now(model), 3);
	go(model, STATE_TIME_WAIT, STATE_CLOSE, 1, 3);
	assert_null(live_sockets_find(&model->sockets, 1));
	for (struct group *group = model_groups(model, GROUP_PROCESS)->table; group; group = group->hh.next)
		assert_true(group_is_closed(group));
	model_free(model);
}

/* Nobody was seen to close it: it was who had it last, not who accepted it long ago; and not a listener's process. */
static void closed_by_who_had_it(void **state)
{
	struct model *model = begin_life();

	(void)state;
	go(model, STATE_SYN_RECV, STATE_ESTABLISHED, 1, 0);
	tell_holder(model, 1, 2, NULL, false);
	go(model, STATE_ESTABLISHED, STATE_FIN_WAIT1, 1, 0);
	assert_int_equal(charged_now(model), 2);
	go(model, STATE_FIN_WAIT1, STATE_FIN_WAIT2, 1, 0);
	go(model, STATE_FIN_WAIT2, STATE_TIME_WAIT, 1, 0);
	assert_int_equal(charged_now(model), 2);
	go(model, STATE_TIME_WAIT, STATE_CLOSE, 1, 0);
	for (struct group *group = model_groups(model, GROUP_PROCESS)->table; group; group = group->hh.next)
		assert_true(group_is_closed(group));
	go(model, STATE_SYN_RECV, STATE_ESTABLISHED, 1, 0);
	tell_holder(model, 1, 5, NULL, true);
	go(model, STATE_ESTABLISHED, STATE_FIN_WAIT1, 1, 0);
	assert_int_equal(charged_now(model), 1);
	model_free(model);
}

/* Nobody has a descriptor of it (io_uring's own): the owner's. Not accepted: the listener's process, whoever that is now. */
static void nobody_and_the_accept_queue(void **state)
{
	struct model *model = begin_life();
	const struct live_socket *socket;

	(void)state;
	go(model, STATE_ESTABLISHED, STATE_CLOSE_WAIT, 1, 0);
	tell_holder(model, 1, 0, NULL, false);
	assert_int_equal(charged_now(model), 1);
	tell_holder(model, 1, 5, NULL, true);
	socket = live_sockets_find(&model->sockets, 1);
	assert_int_equal(charged_now(model), 5);
	assert_true(socket->flags & LIVE_IN_ACCEPT_QUEUE);
	tell_holder(model, 1, 6, NULL, false);
	assert_int_equal(charged_now(model), 6);
	assert_false(socket->flags & LIVE_IN_ACCEPT_QUEUE);
	model_free(model);
}

/* Events of a socket that is not there, or that is there no more, change nothing. */
static void holders_of_nothing(void **state)
{
	struct model *model = begin(&(struct setup){});

	(void)state;
	tell_holder(model, 4711, 3, NULL, false);
	assert_int_equal(groups_count(model_groups(model, GROUP_PROCESS)), 0);
	world_leave(&world, enter(0, 1), 0);
	tell_holder(model, 100, 3, NULL, false);
	assert_int_equal(groups_count(model_groups(model, GROUP_PROCESS)), 1);
	assert_adds_up(model);
	model_free(model);
}

/* Names of a pod that come after its sockets did: they were its sockets all the time. */
static void late_names_count_what_was_there(void **state)
{
	struct pod_names *names = pod_names_new(NULL);
	struct container known = { .pod = "web-1", .namespace = "shop", .name = "nginx" };
	struct model *model;

	(void)state;
	filter_init(&filter, NULL);
	filter.names[NAME_POD].lists[filter.names[NAME_POD].count++] = "web-1";
	model = begin(&(struct setup){ .filtered = true });
	enter(0, 2); /* in cgroup 2, the container 2 of pod 1 */
	world_leave(&world, enter(1, 2), 0);
	enter(2, 5); /* in no container */
	model_complete(model, names);
	assert_int_equal(state_totals_now(&model->totals[STATE_CLOSE_WAIT]), 0);
	world_container(&known, 2);
	known.pod = "web-1", known.namespace = "shop", known.name = "nginx";
	pod_names_learn(names, &known);
	model_complete(model, names);
	assert_int_equal(state_totals_now(&model->totals[STATE_CLOSE_WAIT]), 1);
	assert_int_equal(model->totals[STATE_CLOSE_WAIT].created, 1);
	assert_int_equal(model->totals[STATE_CLOSE_WAIT].moved_in, 0);
	enter(3, 2);
	assert_int_equal(model->totals[STATE_CLOSE_WAIT].created, 2);
	assert_adds_up(model);
	model_free(model);
	pod_names_free(names);
}

/* Ten thousand a second for ten seconds, each to another process while it waits. */
static void handovers_by_the_thousand(void **state)
{
	struct model *model = begin(&(struct setup){ .pair = GROUP_BY_BOTH(GROUP_PROCESS, GROUP_REMOTE) });
	size_t i;

	(void)state;
	for (unsigned int step = 0; step < 100000; step++) {
		i = step % WORLD_SOCKETS;
		world.now_ns += SECOND / 10000;
		if (world.sockets[i].state)
			world_leave(&world, &world.sockets[i], 0);
		enter(i, 1 + step % 5);
		holders[i] = learnt[i] = 0;
		hand_over(model, i, 1 + world_below(&world, PROCESSES - 1));
	}
	assert_adds_up(model);
	assert_unfiltered_totals(model);
	assert_process_rows(model);
	assert_int_equal(model->totals[STATE_CLOSE_WAIT].created, 100000);
	model_free(model);
}

/* Processes that are gone are forgotten; while a socket is theirs they are not. */
static void processes_are_forgotten(void **state)
{
	struct model *model = begin(&(struct setup){ .keep_ends = true });

	(void)state;
	enter(0, 7);
	for (unsigned int number = 1000; number < 61000; number++) {
		world.now_ns += SECOND / 1000;
		world_leave(&world, enter(1, number), 0);
	}
	assert_true(HASH_COUNT(model->processes.by_process) < 45000);
	assert_int_equal(live_of_process(STATE_CLOSE_WAIT, 7), 1);
	assert_int_equal(state_totals_now(&close_wait_of(model, 7)->count), 1);
	model_forget(model, world.now_ns + 400 * SECOND);
	assert_int_equal(HASH_COUNT(model->processes.by_process), 2); /* it, and nobody */
	assert_adds_up(model);
	model_free(model);
}

/* accept() tells who has one that waited; one that is over, or that nobody was seen to accept, is nobody's but the listener's. */
static void accepted_waits_no_more(void **state)
{
	const struct setup setup = { .max_groups = 100, .keep_ends = true };
	struct model *model = begin(&setup);
	struct world_socket socket = { .state = STATE_CLOSE_WAIT, .owner = 1, .since_ns = world.now_ns, .known = true };

	(void)state;
	for (socket.id = 1; socket.id <= 3; socket.id++)
		world_tell(&world, &socket, RECORD_TRANSITION, STATE_ESTABLISHED, STATE_CLOSE_WAIT, FLAG_IN_ACCEPT_QUEUE);
	for (socket.id = 1; socket.id <= 3; socket.id++) {
		struct container nowhere = {};
		struct event event = { .container = &nowhere };

		event.record = (struct transition){ .type = RECORD_ACCEPTED, .id = socket.id, .time_ns = world.now_ns,
						    .old_state = STATE_CLOSE_WAIT, .new_state = STATE_CLOSE_WAIT };
		if (socket.id == 1)
			world_process(&event.record.owner, 2);
		event.record.attribution = socket.id == 1 ? ATTRIBUTION_OBSERVED : ATTRIBUTION_UNKNOWN;
		event.record.flags = socket.id == 3 ? FLAG_IN_ACCEPT_QUEUE : 0;
		model_event(model, &event);
	}
	for (uint64_t id = 1; id <= 3; id++) {
		const struct live_socket *live = live_sockets_find(&model->sockets, id);

		assert_non_null(live);
		assert_int_equal(!!(live->flags & LIVE_IN_ACCEPT_QUEUE), id == 3);
		assert_int_equal(processes_at(&model->processes, live_socket_charged(live))->process.pid, id == 1 ? 102 : 101);
	}
	model_free(model);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(sockets_move_to_who_has_them),
		cmocka_unit_test(two_keys_at_once),
		cmocka_unit_test(full_tables_keep_the_sums),
		cmocka_unit_test(a_recount_keeps_who_has_them),
		cmocka_unit_test(filters_follow_the_charged_process),
		cmocka_unit_test(a_name_is_the_name_now),
		cmocka_unit_test(a_rename_moves_names_not_processes),
		cmocka_unit_test(growth_and_dwell_go_to_who_has_it),
		cmocka_unit_test(who_is_charged_through_a_life),
		cmocka_unit_test(closed_by_who_had_it),
		cmocka_unit_test(nobody_and_the_accept_queue),
		cmocka_unit_test(accepted_waits_no_more),
		cmocka_unit_test(holders_of_nothing),
		cmocka_unit_test(late_names_count_what_was_there),
		cmocka_unit_test(handovers_by_the_thousand),
		cmocka_unit_test(processes_are_forgotten),
	};

	return cmocka_run_group_tests_name("holder", tests, NULL, NULL);
}
