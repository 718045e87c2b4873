// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* What is known of ports: compared, so that only what changed is told; sets of ports as text. */
#include "event/port_facts.h"

#include <errno.h>
#include <string.h>

#include "util/text.h"

#define RANGE_TEXT 16 /* "65534-65535" */

static const char *const ways[] = { "own_range_whole", "reuse_by_second", "blocked_long", "reuse_fin_wait2" };

const char *port_way_name(unsigned int i)
{
	return i < sizeof(ways) / sizeof(ways[0]) ? ways[i] : NULL;
}

void port_set_text(struct buffer *out, const struct port_set *set)
{
	uint32_t first, last;
	bool any = false;

	for (first = 0; first <= UINT16_MAX; first = last + 1) {
		last = first;
		if (!set->words[first / 64] && !(first % 64)) {
			last = first + 63;
			continue;
		}
		if (!port_set_has(set, first))
			continue;
		while (last < UINT16_MAX && port_set_has(set, last + 1))
			last++;
		buffer_printf(out, any ? ",%u" : "%u", first);
		if (last > first)
			buffer_printf(out, "-%u", last);
		any = true;
	}
}

static int range_parse(struct port_set *set, char *item)
{
	char *dash = strchr(item, '-');
	uint16_t low, high;
	uint32_t port;

	if (dash)
		*dash = '\0';
	if (text_parse_port(item, &low) || text_parse_port(dash ? dash + 1 : item, &high) || low > high)
		return -EINVAL;
	for (port = low; port <= high; port++)
		port_set_add(set, port);
	return 0;
}

int port_set_parse(struct port_set *set, const char *text)
{
	char item[RANGE_TEXT];
	int more, err = 0;

	memset(set, 0, sizeof(*set));
	if (!text || !*text)
		return 0;
	while (!err && (more = text_list_next(&text, item, sizeof(item))))
		err = more < 0 ? -EINVAL : range_parse(set, item);
	return err;
}

static bool bound_equal(const struct bound_socket *a, const struct bound_socket *b)
{
	return a->port == b->port && a->listens == b->listens && !memcmp(a->addr, b->addr, sizeof(a->addr)) &&
	       a->process.pid == b->process.pid && a->process.start_ns == b->process.start_ns &&
	       !memcmp(a->process.comm, b->process.comm, COMM_BYTES);
}

bool port_facts_equal(const struct port_facts *a, const struct port_facts *b)
{
	size_t i;

	if (memcmp(&a->settings, &b->settings, sizeof(a->settings)) || memcmp(&a->reserved, &b->reserved, sizeof(a->reserved)) ||
	    memcmp(&a->blocked, &b->blocked, sizeof(a->blocked)) || memcmp(&a->beyond, &b->beyond, sizeof(a->beyond)) ||
	    a->n_bound != b->n_bound)
		return false;
	for (i = 0; i < a->n_bound; i++)
		if (!bound_equal(&a->bound[i], &b->bound[i]))
			return false;
	return true;
}
