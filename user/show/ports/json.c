// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* The picture of `ports` as JSON lines. Names of fields are a promise to users. */
#include <math.h>
#include <string.h>

#include "event/summary.h"
#include "show/ports/binds.h"
#include "show/ports/names.h"
#include "show/ports/table.h"
#include "util/address.h"
#include "util/number.h"

static void number_or_null(struct json *json, const char *key, bool known, uint64_t number)
{
	if (known)
		json_u64(json, key, number);
	else
		json_null(json, key);
}

static void real_or_null(struct json *json, const char *key, bool known, double value)
{
	if (known && isfinite(value))
		json_f64(json, key, value, 3);
	else
		json_null(json, key);
}

static void addr_json(struct json *json, const char *key, const uint8_t addr[16])
{
	char text[ADDRESS_TEXT];

	address_format_mapped(text, addr);
	json_string(json, key, text);
}

static void process_json(struct json *json, const struct process *process)
{
	if (!process->start_ns) {
		json_null(json, "pid");
		json_null(json, "comm");
		return;
	}
	number_or_null(json, "pid", process->pid, process->pid);
	json_string_sized(json, "comm", process->comm, strnlen(process->comm, COMM_BYTES));
}

static void known_process_json(struct json *json, const struct known_process *process)
{
	const struct container *container = &process->cgroup->container;

	process_json(json, &process->process);
	json_string(json, "cgroup", process->cgroup->path);
	json_string(json, "container_id", container->id[0] ? container->id : NULL);
	json_string(json, "pod", container->pod);
	json_string(json, "namespace", container->namespace);
	json_string(json, "container", container->name);
	json_string(json, "unit", container->unit[0] ? container->unit : NULL);
}

static void holders_json(struct json *json, const struct ports_model *model, const char *key, const struct port_holders *holders)
{
	uint32_t i;

	json_array_begin(json, key);
	for (i = 0; i < holders->used; i++) {
		json_element_object_begin(json);
		known_process_json(json, ports_model_process(model, holders->list[i].process));
		json_string(json, "state", tcp_state_name(holders->list[i].state));
		json_u64(json, "count", holders->list[i].count);
		if (holders->list[i].more)
			json_bool(json, "and_others", true);
		json_object_end(json);
	}
	json_array_end(json);
}

static void states_json(struct json *json, const uint32_t by_state[STATE_COUNT])
{
	unsigned int state;

	json_object_begin(json, "states");
	for (state = 1; state < STATE_COUNT; state++)
		if (by_state[state])
			json_u64(json, tcp_state_name(state), by_state[state]);
	json_object_end(json);
}

static void begin(struct json *json, const struct ports_model *model, const char *type, uint32_t netns)
{
	json_object_begin(json, NULL);
	json_string(json, "type", type);
	json_time(json, "time", model->unix_ns);
	json_u64(json, "netns", netns);
}

static void end(struct json *json)
{
	json_object_end(json);
	json_end_line(json);
}

static void namespace_json(struct json *json, const struct ports_model *model, const struct port_namespace *namespace)
{
	const struct port_settings *settings = &namespace->facts.settings;
	const struct port_tally nobody = {};
	struct headroom left;

	headroom_of(&left, &namespace->space, &nobody);
	begin(json, model, "namespace", settings->netns);
	json_array_begin(json, "ip_local_port_range");
	json_element_u64(json, settings->low);
	json_element_u64(json, settings->high);
	json_array_end(json);
	json_u64(json, "reserved", left.reserved);
	json_u64(json, "blocked", left.blocked);
	json_u64(json, "tcp_tw_reuse", settings->tw_reuse);
	json_u64(json, "tcp_tw_reuse_delay_ms", settings->tw_reuse_delay_ms);
	json_bool(json, "tcp_timestamps", settings->timestamps);
	json_u64(json, "tcp_fin_timeout_s", settings->fin_timeout_s);
	json_u64(json, "ip_local_port_step_width", settings->step_width);
	holders_json(json, model, "blocked_by", &namespace->blockers);
	end(json);
}

static void limits_json(struct json *json, const struct destination *destination)
{
	const struct headroom *left = &destination->headroom;
	bool known = destination->known;

	number_or_null(json, "capacity", known, left->capacity);
	json_u64(json, "used", known ? left->used : destination->sockets);
	number_or_null(json, "usable", known, left->usable);
	number_or_null(json, "blocked", known, left->blocked);
	number_or_null(json, "reserved", known, left->reserved);
	number_or_null(json, "reusable", known, left->reusable);
	real_or_null(json, "share", known, destination->share);
	number_or_null(json, "cliff_capacity", known, left->cliff_capacity);
	number_or_null(json, "cliff_usable", known, left->cliff_usable);
	if (known)
		json_bool(json, "odd", left->odd);
	else
		json_null(json, "odd");
	number_or_null(json, "used_outside", known, destination->tally.outside);
}

static void rates_json(struct json *json, const struct destination *destination)
{
	bool known = destination->known;

	json_f64(json, "rate", destination->rates.opened, 3);
	real_or_null(json, "sustainable_rate", known, destination->sustainable);
	real_or_null(json, "cliff_sustainable_rate", known, destination->cliff_sustainable);
	real_or_null(json, "mean_life_s", destination->rates.opened > 0, destination->life_s);
	real_or_null(json, "cliff_in_s", known, destination->cliff_in_s);
	real_or_null(json, "wall_in_s", known, destination->wall_in_s);
}

static void free_json(struct json *json, const struct ports_model *model, const char *key, uint64_t free_ns)
{
	real_or_null(json, key, free_ns, free_ns > model->time_ns ? (free_ns - model->time_ns) / 1e9 : 0);
}

static void percentiles_json(struct json *json, const struct destination *destination)
{
	const struct histogram *search = &destination->search, *handshake = &destination->handshake;

	json_u64(json, "searches", search->count);
	number_or_null(json, "search_p50_ns", search->count, histogram_percentile(search, 50));
	number_or_null(json, "search_p99_ns", search->count, histogram_percentile(search, 99));
	number_or_null(json, "handshake_p50_ns", handshake->count, histogram_percentile(handshake, 50));
	number_or_null(json, "handshake_p99_ns", handshake->count, histogram_percentile(handshake, 99));
}

static void victims_json(struct json *json, const struct port_victim *victim, unsigned int count)
{
	const struct port_victim *end = victim + count;

	json_array_begin(json, "victims");
	for (; victim < end; victim++) {
		json_element_object_begin(json);
		process_json(json, &victim->process);
		json_u64(json, "failures", victim->failures);
		if (victim->more)
			json_bool(json, "and_others", true);
		json_object_end(json);
	}
	json_array_end(json);
}

static void remedies_json(struct json *json, const struct destination *destination, const struct port_namespace *namespace)
{
	struct remedy remedies[REMEDY_KINDS];
	size_t i, n = 0;

	if (destination->known && destination_needs_remedy(destination))
		n = remedies_of(remedies, destination, namespace);
	json_array_begin(json, "remedies");
	for (i = 0; i < n; i++) {
		json_element_object_begin(json);
		json_string(json, "change", ports_remedy_name(remedies[i].kind));
		number_or_null(json, "ports", remedies[i].ports || remedies[i].kind != REMEDY_POOL, remedies[i].ports);
		real_or_null(json, "sustainable_rate", true, remedies[i].sustainable);
		real_or_null(json, "cliff_sustainable_rate", true, remedies[i].cliff_sustainable);
		json_object_end(json);
	}
	json_array_end(json);
}

static void destination_json(struct json *json, const struct ports_model *model, const struct destination *destination)
{
	const struct port_namespace *namespace = ports_model_namespace(model, destination);

	begin(json, model, "destination", destination->key.netns);
	addr_json(json, "local_addr", destination->key.local_addr);
	addr_json(json, "remote_addr", destination->key.remote_addr);
	json_u64(json, "remote_port", destination->key.remote_port);
	if (destination->key.device)
		json_u64(json, "ifindex", destination->key.device);
	if (destination->key.own_low || destination->key.own_high) {
		json_array_begin(json, "ip_local_port_range");
		json_element_u64(json, destination->key.own_low);
		json_element_u64(json, destination->key.own_high);
		json_array_end(json);
	}
	limits_json(json, destination);
	json_u64(json, "time_wait", destination->small);
	json_u64(json, "open", destination->sockets - destination->small);
	states_json(json, destination->by_state);
	rates_json(json, destination);
	free_json(json, model, "first_free_in_s", destination->first_free_ns);
	free_json(json, model, "all_free_in_s", destination->all_free_ns);
	percentiles_json(json, destination);
	json_u64(json, "failures", destination->counts.failures);
	json_f64(json, "failure_rate", destination->rates.failures, 3);
	victims_json(json, destination->victims, destination->n_victims);
	holders_json(json, model, "held_by", &destination->holders);
	remedies_json(json, destination, namespace);
	end(json);
}

static void pool_json(struct json *json, const struct ports_model *model, const struct local_pool *local)
{
	begin(json, model, "pool", local->key.netns);
	addr_json(json, "local_addr", local->key.addr);
	number_or_null(json, "capacity", local->known, local->pool.capacity);
	number_or_null(json, "used", local->known, local->pool.used);
	number_or_null(json, "usable", local->known, local->pool.usable);
	states_json(json, local->by_state);
	holders_json(json, model, "held_by", &local->holders);
	end(json);
}

static void peer_json(struct json *json, const struct ports_model *model, const struct peer *peer)
{
	begin(json, model, "peer", peer->key.netns);
	addr_json(json, "remote_addr", peer->key.remote_addr);
	addr_json(json, "local_addr", peer->key.local_addr);
	json_u64(json, "local_port", peer->key.local_port);
	json_u64(json, "ports", peer->sockets);
	json_u64(json, "time_wait", peer->small);
	json_u64(json, "open", peer->sockets - peer->small);
	states_json(json, peer->by_state);
	json_u64(json, "lowest_port", peer->lowest_port);
	json_u64(json, "highest_port", peer->highest_port);
	json_f64(json, "rate", peer->rate, 3);
	end(json);
}

/* Port 0: the pool of the address is used up, and says who uses it. */
static void bind_json(struct json *json, const struct ports_model *model, const struct bind_failure *bind)
{
	const struct bind_use *holder = &bind->holder;
	const struct told_process told = { .process = &holder->process, .cgroup_id = holder->process.cgroup_id };

	begin(json, model, "bind", bind->key.netns);
	addr_json(json, "local_addr", bind->key.addr);
	json_u64(json, "local_port", bind->key.port);
	json_string(json, "error", "EADDRINUSE");
	json_u64(json, "failures", bind->failures);
	json_f64(json, "failure_rate", bind->rate, 3);
	victims_json(json, bind->victims, bind->n_victims);
	json_string(json, "reason", ports_bind_reason_name(ports_bind_reason(bind)));
	json_array_begin(json, "held_by");
	if (bind->found) {
		json_element_object_begin(json);
		known_process_json(json, processes_get(&model->books->processes, &told, model->time_ns));
		json_string(json, "state", holder->state == STATE_CLOSE ? "BOUND" : tcp_state_name(holder->state));
		json_u64(json, "count", bind->sockets);
		real_or_null(json, "since_s", holder->since_ns && bind->sockets, elapsed_ns(model->time_ns, holder->since_ns) / 1e9);
		json_object_end(json);
	}
	json_array_end(json);
	end(json);
}

static void process_row_json(struct json *json, const struct ports_model *model, const struct port_process *process)
{
	json_object_begin(json, NULL);
	json_string(json, "type", "process");
	json_time(json, "time", model->unix_ns);
	known_process_json(json, ports_model_process(model, process->process));
	json_u64(json, "ports", process->ports);
	states_json(json, process->by_state);
	json_u64(json, "destinations", process->destinations);
	json_u64(json, "failures", process->failures);
	end(json);
}

static size_t least(size_t a, size_t b)
{
	return a < b ? a : b;
}

static void destinations_json(struct json *json, const struct ports_model *model, size_t rows)
{
	const struct destinations *all = &model->destinations;
	size_t i, shown = 0;

	for (i = 0; i < all->n_sorted && shown < rows; i++) {
		if (!ports_model_shows(model, all->sorted[i]))
			continue;
		destination_json(json, model, all->sorted[i]);
		shown++;
	}
}

/* All of them, whatever rows are grouped by: a program takes what it wants. --by process has rows of its own. */
void ports_picture_json(struct json *json, const struct ports_model *model, size_t rows)
{
	const struct port_namespace *namespace;
	size_t i, shown = 0, cursor = 0;

	while ((namespace = port_namespaces_next(&model->namespaces, &cursor)))
		namespace_json(json, model, namespace);
	destinations_json(json, model, rows);
	for (i = 0; i < least(model->pools.n_sorted, rows); i++)
		pool_json(json, model, model->pools.sorted[i]);
	for (i = 0; i < least(model->peers.n_sorted, rows); i++)
		peer_json(json, model, model->peers.sorted[i]);
	for (i = 0; i < least(model->binds.n_sorted, rows); i++)
		if (ports_model_shows_bind(model, model->binds.sorted[i]))
			bind_json(json, model, model->binds.sorted[i]);
	for (i = 0; model->by == PORTS_BY_PROCESS && i < ports_row_count(model) && shown < rows; i++) {
		if (!ports_row_is_shown(model, i))
			continue;
		process_row_json(json, model, model->sorted_processes[i]);
		shown++;
	}
}
