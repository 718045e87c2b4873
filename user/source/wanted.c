// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "source/wanted.h"

#include "filter/event_filter.h"

/* Events of which the states say whether a view wants them. */
#define BY_STATES (1U << RECORD_TRANSITION | 1U << RECORD_SOCKET | 1U << RECORD_CONNECT_FAILED | 1U << RECORD_LOCAL_PORT)

_Static_assert(RECORD_NAMESPACE == 12, "a new type of events is one of BY_STATES, or a view asks for it here, and all have it");

struct run_needs wanted_all(void)
{
	return (struct run_needs){
		.emit_states = ~0U,
		.track_all = true,
		.local_ports = true,
		.holder_states = ~0U,
		.port_search = true,
		.accepts = true,
		.ports = true,
		.bind_failures = BIND_FAILURES_ALWAYS,
		.present = true,
		.listeners = true,
		.namespaces = true,
		.namespace_settings = true,
	};
}

struct wanted wanted_by(const struct run_needs *needs)
{
	return (struct wanted){
		.types = (needs->holder_states || needs->present || needs->listeners ? 1U << RECORD_HOLDER : 0) | (needs->ports ? 1U << RECORD_PORTS : 0) |
			 (needs->bind_failures ? 1U << RECORD_BIND_FAILED : 0) | (needs->accepts ? 1U << RECORD_ACCEPTED : 0) |
			 (needs->present ? 1U << RECORD_PRESENT : 0) | (needs->present || needs->listeners ? 1U << RECORD_LISTENER : 0) |
			 (needs->namespaces ? 1U << RECORD_NAMESPACE : 0) | (needs->emit_states == ~0U ? BY_STATES : 0),
		.states = needs->emit_states,
	};
}

bool wanted_has(const struct wanted *wanted, const struct event *event)
{
	uint32_t type = 1U << event->record.type;

	return wanted->types & type || (BY_STATES & type && event_has_state(event, wanted->states));
}
