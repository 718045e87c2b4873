// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* Requests come in, answers go out; what a client may cost is bounded here. */
#include "export/http/server.h"

#include <errno.h>
#include <event2/buffer.h>
#include <event2/event.h>
#include <event2/http.h>
#include <event2/keyvalq_struct.h>
#include <event2/listener.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "attach/privileges.h"
#include "event/event.h"
#include "export/http/exposition.h"

#define NSEC_PER_SEC 1000000000ULL
#define FRESH_NS NSEC_PER_SEC /* an exposition serves all who ask within this time */
#define BEAT_NS (10 * NSEC_PER_SEC) /* the tracing process ticks once a second at least */
#define WAIT_S 3 /* for an exposition */
#define IDLE_S 5 /* a client may be silent, or take nothing, for so long */
#define LIFE_NS (15 * NSEC_PER_SEC) /* a connection is cut after so long, whatever it does */
#define HEADER_BYTES 8192
#define OWN_DESCRIPTORS 16 /* at most, beside clients */
#define CROWDED_MS 50

struct waiting {
	struct evhttp_request *request;
	bool openmetrics;
};

/* A descriptor that clients are accepted as: since when it is this connection. */
struct life {
	uint64_t cookie, since_ns;
};

struct server {
	const struct server_config *config;
	struct event_base *base;
	struct evconnlistener *listener;
	struct event *answer_late, *accept_again;
	struct exposition *newest;
	uint64_t asked; /* published, when it was last asked for more */
	bool asking;
	struct waiting waiting[HTTP_CLIENTS];
	size_t n_waiting;
	struct life lives[HTTP_CLIENTS + OWN_DESCRIPTORS];
};

static void add_headers(struct evhttp_request *request, const char *type)
{
	struct evkeyvalq *headers = evhttp_request_get_output_headers(request);

	evhttp_add_header(headers, "Content-Type", type);
	evhttp_add_header(headers, "Cache-Control", "no-store");
	evhttp_add_header(headers, "X-Content-Type-Options", "nosniff");
	evhttp_add_header(headers, "Connection", "close");
}

static void answer(struct evhttp_request *request, int code, const char *reason, const char *text)
{
	struct evbuffer *body = evhttp_request_get_output_buffer(request);

	add_headers(request, "text/plain; charset=utf-8");
	evbuffer_add(body, text, strlen(text));
	evhttp_send_reply(request, code, reason, NULL);
}

static void unavailable(struct evhttp_request *request, const char *text)
{
	answer(request, HTTP_SERVUNAVAIL, "Service Unavailable", text);
}

/* The text is kept for as long as it is being sent: a thousand slow clients share it. */
static void answer_metrics(struct server *server, const struct waiting *waiting)
{
	struct evbuffer *body = evhttp_request_get_output_buffer(waiting->request);

	add_headers(waiting->request, waiting->openmetrics ? METRICS_TYPE_OPENMETRICS : METRICS_TYPE_TEXT);
	if (exposition_append(server->newest, waiting->openmetrics, body))
		unavailable(waiting->request, "out of memory\n");
	else
		evhttp_send_reply(waiting->request, HTTP_OK, "OK", NULL);
}

static void answer_waiting(struct server *server)
{
	size_t i;

	for (i = 0; i < server->n_waiting; i++) {
		evhttp_connection_set_closecb(evhttp_request_get_connection(server->waiting[i].request), NULL, NULL);
		if (server->newest)
			answer_metrics(server, &server->waiting[i]);
		else
			unavailable(server->waiting[i].request, "the tracing process did not answer; see /healthz\n");
	}
	server->n_waiting = 0;
	server->asking = false;
	evtimer_del(server->answer_late);
}

static void renew(struct server *server)
{
	struct exposition *newest = exposition_new(server->config->shared);

	if (!newest)
		return;
	exposition_release(server->newest);
	server->newest = newest;
}

static bool is_fresh(const struct server *server)
{
	return server->newest && clock_monotonic_ns() - exposition_time_ns(server->newest) < FRESH_NS;
}

/* Its client went away before there was an answer. */
static void on_gone(struct evhttp_connection *connection, void *context)
{
	struct server *server = context;
	size_t i, kept = 0;

	for (i = 0; i < server->n_waiting; i++)
		if (evhttp_request_get_connection(server->waiting[i].request) != connection)
			server->waiting[kept++] = server->waiting[i];
	server->n_waiting = kept;
}

static void ask(struct server *server)
{
	const struct timeval late = { .tv_sec = WAIT_S };

	if (server->asking)
		return;
	server->asking = true;
	atomic_fetch_add(&server->config->shared->wanted, 1);
	/* A full socket has bytes that were not read yet: it is asked already. */
	if (write(server->config->peer, "", 1) < 0 && errno != EAGAIN)
		event_base_loopbreak(server->base);
	evtimer_add(server->answer_late, &late);
}

/* The tracing process is blocked: a value that is old is worse than none, which an alert can tell. */
static void on_late(evutil_socket_t fd, short what, void *context)
{
	struct server *server = context;

	(void)fd;
	(void)what;
	exposition_release(server->newest);
	server->newest = NULL;
	answer_waiting(server);
}

static void serve_metrics(struct server *server, struct evhttp_request *request)
{
	const char *accept = evhttp_find_header(evhttp_request_get_input_headers(request), "Accept");
	struct waiting waiting = { request, accept && strstr(accept, "application/openmetrics-text") };

	if (is_fresh(server)) {
		answer_metrics(server, &waiting);
		return;
	}
	if (server->n_waiting == HTTP_CLIENTS) {
		unavailable(request, "too many clients\n");
		return;
	}
	server->waiting[server->n_waiting++] = waiting;
	evhttp_connection_set_closecb(evhttp_request_get_connection(request), on_gone, server);
	ask(server);
}

/* NULL: all is well. */
static const char *trouble(const struct server *server)
{
	const struct shared *shared = server->config->shared;
	uint64_t beat_ns = atomic_load(&shared->beat_ns), now_ns = clock_monotonic_ns();

	if (atomic_load(&shared->phase) == PHASE_ENDED)
		return "the run has ended\n";
	if (now_ns > beat_ns && now_ns - beat_ns > BEAT_NS)
		return "the tracing process has not moved for more than 10 seconds\n";
	return NULL;
}

static void serve_health(struct server *server, struct evhttp_request *request)
{
	const char *what = trouble(server);

	if (what)
		unavailable(request, what);
	else
		answer(request, HTTP_OK, "OK", "ok\n");
}

static void serve_ready(struct server *server, struct evhttp_request *request)
{
	if (atomic_load(&server->config->shared->phase) == PHASE_STARTING)
		unavailable(request, "tracing has not begun yet\n");
	else
		serve_health(server, request);
}

static void serve_index(struct server *server, struct evhttp_request *request)
{
	(void)server;
	answer(request, HTTP_OK, "OK", "tcpdwell agent\n\n/metrics  for Prometheus\n/healthz  is it alive?\n/readyz   does it trace?\n");
}

static const struct {
	const char *path;
	void (*serve)(struct server *server, struct evhttp_request *request);
} pages[] = {
	{ "/", serve_index },
	{ "/metrics", serve_metrics },
	{ "/healthz", serve_health },
	{ "/readyz", serve_ready },
};

/* Both what the request line and what the header say: either may be used to mislead us. */
static bool is_addressed_to_us(const struct server *server, struct evhttp_request *request)
{
	const char *header = evhttp_find_header(evhttp_request_get_input_headers(request), "Host");
	const char *host = evhttp_uri_get_host(evhttp_request_get_evhttp_uri(request));

	if (server->config->listening.is_unix)
		return true;
	return (!host || !*host || host_is_allowed(host, server->config->names)) && header && host_is_allowed(header, server->config->names);
}

static void on_request(struct evhttp_request *request, void *context)
{
	const char *path = evhttp_uri_get_path(evhttp_request_get_evhttp_uri(request));
	struct server *server = context;
	size_t i;

	if (evhttp_request_get_command(request) != EVHTTP_REQ_GET) {
		evhttp_add_header(evhttp_request_get_output_headers(request), "Allow", "GET");
		answer(request, HTTP_BADMETHOD, "Method Not Allowed", "only GET\n");
		return;
	}
	if (!is_addressed_to_us(server, request)) {
		answer(request, 421, "Misdirected Request",
		       "this host name is not ours: ask by address, or start the agent with --allow-host NAME\n");
		return;
	}
	for (i = 0; i < sizeof(pages) / sizeof(pages[0]); i++)
		if (path && !strcmp(path, pages[i].path)) {
			pages[i].serve(server, request);
			return;
		}
	answer(request, HTTP_NOTFOUND, "Not Found", "there are /metrics, /healthz and /readyz\n");
}

/* End of file: the tracing process is gone. */
static void on_peer(evutil_socket_t fd, short what, void *context)
{
	struct server *server = context;
	char bytes[64];
	ssize_t size = read(fd, bytes, sizeof(bytes));

	(void)what;
	if (!size || (size < 0 && errno != EAGAIN && errno != EINTR)) {
		event_base_loopbreak(server->base);
		return;
	}
	renew(server);
	if (server->asking && is_fresh(server))
		answer_waiting(server);
}

/* A process has one; the listener's callback gets evhttp's own context, which is none of ours. */
static struct server the_server;

/* No descriptor is left for another client: those that wait have to. */
static void on_crowd(struct evconnlistener *listener, void *http)
{
	const struct timeval later = { .tv_usec = CROWDED_MS * 1000 };

	(void)http;
	evconnlistener_disable(listener);
	evtimer_add(the_server.accept_again, &later);
}

static void on_less_crowd(evutil_socket_t fd, short what, void *context)
{
	(void)fd;
	(void)what;
	evconnlistener_enable(((struct server *)context)->listener);
}

/* A client that sends or takes a byte now and then is never idle: it is cut by age. The cookie tells connections apart. */
static void cut(struct server *server, int fd, uint64_t now_ns)
{
	struct life *life = &server->lives[fd];
	uint64_t cookie = 0;
	socklen_t size = sizeof(cookie);

	if (fd == server->config->peer || fd == server->config->listening.fd || getsockopt(fd, SOL_SOCKET, SO_COOKIE, &cookie, &size)) {
		life->cookie = 0;
		return;
	}
	if (life->cookie != cookie)
		*life = (struct life){ cookie, now_ns };
	else if (now_ns - life->since_ns > LIFE_NS)
		shutdown(fd, SHUT_RDWR);
}

static void on_second(evutil_socket_t unused, short what, void *context)
{
	struct server *server = context;
	uint64_t now_ns = clock_monotonic_ns();
	int fd;

	(void)unused;
	(void)what;
	for (fd = STDERR_FILENO + 1; fd < HTTP_CLIENTS + OWN_DESCRIPTORS; fd++)
		cut(server, fd, now_ns);
}

static bool add_events(struct server *server)
{
	const struct timeval second = { .tv_sec = 1 };
	struct event *peer = event_new(server->base, server->config->peer, EV_READ | EV_PERSIST, on_peer, server);
	struct event *clock = event_new(server->base, -1, EV_PERSIST, on_second, server);

	server->answer_late = evtimer_new(server->base, on_late, server);
	server->accept_again = evtimer_new(server->base, on_less_crowd, server);
	return peer && clock && server->answer_late && server->accept_again && !event_add(peer, NULL) && !event_add(clock, &second);
}

static bool add_http(struct server *server)
{
	struct evhttp *http = evhttp_new(server->base);
	struct evhttp_bound_socket *bound;

	if (!http)
		return false;
	evhttp_set_max_headers_size(http, HEADER_BYTES);
	evhttp_set_max_body_size(http, 1);
	evhttp_set_timeout(http, IDLE_S);
	evhttp_set_allowed_methods(http, EVHTTP_REQ_GET | EVHTTP_REQ_POST | EVHTTP_REQ_HEAD | EVHTTP_REQ_PUT | EVHTTP_REQ_DELETE |
						 EVHTTP_REQ_OPTIONS | EVHTTP_REQ_TRACE | EVHTTP_REQ_CONNECT | EVHTTP_REQ_PATCH);
	evhttp_set_gencb(http, on_request, server);
	bound = evhttp_accept_socket_with_handle(http, server->config->listening.fd);
	if (!bound)
		return false;
	server->listener = evhttp_bound_socket_get_listener(bound);
	evconnlistener_set_error_cb(server->listener, on_crowd);
	return true;
}

/* An event on an accepted socket is never written through a signal; memory for what clients send is bounded by their number. */
static void limit(void)
{
	const struct rlimit descriptors = { HTTP_CLIENTS + OWN_DESCRIPTORS, HTTP_CLIENTS + OWN_DESCRIPTORS }, none = {};

	setrlimit(RLIMIT_NOFILE, &descriptors);
	setrlimit(RLIMIT_CORE, &none);
}

void server_run(const struct server_config *config)
{
	struct server *server = &the_server;

	server->config = config;
	limit();
	server->base = event_base_new();
	if (!server->base || !add_events(server) || !add_http(server))
		return;
	tzset(); /* the C library reads a file for the Date of an answer, while it may */
	privileges_serve();
	event_base_dispatch(server->base);
}
