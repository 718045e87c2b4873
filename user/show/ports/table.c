// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* The tables of `ports`: a row a destination, process, local address or peer. */
#include "show/ports/table.h"

#include <math.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "event/summary.h"
#include "show/ports/binds.h"
#include "show/ports/names.h"
#include "util/address.h"
#include "util/number.h"
#include "util/text.h"

#define NSEC_PER_SEC 1000000000ULL
#define HEALTH_TEXT 1024
#define DETAILED_ROWS 3
#define CELL 16

static void put_time(struct buffer *out, uint64_t unix_ns)
{
	time_t second = unix_ns / NSEC_PER_SEC;
	struct tm local;

	localtime_r(&second, &local);
	buffer_printf(out, "%02d:%02d:%02d", local.tm_hour, local.tm_min, local.tm_sec);
}

/* Where settings were not told, as in a recording without --ports, "0 without a free port" would be a guess. */
static void put_limits_reached(struct buffer *out, const struct ports_model *model)
{
	size_t n = model->destinations.n_sorted, unknown = 0, failed = 0, i;

	for (i = 0; i < n; i++) {
		unknown += !model->destinations.sorted[i]->known;
		failed += !model->destinations.sorted[i]->known && model->destinations.sorted[i]->counts.failures;
	}
	if (unknown < n || !n)
		buffer_printf(out, ", %u without a free port, %u with long searches for one", model->full, model->beyond_cliff - model->full);
	if (unknown && unknown < n)
		buffer_printf(out, ", %zu whose limit is not known", unknown);
	else if (unknown)
		buffer_append_string(out, ", limits not known");
	if (failed)
		buffer_printf(out, ", %zu to which connect() found no port", failed);
}

void ports_title_text(struct buffer *out, const struct ports_model *model)
{
	size_t n = model->destinations.n_sorted;

	put_time(out, model->unix_ns);
	buffer_printf(out, "  %s%zu %s", model->polled ? "polled, " : "", n, n == 1 ? "destination" : "destinations");
	put_limits_reached(out, model);
	if (model->unknown_until_ns <= model->time_ns)
		return;
	buffer_append_string(out, "; makers of TIME_WAIT are known from ");
	put_time(out, model->unix_ns + (model->unknown_until_ns - model->time_ns));
	buffer_append_string(out, " on");
}

void ports_failures_text(struct buffer *out, const struct ports_model *model)
{
	char count[TEXT_NUMBER], rate[CELL];

	text_count(count, model->failures);
	ports_rate_text(rate, model->intervals ? model->failure_rate : NAN);
	if (model->polled) {
		buffer_append_string(out, "OF and FREE are at most so many: sockets that are only bound are not seen, nor who fails");
		return;
	}
	buffer_printf(out, "connect() found no port: %s, %s/s", count, rate);
	if (model->busy) {
		text_count(count, model->busy);
		buffer_printf(out, "; the port that the program chose was busy: %s", count);
	}
	if (model->sees_binds) {
		text_count(count, model->binds.failures);
		buffer_printf(out, "; bind() found its address in use: %s", count);
	}
}

static const char *const heads[PORTS_BY_COUNT] = {
	[PORTS_BY_DESTINATION] =
		" USED     OF   FREE   %     TW   OPEN BLOCKED     /s  MAX/s   SLOW   FULL SEARCH  FAIL/s DESTINATION",
	[PORTS_BY_PROCESS] = "PORTS     TW   OPEN  DESTS   FAILS   % PROCESS, and its fullest destination",
	[PORTS_BY_LOCAL] = " USED     OF   FREE   %     TW   OPEN BOUND LOCAL ADDRESS: what bind(address, 0) chooses from",
	[PORTS_BY_BIND] = ports_bind_head,
	[PORTS_BY_PEER] = "PORTS     TW   OPEN     /s PEER'S PORTS  PEER, and the service here that it connects to",
};

void ports_head_text(struct buffer *out, const struct ports_model *model)
{
	buffer_append_string(out, heads[model->by]);
}

size_t ports_row_count(const struct ports_model *model)
{
	const size_t counts[PORTS_BY_COUNT] = {
		[PORTS_BY_DESTINATION] = model->destinations.n_sorted,
		[PORTS_BY_PROCESS] = model->n_processes,
		[PORTS_BY_LOCAL] = model->pools.n_sorted,
		[PORTS_BY_PEER] = model->peers.n_sorted,
		[PORTS_BY_BIND] = model->binds.n_sorted,
	};

	return counts[model->by];
}

static bool process_is_selected(const struct ports_model *model, uint32_t process)
{
	return !model->config.selects || model->config.selects(model->config.context, ports_model_process(model, process));
}

bool ports_row_is_shown(const struct ports_model *model, size_t row)
{
	if (model->by == PORTS_BY_DESTINATION)
		return ports_model_shows(model, model->destinations.sorted[row]);
	if (model->by == PORTS_BY_PROCESS)
		return process_is_selected(model, model->sorted_processes[row]->process);
	if (model->by == PORTS_BY_BIND)
		return ports_model_shows_bind(model, model->binds.sorted[row]);
	return true;
}

/* A number of ports, or "-" where it is not known. */
static void put_ports(struct buffer *out, unsigned int width, bool known, uint32_t ports)
{
	char text[TEXT_NUMBER] = "-";

	if (known)
		text_count(text, ports);
	buffer_printf(out, "%*s ", width, text);
}

/* Full is only what is full. */
static unsigned int percent(double share)
{
	unsigned int rounded = number_u32(share * 100 + 0.5);

	return share < 1 && rounded > 99 ? 99 : rounded;
}

static void put_share(struct buffer *out, bool known, double share)
{
	if (known)
		buffer_printf(out, "%3u ", percent(share));
	else
		buffer_append_string(out, "  - ");
}

static void put_cell(struct buffer *out, unsigned int width, const char *text)
{
	buffer_printf(out, "%*s ", width, text);
}

static void put_rate(struct buffer *out, unsigned int width, bool known, double rate)
{
	char text[CELL];

	ports_rate_text(text, known ? rate : NAN);
	put_cell(out, width, text);
}

static void put_when(struct buffer *out, unsigned int width, bool known, double in_s)
{
	char text[CELL];

	ports_when_text(text, known ? in_s : INFINITY);
	put_cell(out, width, text);
}

static void put_search(struct buffer *out, unsigned int width, const struct histogram *search)
{
	char text[TEXT_NUMBER] = "-";

	if (search->count)
		text_duration(text, histogram_percentile(search, 50));
	put_cell(out, width, text);
}

static void destination_row(struct buffer *out, const struct ports_model *model, size_t row)
{
	const struct destination *destination = model->destinations.sorted[row];
	const struct headroom *left = &destination->headroom;
	bool known = destination->known;

	put_ports(out, 5, true, known ? left->used - left->reusable : destination->sockets);
	put_ports(out, 6, known, left->capacity);
	put_ports(out, 6, known, left->usable);
	put_share(out, known, destination->share);
	put_ports(out, 6, true, destination->small);
	put_ports(out, 6, true, destination->sockets - destination->small);
	put_ports(out, 7, known, left->blocked);
	put_rate(out, 6, true, destination->rates.opened);
	put_rate(out, 6, known, destination->sustainable);
	put_when(out, 6, known, destination->cliff_in_s);
	put_when(out, 6, known, destination->wall_in_s);
	put_search(out, 6, &destination->search);
	put_rate(out, 7, true, destination->rates.failures);
	ports_destination_name(out, &destination->key);
}

static void process_row(struct buffer *out, const struct ports_model *model, size_t row)
{
	const struct port_process *process = model->sorted_processes[row];
	uint32_t small = process->by_state[STATE_TIME_WAIT];

	put_ports(out, 5, true, process->ports);
	put_ports(out, 6, true, small);
	put_ports(out, 6, true, process->ports - small);
	put_ports(out, 6, true, process->destinations);
	put_ports(out, 7, true, process->failures);
	put_share(out, process->fullest && process->fullest->known, process->fullest ? process->fullest->share : 0);
	ports_process_name(out, ports_model_process(model, process->process));
	if (!process->fullest)
		return;
	buffer_append_string(out, ", ");
	ports_destination_name(out, &process->fullest->key);
}

static void local_row(struct buffer *out, const struct ports_model *model, size_t row)
{
	const struct local_pool *local = model->pools.sorted[row];
	const struct bind_pool *pool = &local->pool;
	uint32_t small = local->by_state[STATE_TIME_WAIT], bound = local->by_state[STATE_CLOSE] + local->by_state[STATE_LISTEN];
	char addr[ADDRESS_TEXT];

	address_format_mapped(addr, local->key.addr);
	put_ports(out, 5, local->known, pool->used);
	put_ports(out, 6, local->known, pool->capacity);
	put_ports(out, 6, local->known, pool->usable);
	put_share(out, local->known, pool->capacity ? (double)pool->used / pool->capacity : 1);
	put_ports(out, 6, true, small);
	put_ports(out, 6, true, local->sockets - small - bound);
	put_ports(out, 5, true, bound);
	buffer_append_string(out, addr);
}

static void peer_row(struct buffer *out, const struct ports_model *model, size_t row)
{
	const struct peer *peer = model->peers.sorted[row];
	struct address service = address_from_mapped(peer->key.local_addr);
	char remote[ADDRESS_TEXT], text[ADDRESS_PORT_TEXT];

	address_format_mapped(remote, peer->key.remote_addr);
	address_port_format(text, &service, peer->key.local_port);
	put_ports(out, 5, true, peer->sockets);
	put_ports(out, 6, true, peer->small);
	put_ports(out, 6, true, peer->sockets - peer->small);
	put_rate(out, 6, true, peer->rate);
	buffer_printf(out, "%5u-%-6u  %s to %s", peer->lowest_port, peer->highest_port, remote, text);
}

static void bind_row(struct buffer *out, const struct ports_model *model, size_t row)
{
	ports_bind_row(out, model, model->binds.sorted[row]);
}

void ports_row_text(struct buffer *out, const struct ports_model *model, size_t row)
{
	static void (*const rows[PORTS_BY_COUNT])(struct buffer *out, const struct ports_model *model, size_t row) = {
		[PORTS_BY_DESTINATION] = destination_row,
		[PORTS_BY_PROCESS] = process_row,
		[PORTS_BY_LOCAL] = local_row,
		[PORTS_BY_PEER] = peer_row,
		[PORTS_BY_BIND] = bind_row,
	};

	rows[model->by](out, model, row);
}

/* The destinations that something is wrong with, below the table. */
static void details(struct buffer *out, const struct ports_model *model)
{
	const struct destination *destination;
	size_t i, shown = 0;

	for (i = 0; i < model->destinations.n_sorted && shown < DETAILED_ROWS; i++) {
		destination = model->destinations.sorted[i];
		if (!destination_needs_remedy(destination) || !ports_model_shows(model, destination))
			continue;
		buffer_append_char(out, '\n');
		ports_details_text(out, model, destination);
		shown++;
	}
}

/* Those that fail: the latest first. */
static void bind_details(struct buffer *out, const struct ports_model *model)
{
	size_t i;

	for (i = 0; i < model->binds.n_sorted && i < DETAILED_ROWS; i++) {
		if (!ports_model_shows_bind(model, model->binds.sorted[i]))
			continue;
		buffer_append_char(out, '\n');
		ports_bind_details(out, model, model->binds.sorted[i]);
	}
}

void ports_table_text(struct buffer *out, const struct ports_model *model, size_t rows)
{
	size_t i, count = ports_row_count(model), shown = 0, hidden = 0;
	char health[HEALTH_TEXT];

	ports_title_text(out, model);
	buffer_append_char(out, '\n');
	ports_failures_text(out, model);
	buffer_append_char(out, '\n');
	if (health_text(health, sizeof(health), &model->health))
		buffer_printf(out, "%s\n", health);
	ports_head_text(out, model);
	buffer_append_char(out, '\n');
	for (i = 0; i < count; i++) {
		if (!ports_row_is_shown(model, i))
			continue;
		if (shown == rows) {
			hidden++;
			continue;
		}
		ports_row_text(out, model, i);
		buffer_append_char(out, '\n');
		shown++;
	}
	if (hidden)
		buffer_printf(out, "... and %zu more rows (-r shows more)\n", hidden);
	if (model->by == PORTS_BY_PEER && shown)
		buffer_append_string(out, "TIME_WAIT here does not refuse a new connection from the same port: it is no limit to "
					  "the peer.\n");
	if (model->by == PORTS_BY_DESTINATION)
		details(out, model);
	if (model->by == PORTS_BY_DESTINATION || model->by == PORTS_BY_BIND)
		bind_details(out, model);
	buffer_append_char(out, '\n');
}
