// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * What clients send to the agent's --listen, through libevent and the server's own answers. The first byte chooses: over a UNIX socket or
 * as if over TCP, whether there is an exposition, whether the client waits for the answer. A byte 0xff ends a piece that is sent alone.
 * An answer is HTTP, and metrics are sent to nobody who asked for another machine.
 */
#include "fuzz.h"

#include <event2/event.h>
#include <event2/http.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

/* The server without its process. */
#define server_run server_run_fuzzed
#include "../../user/export/http/server.c"
#undef server_run

#define CLIENTS 3 /* of one input, one after another */

static struct server_config config;
static int asked; /* the tracing process's end */
static struct sockaddr_un place = { .sun_family = AF_UNIX };
static socklen_t place_size;

static void need(bool good)
{
	if (!good)
		abort();
}

static void begin(void)
{
	int pair[2];

	signal(SIGPIPE, SIG_IGN);
	config.names = "web1.example\0";
	config.shared = shared_new(65536);
	config.listening.fd = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	place_size = sizeof(place.sun_family);
	need(config.shared && config.listening.fd >= 0);
	need(!bind(config.listening.fd, (struct sockaddr *)&place, place_size)); /* the kernel chooses a name */
	place_size = sizeof(place);
	need(!getsockname(config.listening.fd, (struct sockaddr *)&place, &place_size) && !listen(config.listening.fd, 16));
	need(!socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0, pair));
	config.peer = pair[0];
	asked = pair[1];
	the_server.config = &config;
	the_server.base = event_base_new();
	need(the_server.base && add_events(&the_server) && add_http(&the_server));
}

/* The tracing process answers at once, or never. */
static void turn(bool answers)
{
	static const char text[] = "# TYPE a counter\na_total 1\n";
	char bytes[16];

	event_base_loop(the_server.base, EVLOOP_NONBLOCK);
	if (read(asked, bytes, sizeof(bytes)) > 0 && answers) {
		need(!shared_publish(config.shared, text, sizeof(text) - 1, clock_monotonic_ns()));
		need(write(asked, "", 1) == 1);
	}
	event_base_loop(the_server.base, EVLOOP_NONBLOCK);
}

static void look_at(const char *answer, size_t size)
{
	if (size)
		need(size > 5 && !memcmp(answer, "HTTP/", 5));
}

static void client(const uint8_t *data, size_t size, bool answers, bool waits)
{
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	static char answer[65536];
	size_t got = 0;
	ssize_t more;

	need(fd >= 0 && !connect(fd, (struct sockaddr *)&place, place_size));
	while (size) {
		const uint8_t *end = memchr(data, 0xff, size);
		size_t piece = end ? (size_t)(end - data) : size;

		if (send(fd, data, piece, 0) < 0)
			break;
		turn(answers);
		data += piece + !!end;
		size -= piece + !!end;
	}
	if (waits) {
		shutdown(fd, SHUT_WR);
		turn(answers);
		turn(answers);
		while ((more = read(fd, answer + got, sizeof(answer) - got)) > 0)
			got += more;
		look_at(answer, got);
	}
	close(fd);
	turn(answers);
}

int fuzz_http(const uint8_t *data, size_t size)
{
	unsigned int choice, i;

	if (!the_server.base)
		begin();
	if (!size)
		return 0;
	choice = data[0];
	config.listening.is_unix = choice & 1;
	config.shared->phase = choice >> 3 & 3;
	exposition_release(the_server.newest);
	the_server.newest = NULL;
	for (i = 0; i <= (choice >> 5) % CLIENTS; i++)
		client(data + 1, size - 1, choice & 2, choice & 4);
	on_late(-1, 0, &the_server); /* three seconds later */
	turn(false);
	return 0;
}
