// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * The client of a bench load: one blocking thread for each worker. Churn opens a connection,
 * exchanges a byte and closes; keepalive and bulk open first and then only transfer.
 */
#include "load.h"

#include <errno.h>
#include <netinet/tcp.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#define STOOD_STILL_NS 200000000ull

struct client_worker {
	const struct load *load;
	int index;
	uint64_t start_ns, deadline_ns;
	struct load_result result;
	pthread_t thread;
};

static int dial(const struct client_worker *worker, uint64_t n, uint32_t *ret_connect_ns)
{
	struct sockaddr_in address = load_address(worker->load, worker->index, n);
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	uint64_t begin;
	int one = 1;

	if (fd < 0)
		return -errno;
	setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof(one));
	begin = load_now_ns();
	if (connect(fd, (struct sockaddr *)&address, sizeof(address)) < 0) {
		int err = -errno;

		close(fd);
		return err;
	}
	if (ret_connect_ns)
		*ret_connect_ns = (uint32_t)(load_now_ns() - begin);
	return fd;
}

/* One whole life. A server that closes first is waited for, so that the order is certain. */
static int connect_once(struct client_worker *worker, uint64_t n, char byte)
{
	struct load_result *result = &worker->result;
	char answer;
	int fd = dial(worker, n, &result->connect_ns[result->connect_count]);
	int err;

	if (fd < 0)
		return fd;
	err = load_write(fd, &byte, 1);
	if (!err)
		err = load_read(fd, &answer, 1);
	if (!err && byte != BYTE_CLIENT_CLOSES)
		err = load_read(fd, &answer, 1) == 1 ? 0 : -EPROTO;
	close(fd);
	return err > 0 ? -EPROTO : err;
}

static char closing_byte(const struct load *load, uint64_t n)
{
	if (load->close == CLOSE_HALF)
		return n & 1 ? BYTE_SERVER_CLOSES : BYTE_CLIENT_CLOSES;
	return load->close == CLOSE_SERVER ? BYTE_SERVER_CLOSES : BYTE_CLIENT_CLOSES;
}

/*
 * Sleeps until connection number n is due, by an absolute schedule that does not drift. When the machine stood still the schedule
 * begins later: to make up for it would be another rate.
 */
static void wait_for_turn(struct client_worker *worker, uint64_t n)
{
	double rate = worker->load->rate / worker->load->workers;
	uint64_t due_ns = worker->start_ns + (uint64_t)((double)n * 1e9 / rate);
	struct timespec due = {.tv_sec = (time_t)(due_ns / 1000000000ull), .tv_nsec = (long)(due_ns % 1000000000ull)};

	uint64_t now_ns = load_now_ns();

	if (now_ns > due_ns + STOOD_STILL_NS) {
		worker->start_ns += now_ns - due_ns;
		worker->result.stood_still_ns += now_ns - due_ns;
	}
	while (clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &due, NULL) == EINTR)
		;
}

static int churn(struct client_worker *worker)
{
	const struct load *load = worker->load;
	uint64_t wanted = load->connections / (uint64_t)load->workers;
	struct load_result *result = &worker->result;
	int err = 0;

	result->connect_ns = calloc(wanted + 1, sizeof(*result->connect_ns));
	if (!result->connect_ns)
		return -ENOMEM;
	for (uint64_t n = 0; !err && n < wanted && load_now_ns() < worker->deadline_ns; n++) {
		if (load->rate > 0)
			wait_for_turn(worker, n);
		err = connect_once(worker, n / 2, closing_byte(load, n));
		result->connections += !err;
		result->connect_count += !err;
	}
	return err;
}

static int exchange(struct client_worker *worker, const int *fds)
{
	char request[REQUEST_BYTES] = {0}, response[RESPONSE_BYTES];
	int err = 0;

	/* The clock is read once for each round over all connections. */
	while (!err && load_now_ns() < worker->deadline_ns) {
		for (int i = 0; !err && i < worker->load->kept; i++) {
			err = load_write(fds[i], request, sizeof(request));
			if (!err)
				err = load_read(fds[i], response, sizeof(response));
			worker->result.requests += !err;
		}
	}
	return err;
}

static int keepalive(struct client_worker *worker)
{
	int fds[MAX_KEPT], opened = 0, err = 0;

	while (!err && opened < worker->load->kept) {
		int fd = dial(worker, 0, NULL);

		if (fd < 0)
			err = fd;
		else
			fds[opened++] = fd;
	}
	if (!err)
		err = exchange(worker, fds);
	while (opened)
		close(fds[--opened]);
	return err;
}

static int bulk(struct client_worker *worker)
{
	char *buffer = calloc(1, BULK_BYTES);
	int fd = dial(worker, 0, NULL);
	int err = fd < 0 ? fd : buffer ? 0 : -ENOMEM;

	while (!err && load_now_ns() < worker->deadline_ns) {
		err = load_write(fd, buffer, BULK_BYTES);
		worker->result.bytes += err ? 0 : BULK_BYTES;
	}
	if (fd >= 0)
		close(fd);
	free(buffer);
	return err;
}

static void *work(void *arg)
{
	static int (*const loads[])(struct client_worker *) = {
		[LOAD_CHURN] = churn, [LOAD_KEEPALIVE] = keepalive, [LOAD_BULK] = bulk};
	struct client_worker *worker = arg;

	worker->result.err = loads[worker->load->mode](worker);
	return NULL;
}

/* A churn server serves until it is told to stop; the others stop at the end of their streams. */
static void say_quit(struct client_worker *worker)
{
	if (worker->load->mode == LOAD_CHURN && !worker->result.err)
		connect_once(worker, 0, BYTE_QUIT);
}

int client_run(const struct load *load, struct load_result *results)
{
	struct client_worker workers[MAX_WORKERS];
	uint64_t now = load_now_ns();
	int err = 0;

	for (int i = 0; i < load->workers; i++) {
		workers[i] = (struct client_worker){.load = load, .index = i, .start_ns = now};
		workers[i].deadline_ns = now + (uint64_t)(load->seconds * 1e9);
		err = -pthread_create(&workers[i].thread, NULL, work, &workers[i]);
		if (err)
			return err;
	}
	for (int i = 0; i < load->workers; i++) {
		pthread_join(workers[i].thread, NULL);
		say_quit(&workers[i]);
		results[i] = workers[i].result;
		if (results[i].err)
			err = results[i].err;
	}
	return err;
}
