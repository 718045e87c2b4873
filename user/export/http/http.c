// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* The tracing process's side: it reads and writes memory, and now and then a byte. */
#include "export/http/http.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "event/event.h"
#include "export/http/server.h"
#include "util/stop.h"

#define NAMES_BYTES 1024

struct http {
	struct shared *shared;
	struct listening listening; /* its socket is the other process's */
	int peer;
	pid_t pid;
	uint64_t seen; /* of shared->wanted */
	char names[NAMES_BYTES];
};

static size_t add_name(char *names, size_t used, const char *name, size_t size)
{
	if (!size || used + size + 2 > NAMES_BYTES)
		return used;
	memcpy(names + used, name, size);
	return used + size + 1;
}

/* This machine's, with and without its domain, and those that are allowed. */
static void collect_names(struct http *http, const char *allowed)
{
	char host[256] = "";
	size_t used, size;

	gethostname(host, sizeof(host) - 1);
	used = add_name(http->names, 0, host, strlen(host));
	used = add_name(http->names, used, host, strcspn(host, "."));
	for (; allowed && *allowed; allowed += size + (allowed[size] == ',')) {
		size = strcspn(allowed, ",");
		used = add_name(http->names, used, allowed, size);
	}
}

/* Only what it needs: whatever the caller had open, or the shell before it, is none of its business. */
static void close_others(int first, int second)
{
	int low = first < second ? first : second, high = first < second ? second : first;

	syscall(SYS_close_range, STDERR_FILENO + 1, low - 1, 0);
	syscall(SYS_close_range, low + 1, high - 1, 0);
	syscall(SYS_close_range, high + 1, ~0U, 0);
}

/* The end of the tracing process is its end, even where it can't say so. Ctrl-C, and a service manager's
 * SIGTERM to all, are the tracing process's to handle. */
static void serve(const struct http *http, int peer, pid_t parent)
{
	const struct server_config config = {
		.listening = http->listening,
		.shared = http->shared,
		.peer = peer,
		.names = http->names,
	};

	prctl(PR_SET_PDEATHSIG, SIGKILL);
	if (getppid() != parent)
		_exit(0);
	prctl(PR_SET_NAME, "tcpdwell-http");
	signal(SIGINT, SIG_IGN);
	signal(SIGTERM, SIG_IGN);
	signal(SIGPIPE, SIG_IGN);
	close_others(http->listening.fd, peer);
	server_run(&config);
	_exit(0);
}

static int start(struct http *http)
{
	pid_t parent = getpid();
	int pair[2];

	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0, pair))
		return -errno;
	http->pid = fork();
	if (http->pid < 0) {
		int err = -errno;

		close(pair[0]);
		close(pair[1]);
		return err;
	}
	if (!http->pid) {
		close(pair[0]);
		serve(http, pair[1], parent);
	}
	close(pair[1]);
	http->peer = pair[0];
	return 0;
}

int http_open(struct http **ret_http, const struct http_config *config, char *error, size_t error_size)
{
	struct http *http = calloc(1, sizeof(*http));
	int err;

	if (!http)
		return -ENOMEM;
	http->peer = http->pid = -1;
	err = listen_open(&http->listening, config->listen, error, error_size);
	if (err) {
		free(http);
		return err;
	}
	collect_names(http, config->allowed_hosts);
	http->shared = shared_new(config->max_bytes);
	if (http->shared)
		atomic_store(&http->shared->beat_ns, clock_monotonic_ns());
	err = http->shared ? start(http) : -ENOMEM;
	close(http->listening.fd);
	if (!err) {
		*ret_http = http;
		return 0;
	}
	snprintf(error, error_size, "--listen %s: no process to serve it: %s", config->listen, strerror(-err));
	http_close(http);
	return err;
}

/* Its port is free when we have ended. The timer of the run's end interrupts every wait; one that takes too long is the kernel's to end. */
static void end_process(struct http *http)
{
	if (http->peer >= 0)
		close(http->peer);
	http->peer = -1;
	while (http->pid > 0 && waitpid(http->pid, NULL, 0) < 0 && errno == EINTR && !stop_is_overdue())
		;
	http->pid = -1;
}

void http_close(struct http *http)
{
	if (!http)
		return;
	end_process(http);
	listen_remove(&http->listening);
	shared_free(http->shared);
	free(http);
}

int http_removes_in(const struct http *http)
{
	return http->listening.file.end.folder > 0 ? http->listening.file.end.folder : 0;
}

const char *http_where(const struct http *http)
{
	return http->listening.where;
}

int http_wake_fd(const struct http *http)
{
	return http->peer;
}

int http_tick(struct http *http, uint64_t now_ns)
{
	uint64_t wanted;
	char bytes[64];
	ssize_t size;

	atomic_store(&http->shared->beat_ns, now_ns);
	atomic_store(&http->shared->phase, PHASE_TRACING);
	if (http->peer < 0)
		return -ECONNRESET;
	size = recv(http->peer, bytes, sizeof(bytes), MSG_DONTWAIT);
	if (!size || (size < 0 && errno != EAGAIN && errno != EINTR)) {
		end_process(http);
		return -ECONNRESET;
	}
	wanted = atomic_load(&http->shared->wanted);
	if (wanted == http->seen)
		return 0;
	http->seen = wanted;
	return 1;
}

int http_publish(struct http *http, const struct buffer *text, uint64_t now_ns)
{
	int err = shared_publish(http->shared, text->data, text->size, now_ns);

	if (http->peer >= 0 && send(http->peer, "", 1, MSG_DONTWAIT | MSG_NOSIGNAL) < 0 && errno != EAGAIN)
		err = err ?: -errno;
	return err;
}

void http_run_ended(struct http *http)
{
	atomic_store(&http->shared->phase, PHASE_ENDED);
}
