// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* One pass over all sockets for each text that is typed and each interval. */
#include "show/top/match.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "util/tcp_state.h"
#include "util/text.h"

struct wanted {
	const char *text;
	uint16_t port; /* 0: any part of the text */
};

void top_match_release(struct top_match *match)
{
	free(match->groups);
	memset(match, 0, sizeof(*match));
}

static bool is_of_ends(const char *filter)
{
	return filter[0] && strlen(filter) < ADDRESS_PORT_TEXT && filter[strspn(filter, "0123456789abcdefABCDEF.:[]")] == '\0' &&
	       strpbrk(filter, "0123456789:");
}

static bool matches(const struct wanted *wanted, const struct endpoint *endpoint)
{
	char text[ADDRESS_PORT_TEXT];
	struct address address;

	if (wanted->port)
		return endpoint->local_port == wanted->port || endpoint->remote_port == wanted->port;
	address = address_from_mapped(endpoint->remote_addr);
	address_port_format(text, &address, endpoint->remote_port);
	return strcasestr(text, wanted->text);
}

static void note(struct top_match *match, const struct group *group, const struct wanted *wanted, const struct endpoint *endpoint)
{
	if (group && group->index < match->n_groups && !match->groups[group->index])
		match->groups[group->index] = matches(wanted, endpoint);
}

static void look(struct top_match *match, struct model *model, const struct wanted *wanted)
{
	bool told = model_present_told(model);
	struct present_socket present;
	const struct listening_socket *listener;
	const struct live_socket *live;
	const struct live_end *end;
	struct live_end room;
	size_t cursor = 0;

	while (model_present_next(model, &cursor, &present))
		note(match, model_present_group(model, &present, match->by), wanted, &present.base.endpoint);
	cursor = 0;
	while (wanted->port && (listener = model_listener_next(model, &cursor, NULL)))
		note(match, model_listener_group(model, listener, match->by), wanted, &listener->base.endpoint);
	cursor = 0;
	while ((live = live_sockets_next(&model->sockets, &cursor, NULL))) {
		end = live_socket_end(&model->sockets, live, &room);
		if (end && live->flags & LIVE_COUNTED && !(told && live->state != STATE_TIME_WAIT))
			note(match, model_group_of(model, (struct live_socket *)live, match->by), wanted, &end->endpoint);
	}
}

static int reserve(struct top_match *match, size_t groups)
{
	bool *grown;

	if (groups > match->capacity) {
		grown = realloc(match->groups, groups * 2);
		if (!grown)
			return -ENOMEM;
		match->groups = grown;
		match->capacity = groups * 2;
	}
	match->n_groups = groups;
	if (groups)
		memset(match->groups, 0, groups);
	return 0;
}

/* One more than the largest index of a group. */
static size_t indexes(struct model *model, unsigned int by)
{
	struct groups *groups = model_groups(model, by);
	const struct group *group;
	size_t most = 0;

	for (group = groups ? groups->table : NULL; group; group = group->hh.next)
		most = group->index > most ? group->index : most;
	return most + 1;
}

int top_match_make(struct top_match *match, struct model *model, unsigned int by, const char *filter, uint64_t time_ns)
{
	struct wanted wanted = { filter };
	int err;

	if (match->n_groups && match->by == by && match->time_ns == time_ns && !strcmp(match->filter, filter))
		return 0;
	match->n_groups = 0;
	if (!is_of_ends(filter))
		return 0;
	err = reserve(match, indexes(model, by));
	if (err)
		return err;
	snprintf(match->filter, sizeof(match->filter), "%s", filter);
	match->by = by;
	match->time_ns = time_ns;
	text_parse_port(filter + (filter[0] == ':'), &wanted.port);
	look(match, model, &wanted);
	return 0;
}

static bool has(const struct top_match *match, const struct group *group)
{
	return group->index && group->index < match->n_groups && match->groups[group->index];
}

static bool network_has(const struct top_match *match, struct model *model, const struct group_name *network)
{
	struct groups *groups = model_groups(model, match->by);
	const struct group *group;
	struct group_name name;

	for (group = groups ? groups->table : NULL; group; group = group->hh.next)
		if (has(match, group) && ranking_network_of(&name, &group->name) && !memcmp(&name, network, sizeof(name)))
			return true;
	return false;
}

bool top_match_has(const struct top_match *match, struct model *model, const struct ranking_row *row)
{
	if (!match->n_groups)
		return false;
	return row->folded ? network_has(match, model, &row->group->name) : has(match, row->group);
}
