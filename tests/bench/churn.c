// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * The bench's load generator: makes a fresh network namespace, runs a client and a server process
 * in it, and prints one JSON line. With --wait it first prints the namespace's inode and waits for
 * a line on stdin, so that a tracer can be started for that namespace; afterwards it holds the
 * namespace until stdin ends.
 */
#include "load.h"
#include "namespace.h"

#include <errno.h>
#include <getopt.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

static const char *const mode_names[] = {"churn", "keepalive", "bulk"};
static const char *const close_names[] = {"client", "server", "half"};

struct server_process {
	pid_t pid;
	clockid_t cpu_clock;
};

static int usage(void)
{
	fprintf(stderr, "usage: churn [--mode churn|keepalive|bulk] [--connections N] [--seconds S]\n"
			"             [--rate N] [--workers N] [--kept N] [--addresses N]\n"
			"             [--close client|server|half] [--pin CPU] [--wait]\n");
	return 64;
}

static int name_index(const char *name, const char *const *names, int count)
{
	for (int i = 0; i < count; i++)
		if (!strcmp(name, names[i]))
			return i;
	return -1;
}

static int parse(int argc, char **argv, struct load *load, bool *wait)
{
	static const struct option options[] = {
		{"mode", 1, NULL, 'm'},	     {"connections", 1, NULL, 'c'},
		{"seconds", 1, NULL, 's'},   {"rate", 1, NULL, 'r'},
		{"workers", 1, NULL, 'w'},   {"kept", 1, NULL, 'k'},
		{"addresses", 1, NULL, 'a'}, {"close", 1, NULL, 'o'},
		{"pin", 1, NULL, 'p'},	     {"wait", 0, NULL, 'W'},
		{NULL, 0, NULL, 0},
	};
	int option;

	while ((option = getopt_long(argc, argv, "", options, NULL)) >= 0) {
		switch (option) {
		case 'm':
			load->mode = (enum load_mode)name_index(optarg, mode_names, 3);
			break;
		case 'o':
			load->close = (enum load_close)name_index(optarg, close_names, 3);
			break;
		case 'c':
			load->connections = strtoull(optarg, NULL, 10);
			break;
		case 's':
			load->seconds = strtod(optarg, NULL);
			break;
		case 'r':
			load->rate = strtod(optarg, NULL);
			break;
		case 'w':
			load->workers = atoi(optarg);
			break;
		case 'k':
			load->kept = atoi(optarg);
			break;
		case 'a':
			load->addresses = atoi(optarg);
			break;
		case 'p':
			load->pin = atoi(optarg);
			break;
		case 'W':
			*wait = true;
			break;
		default:
			return -EINVAL;
		}
	}
	if (optind != argc || (int)load->mode < 0 || (int)load->close < 0 || load->workers < 1 ||
	    load->workers > MAX_WORKERS || load->kept < 1 || load->kept > MAX_KEPT ||
	    load->connections < (uint64_t)load->workers || load->connections > 100000000)
		return -EINVAL;
	return 0;
}

/* At most 2,500 connections share (local address, remote address, remote port). */
static void choose_addresses(struct load *load)
{
	if (load->addresses <= 0)
		load->addresses = (int)(load->connections / (uint64_t)load->workers / 2500) + 1;
	if (load->addresses > 50000)
		load->addresses = 50000;
}

static void pin_to(int cpu)
{
	cpu_set_t set;

	if (cpu < 0)
		return;
	CPU_ZERO(&set);
	CPU_SET((unsigned int)cpu, &set);
	if (sched_setaffinity(0, sizeof(set), &set) < 0)
		perror("sched_setaffinity");
}

static void serve_in_child(const struct load *load, int ready)
{
	int listeners[MAX_WORKERS], err;

	prctl(PR_SET_PDEATHSIG, SIGKILL);
	prctl(PR_SET_NAME, "bench-server");
	err = server_listen(load, listeners);
	if (!err && write(ready, "r", 1) == 1)
		err = server_run(load, listeners);
	if (err)
		fprintf(stderr, "churn: server: %s\n", strerror(-err));
	_exit(err ? 1 : 0);
}

static int start_server(const struct load *load, struct server_process *server)
{
	int ready[2];
	char byte;

	if (pipe(ready) < 0)
		return -errno;
	server->pid = fork();
	if (server->pid < 0)
		return -errno;
	if (server->pid == 0)
		serve_in_child(load, ready[1]);
	close(ready[1]);
	if (read(ready[0], &byte, 1) != 1)
		return -ECHILD;
	close(ready[0]);
	return -clock_getcpuclockid(server->pid, &server->cpu_clock);
}

static double clock_seconds(clockid_t clock)
{
	struct timespec now;

	if (clock_gettime(clock, &now) < 0)
		return 0;
	return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

static int compare_u32(const void *a, const void *b)
{
	uint32_t x = *(const uint32_t *)a, y = *(const uint32_t *)b;

	return (x > y) - (x < y);
}

/* Adds up the workers; their latencies move into one sorted array that the total owns. */
static int sum_results(const struct load *load, struct load_result *results, struct load_result *total)
{
	for (int i = 0; i < load->workers; i++) {
		total->connections += results[i].connections;
		total->stood_still_ns += results[i].stood_still_ns;
		total->requests += results[i].requests;
		total->bytes += results[i].bytes;
	}
	total->connect_ns = calloc(total->connections + 1, sizeof(*total->connect_ns));
	if (!total->connect_ns)
		return -ENOMEM;
	for (int i = 0; i < load->workers; i++) {
		if (results[i].connect_count)
			memcpy(total->connect_ns + total->connect_count, results[i].connect_ns,
			       results[i].connect_count * sizeof(*total->connect_ns));
		total->connect_count += results[i].connect_count;
		free(results[i].connect_ns);
	}
	qsort(total->connect_ns, total->connect_count, sizeof(*total->connect_ns), compare_u32);
	return 0;
}

static double quantile_us(const struct load_result *total, double q)
{
	if (!total->connect_count)
		return 0;
	return total->connect_ns[(size_t)(q * (double)(total->connect_count - 1))] / 1e3;
}

static void print_result(const struct load *load, const struct load_result *total, double seconds, double client_cpu,
			 double server_cpu)
{
	static const char *const units[] = {"connections", "requests", "bytes"};
	uint64_t amounts[] = {total->connections, total->requests, total->bytes};
	double amount = (double)amounts[load->mode];

	printf("{\"type\":\"load\",\"mode\":\"%s\",\"close\":\"%s\",\"workers\":%d,\"unit\":\"%s\","
	       "\"amount\":%.0f,\"seconds\":%.6f,\"per_second\":%.1f,\"connect_p50_us\":%.2f,"
	       "\"connect_p99_us\":%.2f,\"client_cpu_seconds\":%.6f,\"server_cpu_seconds\":%.6f,"
	       "\"cpu_ns_each\":%.3f,\"stood_still_seconds\":%.3f}\n",
	       mode_names[load->mode], close_names[load->close], load->workers, units[load->mode], amount, seconds,
	       amount / seconds, quantile_us(total, 0.5), quantile_us(total, 0.99), client_cpu, server_cpu,
	       amount ? (client_cpu + server_cpu) * 1e9 / amount : 0, (double)total->stood_still_ns / 1e9);
	fflush(stdout);
}

static int run(const struct load *load, const struct server_process *server)
{
	struct load_result results[MAX_WORKERS] = {0}, total = {0};
	double server_cpu = clock_seconds(server->cpu_clock);
	double client_cpu = clock_seconds(CLOCK_PROCESS_CPUTIME_ID);
	double begin = clock_seconds(CLOCK_MONOTONIC);
	double seconds;
	int err = client_run(load, results);

	seconds = clock_seconds(CLOCK_MONOTONIC) - begin;
	client_cpu = clock_seconds(CLOCK_PROCESS_CPUTIME_ID) - client_cpu;
	server_cpu = clock_seconds(server->cpu_clock) - server_cpu;
	if (!err)
		err = sum_results(load, results, &total);
	if (!err)
		print_result(load, &total, seconds, client_cpu, server_cpu);
	free(total.connect_ns);
	return err;
}

/* Waits for one line; false when stdin has ended. */
static bool wait_for_line(void)
{
	char c;

	while (read(STDIN_FILENO, &c, 1) == 1)
		if (c == '\n')
			return true;
	return false;
}

static int run_in_namespace(const struct load *load, bool wait)
{
	struct server_process server = {0};
	int err, status;

	err = namespace_enter_new();
	if (!err)
		err = start_server(load, &server);
	if (err)
		goto out;
	if (wait) {
		printf("{\"type\":\"ready\",\"netns\":%lu,\"pid\":%d,\"server_pid\":%d}\n", namespace_inode(), getpid(),
		       server.pid);
		fflush(stdout);
		if (!wait_for_line())
			err = -ECANCELED;
	}
	if (!err)
		err = run(load, &server);
	if (wait && !err)
		while (wait_for_line())
			;
out:
	if (server.pid > 0) {
		if (err)
			kill(server.pid, SIGKILL);
		waitpid(server.pid, &status, 0);
	}
	return err;
}

int main(int argc, char **argv)
{
	struct load load = {
		.connections = 20000, .seconds = 60, .workers = 1, .kept = 16, .close = CLOSE_HALF, .pin = -1};
	bool wait = false;
	int err;

	if (parse(argc, argv, &load, &wait))
		return usage();
	signal(SIGPIPE, SIG_IGN);
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	prctl(PR_SET_NAME, "bench-client");
	choose_addresses(&load);
	pin_to(load.pin);
	err = run_in_namespace(&load, wait);
	if (err && err != -ECANCELED)
		fprintf(stderr, "churn: %s\n", strerror(-err));
	return err ? 1 : 0;
}
