// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* Words and numbers of `ports`. */
#include "show/ports/names.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "util/address.h"
#include "util/number.h"
#include "util/text.h"

#define NSEC_PER_SEC 1e9
#define NAME_COLUMNS 48

static const char *const by_names[PORTS_BY_COUNT] = {
	[PORTS_BY_DESTINATION] = "destination",
	[PORTS_BY_PROCESS] = "process",
	[PORTS_BY_LOCAL] = "local",
	[PORTS_BY_PEER] = "peer",
	[PORTS_BY_BIND] = "bind",
};

const char *ports_by_name(unsigned int by)
{
	return by < PORTS_BY_COUNT ? by_names[by] : NULL;
}

void ports_destination_name(struct buffer *out, const struct destination_key *key)
{
	struct address remote = address_from_mapped(key->remote_addr);
	char text[ADDRESS_PORT_TEXT], local[ADDRESS_TEXT];

	address_port_format(text, &remote, key->remote_port);
	address_format_mapped(local, key->local_addr);
	buffer_printf(out, "%s from %s", text, local);
	if (key->device)
		buffer_printf(out, "%%%u", key->device);
	if (key->own_low || key->own_high)
		buffer_printf(out, " ports %u-%u", key->own_low, key->own_high);
}

static void append_safe(struct buffer *out, const char *name, size_t size)
{
	char safe[4 * NAME_COLUMNS];

	text_sanitise(safe, sizeof(safe), name, size, NAME_COLUMNS);
	buffer_append_string(out, safe);
}

/* The narrowest that has a name. */
static const char *place_of(const struct container *container)
{
	if (container->name)
		return container->name;
	if (container->pod)
		return container->pod;
	return container->unit[0] ? container->unit : NULL;
}

void ports_processes_name(struct buffer *out, const struct known_process *process, uint32_t count)
{
	const char *place = place_of(&process->cgroup->container);

	if (!process->process.start_ns) {
		buffer_append_string(out, "unknown");
		return;
	}
	append_safe(out, process->process.comm, strnlen(process->process.comm, COMM_BYTES));
	if (count > 1)
		buffer_printf(out, " (%u processes)", count);
	else
		buffer_printf(out, "[%u]", process->process.pid ?: process->process.ns_pid);
	if (!place)
		return;
	buffer_append_string(out, " of ");
	append_safe(out, place, strlen(place));
}

void ports_process_name(struct buffer *out, const struct known_process *process)
{
	ports_processes_name(out, process, 1);
}

const char *ports_state_name(unsigned int state)
{
	return state == STATE_CLOSE ? "bound" : tcp_state_name(state);
}

void ports_when_text(char out[16], double in_s)
{
	char text[TEXT_NUMBER];

	if (!isfinite(in_s)) {
		strcpy(out, "-");
	} else if (in_s <= 0) {
		strcpy(out, "now");
	} else {
		text_duration(text, number_u64(in_s * NSEC_PER_SEC));
		snprintf(out, 16, "%s", text);
	}
}

void ports_rate_text(char out[16], double rate)
{
	char text[TEXT_NUMBER];

	if (!isfinite(rate)) {
		strcpy(out, "-");
	} else if (rate > 0 && rate < 100) {
		snprintf(out, 16, "%.1f", rate);
	} else {
		text_count(text, number_u64(rate + 0.5));
		snprintf(out, 16, "%s", text);
	}
}

static const struct {
	const char *name, *text;
} remedy_words[REMEDY_KINDS] = {
	[REMEDY_POOL] = { "pool", "keep connections open and use them again" },
	[REMEDY_NO_PORT] = { "bind_address_no_port", "IP_BIND_ADDRESS_NO_PORT where bind() comes before connect()" },
	[REMEDY_REUSE] = { "tcp_tw_reuse", "net.ipv4.tcp_tw_reuse=1" },
	[REMEDY_RANGE] = { "ip_local_port_range", "net.ipv4.ip_local_port_range=\"10240 65535\"" },
	[REMEDY_RESERVED] = { "ip_local_reserved_ports", "fewer net.ipv4.ip_local_reserved_ports (at best none)" },
	[REMEDY_LOCAL_ADDRESS] = { "local_address", "one more local address" },
	[REMEDY_REMOTE] = { "remote", "one more address or port of the service" },
};

const char *ports_remedy_name(enum remedy_kind kind)
{
	return remedy_words[kind].name;
}

/* What remains of the limit afterwards: ports, and connections a second that they bear. */
void ports_remedy_text(struct buffer *out, const struct remedy *remedy)
{
	char rate[16], cliff[16];

	buffer_append_string(out, remedy_words[remedy->kind].text);
	if (remedy->kind == REMEDY_POOL) {
		if (remedy->ports)
			buffer_printf(out, ": %u %s would do", remedy->ports, remedy->ports == 1 ? "port" : "ports");
		return;
	}
	ports_rate_text(rate, remedy->sustainable);
	ports_rate_text(cliff, remedy->cliff_sustainable);
	buffer_printf(out, ": %u ports", remedy->ports);
	if (isfinite(remedy->sustainable))
		buffer_printf(out, ", good for %s/s, without long searches %s/s", rate, cliff);
}
