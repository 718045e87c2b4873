// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* What `top` shows and what its keys do, without a terminal. */
#include "account_world.h"

#include <errno.h>
#include <unistd.h>

#include "show/terminal.h"
#include "event/present.h"
#include "show/top/top.h"
#include "show/top/table.h"
#include "show/top/ui.h"

static struct world world;

struct screen {
	struct top_model model;
	struct top_ui ui;
	struct frame frame;
	struct health health;
	unsigned int rows, columns;
};

static void tell_model(void *context, const struct event *event)
{
	top_model_event(context, event);
}

static void measure(struct screen *screen)
{
	struct tick tick = {
		.time_ns = world.now_ns, .unix_ns = world.now_ns, .health = &screen->health, .totals = &world.totals };

	top_model_end_interval(&screen->model, &tick);
	assert_int_equal(top_model_measure(&screen->model, &tick), 0);
	assert_int_equal(panel_refresh(&screen->ui.panel), 0);
}

static int setup(void **state)
{
	static struct screen screen;
	struct run run = { .begin_ns = WORLD_BEGIN_NS, .begin_unix_ns = WORLD_BEGIN_NS };
	struct top_config config = {};

	memset(&screen, 0, sizeof(screen));
	setenv("TZ", "UTC", 1);
	assert_int_equal(top_model_init(&screen.model, &config, true), 0);
	top_model_begin(&screen.model, &run);
	top_ui_init(&screen.ui, &screen.model, 0);
	frame_init(&screen.frame);
	world_init(&world, 40, 30);
	world.tell = tell_model;
	world.context = &screen.model;
	screen.rows = 24;
	screen.columns = 80;
	*state = &screen;
	return 0;
}

static int teardown(void **state)
{
	struct screen *screen = *state;

	top_ui_release(&screen->ui);
	top_model_release(&screen->model);
	frame_release(&screen->frame);
	return 0;
}

static void draw(struct screen *screen)
{
	assert_int_equal(panel_draw(&screen->ui.panel, &screen->frame, screen->rows, screen->columns), 0);
	assert_int_equal(screen->frame.used, screen->rows);
	for (unsigned int row = 0; row < screen->rows; row++)
		assert_true(strlen(frame_text(&screen->frame, row)) <= screen->columns);
}

static void press(struct screen *screen, int key)
{
	assert_int_equal(panel_key(&screen->ui.panel, key), 0);
	if (screen->ui.panel.stale)
		measure(screen);
	draw(screen);
}

/* The line of the frame with this style; -1 = none. */
static int line_of_style(const struct screen *screen, enum frame_style style)
{
	for (unsigned int row = 0; row < screen->frame.used; row++)
		if (screen->frame.lines[row].style == style)
			return row;
	return -1;
}

static const char *head_of(const struct screen *screen)
{
	return frame_text(&screen->frame, line_of_style(screen, FRAME_HEAD));
}

static int lines_with(const struct screen *screen, const char *text)
{
	int count = 0;

	for (unsigned int row = 0; row < screen->frame.used; row++)
		count += strstr(frame_text(&screen->frame, row), text) != NULL;
	return count;
}

static void an_empty_machine(void **state)
{
	struct screen *screen = *state;

	measure(screen);
	draw(screen);
	unit_assert_contains(frame_text(&screen->frame, 0), "by process, 0 rows");
	assert_int_equal(lines_with(screen, "No TCP sockets yet."), 1);
	press(screen, TERMINAL_ENTER);
	press(screen, TERMINAL_DOWN);
	press(screen, TERMINAL_END);
	assert_int_equal(screen->ui.panel.mode, PANEL_LIST);
}

static void rows_and_totals(void **state)
{
	struct screen *screen = *state;
	char expected[128];

	world_run(&world, 5000, 6);
	screen->health.lost = 3;
	measure(screen);
	draw(screen);
	unit_assert_contains(frame_text(&screen->frame, 0), "tcpdwell  00:16:45  by process, 40 rows, sorted by now");
	snprintf(expected, sizeof(expected), "TIME_WAIT %lld now, %llu new",
		 (long long)state_totals_now(&world.totals.states[STATE_TIME_WAIT]),
		 (unsigned long long)world.totals.states[STATE_TIME_WAIT].created);
	unit_assert_contains(frame_text(&screen->frame, 1), expected);
	unit_assert_contains(frame_text(&screen->frame, 2), "3 records lost");
	assert_int_equal(line_of_style(screen, FRAME_ALERT), 2);
	unit_assert_contains(frame_text(&screen->frame, 3), "TW-NEW");
	unit_assert_contains(frame_text(&screen->frame, 3), "PROCESS");
	assert_int_equal(line_of_style(screen, FRAME_SELECTED), 4);
	unit_assert_contains(frame_text(&screen->frame, screen->rows - 1), "q quit");
}

/* A number that is cut is another number. */
static void totals_wrap(void **state)
{
	struct screen *screen = *state;

	world_run(&world, 5000, 6);
	world.totals.connect_failed = 123;
	world.totals.time_wait_overflows = 987;
	measure(screen);
	for (screen->columns = 60; screen->columns <= 200; screen->columns += 7) {
		draw(screen);
		assert_int_equal(lines_with(screen, "987"), 1);
	}
}

/* Processes of one name are told apart by their pid: where a row has no room for both, the name is cut. */
static void names_are_cut_before_pids(void **state)
{
	static struct container nowhere;
	struct screen *screen = *state;
	struct event event = { .container = &nowhere, .unix_ns = world.now_ns };
	unsigned int cut = 0;

	event.record = (struct transition){ .type = RECORD_TRANSITION, .id = 1, .time_ns = world.now_ns, .side = SIDE_PASSIVE,
					    .old_state = STATE_ESTABLISHED, .new_state = STATE_CLOSE_WAIT, .attribution = ATTRIBUTION_OBSERVED };
	world_process(&event.record.owner, 1);
	event.record.owner.pid = 1234567;
	snprintf(event.record.owner.comm, sizeof(event.record.owner.comm), "long-name-of-it");
	tell_model(&screen->model, &event);
	measure(screen);
	for (screen->columns = 36; screen->columns <= 120; screen->columns++) {
		draw(screen);
		assert_int_equal(lines_with(screen, "[1234567]"), 1);
		cut += !lines_with(screen, "long-name-of-it[");
	}
	assert_true(cut > 0);
}

static void every_size_is_drawn(void **state)
{
	static const unsigned int sizes[][2] = { { 24, 80 }, { 60, 200 }, { 1, 1 }, { 2, 10 }, { 4, 30 }, { 100, 500 } };
	static const int keys[] = { 'h', 'h', TERMINAL_ENTER, TERMINAL_END, TERMINAL_ESCAPE, '/', TERMINAL_ESCAPE,
				    TERMINAL_END, TERMINAL_PAGE_UP, TERMINAL_RESIZED };
	struct screen *screen = *state;

	world_run(&world, 5000, 6);
	measure(screen);
	for (size_t i = 0; i < ARRAY_SIZE(sizes); i++) {
		screen->rows = sizes[i][0];
		screen->columns = sizes[i][1];
		for (size_t k = 0; k < ARRAY_SIZE(keys); k++)
			press(screen, keys[k]);
	}
	screen->rows = 60;
	screen->columns = 200;
	draw(screen);
	assert_int_equal(lines_with(screen, "worker"), 39);
	assert_int_equal(lines_with(screen, "unknown"), 1);
	unit_assert_contains(head_of(screen), "OTHER END");
}

static void wide_terminals_show_more(void **state)
{
	struct screen *screen = *state;

	world_run(&world, 500, 6);
	measure(screen);
	draw(screen);
	assert_null(strstr(head_of(screen), "TW-P99"));
	assert_null(strstr(head_of(screen), "CW-P99"));
	assert_null(strstr(head_of(screen), "OTHER END"));
	screen->columns = 160;
	draw(screen);
	unit_assert_contains(head_of(screen), "OTHER END");
	assert_null(strstr(head_of(screen), "CW-P99"));
	press(screen, 'w');
	unit_assert_contains(head_of(screen), "CW-P99");
	screen->columns = 60;
	press(screen, 'w');
	unit_assert_contains(head_of(screen), "TW-NOW");
	unit_assert_contains(head_of(screen), "CW-NOW");
	unit_assert_contains(head_of(screen), "OLDEST");
}

static void keys_group(void **state)
{
	static const char *const heads[] = { "PROCESS", "CGROUP", "CONTAINER", "POD", "REMOTE", "PORT", "COMM", "UNIT" };
	struct screen *screen = *state;

	world_run(&world, 5000, 6);
	measure(screen);
	for (int by = 0; by < GROUP_KEYS; by++) {
		press(screen, '1' + by);
		unit_assert_contains(head_of(screen), heads[by]);
	}
	press(screen, 'b');
	unit_assert_contains(head_of(screen), "PROCESS");
	press(screen, 'B');
	unit_assert_contains(head_of(screen), "UNIT");
	press(screen, '6');
	unit_assert_contains(head_of(screen), "PORT");
	assert_int_equal(lines_with(screen, "port 800"), WORLD_PORTS);
}

static void keys_sort_and_reverse(void **state)
{
	static const struct {
		int key;
		const char *name;
	} keys[] = { { 't', "tw-now" }, { 'T', "tw-rate" }, { 'c', "cw-now" },	   { 'o', "cw-oldest" }, { 'y', "syn-sent" },
		     { 'e', "established" }, { 'a', "queue" }, { 'd', "trouble" }, { 'n', "name" } };
	struct screen *screen = *state;
	char title[64];

	world_run(&world, 5000, 6);
	measure(screen);
	draw(screen);
	for (size_t i = 0; i < ARRAY_SIZE(keys); i++) {
		press(screen, keys[i].key);
		snprintf(title, sizeof(title), "sorted by %s", keys[i].name);
		unit_assert_contains(frame_text(&screen->frame, 0), title);
	}
	for (int i = 0; i < 30; i++) {
		unsigned int key = screen->model.sort;

		press(screen, 's');
		assert_non_null(sort_key_name(screen->model.sort));
		unit_assert_contains(frame_text(&screen->frame, 0), sort_key_name(screen->model.sort));
		press(screen, 'S');
		assert_int_equal(screen->model.sort, key);
		press(screen, '>');
	}
	screen->model.sort = MEASURE_NOW;
	press(screen, 'n');
	press(screen, 'r');
	unit_assert_contains(frame_text(&screen->frame, 0), "sorted by name (reversed)");
	unit_assert_contains(frame_text(&screen->frame, line_of_style(screen, FRAME_SELECTED)), "worker9[109]");
	press(screen, 'n');
	unit_assert_contains(frame_text(&screen->frame, line_of_style(screen, FRAME_SELECTED)), "unknown");
}

static void the_filter_is_typed(void **state)
{
	struct screen *screen = *state;

	world_run(&world, 5000, 6);
	measure(screen);
	press(screen, '/');
	assert_int_equal(screen->frame.cursor_row, 23);
	for (const char *key = "WORKER7q"; *key; key++)
		press(screen, *key);
	assert_int_equal(lines_with(screen, "worker"), 0);
	assert_int_equal(lines_with(screen, "No row matches the filter."), 1);
	press(screen, TERMINAL_BACKSPACE);
	assert_int_equal(lines_with(screen, "worker7["), 1);
	assert_int_equal(lines_with(screen, "worker"), 1);
	press(screen, TERMINAL_ENTER);
	assert_int_equal(screen->frame.cursor_row, -1);
	unit_assert_contains(frame_text(&screen->frame, 23), "[WORKER7]");
	press(screen, TERMINAL_ESCAPE);
	assert_true(lines_with(screen, "worker") > 10);
	assert_false(screen->ui.panel.quit);
}

static bool of_worker7(const struct world_socket *socket, const void *key)
{
	(void)key;
	return world_charged(socket) == 7;
}

static void drill_down_and_back(void **state)
{
	struct screen *screen = *state;
	char expected[64];
	long long live;

	world_run(&world, 5000, 6);
	measure(screen);
	press(screen, '/');
	for (const char *key = "worker7["; *key; key++)
		press(screen, *key);
	press(screen, TERMINAL_ENTER);
	press(screen, TERMINAL_ENTER);
	live = world_live(&world, STATE_TIME_WAIT, of_worker7, NULL) + world_live(&world, STATE_CLOSE_WAIT, of_worker7, NULL);
	assert_true(live > 2);
	snprintf(expected, sizeof(expected), "%lld sockets: worker7[107]", live);
	unit_assert_contains(frame_text(&screen->frame, 2), expected);
	assert_int_equal(screen->ui.sockets.count, live);
	for (long long i = 1; i < live; i++)
		assert_true(screen->ui.sockets.rows[i - 1].base.since_ns <= screen->ui.sockets.rows[i].base.since_ns);
	unit_assert_contains(frame_text(&screen->frame, 4), "_WAIT");
	assert_int_equal(line_of_style(screen, FRAME_SELECTED), 4);
	press(screen, TERMINAL_END);
	assert_int_equal(panel_place(&screen->ui.panel)->selected, live - 1);
	press(screen, 'q');
	assert_int_equal(screen->ui.panel.mode, PANEL_LIST);
	assert_false(screen->ui.panel.quit);
	press(screen, 'q');
	assert_true(screen->ui.panel.quit);
}

static void type_filter(struct screen *screen, const char *text)
{
	press(screen, '/');
	for (; *text; text++)
		press(screen, *text);
	press(screen, TERMINAL_ENTER);
}

static bool is_live(const struct world_socket *socket)
{
	return socket->state == STATE_TIME_WAIT || socket->state == STATE_CLOSE_WAIT;
}

/* Processes with a socket whose other end has this address. */
static unsigned int processes_of_remote(unsigned int remote)
{
	bool has[WORLD_SOCKETS] = {};
	unsigned int count = 0;
	size_t i;

	for (i = 0; i < WORLD_SOCKETS; i++)
		if (is_live(&world.sockets[i]) && world.sockets[i].remote == remote)
			has[world_charged(&world.sockets[i])] = true;
	for (i = 0; i < WORLD_SOCKETS; i++)
		count += has[i];
	return count;
}

/* Of a row only the busiest address is shown: others are found too. */
static void the_filter_finds_any_address(void **state)
{
	struct screen *screen = *state;
	size_t rows;

	world_run(&world, 5000, 6);
	measure(screen);
	rows = screen->ui.panel.n_visible;
	type_filter(screen, "10.0.0.9:");
	assert_true(processes_of_remote(9) > 1 && processes_of_remote(9) < rows);
	assert_int_equal(screen->ui.panel.n_visible, processes_of_remote(9));
	press(screen, TERMINAL_ESCAPE);
	type_filter(screen, "8000");
	assert_true(screen->ui.panel.n_visible > 1);
	press(screen, TERMINAL_ESCAPE);
	type_filter(screen, ":9999");
	assert_int_equal(screen->ui.panel.n_visible, 0);
	press(screen, TERMINAL_ESCAPE);
	press(screen, '5');
	type_filter(screen, "10.0.0.9:");
	assert_int_equal(screen->ui.panel.n_visible, 2 * WORLD_PORTS); /* the networks that it is in */
}

/* The sorted column has a mark beside its colour; the same key turns it round. */
static void details_are_sorted_by_a_key(void **state)
{
	static const struct {
		char key;
		const char *mark, *reversed;
	} keys[] = {
		{ 'c', "STATEv", "STATE^" },	{ 'n', "REMOTEv", "REMOTE^" },	 { 'l', "LOCALv", "LOCAL^" }, { 'a', "vRECV-Q", "^RECV-Q" },
		{ 'e', "vSEND-Q", "^SEND-Q" }, { 'u', "vUNSENT", "^UNSENT" }, { 't', "TIMERv", "TIMER^" },
	};
	struct screen *screen = *state;

	world_run(&world, 5000, 6);
	measure(screen);
	screen->columns = 160;
	draw(screen);
	press(screen, TERMINAL_ENTER);
	assert_int_equal(screen->ui.panel.mode, PANEL_DETAILS);
	for (size_t i = 0; i < ARRAY_SIZE(keys); i++) {
		press(screen, keys[i].key);
		unit_assert_contains(head_of(screen), keys[i].mark);
		press(screen, keys[i].key);
		unit_assert_contains(head_of(screen), keys[i].reversed);
	}
	press(screen, 'n');
	for (size_t i = 1; i < screen->ui.sockets.count; i++)
		assert_true(memcmp(screen->ui.sockets.rows[i - 1].base.endpoint.remote_addr,
				   screen->ui.sockets.rows[i].base.endpoint.remote_addr, 16) <= 0);
	press(screen, 'h');
	press(screen, 'h');
	assert_int_equal(screen->ui.panel.mode, PANEL_DETAILS);
	unit_assert_contains(head_of(screen), "REMOTEv");
}

/* All that stands below the list of sockets, as one text. */
static const char *foot_of(const struct screen *screen)
{
	static char text[4096];
	size_t used = 0;

	for (unsigned int row = screen->rows > 12 ? screen->rows - 12 : 0; row < screen->rows; row++)
		used += snprintf(text + used, sizeof(text) - used, "%s ", frame_text(&screen->frame, row) +
				 strspn(frame_text(&screen->frame, row), " "));
	return text;
}

/* A socket that its process has closed while the other end has not: what ends it is said, and nothing of it is cut. */
static void expect_details(struct screen *screen, const struct process *closer, const char *words)
{
	static const unsigned int widths[] = { 60, 80, 160 };
	static const struct container nowhere;
	const struct present present = { .timer = PRESENT_TIMER_NONE };
	struct event event = { .container = &nowhere };

	event.present = &present;
	event.record = (struct transition){ .type = RECORD_PRESENT, .id = 70, .side = SIDE_ACTIVE, .flags = FLAG_TIMEWAIT,
		.old_state = STATE_FIN_WAIT2, .new_state = STATE_FIN_WAIT2, .time_ns = world.now_ns, .since_ns = world.now_ns,
		.owner = *closer, .closer = *closer };
	world.tell(world.context, &event);
	screen->rows = 40;
	measure(screen);
	draw(screen);
	press(screen, TERMINAL_ENTER);
	assert_int_equal(screen->ui.panel.mode, PANEL_DETAILS);
	assert_int_equal(screen->ui.panel.n_details, 1);
	for (size_t i = 0; i < ARRAY_SIZE(widths); i++) {
		screen->columns = widths[i];
		draw(screen);
		unit_assert_contains(foot_of(screen), words);
	}
}

#define ENDS "the kernel drops it when the other end closes, or after net.ipv4.tcp_fin_timeout (60 s unless it was changed)"

static void details_of_an_orphan_of_nobody(void **state)
{
	static const struct process nobody;

	expect_details(*state, &nobody, "its process has closed it, and which that was is not known; " ENDS);
}

static void details_of_an_orphan(void **state)
{
	expect_details(*state, &(struct process){ .pid = 4711, .start_ns = 5, .comm = "java" },
		       "java[4711] closed it: no process has it any more; " ENDS);
}

/* Nothing of the help is cut, however narrow the terminal: all its words come by. */
static void help_is_whole(void **state)
{
	static const unsigned int widths[] = { 40, 60, 80, 160 };
	struct screen *screen = *state;
	char word[128], line[256], *rest;

	measure(screen);
	for (size_t i = 0; i < ARRAY_SIZE(widths); i++)
		for (const char *const *help = top_ui_help; *help; help++) {
			screen->columns = widths[i];
			press(screen, 'h');
			while (screen->ui.panel.help_first < (size_t)(help - top_ui_help) &&
			       screen->ui.panel.help_first < screen->ui.panel.help_last)
				press(screen, TERMINAL_DOWN);
			snprintf(line, sizeof(line), "%s", *help);
			for (char *at = strtok_r(line, " ", &rest); at; at = strtok_r(NULL, " ", &rest)) {
				snprintf(word, sizeof(word), "%s", at);
				assert_true(lines_with(screen, word) > 0);
			}
			press(screen, 'h');
		}
}

/* Connects that were given up some seconds ago: to where they were, and not how many a second there are none of. */
static void failures_of_a_moment_ago(void **state)
{
	static struct container nowhere;
	struct screen *screen = *state;
	struct event event = { .container = &nowhere, .unix_ns = world.now_ns };

	event.record = (struct transition){ .type = RECORD_CONNECT_FAILED, .id = 1, .time_ns = world.now_ns, .side = SIDE_ACTIVE,
					    .old_state = STATE_SYN_SENT, .new_state = STATE_SYN_SENT, .error = ECANCELED,
					    .attribution = ATTRIBUTION_OBSERVED };
	world_process(&event.record.owner, 1);
	event.record.endpoint.remote_port = 6379;
	memcpy(event.record.endpoint.remote_addr, (const uint8_t[16]){ [10] = 0xff, [11] = 0xff, 10, 88, 0, 5 }, 16);
	top_model_event(&screen->model, &event);
	screen->columns = 120;
	world.now_ns += 1000000000;
	measure(screen);
	draw(screen);
	assert_int_equal(lines_with(screen, "no answer from 10.88.0.5:6379, 1.0/s"), 1);
	world.now_ns += 3000000000;
	measure(screen);
	draw(screen);
	assert_int_equal(lines_with(screen, "no answer from 10.88.0.5:6379, the last 4s ago"), 1);
	world.now_ns += 7000000000;
	measure(screen);
	draw(screen);
	assert_int_equal(lines_with(screen, "no answer"), 0);
}

static void the_selection_stays_with_its_row(void **state)
{
	struct screen *screen = *state;
	struct group_name name;

	world_run(&world, 5000, 6);
	measure(screen);
	draw(screen);
	for (int i = 0; i < 30; i++)
		press(screen, TERMINAL_DOWN);
	assert_int_equal(panel_place(&screen->ui.panel)->selected, 30);
	assert_true(line_of_style(screen, FRAME_SELECTED) > 2);
	name = screen->ui.selected_name;
	for (int i = 0; i < 5; i++) {
		world_run(&world, 3000, 5);
		measure(screen);
		draw(screen);
		assert_memory_equal(&screen->model.ranking.rows[screen->ui.panel.visible[panel_place(&screen->ui.panel)->selected]].group->name, &name,
				    sizeof(name));
		assert_true(line_of_style(screen, FRAME_SELECTED) > 2);
	}
}

static void random_keys_do_no_harm(void **state)
{
	struct screen *screen = *state;
	uint64_t seed = 11;

	for (int i = 0; i < 5000; i++) {
		int key = unit_random(&seed) % 3 ? TERMINAL_UP + unit_random(&seed) % 15 : ' ' + unit_random(&seed) % 95;

		screen->rows = 1 + unit_random(&seed) % 60;
		screen->columns = 1 + unit_random(&seed) % 200;
		if (i % 50 == 0) {
			world_run(&world, 300, unit_random(&seed) % 10);
			measure(screen);
		}
		press(screen, key);
		screen->ui.panel.quit = false;
	}
}

/* The whole view: intervals at their time, the end of a cut one, the count. */
static void intervals_come_at_their_time(void **state)
{
	struct screen *screen = *state;
	struct run run = { .version = "0", .kernel = "k", .begin_ns = WORLD_BEGIN_NS };
	struct tick tick = { .health = &screen->health, .totals = &world.totals };
	struct top_config config = { .json = true, .count = 2 };
	struct output output;
	struct view *view;
	int result = 0, pipe_fds[2];
	char text[65536];
	ssize_t size;

	assert_int_equal(pipe(pipe_fds), 0);
	output_init(&output, pipe_fds[1]);
	view = top_view_new(&config, &output);
	assert_int_equal(view->begin(view, &run), 0);
	for (int i = 1; i <= 200 && !result; i++) {
		tick.time_ns = WORLD_BEGIN_NS + i * 70000000ULL;
		result = view->tick(view, &tick);
	}
	assert_int_equal(result, 1);
	assert_int_equal(tick.time_ns, WORLD_BEGIN_NS + 2030000000ULL);
	assert_int_equal(view->end(view, &tick), 0);
	top_view_free(view);
	output_release(&output);
	close(pipe_fds[1]);
	size = read(pipe_fds[0], text, sizeof(text) - 1);
	assert_true(size > 0);
	text[size] = '\0';
	close(pipe_fds[0]);
	unit_assert_contains(text, "{\"type\":\"header\"");
	unit_assert_contains(text, "\"seconds\":1.050,\"by\":\"process\"");
	unit_assert_contains(text, "\"seconds\":0.980,\"by\":\"process\"");
	unit_assert_contains(text, "{\"type\":\"summary\"");
	assert_null(strstr(strstr(text, "\"seconds\":0.980") + 1, "\"interval\""));
}

static int64_t sum_of(const struct screen *screen, enum measure measure)
{
	int64_t sum = 0;

	for (size_t i = 0; i < screen->model.ranking.count; i++)
		sum += screen->model.ranking.rows[i].value[measure];
	return sum;
}

/* Of 30 addresses in one /24, each in either side of 3 services. */
static void many_addresses_are_one_row(void **state)
{
	struct screen *screen = *state;
	int64_t live;

	world_run(&world, 9000, 6);
	live = state_totals_now(&world.totals.states[STATE_CLOSE_WAIT]);
	measure(screen);
	press(screen, '5');
	assert_int_equal(screen->model.ranking.n_folds, 2 * WORLD_PORTS);
	assert_int_equal(screen->ui.panel.n_visible, 2 * WORLD_PORTS);
	assert_int_equal(lines_with(screen, "10.0.0.0/24"), 2 * WORLD_PORTS);
	assert_int_equal(lines_with(screen, "to 10.0.0.0/24 port 800"), WORLD_PORTS);
	unit_assert_contains(head_of(screen), "ADDRS");
	assert_int_equal(sum_of(screen, MEASURE_CLOSE_WAIT_NOW), live);
	assert_int_equal(sum_of(screen, MEASURE_REMOTES), 2 * WORLD_PORTS * world.remotes);
	/* Enter has the addresses of one in its place. */
	press(screen, TERMINAL_ENTER);
	assert_int_equal(screen->ui.panel.mode, PANEL_LIST);
	assert_int_equal(screen->ui.panel.n_visible, 2 * WORLD_PORTS - 1 + world.remotes);
	assert_int_equal(sum_of(screen, MEASURE_CLOSE_WAIT_NOW), live);
	/* A second Enter: the sockets of the address. */
	assert_int_equal(screen->model.ranking.rows[screen->ui.panel.visible[screen->ui.panel.places[0].selected]].folded, 0);
	press(screen, TERMINAL_ENTER);
	assert_int_equal(screen->ui.panel.mode, PANEL_DETAILS);
	assert_true(screen->ui.panel.n_details > 0);
	press(screen, TERMINAL_ESCAPE);
	press(screen, 'x');
	assert_int_equal(screen->ui.panel.n_visible, 2 * WORLD_PORTS);
	press(screen, 'x');
	assert_int_equal(screen->ui.panel.n_visible, 2 * WORLD_PORTS * world.remotes);
	assert_int_equal(sum_of(screen, MEASURE_CLOSE_WAIT_NOW), live);
}

/* One less than are folded. */
static void few_addresses_stay_rows(void **state)
{
	struct screen *screen = *state;

	world.remotes = RANKING_FOLD_FROM - 1;
	world_run(&world, 9000, 6);
	measure(screen);
	press(screen, '5');
	assert_int_equal(screen->model.ranking.n_folds, 0);
	assert_int_equal(screen->ui.panel.n_visible, 2 * WORLD_PORTS * world.remotes);
}

static void an_interval_as_json(void **state)
{
	struct screen *screen = *state;
	struct json json;

	world.sockets[0] = (struct world_socket){ .state = STATE_CLOSE_WAIT, .id = 1, .owner = 1, .remote = 9, .active = true };
	world_tell(&world, &world.sockets[0], RECORD_TRANSITION, STATE_ESTABLISHED, STATE_CLOSE_WAIT, 0);
	world.now_ns += 2000000000;
	measure(screen);
	press(screen, '5');
	world.now_ns += 500000000;
	measure(screen);
	json_init(&json);
	top_interval_json(&json, &screen->model, 10);
	buffer_append_char(&json.buffer, '\0');
	unit_assert_contains(json.data, "{\"type\":\"interval\",\"time\":\"1970-01-01T00:16:42.500000000Z\",\"seconds\":0.500,"
					"\"by\":\"remote\",\"connect_failed\":0,\"connect_failed_no_port\":0,");
	unit_assert_contains(json.data,
			     "\"rows\":[{\"label\":\"to 10.0.0.9:8000\",\"kind\":\"group\",\"remote_addr\":\"10.0.0.9\","
			     "\"service_port\":8000,\"side\":\"active\",\"time_wait_created\":0,\"time_wait_seeded\":0,"
			     "\"time_wait_left\":0,\"time_wait_rate\":0.000,\"time_wait_now\":0,\"time_wait_p50_ns\":null,"
			     "\"time_wait_p99_ns\":null,\"close_wait_created\":1,\"close_wait_seeded\":0,"
			     "\"close_wait_left\":0,\"close_wait_moved_in\":0,\"close_wait_moved_out\":0,"
			     "\"close_wait_rate\":0.000,\"close_wait_now\":1,"
			     "\"close_wait_oldest_s\":2.500,\"close_wait_p50_ns\":null,\"close_wait_p99_ns\":null,"
			     "\"moved_in\":0,\"moved_out\":0,\"remote_addresses\":1,\"close_wait_oldest_at_least\":false,"
			     "\"time_wait_overflows\":0,\"connect_failed\":0,\"connect_failed_no_port\":0,"
			     "\"connect_failed_refused\":0,\"connect_failed_timeout\":0,"
			     "\"connect_failed_abandoned\":0,\"connect_failed_unreachable\":0}]}");
	json_release(&json);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
	const struct CMUnitTest tests[] = {
		TEST(an_empty_machine),
		TEST(rows_and_totals),
		TEST(totals_wrap),
		TEST(names_are_cut_before_pids),
		TEST(every_size_is_drawn),
		TEST(wide_terminals_show_more),
		TEST(keys_group),
		TEST(keys_sort_and_reverse),
		TEST(the_filter_is_typed),
		TEST(drill_down_and_back),
		TEST(the_filter_finds_any_address),
		TEST(details_are_sorted_by_a_key),
		TEST(details_of_an_orphan_of_nobody),
		TEST(details_of_an_orphan),
		TEST(help_is_whole),
		TEST(failures_of_a_moment_ago),
		TEST(the_selection_stays_with_its_row),
		TEST(random_keys_do_no_harm),
		TEST(intervals_come_at_their_time),
		TEST(many_addresses_are_one_row),
		TEST(few_addresses_stay_rows),
		TEST(an_interval_as_json),
	};

	return cmocka_run_group_tests_name("top", tests, NULL, NULL);
}
