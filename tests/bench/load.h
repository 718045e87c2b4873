/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * What a load is: the options that client and server share, and their entry points. The client
 * (client.c) and the server (server.c) are two processes with one thread for each worker.
 */
#ifndef BENCH_LOAD_H
#define BENCH_LOAD_H

#include <netinet/in.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum load_mode { LOAD_CHURN, LOAD_KEEPALIVE, LOAD_BULK };
enum load_close { CLOSE_CLIENT, CLOSE_SERVER, CLOSE_HALF };

/* The client's first byte on a connection tells the server what to do with it. */
#define BYTE_CLIENT_CLOSES 'c'
#define BYTE_SERVER_CLOSES 's'
#define BYTE_QUIT 'q'

#define REQUEST_BYTES 128
#define RESPONSE_BYTES 1024
#define BULK_BYTES 65536
#define BASE_PORT 7000
#define MAX_WORKERS 64
#define MAX_KEPT 1024

struct load {
	enum load_mode mode;
	enum load_close close;
	uint64_t connections; /* churn: in total, over all workers */
	double seconds;	      /* upper bound for every mode */
	double rate;	      /* churn: connections a second over all workers, 0 = no limit */
	int workers;
	int kept;      /* keepalive: connections of each worker */
	int addresses; /* churn: remote addresses 127.2.x.y to spread connections over */
	int pin;       /* CPU for client and server, -1 = none */
};

/* What one worker of the client did. */
struct load_result {
	uint64_t connections, requests, bytes;
	uint32_t *connect_ns; /* one entry for each connection of a churn, owned by the worker */
	size_t connect_count;
	uint64_t stood_still_ns; /* that a rate did not make up for */
	int err;
};

/* The monotonic clock in nanoseconds. */
uint64_t load_now_ns(void);

/* The address at which worker `worker`'s server listens, as its connection number `n` dials it. */
struct sockaddr_in load_address(const struct load *load, int worker, uint64_t n);

/* Reads or writes exactly `size` bytes. Returns 0, a negative errno, or 1 at end of stream. */
int load_read(int fd, void *buffer, size_t size);
int load_write(int fd, const void *buffer, size_t size);

/* Makes the listeners; `listeners` has room for MAX_WORKERS. Returns 0 or a negative errno. */
int server_listen(const struct load *load, int *listeners);

/* Serves until every client worker has said BYTE_QUIT. Returns 0 or a negative errno. */
int server_run(const struct load *load, const int *listeners);

/* Runs the client's workers to the end; `results` has room for MAX_WORKERS. Negative errno. */
int client_run(const struct load *load, struct load_result *results);

#endif
