// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* Counts who still needs it: the server, and each answer that is on its way. */
#include "export/http/exposition.h"

#include <errno.h>
#include <event2/buffer.h>
#include <stdlib.h>

struct exposition {
	uint64_t time_ns;
	char *text;
	size_t size;
	struct buffer openmetrics; /* made when it is first asked for */
	unsigned int users;
};

struct exposition *exposition_new(const struct shared *shared)
{
	struct exposition *exposition = calloc(1, sizeof(*exposition));

	if (!exposition)
		return NULL;
	buffer_init(&exposition->openmetrics);
	exposition->users = 1;
	exposition->text = shared_copy(shared, &exposition->size, &exposition->time_ns);
	if (exposition->text)
		return exposition;
	exposition_release(exposition);
	return NULL;
}

void exposition_release(struct exposition *exposition)
{
	if (!exposition || --exposition->users)
		return;
	buffer_release(&exposition->openmetrics);
	free(exposition->text);
	free(exposition);
}

uint64_t exposition_time_ns(const struct exposition *exposition)
{
	return exposition->time_ns;
}

static void sent(const void *data, size_t size, void *exposition)
{
	(void)data;
	(void)size;
	exposition_release(exposition);
}

int exposition_append(struct exposition *exposition, bool openmetrics, struct evbuffer *out)
{
	const void *data = exposition->text;
	size_t size = exposition->size;

	if (openmetrics) {
		if (!exposition->openmetrics.size)
			openmetrics_of(&exposition->openmetrics, exposition->text, exposition->size);
		if (exposition->openmetrics.error)
			return exposition->openmetrics.error;
		data = exposition->openmetrics.data;
		size = exposition->openmetrics.size;
	}
	if (evbuffer_add_reference(out, data, size, sent, exposition))
		return -ENOMEM;
	exposition->users++;
	return 0;
}
