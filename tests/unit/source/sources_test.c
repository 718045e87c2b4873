// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * Every source keeps to what struct view promises: a view whose call failed is not called again, whichever call it was. The
 * sources of this machine give up privileges for good, so each of their runs is a process of its own.
 */
#include "scripted.h"

#include <arpa/inet.h>
#include <errno.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "collect/live.h"
#include "polling/polling.h"
#include "recording/recording.h"
#include "recording_unit.h"

#define CONNECTIONS 20

struct outcome {
	struct scripted view;
	int result;
	char error[512];
	bool done;
};

/* Two connections, ticks, a recount and an end. */
static void write_recording(struct json *json)
{
	struct run run = { .version = "1", .kernel = "6", .begin_ns = BEGIN_NS, .begin_unix_ns = BEGIN_UNIX_NS };
	struct recording_part part = { .format = RECORDING_FORMAT };
	struct health health = {};
	struct totals totals = {};
	struct tick tick = { BEGIN_NS + 400 * MS, BEGIN_UNIX_NS + 400 * MS, &health, &totals };
	struct event event;

	json_init(json);
	recording_header_json(json, &run, &part);
	for (int i = 0; i < 4; i++) {
		event = event_of(i, STATE_FIN_WAIT2, STATE_TIME_WAIT, 30 + 60 * i);
		recording_event_json(json, &event, BEGIN_UNIX_NS - BEGIN_NS);
	}
	recording_recount_json(json, BEGIN_UNIX_NS + 300 * MS, BEGIN_NS + 300 * MS, true);
	recording_recount_json(json, BEGIN_UNIX_NS + 300 * MS, BEGIN_NS + 300 * MS, false);
	recording_tick_json(json, &tick);
	recording_end_json(json, &tick, NULL);
}

static int replay_to(struct scripted *view, const struct json *json)
{
	struct recording_findings findings;

	return replay_bytes(json->data, json->size, NULL, &view->view, &findings);
}

/* Call by call of a replay: up to the one that fails all is as ever, and it was the last. */
static void a_replay_leaves_a_failed_view_alone(void **state)
{
	struct scripted whole, view;
	struct json json;

	(void)state;
	write_recording(&json);
	scripted_init(&whole, 0, 0, 0);
	assert_int_equal(replay_to(&whole, &json), 0);
	for (const char *letter = "betrz"; *letter; letter++)
		assert_non_null(strchr(whole.calls, *letter));
	for (unsigned int i = 0; i < whole.count; i++) {
		unsigned int nth = 0;

		for (unsigned int k = 0; k <= i; k++)
			nth += whole.calls[k] == whole.calls[i];
		scripted_init(&view, whole.calls[i], nth, -EIO);
		assert_int_equal(replay_to(&view, &json), -EIO);
		assert_int_equal(view.count, i + 1);
		assert_memory_equal(view.calls, whole.calls, i + 1);

		scripted_init(&view, whole.calls[i], nth, 1);
		assert_int_equal(replay_to(&view, &json), 0);
		assert_ptr_equal(strchr(view.calls, 'z'), view.calls + view.count - 1);
	}
	json_release(&json);
}

/* In a process of its own, for at most two seconds: what happens on one port. */
static void run_alone(run_source *source, struct outcome *outcome, uint16_t port)
{
	struct run_needs needs = { .emit_states = ~0U, .track_all = true };
	struct run_options options;

	run_options_init(&options);
	options.seconds = 2;
	options.for_programs = true;
	options.filter.local_ports[0] = port;
	options.filter.n_local_ports = 1;
	outcome->result = source(&options, &needs, &outcome->view.view, outcome->error, sizeof(outcome->error));
	outcome->done = true;
	_exit(0); /* the leak detector needs a system call that is refused by now */
}

static int listen_somewhere(struct sockaddr_in *address)
{
	socklen_t size = sizeof(*address);
	int listener = socket(AF_INET, SOCK_STREAM, 0);

	*address = (struct sockaddr_in){ .sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	assert_int_equal(bind(listener, (struct sockaddr *)address, size), 0);
	assert_int_equal(listen(listener, CONNECTIONS), 0);
	assert_int_equal(getsockname(listener, (struct sockaddr *)address, &size), 0);
	return listener;
}

/* Connections that come and go, until the run is over. */
static void make_events(const struct outcome *outcome, int listener, const struct sockaddr_in *address)
{
	int client;

	for (int i = 0; i < CONNECTIONS && !outcome->done; i++) {
		client = socket(AF_INET, SOCK_STREAM, 0);
		assert_int_equal(connect(client, (const struct sockaddr *)address, sizeof(*address)), 0);
		close(accept(listener, NULL, NULL));
		close(client);
		usleep(10000);
	}
}

/* Runs a source on this machine with a view that answers one call so. */
static struct outcome *run_source_with(run_source *source, char answer_to, unsigned int nth, int answer)
{
	struct outcome *outcome =
		mmap(NULL, sizeof(*outcome), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	struct sockaddr_in address;
	int status, listener = listen_somewhere(&address);
	pid_t child;

	assert_ptr_not_equal(outcome, MAP_FAILED);
	scripted_init(&outcome->view, answer_to, nth, answer);
	child = fork();
	assert_true(child >= 0);
	if (!child)
		run_alone(source, outcome, ntohs(address.sin_port));
	while (!*(volatile unsigned int *)&outcome->view.count && !waitpid(child, &status, WNOHANG))
		usleep(1000); /* until it has begun, or could not */
	if (outcome->view.count)
		make_events(outcome, listener, &address);
	waitpid(child, &status, 0);
	close(listener);
	assert_true(outcome->done);
	return outcome;
}

static void check_source(run_source *source)
{
	static const char letters[] = "bet";
	struct outcome *outcome;

	for (const char *letter = letters; *letter; letter++) {
		outcome = run_source_with(source, *letter, 1, -EIO);
		if (outcome->error[0] && !outcome->view.count)
			skip_because(outcome->error);
		assert_int_equal(outcome->view.seen, 1);
		assert_true(outcome->view.count <= SCRIPTED_CALLS);
		assert_int_equal(outcome->view.calls[outcome->view.count - 1], *letter);
		assert_int_equal(outcome->result, -EIO);
		munmap(outcome, sizeof(*outcome));

		outcome = run_source_with(source, *letter, 1, 1);
		assert_int_equal(outcome->result, 0);
		assert_true(outcome->view.count <= SCRIPTED_CALLS);
		assert_ptr_equal(strchr(outcome->view.calls, 'z'), outcome->view.calls + outcome->view.count - 1);
		munmap(outcome, sizeof(*outcome));
	}
}

static void the_live_source_leaves_a_failed_view_alone(void **state)
{
	(void)state;
	check_source(live_run);
}

static void polling_leaves_a_failed_view_alone(void **state)
{
	(void)state;
	check_source(polling_run);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_replay_leaves_a_failed_view_alone),
		cmocka_unit_test(the_live_source_leaves_a_failed_view_alone),
		cmocka_unit_test(polling_leaves_a_failed_view_alone),
	};

	return cmocka_run_group_tests_name("sources", tests, NULL, NULL);
}
