// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* The view's sink is the server. */
#include "agent_metrics.h"

#include <errno.h>
#include <string.h>

#define SERIES_BYTES 1024 /* more than the longest labels */
#define TEXT_BYTES (64 << 10) /* help and types */

static int wanted(void *http, uint64_t now_ns)
{
	return http_tick(http, now_ns);
}

static void publish(void *http, const struct buffer *text, uint64_t now_ns)
{
	http_publish(http, text, now_ns);
}

static void ended(void *http)
{
	http_run_ended(http);
}

int agent_metrics_open(struct agent_metrics *metrics, const struct agent_metrics_options *options, const struct metrics_config *more,
		       char *error, size_t error_size)
{
	struct metrics_config config = *more;
	const struct http_config http = {
		.listen = options->listen,
		.allowed_hosts = options->allowed_hosts,
		.max_bytes = (size_t)(options->series ?: METRICS_SERIES_DEFAULT) * SERIES_BYTES + TEXT_BYTES,
	};
	int err;

	memset(metrics, 0, sizeof(*metrics));
	if (!strcmp(options->listen, "none"))
		return 0;
	err = http_open(&metrics->http, &http, error, error_size);
	if (err)
		return err;
	config.series = options->series;
	config.sink = (struct metrics_sink){ wanted, publish, ended, metrics->http };
	metrics->view = metrics_view_new(&config);
	metrics_view_needs(&metrics->needs);
	metrics->needs.wake_fd = http_wake_fd(metrics->http);
	metrics->needs.removes_in = http_removes_in(metrics->http);
	return metrics->view ? 0 : -ENOMEM;
}

void agent_metrics_close(struct agent_metrics *metrics)
{
	metrics_view_free(metrics->view);
	http_close(metrics->http);
}
