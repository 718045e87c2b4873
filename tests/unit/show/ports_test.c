// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* Events in, pictures of ports out: against what the test itself made. */
#include "unit.h"

#include <math.h>
#include <time.h>

#include "ports/model.h"
#include "show/ports/table.h"
#include "show/ports/ui.h"
#include "show/terminal.h"

#define SEC 1000000000ULL
#define BEGIN_NS (1000 * SEC)
#define NETNS 77

static const struct container nowhere;
static struct ports_model model;
static struct port_facts facts;

static const char *common_name; /* of all processes; NULL: each has its own */

static struct process process_of(uint32_t pid)
{
	struct process process = { .pid = pid, .ns_pid = pid, .start_ns = pid };

	if (common_name)
		snprintf(process.comm, sizeof(process.comm), "%s", common_name);
	else
		snprintf(process.comm, sizeof(process.comm), "worker%u", pid);
	return process;
}

static struct endpoint ends_of(uint8_t remote, uint16_t remote_port, uint16_t local_port)
{
	return (struct endpoint){
		.local_addr = { [10] = 0xff, 0xff, 10, 0, 0, 1 },
		.remote_addr = { [10] = 0xff, 0xff, 10, 0, 1, remote },
		.local_port = local_port,
		.remote_port = remote_port,
		.netns = NETNS,
	};
}

static void begin(uint16_t low, uint16_t high)
{
	const struct ports_model_config config = {};
	const struct run run = { .begin_ns = BEGIN_NS, .begin_unix_ns = BEGIN_NS };
	const struct event event = { .record = { .type = RECORD_PORTS, .time_ns = BEGIN_NS }, .ports = &facts,
				     .container = &nowhere };

	memset(&facts, 0, sizeof(facts));
	facts.settings = (struct port_settings){ .netns = NETNS, .low = low, .high = high, .timestamps = 1,
						 .tw_reuse_delay_ms = 1000, .fin_timeout_s = 60 };
	assert_int_equal(ports_model_init(&model, &config), 0);
	ports_model_begin(&model, &run);
	assert_int_equal(ports_model_event(&model, &event), 0);
}

static void tell_facts(void)
{
	const struct event event = { .record = { .type = RECORD_PORTS }, .ports = &facts, .container = &nowhere };

	assert_int_equal(ports_model_event(&model, &event), 0);
}

struct step {
	uint8_t old_state, new_state;
	uint8_t flags;
	uint64_t time_ns, since_ns;
	uint32_t search_ns;
	uint8_t end;
};

static void tell(uint64_t id, const struct endpoint *ends, uint32_t pid, const struct step *step)
{
	struct event event = {
		.record = { .type = RECORD_TRANSITION, .id = id, .old_state = step->old_state, .new_state = step->new_state,
			    .side = SIDE_ACTIVE, .attribution = ATTRIBUTION_OBSERVED, .flags = step->flags,
			    .time_ns = step->time_ns, .since_ns = step->since_ns, .search_ns = step->search_ns,
			    .end = step->end, .endpoint = *ends, .owner = process_of(pid), .closer = process_of(pid) },
		.container = &nowhere,
	};

	assert_int_equal(ports_model_event(&model, &event), 0);
}

static void open_at(uint64_t id, const struct endpoint *ends, uint32_t pid, uint64_t now_ns)
{
	struct endpoint before = *ends;

	before.local_port = 0;
	tell(id, &before, pid, &(struct step){ STATE_CLOSE, STATE_SYN_SENT, .time_ns = now_ns });
	tell(id, ends, pid,
	     &(struct step){ STATE_SYN_SENT, STATE_ESTABLISHED, .time_ns = now_ns + 30000, .since_ns = now_ns, .search_ns = 5000 });
}

static void close_at(uint64_t id, const struct endpoint *ends, uint32_t pid, uint64_t now_ns)
{
	tell(id, ends, pid, &(struct step){ STATE_ESTABLISHED, STATE_FIN_WAIT1, .time_ns = now_ns, .since_ns = 1 });
	tell(id, ends, pid, &(struct step){ STATE_FIN_WAIT1, STATE_TIME_WAIT, FLAG_TIMEWAIT, .time_ns = now_ns, .since_ns = now_ns });
}

static void fail_at(const struct endpoint *ends, uint32_t pid, uint64_t now_ns)
{
	struct event event = {
		.record = { .type = RECORD_CONNECT_FAILED, .old_state = STATE_SYN_SENT, .new_state = STATE_CLOSE, .error = 99,
			    .time_ns = now_ns, .endpoint = *ends, .owner = process_of(pid) },
		.container = &nowhere,
	};

	assert_int_equal(ports_model_event(&model, &event), 0);
}

static const struct destination *picture(uint64_t now_ns)
{
	static const struct health health;
	static const struct totals totals;
	const struct tick tick = { .time_ns = now_ns, .unix_ns = now_ns, .health = &health, .totals = &totals };

	ports_model_end_interval(&model, &tick);
	assert_int_equal(ports_model_measure(&model, &tick), 0);
	return model.destinations.n_sorted ? model.destinations.sorted[0] : NULL;
}

static void end(void)
{
	ports_model_release(&model);
}

/* Open ones, TIME_WAIT, one from elsewhere; who has them; when they come back. */
static void one_destination(void **state)
{
	const struct destination *found;

	(void)state;
	begin(40000, 40099);
	for (int i = 0; i < 30; i++) {
		struct endpoint ends = ends_of(1, 5432, 40000 + 2 * i);

		open_at(1 + i, &ends, i < 20 ? 5 : 6, BEGIN_NS + i * SEC / 10);
		if (i < 12)
			close_at(1 + i, &ends, 5, BEGIN_NS + 5 * SEC + i * SEC / 10);
	}
	found = picture(BEGIN_NS + 8 * SEC);
	assert_int_equal(model.destinations.n_sorted, 1);
	assert_true(found->known);
	assert_int_equal(found->headroom.capacity, 100);
	assert_int_equal(found->headroom.used, 30);
	assert_int_equal(found->headroom.usable, 70);
	assert_int_equal(found->headroom.cliff_usable, 20);
	assert_int_equal(found->small, 12);
	assert_int_equal(found->by_state[STATE_ESTABLISHED], 18);
	assert_int_equal(found->counts.opened, 30);
	assert_int_equal(found->counts.closed, 12);
	assert_int_equal(found->counts.time_wait, 12);
	assert_int_equal(found->search.count, 30);
	assert_int_equal(found->holders.used, 3);
	assert_int_equal(found->holders.list[0].count, 12); /* worker5's TIME_WAIT */
	assert_int_equal(found->holders.list[0].state, STATE_TIME_WAIT);
	assert_true(found->first_free_ns == BEGIN_NS + 65 * SEC);
	assert_true(found->all_free_ns == BEGIN_NS + 66 * SEC + SEC / 10);
	/* the first of them ends: its port is free */
	tell(1, &(struct endpoint){ 0 }, 5, &(struct step){ STATE_TIME_WAIT, STATE_CLOSE, FLAG_TIMEWAIT, .end = END_EXPIRED,
		.time_ns = BEGIN_NS + 65 * SEC, .since_ns = BEGIN_NS + 5 * SEC });
	found = picture(BEGIN_NS + 65 * SEC);
	assert_int_equal(found->headroom.used, 29);
	end();
}

/* What blocks is subtracted, and named; failures have a victim; the port that a program chose itself is not the limit's fault. */
static void blocked_and_failing(void **state)
{
	const struct bound_socket bound[] = {
		{ .addr = { [10] = 0xff, 0xff, 127, 0, 0, 1 }, .port = 40001, .process = process_of(9) },
		{ .addr = { [10] = 0xff, 0xff }, .port = 40003, .listens = true, .process = process_of(9) },
	};
	struct endpoint ends = ends_of(1, 5432, 0), busy = ends_of(1, 5432, 41000);
	const struct port_namespace *namespace;
	const struct destination *found;

	(void)state;
	begin(40000, 40009);
	port_set_add(&facts.reserved, 40000);
	port_set_add(&facts.blocked, 40001);
	port_set_add(&facts.blocked, 40003);
	facts.bound = bound;
	facts.n_bound = 2;
	tell_facts();
	for (int i = 0; i < 7; i++) {
		static const uint16_t ports[] = { 40002, 40004, 40006, 40008, 40005, 40007, 40009 };

		ends.local_port = ports[i];
		open_at(1 + i, &ends, 5, BEGIN_NS + i);
	}
	ends.local_port = 0;
	for (int i = 0; i < 6; i++)
		fail_at(&ends, 3, BEGIN_NS + SEC + i);
	fail_at(&busy, 4, BEGIN_NS + SEC);
	found = picture(BEGIN_NS + 2 * SEC);
	namespace = ports_model_namespace(&model, found);
	assert_int_equal(found->headroom.capacity, 7);
	assert_int_equal(found->headroom.blocked, 2);
	assert_int_equal(found->headroom.reserved, 1);
	assert_int_equal(found->headroom.usable, 0);
	assert_true(found->wall_in_s == 0 && found->cliff_in_s == 0);
	assert_int_equal(found->counts.failures, 6);
	assert_int_equal(found->n_victims, 1);
	assert_int_equal(found->victims[0].process.pid, 3);
	assert_int_equal(model.failures, 6);
	assert_int_equal(model.busy, 1);
	assert_int_equal(namespace->blockers.used, 2);
	assert_int_equal(ports_model_process(&model, namespace->blockers.list[0].process)->process.pid, 9);
	assert_int_equal(model.full, 1);
	end();
}

/* A steady client, simulated: what is foreseen at each second is what comes, within 5 % and a connection. */
static void forecast_comes_true(void **state)
{
	static const struct {
		unsigned int rate; /* a second */
		uint64_t life_ns;
	} cases[] = { { 20, SEC / 100 }, { 50, SEC }, { 33, 4 * SEC } };
	double foreseen[64];

	(void)state;
	for (size_t c = 0; c < ARRAY_SIZE(cases); c++) {
		double full_s = INFINITY;
		uint32_t opened = 0, closed = 0;
		int seconds = 0;

		begin(40000, 40999);
		for (uint64_t t = 0; isinf(full_s) && t < 60 * SEC; t += SEC / 200) {
			while (opened < t * cases[c].rate / SEC && opened < 1000) {
				struct endpoint ends = ends_of(1, 80, opened < 500 ? 40000 + 2 * opened : 39001 + 2 * opened);

				open_at(1 + opened, &ends, 5, BEGIN_NS + t);
				if (++opened == 1000)
					full_s = t / 1e9;
			}
			while (closed < opened && t >= cases[c].life_ns && closed < (t - cases[c].life_ns) * cases[c].rate / SEC) {
				struct endpoint ends = ends_of(1, 80, closed < 500 ? 40000 + 2 * closed : 39001 + 2 * closed);

				close_at(1 + closed++, &ends, 5, BEGIN_NS + t);
			}
			if (t && t % SEC == 0)
				foreseen[seconds++] = t / 1e9 + picture(BEGIN_NS + t)->wall_in_s;
		}
		assert_true(isfinite(full_s));
		for (int i = 6; i < seconds; i++)
			if (!(fabs(foreseen[i] - full_s) <= 0.05 * (full_s - i - 1) + 2.0 / cases[c].rate + 0.1))
				fail_msg("case %zu: at second %d it was foreseen for %.2f, and came at %.2f", c, i + 1, foreseen[i],
					 full_s);
		end();
	}
}

/* TIME_WAIT from before the start: nobody made it, and it comes back when its timer says. */
static void from_before(void **state)
{
	struct endpoint ends = ends_of(1, 443, 40010);
	struct event event = {
		.record = { .type = RECORD_SOCKET, .id = 9, .old_state = STATE_TIME_WAIT, .new_state = STATE_TIME_WAIT,
			    .flags = FLAG_TIMEWAIT, .side = SIDE_ACTIVE, .time_ns = BEGIN_NS, .since_ns = BEGIN_NS - 20 * SEC,
			    .endpoint = ends },
		.container = &nowhere,
	};
	const struct destination *found;

	(void)state;
	begin(40000, 40099);
	assert_int_equal(ports_model_event(&model, &event), 0);
	found = picture(BEGIN_NS + SEC);
	assert_int_equal(found->headroom.used, 1);
	assert_true(found->first_free_ns == BEGIN_NS + 40 * SEC);
	assert_true(model.unknown_until_ns == BEGIN_NS + 40 * SEC);
	assert_false(ports_model_process(&model, found->holders.list[0].process)->process.start_ns);
	end();
}

/* Reusable TIME_WAIT is no limit, unless its peer sends no timestamps. */
static void reuse(void **state)
{
	unsigned int used, of, free, percent;
	const struct destination *found;
	struct buffer row;

	(void)state;
	begin(40000, 40009);
	facts.settings.tw_reuse = 1;
	tell_facts();
	for (int i = 0; i < 4; i++) {
		struct endpoint ends = ends_of(1, 443, 40000 + i);

		open_at(1 + i, &ends, 5, BEGIN_NS);
		tell(1 + i, &ends, 5, &(struct step){ STATE_FIN_WAIT1, STATE_TIME_WAIT,
			FLAG_TIMEWAIT | (i ? 0 : FLAG_NO_TIMESTAMPS), .time_ns = BEGIN_NS + SEC });
	}
	found = picture(BEGIN_NS + 3 * SEC);
	assert_int_equal(found->headroom.used, 4);
	assert_int_equal(found->headroom.reusable, 3);
	assert_int_equal(found->headroom.usable, 9);
	buffer_init(&row);
	ports_row_text(&row, &model, 0);
	buffer_append_char(&row, '\0');
	assert_int_equal(sscanf(row.data, "%u %u %u %u", &used, &of, &free, &percent), 4);
	assert_int_equal(used + free, of); /* what may be taken over is not used */
	assert_int_equal(used, 1);
	assert_int_equal(percent, 10);
	buffer_release(&row);
	end();
}

/* 1,000 destinations, 60,000 ports: a picture within 50 ms, where no sanitizer slows it down. */
static void large(void **state)
{
	struct timespec a, b;
	double ms, best = INFINITY;

	(void)state;
	begin(32768, 60999);
	for (int i = 0; i < 60000; i++) {
		struct endpoint ends = ends_of(i % 1000 / 4, 5000 + i % 4, 32768 + i / 1000);

		open_at(1 + i, &ends, 1 + i % 50, BEGIN_NS + i * 1000);
		if (i % 3)
			close_at(1 + i, &ends, 1 + i % 50, BEGIN_NS + SEC);
	}
	for (int i = 0; i < 3; i++) {
		clock_gettime(CLOCK_THREAD_CPUTIME_ID, &a);
		picture(BEGIN_NS + (2 + i) * SEC);
		clock_gettime(CLOCK_THREAD_CPUTIME_ID, &b);
		ms = (b.tv_sec - a.tv_sec) * 1e3 + (b.tv_nsec - a.tv_nsec) / 1e6;
		best = ms < best ? ms : best;
	}
	printf("# a picture of 60,000 ports took %.1f ms with sanitizers\n", best);
	assert_int_equal(model.destinations.n_sorted, 1000);
	assert_true(best < 500);
	end();
}

static bool frame_has(const struct frame *frame, const char *text)
{
	for (unsigned int row = 0; row < frame->used; row++)
		if (strstr(frame_text(frame, row), text))
			return true;
	return false;
}

/* Keys: details, back, other tables, the filter; any size of window. */
static void keys(void **state)
{
	struct ports_ui ui;
	struct frame frame;

	(void)state;
	begin(40000, 40099);
	for (int i = 0; i < 60; i++) {
		struct endpoint ends = ends_of(1 + i % 2, 5432, 40000 + i);

		open_at(1 + i, &ends, 5, BEGIN_NS + i);
	}
	picture(BEGIN_NS + SEC);
	ports_ui_init(&ui, &model, 0);
	frame_init(&frame);
	assert_int_equal(panel_refresh(&ui.panel), 0);
	assert_int_equal(panel_draw(&ui.panel, &frame, 30, 120), 0);
	assert_true(frame_has(&frame, "10.0.1.1:5432 from 10.0.0.1"));
	assert_true(frame_has(&frame, "10.0.1.2:5432 from 10.0.0.1"));
	panel_key(&ui.panel, TERMINAL_ENTER);
	panel_draw(&ui.panel, &frame, 30, 120);
	assert_true(frame_has(&frame, "held by"));
	assert_true(frame_has(&frame, "worker5[5]"));
	panel_key(&ui.panel, TERMINAL_ESCAPE);
	panel_key(&ui.panel, '/');
	for (const char *letter = "1.2:5432"; *letter; letter++)
		panel_key(&ui.panel, *letter);
	panel_key(&ui.panel, TERMINAL_ENTER);
	panel_draw(&ui.panel, &frame, 30, 120);
	assert_false(frame_has(&frame, "10.0.1.1:5432"));
	assert_true(frame_has(&frame, "10.0.1.2:5432"));
	panel_key(&ui.panel, TERMINAL_ESCAPE);
	panel_key(&ui.panel, '2');
	panel_draw(&ui.panel, &frame, 30, 120);
	assert_true(frame_has(&frame, "PROCESS"));
	for (unsigned int rows = 0; rows < 12; rows++)
		for (unsigned int columns = 0; columns < 40; columns += 13)
			for (int key = '1'; key <= '4'; key++) {
				panel_key(&ui.panel, key);
				assert_int_equal(panel_draw(&ui.panel, &frame, rows, columns), 0);
				assert_true(frame.used <= rows);
			}
	panel_key(&ui.panel, 'q');
	assert_true(ui.panel.quit);
	frame_release(&frame);
	ports_ui_release(&ui);
	end();
}

static void assert_title(const char *wanted)
{
	struct buffer title;

	buffer_init(&title);
	ports_title_text(&title, &model);
	buffer_append_char(&title, '\0');
	if (!strstr(title.data, wanted) || strstr(title.data, "0 without"))
		fail_msg("\"%s\" is not in \"%s\"", wanted, title.data);
	buffer_release(&title);
}

/* Five processes of one name are one holder, three are told apart. */
static void many_holders(void **state)
{
	static const struct {
		int processes;
		const char *text;
	} rows[] = { { 5, "  held by  shop (5 processes) 5 ESTABLISHED\n" },
		     { 3, "  held by  shop[100] 1 ESTABLISHED; shop[101] 1 ESTABLISHED; shop[102] 1 ESTABLISHED\n" } };
	struct buffer text;

	(void)state;
	common_name = "shop";
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		begin(40000, 40099);
		for (int k = 0; k < rows[i].processes; k++) {
			struct endpoint ends = ends_of(1, 443, 40000 + k);

			open_at(1 + k, &ends, 100 + k, BEGIN_NS);
		}
		buffer_init(&text);
		ports_details_text(&text, &model, picture(BEGIN_NS + SEC));
		buffer_append_char(&text, '\0');
		unit_assert_contains(text.data, rows[i].text);
		buffer_release(&text);
		end();
	}
	common_name = NULL;
}

/* Where no settings were told, as in a history, nothing is said of how many have no free port; that connects found none is known. */
static void unknown_limits(void **state)
{
	struct endpoint ends = ends_of(1, 5432, 40001);

	(void)state;
	begin(40000, 40009);
	ends.netns = NETNS + 1;
	open_at(1, &ends, 5, BEGIN_NS);
	picture(BEGIN_NS + SEC);
	assert_title("  1 destination, limits not known");
	ends.local_port = 0;
	fail_at(&ends, 5, BEGIN_NS + SEC);
	picture(BEGIN_NS + 2 * SEC);
	assert_title("  1 destination, limits not known, 1 to which connect() found no port");
	for (int i = 0; i < 10; i++) {
		ends = ends_of(2, 80, 40000 + i);
		open_at(10 + i, &ends, 5, BEGIN_NS + 2 * SEC);
	}
	picture(BEGIN_NS + 3 * SEC);
	assert_title("  2 destinations, 1 without a free port, 0 with long searches for one, 1 whose limit is not known, 1 to which connect() found no port");
	end();
}

static void bind_fails(const struct endpoint *ends, uint32_t pid, uint64_t now_ns)
{
	struct event event = {
		.record = { .type = RECORD_BIND_FAILED, .error = 98, .time_ns = now_ns, .endpoint = *ends, .owner = process_of(pid) },
		.container = &nowhere,
	};

	assert_int_equal(ports_model_event(&model, &event), 0);
}

/* The row of the failure that came last, as a table has it. */
static void assert_bind_row(const char *wanted)
{
	struct buffer row;

	buffer_init(&row);
	model.by = PORTS_BY_BIND;
	ports_row_text(&row, &model, 0);
	buffer_append_char(&row, '\0');
	if (!strstr(row.data, wanted))
		fail_msg("\"%s\" is not in \"%s\"", wanted, row.data);
	buffer_release(&row);
}

/* The port of a service is one that connect() chose; when the connection is gone it is still known who had it. */
static void bind_finds_connection(void **state)
{
	struct endpoint connection = ends_of(1, 5432, 40003), wanted = { .netns = NETNS, .local_port = 40003 };

	(void)state;
	begin(40000, 40199);
	open_at(1, &connection, 7, BEGIN_NS);
	memcpy(wanted.local_addr, connection.local_addr, 16);
	bind_fails(&wanted, 9, BEGIN_NS + SEC);
	bind_fails(&wanted, 9, BEGIN_NS + SEC);
	bind_fails(&wanted, 10, BEGIN_NS + SEC);
	picture(BEGIN_NS + 2 * SEC);
	assert_int_equal(model.binds.n_sorted, 1);
	assert_int_equal(model.binds.sorted[0]->failures, 3);
	assert_bind_row("10.0.0.1:40003: worker9[9], worker10[10]; worker7[7] has an outgoing connection there in ESTABLISHED");
	tell(1, &connection, 7, &(struct step){ STATE_ESTABLISHED, STATE_CLOSE, .time_ns = BEGIN_NS + 3 * SEC, .since_ns = 1 });
	picture(BEGIN_NS + 4 * SEC);
	assert_bind_row("worker7[7] has an outgoing connection there in ESTABLISHED; free by now");
	ports_model_release(&model);
}

/* Gone before a picture was made: it was looked for when it failed. */
static void bind_finds_gone(void **state)
{
	struct endpoint connection = ends_of(1, 5432, 40003), wanted = { .netns = NETNS, .local_port = 40003 };

	(void)state;
	begin(40000, 40199);
	open_at(1, &connection, 7, BEGIN_NS);
	bind_fails(&wanted, 9, BEGIN_NS + SEC);
	tell(1, &connection, 7, &(struct step){ STATE_ESTABLISHED, STATE_CLOSE, .time_ns = BEGIN_NS + SEC, .since_ns = 1 });
	picture(BEGIN_NS + 2 * SEC);
	assert_bind_row("worker7[7] has an outgoing connection there in ESTABLISHED; free by now");
	ports_model_release(&model);
}

/* A listener is named before the connections that were made to it; on another address there is no conflict. */
static void bind_finds_listener(void **state)
{
	struct bound_socket bound[] = {
		{ .addr = { [10] = 0xff, 0xff, 10, 0, 0, 2 }, .port = 8080, .listens = true, .process = process_of(5) },
		{ .addr = { [10] = 0xff, 0xff }, .port = 8080, .listens = true, .process = process_of(6) },
	};
	struct endpoint wanted = { .netns = NETNS, .local_port = 8080, .local_addr = { [10] = 0xff, 0xff, 10, 0, 0, 1 } };

	(void)state;
	begin(40000, 40199);
	bind_fails(&wanted, 9, BEGIN_NS + SEC);
	picture(BEGIN_NS + 2 * SEC);
	assert_bind_row("nobody was found that has it");
	facts.bound = bound;
	facts.n_bound = 1;
	tell_facts();
	picture(BEGIN_NS + 3 * SEC);
	assert_bind_row("nobody was found that has it");
	facts.n_bound = 2;
	tell_facts();
	picture(BEGIN_NS + 4 * SEC);
	assert_bind_row("worker6[6] listens there");
	assert_int_equal(model.binds.sorted[0]->sockets, 1);
	ports_model_release(&model);
}

static void bind_finds_old_service(void **state)
{
	struct endpoint accepted = ends_of(1, 51000, 9090), wanted = { .netns = NETNS, .local_port = 9090 };
	struct event event = {
		.record = { .type = RECORD_SOCKET, .id = 4, .new_state = STATE_TIME_WAIT, .side = SIDE_PASSIVE, .flags = FLAG_TIMEWAIT,
			    .time_ns = BEGIN_NS, .since_ns = BEGIN_NS - SEC, .endpoint = accepted, .closer = process_of(3) },
		.container = &nowhere,
	};

	(void)state;
	begin(40000, 40199);
	assert_int_equal(ports_model_event(&model, &event), 0);
	bind_fails(&wanted, 9, BEGIN_NS + SEC);
	picture(BEGIN_NS + 2 * SEC);
	assert_bind_row("worker3[3] has connections of a service there in TIME_WAIT, since 3s");
	ports_model_release(&model);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(one_destination),     cmocka_unit_test(blocked_and_failing),
		cmocka_unit_test(forecast_comes_true), cmocka_unit_test(from_before),
		cmocka_unit_test(reuse),	       cmocka_unit_test(large),
		cmocka_unit_test(keys),
		cmocka_unit_test(unknown_limits),
		cmocka_unit_test(many_holders),
		cmocka_unit_test(bind_finds_connection),
		cmocka_unit_test(bind_finds_gone),
		cmocka_unit_test(bind_finds_listener),
		cmocka_unit_test(bind_finds_old_service),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
