// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "diagnose/codes.h"

#include <errno.h>
#include <strings.h>

/* The order is that of the catalogue; findings of one severity are told in it, those that do no harm behind the others. */
const struct code_row code_rows[CODES] = {
	[TD101] = { "TD101", "no free port", "connect() fails: all local ports to a destination are used", td101_no_port, NEED_FAILURES },
	[TD102] = { "TD102", "long search for a port", "connect() searches long for a free local port", td102_cliff, NEED_PORTS | NEED_SEARCH | NEED_EVENTS },
	[TD103] = { "TD103", "ports run out", "local ports to a destination run out", td103_ports_run_out, NEED_PORTS | NEED_EVENTS, 10 },
	[TD104] = { "TD104", "bind() before connect()", "bind() before connect() takes ports from all destinations", td104_bind_before_connect, NEED_PORTS },
	[TD105] = { "TD105", "port of a service", "an outgoing connection sits on the port of a service", td105_port_of_a_service, NEED_LISTENERS },
	[TD111] = { "TD111", "a connection per request", "a client opens a connection for each request", td111_connection_per_request, NEED_EVENTS, 10 },
	[TD112] = { "TD112", "service closes first", "a service closes first: TIME_WAIT piles up here", td112_server_closes_first, 0, .is_mild = true },
	[TD113] = { "TD113", "TIME_WAIT overflow", "tcp_max_tw_buckets is reached: connections end without TIME_WAIT", td113_time_wait_overflow, NEED_NAMESPACES, 6 },
	[TD121] = { "TD121", "leak", "leak: sockets stay in CLOSE_WAIT, nobody closes them", td121_leak, 0, 20 },
	[TD122] = { "TD122", "idle pool", "an idle pool whose peer has closed", td122_idle_pool, 0, 20 },
	[TD123] = { "TD123", "stuck program", "a program is stuck: it reads nothing and accepts nothing", td123_stuck, NEED_PRESENT, 6 },
	[TD124] = { "TD124", "descriptors", "a process has few descriptors left", td124_descriptors, NEED_PROCESSES },
	[TD131] = { "TD131", "accept queue", "an accept queue is full, or nearly, or clients wait in it for long", td131_accept_queue, NEED_LISTENERS },
	[TD132] = { "TD132", "clients gave up", "clients closed while they waited to be accepted", td132_gave_up_in_queue, 0, 3 },
	[TD141] = { "TD141", "peer does not close", "FIN_WAIT2 held by a process: the peer does not close", td141_peer_does_not_close, NEED_CLOSING },
	[TD142] = { "TD142", "peer does not answer", "sockets that close get no answer from the peer's host", td142_peer_does_not_answer, NEED_CLOSING, 6 },
	[TD143] = { "TD143", "TCP memory", "closed sockets or the memory of TCP near their limits", td143_orphans_memory, NEED_NAMESPACES },
	[TD151] = { "TD151", "no answer", "a destination does not answer", td151_no_answer, NEED_FAILURES },
	[TD152] = { "TD152", "scan", "a process connects to very many addresses or ports", td152_scan, NEED_EVENTS },
	[TD153] = { "TD153", "refused", "connections are refused", td153_refused, NEED_FAILURES },
	[TD161] = { "TD161", "flood", "a flood from outside: handshakes that are not finished", td161_flood, NEED_LISTENERS | NEED_NAMESPACES, 6 },
	[TD162] = { "TD162", "one address", "most connections to a service come from one address", td162_one_address, 0 },
	[TD171] = { "TD171", "silent connections", "silent connections without keepalive: their peers may be gone", td171_silent, NEED_PRESENT },
	[TD172] = { "TD172", "resets", "a process ends connections with a reset", td172_resets, NEED_EVENTS },
	[TD181] = { "TD181", "tracked connections", "the table of tracked connections is nearly full", td181_conntrack, NEED_NAMESPACES },
	[TD191] = { "TD191", "settings", "settings that differ from Linux's own: what they do here", td191_settings, NEED_NAMESPACES, .is_mild = true },
};

int code_parse(const char *name)
{
	int code;

	for (code = 0; code < CODES; code++)
		if (!strcasecmp(code_rows[code].name, name))
			return code;
	return -EINVAL;
}
