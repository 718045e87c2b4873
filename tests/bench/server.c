// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * The server of a bench load: one blocking thread for each client worker. It does what the first
 * byte of a connection asks for, so that the client alone decides who closes first.
 */
#include "load.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/tcp.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

struct server_worker {
	const struct load *load;
	int listener;
	int err;
	pthread_t thread;
};

static int listen_on(int port)
{
	struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons((uint16_t)port)};
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	int one = 1;

	if (fd < 0)
		return -errno;
	setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &one, sizeof(one));
	if (bind(fd, (struct sockaddr *)&address, sizeof(address)) < 0 || listen(fd, 4096) < 0) {
		int err = -errno;

		close(fd);
		return err;
	}
	return fd;
}

int server_listen(const struct load *load, int *listeners)
{
	for (int i = 0; i < load->workers; i++) {
		listeners[i] = listen_on(BASE_PORT + i);
		if (listeners[i] < 0)
			return listeners[i];
	}
	return 0;
}

static int accept_one(int listener)
{
	int one = 1, fd;

	do
		fd = accept4(listener, NULL, NULL, SOCK_CLOEXEC);
	while (fd < 0 && errno == EINTR);
	if (fd < 0)
		return -errno;
	setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof(one));
	return fd;
}

static int serve_churn(const struct server_worker *worker)
{
	char byte = 0;

	while (byte != BYTE_QUIT) {
		int fd = accept_one(worker->listener);
		char end;
		int err;

		if (fd < 0)
			return fd;
		err = load_read(fd, &byte, 1);
		if (!err)
			err = load_write(fd, &byte, 1);
		if (!err && byte == BYTE_CLIENT_CLOSES)
			err = load_read(fd, &end, 1) == 1 ? 0 : -EPROTO;
		close(fd);
		if (err)
			return err < 0 ? err : -EPROTO;
	}
	return 0;
}

/* Requests come round robin over the connections, so that blocking reads in that order suffice. */
static int serve_keepalive(const struct server_worker *worker)
{
	char request[REQUEST_BYTES], response[RESPONSE_BYTES] = {0};
	int fds[MAX_KEPT], err = 0;

	for (int i = 0; i < worker->load->kept; i++) {
		fds[i] = accept_one(worker->listener);
		if (fds[i] < 0)
			return fds[i];
	}
	for (int i = 0; !err; i = (i + 1) % worker->load->kept) {
		err = load_read(fds[i], request, sizeof(request));
		if (!err)
			err = load_write(fds[i], response, sizeof(response));
	}
	for (int i = 0; i < worker->load->kept; i++)
		close(fds[i]);
	return err < 0 ? err : 0;
}

static int serve_bulk(const struct server_worker *worker)
{
	int fd = accept_one(worker->listener);
	char *buffer = malloc(BULK_BYTES);
	ssize_t n = -1;

	if (fd < 0)
		goto out;
	do
		n = buffer ? read(fd, buffer, BULK_BYTES) : -1;
	while (n > 0 || (n < 0 && errno == EINTR));
	close(fd);
out:
	free(buffer);
	return n < 0 ? -EIO : 0;
}

static void *serve(void *arg)
{
	struct server_worker *worker = arg;

	switch (worker->load->mode) {
	case LOAD_CHURN:
		worker->err = serve_churn(worker);
		break;
	case LOAD_KEEPALIVE:
		worker->err = serve_keepalive(worker);
		break;
	case LOAD_BULK:
		worker->err = serve_bulk(worker);
		break;
	}
	return NULL;
}

int server_run(const struct load *load, const int *listeners)
{
	struct server_worker workers[MAX_WORKERS];
	int err = 0;

	for (int i = 0; i < load->workers; i++) {
		workers[i] = (struct server_worker){.load = load, .listener = listeners[i]};
		err = -pthread_create(&workers[i].thread, NULL, serve, &workers[i]);
		if (err)
			return err;
	}
	for (int i = 0; i < load->workers; i++) {
		pthread_join(workers[i].thread, NULL);
		if (workers[i].err)
			err = workers[i].err;
	}
	return err;
}
