// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* One pass over the live sockets. */
#include "ports/picture.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "attribute/process.h"
#include "util/shortage.h"

#define NSEC_PER_SEC 1000000000ULL

static void processes_clear(struct ports_model *model)
{
	struct port_process *process, *next;

	HASH_ITER(hh, model->processes, process, next) {
		HASH_DEL(model->processes, process);
		free(process);
	}
	model->n_processes = 0;
}

void ports_picture_release(struct ports_model *model)
{
	processes_clear(model);
	free(model->sorted_processes);
}

static bool is_chosen(const struct port_namespace *namespace, uint16_t port)
{
	return namespace && port >= namespace->facts.settings.low && port <= namespace->facts.settings.high;
}

/*
 * Connections that were opened from here. Of some it is not known, and of TIME_WAIT from before the start it is a guess: then it is
 * where the port is one that connect() chooses.
 */
static bool is_from_here(const struct live_socket *socket, const struct endpoint *endpoint,
			 const struct port_namespace *namespace)
{
	bool guessed = socket->flags & LIVE_TIMEWAIT && !socket->owner && !socket->closer;

	if (socket->side == SIDE_UNKNOWN)
		return is_chosen(namespace, endpoint->local_port);
	if (guessed && !is_chosen(namespace, endpoint->local_port) && is_chosen(namespace, endpoint->remote_port))
		return false;
	return socket->side == SIDE_ACTIVE;
}

/* When the kernel ends a timewait socket. A FIN_WAIT2 in it has as long as the setting says, and 60 s more if the peer closes. */
static uint64_t free_at(const struct ports_model *model, const struct live_socket *socket, const struct port_namespace *namespace)
{
	if (socket->state == STATE_FIN_WAIT2 && namespace && namespace->facts.settings.fin_timeout_s)
		return socket->since_ns + namespace->facts.settings.fin_timeout_s * NSEC_PER_SEC;
	return socket->since_ns + model->time_wait_ns;
}


static uint64_t reusable_at(const struct ports_model *model, uint64_t id, const struct live_socket *socket,
			    const struct endpoint *endpoint, const struct port_namespace *namespace)
{
	const struct port_mark *mark = id_map_find(&model->marks, id);
	const struct time_wait_facts facts = {
		.local_addr = endpoint->local_addr,
		.remote_addr = endpoint->remote_addr,
		.since_ns = socket->since_ns,
		.in_fin_wait2 = socket->state == STATE_FIN_WAIT2,
		.device = mark ? mark->device : 0,
		.timestamps = namespace && namespace->facts.settings.timestamps && !(mark && mark->no_timestamps),
	};

	if (!namespace || !(socket->flags & LIVE_TIMEWAIT))
		return UINT64_MAX;
	return time_wait_reusable_ns(&namespace->facts.settings, &facts);
}

/* A socket's own range makes another space; it is computed for each that differs from the last. */
static const struct port_space *space_of(const struct port_namespace *namespace, const struct destination_key *key,
					 struct port_space *own)
{
	struct port_range range;

	if (!namespace)
		return NULL;
	if (!key->own_low && !key->own_high)
		return &namespace->space;
	range = port_range_of(&namespace->facts.settings, key->own_low, key->own_high);
	if (own->reserved != &namespace->facts.reserved || own->range.low != range.low || own->range.high != range.high)
		port_space_init(own, range, &namespace->facts.reserved, &namespace->facts.blocked);
	return own;
}

struct pass {
	struct ports_model *model;
	struct port_space own; /* the last that was computed */
};

static bool are_alike(const void *context, uint32_t a, uint32_t b)
{
	const struct ports_model *model = context;

	return processes_are_alike(&ports_model_process(model, a)->process, &ports_model_process(model, b)->process);
}

static int use_of_destination(struct pass *pass, struct destination *destination, uint64_t id, const struct live_socket *socket,
			      const struct live_end *end, struct port_namespace *namespace)
{
	const struct port_use use = {
		.port = end->endpoint.local_port,
		.state = socket->state,
		.small = socket->flags & LIVE_TIMEWAIT,
		.free_ns = free_at(pass->model, socket, namespace),
		.reusable_ns = reusable_at(pass->model, id, socket, &end->endpoint, namespace),
		.holder = port_holders_stand_in(&destination->holders, live_socket_charged(socket), socket->state, are_alike, pass->model),
	};

	return destination_use(destination, space_of(namespace, &destination->key, &pass->own), &use, pass->model->time_ns);
}

static int use_destination(struct pass *pass, uint64_t id, const struct live_socket *socket, const struct live_end *end,
			   struct port_namespace *namespace)
{
	struct destination_key key = ports_destination_key(pass->model, id, &end->endpoint);
	struct destination *destination = destinations_get(&pass->model->destinations, &key);

	if (!destination)
		return 0;
	rate_window_begin(&destination->window, pass->model->time_ns);
	return use_of_destination(pass, destination, id, socket, end, namespace);
}

/* A socket that is bound to no interface has its port also where sockets with the same ends are bound to one. */
static int use_bound_to_devices(struct pass *pass, uint64_t id, const struct live_socket *socket, const struct live_end *end)
{
	struct port_namespace *namespace = port_namespaces_find(&pass->model->namespaces, end->endpoint.netns);
	struct destination_key key = ports_destination_key(pass->model, id, &end->endpoint);
	struct destination *destination;
	unsigned int i;
	int err = 0;

	if (key.device || !is_from_here(socket, &end->endpoint, namespace))
		return 0;
	for (i = 0; i < pass->model->n_devices && !err; i++) {
		key.device = pass->model->devices[i];
		destination = destinations_find(&pass->model->destinations, &key);
		if (destination)
			err = use_of_destination(pass, destination, id, socket, end, namespace);
	}
	return err;
}

static void use_peer(struct ports_model *model, const struct live_socket *socket, const struct endpoint *endpoint)
{
	struct peer_key key = { .netns = endpoint->netns, .local_port = endpoint->local_port };
	struct peer *peer;

	memcpy(key.remote_addr, endpoint->remote_addr, 16);
	memcpy(key.local_addr, endpoint->local_addr, 16);
	peer = peers_get(&model->peers, &key);
	if (!peer)
		return;
	rate_window_begin(&peer->window, model->time_ns);
	peer_use(peer, endpoint->remote_port, socket->state, socket->flags & LIVE_TIMEWAIT);
}

static struct local_key local_key_of(const uint8_t addr[16], uint32_t netns)
{
	struct local_key key = { .netns = netns };

	memcpy(key.addr, addr, 16);
	return key;
}

static void use_for_binds(struct ports_model *model, const struct live_socket *socket, const struct endpoint *endpoint, bool active)
{
	struct bind_use use = { .netns = endpoint->netns, .port = endpoint->local_port, .state = socket->state, .active = active };

	if (!port_binds_ask(&model->binds, use.port))
		return;
	memcpy(use.addr, endpoint->local_addr, 16);
	use.since_ns = socket->flags & LIVE_AT_LEAST ? 0 : socket->since_ns;
	use.process = ports_model_process(model, live_socket_charged(socket))->process;
	port_binds_use(&model->binds, &use);
}

static void bound_for_binds(struct ports_model *model, const struct port_namespace *namespace, const struct bound_socket *bound)
{
	struct bind_use use = {
		.netns = namespace->facts.settings.netns,
		.port = bound->port,
		.state = bound->listens ? STATE_LISTEN : STATE_CLOSE,
		.process = bound->process,
	};

	memcpy(use.addr, bound->addr, 16);
	port_binds_use(&model->binds, &use);
}

void ports_picture_find_holder(struct ports_model *model, const struct bind_key *key)
{
	const struct port_namespace *namespace = port_namespaces_find(&model->namespaces, key->netns);
	const struct live_socket *socket;
	const struct live_end *end;
	struct live_end room;
	size_t cursor = 0, i;

	for (i = 0; namespace && i < namespace->facts.n_bound; i++)
		if (namespace->facts.bound[i].port == key->port)
			bound_for_binds(model, namespace, &namespace->facts.bound[i]);
	while ((socket = live_sockets_next(&model->books->sockets, &cursor, NULL))) {
		end = live_socket_end(&model->books->sockets, socket, &room);
		if (end && end->endpoint.local_port == key->port && end->endpoint.netns == key->netns)
			use_for_binds(model, socket, &end->endpoint, is_from_here(socket, &end->endpoint, namespace));
	}
}

static int use_socket(struct pass *pass, uint64_t id, const struct live_socket *socket, const struct live_end *end)
{
	struct ports_model *model = pass->model;
	struct port_namespace *namespace = port_namespaces_find(&model->namespaces, end->endpoint.netns);
	bool active = is_from_here(socket, &end->endpoint, namespace);
	struct local_key local = local_key_of(end->endpoint.local_addr, end->endpoint.netns);
	uint32_t holder = live_socket_charged(socket);
	int err = 0;

	use_for_binds(model, socket, &end->endpoint, active);
	if (namespace)
		err = port_namespace_use(namespace, end->endpoint.local_port, holder, socket->state, active);
	if (!err && (!namespace || port_space_half(&namespace->space, end->endpoint.local_port) >= 0))
		err = local_pools_use(&model->pools, &local, end->endpoint.local_port, socket->state, holder);
	if (err)
		return err;
	if (active)
		return use_destination(pass, id, socket, end, namespace);
	use_peer(model, socket, &end->endpoint);
	return 0;
}

typedef int use_fn(struct pass *pass, uint64_t id, const struct live_socket *socket, const struct live_end *end);

/* A socket that is doubted by a recount is still the best that is known. */
static int for_each_socket(struct pass *pass, use_fn *use)
{
	const struct live_sockets *sockets = &pass->model->books->sockets;
	const struct live_socket *socket;
	const struct live_end *end;
	struct live_end room;
	size_t cursor = 0;
	uint64_t id;
	int err = 0;

	while (!err && (socket = live_sockets_next(sockets, &cursor, &id))) {
		end = live_socket_end(sockets, socket, &room);
		if (end && end->endpoint.local_port)
			err = use(pass, id, socket, end);
	}
	return err;
}

static int use_sockets(struct ports_model *model)
{
	struct pass pass = { .model = model };
	int err = for_each_socket(&pass, use_socket);

	if (!err && model->n_devices)
		err = for_each_socket(&pass, use_bound_to_devices);
	return err;
}

/* Their processes get a number like all others. */
static uint32_t process_of(struct ports_model *model, const struct process *process)
{
	const struct told_process told = { .process = process, .cgroup_id = process->cgroup_id };

	return processes_get(&model->books->processes, &told, model->time_ns)->index;
}

/* First, so that a service's port is its own and not a connection's. */
static int use_bound(struct ports_model *model)
{
	struct port_namespace *namespace;
	const struct bound_socket *bound;
	struct local_key key;
	size_t cursor = 0;
	uint32_t process;
	uint8_t state;
	int err = 0;

	while ((namespace = port_namespaces_next(&model->namespaces, &cursor))) {
		port_namespace_clear(namespace);
		for (bound = namespace->facts.bound; bound < namespace->facts.bound + namespace->facts.n_bound && !err; bound++) {
			bound_for_binds(model, namespace, bound);
			if (port_space_half(&namespace->space, bound->port) < 0)
				continue;
			process = process_of(model, &bound->process);
			state = bound->listens ? STATE_LISTEN : STATE_CLOSE;
			key = local_key_of(bound->addr, namespace->facts.settings.netns);
			err = port_namespace_use(namespace, bound->port, process, state, false);
			err = err ?: local_pools_use(&model->pools, &key, bound->port, state, process);
		}
	}
	return err;
}

static struct port_process *process_row(struct ports_model *model, uint32_t number)
{
	struct port_process *process;

	HASH_FIND(hh, model->processes, &number, sizeof(number), process);
	if (process)
		return process;
	process = shortage_noted(calloc(1, sizeof(*process)));
	if (!process)
		return NULL;
	process->process = number;
	HASH_ADD(hh, model->processes, process, sizeof(process->process), process);
	if (process->hh.tbl) {
		model->n_processes++;
		return process;
	}
	free(process);
	return NULL;
}

static int add_holders(struct ports_model *model, const struct destination *destination)
{
	const struct port_holders *holders = &destination->holders;
	struct port_process *process;
	size_t i;

	for (i = 0; i < holders->used; i++) {
		const struct port_holder *holder = &holders->list[i];

		process = process_row(model, holder->process);
		if (!process)
			return -ENOMEM;
		process->ports += holder->count;
		process->by_state[holder->state] += holder->count;
		if (process->fullest != destination)
			process->destinations++;
		if (!process->fullest || (destination->known && destination->share > process->fullest->share))
			process->fullest = destination;
	}
	return 0;
}

static int add_victims(struct ports_model *model, const struct destination *destination)
{
	const struct port_victim *victim = destination->victims;
	struct port_process *process;

	for (; victim < destination->victims + destination->n_victims; victim++) {
		process = process_row(model, process_of(model, &victim->process));
		if (!process)
			return -ENOMEM;
		process->failures += victim->failures;
		if (!process->fullest)
			process->fullest = destination;
	}
	return 0;
}

static int most_first(const void *one, const void *other)
{
	const struct port_process *a = *(struct port_process *const *)one, *b = *(struct port_process *const *)other;

	if (a->ports != b->ports)
		return a->ports > b->ports ? -1 : 1;
	if (a->failures != b->failures)
		return a->failures > b->failures ? -1 : 1;
	return a->process < b->process ? -1 : a->process > b->process;
}

static int sort_processes(struct ports_model *model)
{
	struct port_process *process, *next, **sorted;
	size_t n = 0;

	if (model->n_processes > model->processes_capacity) {
		sorted = shortage_noted(realloc(model->sorted_processes, model->n_processes * sizeof(*sorted)));
		if (!sorted)
			return -ENOMEM;
		model->sorted_processes = sorted;
		model->processes_capacity = model->n_processes;
	}
	HASH_ITER(hh, model->processes, process, next)
		model->sorted_processes[n++] = process;
	if (n)
		qsort(model->sorted_processes, n, sizeof(*model->sorted_processes), most_first);
	return 0;
}

static void conclude(struct ports_model *model, struct destination *destination, struct port_space *own)
{
	const struct port_namespace *namespace = ports_model_namespace(model, destination);

	destination_conclude(destination, space_of(namespace, &destination->key, own),
			     namespace ? &namespace->facts.settings : NULL, model->time_ns, model->time_wait_ns);
	if (!destination->known)
		return;
	model->full += !destination->headroom.usable;
	model->beyond_cliff += !destination->headroom.cliff_usable;
}

static int conclude_all(struct ports_model *model)
{
	struct destination *destination, *next;
	struct port_namespace *namespace;
	struct port_space own = {};
	size_t cursor = 0;
	int err = 0;

	while ((namespace = port_namespaces_next(&model->namespaces, &cursor)))
		port_holders_sort(&namespace->blockers);
	model->full = model->beyond_cliff = 0;
	HASH_ITER(hh, model->destinations.by_key, destination, next) {
		conclude(model, destination, &own);
		err = err ?: add_holders(model, destination);
		err = err ?: add_victims(model, destination);
	}
	err = err ?: destinations_sort(&model->destinations);
	err = err ?: local_pools_conclude(&model->pools, &model->namespaces);
	err = err ?: peers_conclude(&model->peers, model->time_ns);
	err = err ?: port_binds_conclude(&model->binds, model->time_ns);
	return err ?: sort_processes(model);
}

int ports_model_measure(struct ports_model *model, const struct tick *tick)
{
	int err;

	model->time_ns = tick->time_ns;
	model->unix_ns = tick->unix_ns;
	model->health = *tick->health;
	model->totals = *tick->totals;
	if (model->names)
		model_complete(model->books, model->names);
	destinations_begin(&model->destinations, tick->time_ns);
	local_pools_begin(&model->pools);
	peers_begin(&model->peers, tick->time_ns);
	port_binds_begin(&model->binds, tick->time_ns);
	processes_clear(model);
	err = use_bound(model);
	err = err ?: use_sockets(model);
	return err ?: conclude_all(model);
}

int ports_model_sockets(const struct ports_model *model, const struct destination_key *key, ports_socket_fn *each, void *context)
{
	const struct live_socket *socket;
	const struct live_end *end;
	struct live_end room;
	struct destination_key found;
	size_t cursor = 0;
	uint64_t id;
	int err = 0;

	while (!err && (socket = live_sockets_next(&model->books->sockets, &cursor, &id))) {
		end = live_socket_end(&model->books->sockets, socket, &room);
		if (!end || end->endpoint.remote_port != key->remote_port || end->endpoint.netns != key->netns)
			continue;
		found = ports_destination_key(model, id, &end->endpoint);
		if (!memcmp(&found, key, sizeof(found)))
			err = each(context, socket, end,
				   socket->flags & LIVE_TIMEWAIT ?
					   free_at(model, socket, port_namespaces_find(&model->namespaces, key->netns)) :
					   0);
	}
	return err;
}

static bool selects(const struct ports_model *model, uint32_t process)
{
	return model->config.selects(model->config.context, ports_model_process(model, process));
}

static bool any_victim(const struct ports_model *model, const struct port_victim *victim, unsigned int count)
{
	for (; count--; victim++)
		if (selects(model, process_of((struct ports_model *)model, &victim->process)))
			return true;
	return false;
}

bool ports_model_shows(const struct ports_model *model, const struct destination *destination)
{
	uint32_t i;

	if (!model->config.selects)
		return true;
	for (i = 0; i < destination->holders.used; i++)
		if (selects(model, destination->holders.list[i].process))
			return true;
	return any_victim(model, destination->victims, destination->n_victims);
}

bool ports_model_shows_bind(const struct ports_model *model, const struct bind_failure *bind)
{
	return !model->config.selects || any_victim(model, bind->victims, bind->n_victims) ||
	       selects(model, process_of((struct ports_model *)model, &bind->holder.process));
}
