/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * The ports of this machine as one model: the books of sockets, and what each destination, local address, peer and process
 * makes of them. Events come in, pictures come out. Pure: the clock is an argument.
 */
#ifndef TCPDWELL_PORTS_MODEL_H
#define TCPDWELL_PORTS_MODEL_H

#include "account/model.h"
#include "ports/binds.h"
#include "ports/destinations.h"
#include "ports/namespaces.h"
#include "ports/peers.h"
#include "ports/pools.h"

/* What is special about a connection. */
struct port_mark {
	uint32_t own_range; /* IP_LOCAL_PORT_RANGE, last << 16 | first; 0 = none */
	uint32_t device; /* as in struct destination_key */
	bool no_timestamps; /* its peer sends none: TIME_WAIT is not reused */
};

#define PORTS_DEVICES_MAX 64

/* What rows are of. */
enum ports_by { PORTS_BY_DESTINATION, PORTS_BY_PROCESS, PORTS_BY_LOCAL, PORTS_BY_PEER, PORTS_BY_BIND, PORTS_BY_COUNT };

struct ports_model_config {
	enum ports_by by;
	uint32_t states; /* bit (1 << state): to be in the books beside those that have a port */
	const struct model_config *groups; /* the books' groupings and max_groups, and who is told of them; NULL: none */
	uint32_t max_rows; /* kept apart; 0 = default */
	uint32_t max_sockets; /* 0 = default */
	uint64_t interval_ns; /* 0 = a second */
	/* Rows of this process alone; NULL: of all. `context` is passed on. */
	bool (*selects)(const void *context, const struct known_process *process);
	const void *context;
};

/* The ports of one process, of all destinations together. */
struct port_process {
	uint32_t process; /* of the books */
	UT_hash_handle hh;
	uint32_t ports, by_state[STATE_COUNT];
	uint32_t destinations;
	uint64_t failures; /* since the start, of processes that still hold something or failed lately */
	const struct destination *fullest;
};

struct ports_model {
	struct ports_model_config config;
	enum ports_by by;
	struct model *books;
	struct destinations destinations;
	struct port_namespaces namespaces;
	struct local_pools pools;
	struct peers peers;
	struct port_binds binds;
	struct port_process *processes; /* by number */
	struct port_process **sorted_processes;
	size_t n_processes, processes_capacity;
	struct id_map marks; /* struct port_mark, by the connection's id; most have nothing */
	uint32_t devices[PORTS_DEVICES_MAX]; /* that sockets were seen to be bound to, in any namespace */
	unsigned int n_devices;
	struct pod_names *names;

	uint64_t time_wait_ns; /* how long it lasts here */
	uint64_t ended, ended_sum_ns; /* TIME_WAIT that ran out by itself: how many, how long they lasted altogether */
	uint64_t unknown_until_ns; /* monotonic: until then there is TIME_WAIT from before the start, of unknown making; 0: none */

	bool polled;
	bool sees_binds; /* bind() that fails is told of: else that there are no failures means nothing */
	uint64_t begin_ns, begin_unix_ns, interval_begin_ns, next_ns;
	uint64_t holes_ns; /* in holes, up to the begin of the interval */
	uint64_t intervals;
	uint64_t last_event_ns;
	double seconds; /* of the interval that ended last */
	uint64_t failures, failures_before, busy; /* connect(): no port; the port that it was bound to was busy */
	double failure_rate;
	/* Of the picture: */
	uint64_t time_ns, unix_ns;
	struct health health;
	struct totals totals;
	uint32_t beyond_cliff, full; /* destinations */
	int err; /* no memory */
};

/* 0 or -ENOMEM; release also after a failure. */
int ports_model_init(struct ports_model *model, const struct ports_model_config *config);
void ports_model_release(struct ports_model *model);

void ports_model_begin(struct ports_model *model, const struct run *run);

/* 0 or -ENOMEM. */
int ports_model_event(struct ports_model *model, const struct event *event);
void ports_model_recount(struct ports_model *model, bool begins);

bool ports_model_is_due(const struct ports_model *model, const struct tick *tick);
void ports_model_end_interval(struct ports_model *model, const struct tick *tick);

/* Makes the picture as of `tick`. 0 or -ENOMEM. */
int ports_model_measure(struct ports_model *model, const struct tick *tick);

unsigned int ports_model_wait_ms(const struct ports_model *model, const struct tick *tick);

/* The destination's namespace; NULL: nothing is known of it. */
struct port_namespace *ports_model_namespace(const struct ports_model *model, const struct destination *destination);

/* A process by its number. Of a picture that is kept for long it may be given up: then it is nobody. */
static inline const struct known_process *ports_model_process(const struct ports_model *model, uint32_t process)
{
	return processes_at(&model->books->processes, process) ?: processes_at(&model->books->processes, 0);
}

/* Is the row one of those that are asked for? */
bool ports_model_shows(const struct ports_model *model, const struct destination *destination);

bool ports_model_shows_bind(const struct ports_model *model, const struct bind_failure *bind);

/*
 * Calls `each` for every socket of a destination, in no order. What it returns but 0 ends it.
 */
typedef int ports_socket_fn(void *context, const struct live_socket *socket, const struct live_end *end, uint64_t free_ns);
int ports_model_sockets(const struct ports_model *model, const struct destination_key *key, ports_socket_fn *each, void *context);

#endif
