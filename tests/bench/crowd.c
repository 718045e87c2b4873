// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * Fills a fresh network namespace with sockets: ESTABLISHED ones that stay open (both ends are
 * ours, so each connection is two) and CLOSE_WAIT ones, held by as many processes as the limit of
 * descriptors asks for, and TIME_WAIT ones; and the machine with descriptors of a file. Says when
 * the namespace is there, waits for a line, fills, prints what the kernel counts, and holds all of
 * it until stdin ends.
 */
#include "load.h"
#include "namespace.h"

#include <errno.h>
#include <fcntl.h>
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

/* What becomes of a connection. */
enum fate { STAYS_OPEN, HALF_CLOSED, CLOSED };

struct crowd {
	long live, time_wait, close_wait, files;
	int listener;
};

struct sockstat {
	long inuse, tw;
};

/* How many descriptors one process can hold, but some for itself. */
static long descriptors_per_process(void)
{
	struct rlimit limit = {0};

	getrlimit(RLIMIT_NOFILE, &limit);
	limit.rlim_cur = limit.rlim_max;
	setrlimit(RLIMIT_NOFILE, &limit);
	return limit.rlim_cur > 100000 ? 100000 : (long)limit.rlim_cur - 64;
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

/* Connections first … first + count − 1: kept open, left in CLOSE_WAIT or closed at once into TIME_WAIT. */
static int connect_many(const struct crowd *crowd, long first, long count, enum fate fate)
{
	long all = crowd->live / 2 + crowd->close_wait + crowd->time_wait;
	struct load load = {.addresses = (int)(all / 2500) + 1};

	for (long n = first; n < first + count; n++) {
		int ends[2] = {-1, -1};
		int err = connect_pair(crowd->listener, &load, (uint64_t)n, ends);

		if (err)
			return err;
		if (fate != STAYS_OPEN)
			close(ends[0]);
		if (fate == CLOSED)
			close(ends[1]);
	}
	return 0;
}

static int open_files(long count)
{
	int fd = open("/dev/null", O_RDONLY | O_CLOEXEC);

	for (; fd >= 0 && count > 1; count--)
		if (dup(fd) < 0)
			return -errno;
	return fd < 0 ? -errno : 0;
}

/* What one process holds. */
struct share {
	enum fate fate;
	bool files;
	long first, count;
};

/* A process that makes its share, tells so, and keeps it until its parent is gone. */
static int start_holder(const struct crowd *crowd, const struct share *share)
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
		err = share->files ? open_files(share->count) :
				     connect_many(crowd, share->first, share->count, share->fate);
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

/* In as many processes as it takes. */
static int start_holders(const struct crowd *crowd, struct share all, long each)
{
	long end = all.first + all.count;
	int err = 0;

	for (; !err && all.first < end; all.first += each) {
		all.count = each < end - all.first ? each : end - all.first;
		err = start_holder(crowd, &all);
	}
	return err;
}

static int fill(const struct crowd *crowd)
{
	long pairs = crowd->live / 2, each = descriptors_per_process();
	int err;

	err = start_holders(crowd, (struct share){STAYS_OPEN, false, 0, pairs}, each / 2);
	if (!err)
		err = start_holders(crowd, (struct share){HALF_CLOSED, false, pairs, crowd->close_wait}, each);
	if (!err)
		err = start_holders(crowd, (struct share){.files = true, .count = crowd->files}, each);
	if (!err)
		err = connect_many(crowd, pairs + crowd->close_wait, crowd->time_wait, CLOSED);
	return err;
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

static bool is_sane(long count)
{
	return count >= 0 && count <= 1000000;
}

int main(int argc, char **argv)
{
	static const struct option options[] = {
		{"live", 1, NULL, 'l'},
		{"time-wait", 1, NULL, 't'},
		{"close-wait", 1, NULL, 'c'},
		{"files", 1, NULL, 'f'},
		{NULL, 0, NULL, 0},
	};
	struct crowd crowd = {.live = 1000};
	int option, err;

	while ((option = getopt_long(argc, argv, "", options, NULL)) >= 0) {
		if (option == 'l')
			crowd.live = atol(optarg);
		else if (option == 't')
			crowd.time_wait = atol(optarg);
		else if (option == 'c')
			crowd.close_wait = atol(optarg);
		else if (option == 'f')
			crowd.files = atol(optarg);
		else
			return 64;
	}
	if (optind != argc || !is_sane(crowd.live) || !is_sane(crowd.time_wait) ||
	    !is_sane(crowd.close_wait) || !is_sane(crowd.files)) {
		fprintf(stderr, "usage: crowd [--live SOCKETS] [--time-wait SOCKETS] [--close-wait SOCKETS]"
				" [--files DESCRIPTORS]\n");
		return 64;
	}
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	prctl(PR_SET_NAME, "bench-crowd");
	err = run(&crowd);
	if (err && err != -ECANCELED)
		fprintf(stderr, "crowd: %s\n", strerror(-err));
	return err ? 1 : 0;
}
