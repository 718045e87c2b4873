/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * /metrics, /healthz and /readyz, served by a process of its own that is started before anything is traced and has no rights. A
 * client, however slow, many or hostile, costs the tracing process one exposition a second at most.
 */
#ifndef TCPDWELL_EXPORT_HTTP_HTTP_H
#define TCPDWELL_EXPORT_HTTP_HTTP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "util/buffer.h"

struct http;

struct http_config {
	const char *listen; /* as of listen_open() */
	const char *allowed_hosts; /* names of this machine that requests may have, separated by commas; NULL: only the usual ones */
	size_t max_bytes; /* of an exposition */
};

/* Listens and starts the process. 0, or negative errno with a sentence in `error`. */
int http_open(struct http **http, const struct http_config *config, char *error, size_t error_size);

/* Ends the process. Accepts NULL. */
void http_close(struct http *http);

/* "127.0.0.1:9669" */
const char *http_where(const struct http *http);

/* Readable when an exposition is wanted: for the wait of the source. */
int http_wake_fd(const struct http *http);

/* A file of this folder (a descriptor) is removed by http_close(). 0: none is. */
int http_removes_in(const struct http *http);

/* To be called at each tick. Is an exposition wanted? Negative errno: the process is gone. */
int http_tick(struct http *http, uint64_t now_ns);

/* 0, or -E2BIG. */
int http_publish(struct http *http, const struct buffer *text, uint64_t now_ns);

void http_run_ended(struct http *http);

#endif
