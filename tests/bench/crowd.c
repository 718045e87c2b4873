// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * Fills a fresh network namespace with sockets: ESTABLISHED ones that stay open (both ends are
 * ours, so each connection is two), held by as many processes as the limit of descriptors asks
 * for, and TIME_WAIT ones. Says when the namespace is there, waits for a line, fills, prints what
 * the kernel counts, and holds all of it until stdin ends.
 */
#include "load.h"
#include "namespace.h"

#include <errno.h>
#include <getopt.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

struct crowd {
	long live, time_wait;
	int listener;
};

struct sockstat {
	long inuse, tw;
};

/* How many connections one process can hold: two descriptors each, and some for itself. */
static long pairs_per_process(void)
{
	struct rlimit limit = {0};

	getrlimit(RLIMIT_NOFILE, &limit);
	limit.rlim_cur = limit.rlim_max;
	setrlimit(RLIMIT_NOFILE, &limit);
	return limit.rlim_cur > 100000 ? 50000 : (long)(limit.rlim_cur - 64) / 2;
}

static int make_listener(void)
{
	struct load load = {.workers = 1};
	int listener, err;

	err = server_listen(&load, &listener);
	return err ? err : listener;
}

/* One connection with both its ends; the peer is accepted, so that nothing waits in a queue. */
static int connect_pair(int listener, const struct load *load, uint64_t n, int ends[2])
{
	struct sockaddr_in address = load_address(load, 0, n);
	int err;

	ends[0] = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (ends[0] < 0)
		return -errno;
	if (connect(ends[0], (struct sockaddr *)&address, sizeof(address)) < 0)
		goto fail;
	ends[1] = accept4(listener, NULL, NULL, SOCK_CLOEXEC);
	if (ends[1] >= 0)
		return 0;
fail:
	err = -errno;
	close(ends[0]);
	return err;
}

/* Connections first … first + count − 1, kept open or closed at once into TIME_WAIT. */
static int connect_many(const struct crowd *crowd, long first, long count, bool keep)
{
	struct load load = {.addresses = (int)((crowd->live / 2 + crowd->time_wait) / 2500) + 1};

	for (long n = first; n < first + count; n++) {
		int ends[2] = {-1, -1};
		int err = connect_pair(crowd->listener, &load, (uint64_t)n, ends);

		if (err)
			return err;
		if (keep)
			continue;
		close(ends[0]);
		close(ends[1]);
	}
	return 0;
}

/* A process that connects its share, tells so, and keeps it until its parent is gone. */
static int start_holder(const struct crowd *crowd, long first, long count)
{
	int done[2];
	char byte;
	pid_t pid;

	if (pipe(done) < 0)
		return -errno;
	pid = fork();
	if (pid < 0)
		return -errno;
	if (pid == 0) {
		int err;

		prctl(PR_SET_PDEATHSIG, SIGKILL);
		err = connect_many(crowd, first, count, true);
		if (err)
			fprintf(stderr, "crowd: %s\n", strerror(-err));
		if (err || write(done[1], "d", 1) != 1)
			_exit(1);
		for (;;)
			pause();
	}
	close(done[1]);
	byte = (char)(read(done[0], &byte, 1) == 1);
	close(done[0]);
	return byte ? 0 : -ECHILD;
}

static int fill(const struct crowd *crowd)
{
	long pairs = crowd->live / 2, share = pairs_per_process();
	int err = 0;

	for (long first = 0; !err && first < pairs; first += share)
		err = start_holder(crowd, first, share < pairs - first ? share : pairs - first);
	return err ? err : connect_many(crowd, pairs, crowd->time_wait, false);
}

/* The namespace's own account: "TCP: inuse N orphan N tw N ...". */
static int read_sockstat(struct sockstat *ret_stat)
{
	FILE *file = fopen("/proc/net/sockstat", "re");
	char line[256];
	int found = 0;

	if (!file)
		return -errno;
	while (!found && fgets(line, sizeof(line), file))
		found = sscanf(line, "TCP: inuse %ld orphan %*d tw %ld", &ret_stat->inuse, &ret_stat->tw) == 2;
	fclose(file);
	return found ? 0 : -EPROTO;
}

static int wait_for_line(void)
{
	char c;

	while (read(STDIN_FILENO, &c, 1) == 1)
		if (c == '\n')
			return 0;
	return -ECANCELED;
}

static int run(struct crowd *crowd)
{
	struct sockstat stat = {0};
	uint64_t begin;
	int err;

	err = namespace_enter_new();
	if (!err)
		err = crowd->listener = make_listener();
	if (err < 0)
		return err;
	printf("{\"type\":\"ready\",\"netns\":%lu,\"pid\":%d}\n", namespace_inode(), getpid());
	fflush(stdout);
	err = wait_for_line();
	begin = load_now_ns();
	if (!err)
		err = fill(crowd);
	if (!err)
		err = read_sockstat(&stat);
	if (err)
		return err;
	printf("{\"type\":\"crowd\",\"inuse\":%ld,\"tw\":%ld,\"seconds\":%.3f}\n", stat.inuse, stat.tw,
	       (double)(load_now_ns() - begin) / 1e9);
	fflush(stdout);
	while (!wait_for_line())
		;
	return 0;
}

int main(int argc, char **argv)
{
	static const struct option options[] = {
		{"live", 1, NULL, 'l'},
		{"time-wait", 1, NULL, 't'},
		{NULL, 0, NULL, 0},
	};
	struct crowd crowd = {.live = 1000};
	int option, err;

	while ((option = getopt_long(argc, argv, "", options, NULL)) >= 0) {
		if (option == 'l')
			crowd.live = atol(optarg);
		else if (option == 't')
			crowd.time_wait = atol(optarg);
		else
			return 64;
	}
	if (optind != argc || crowd.live < 0 || crowd.live > 1000000 || crowd.time_wait < 0 ||
	    crowd.time_wait > 1000000) {
		fprintf(stderr, "usage: crowd [--live SOCKETS] [--time-wait SOCKETS]\n");
		return 64;
	}
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	prctl(PR_SET_NAME, "bench-crowd");
	err = run(&crowd);
	if (err && err != -ECANCELED)
		fprintf(stderr, "crowd: %s\n", strerror(-err));
	return err ? 1 : 0;
}
