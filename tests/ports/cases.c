// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* The experiments. What a prepared socket does to ports is stated here by rule, with the kernel release that changed it. */
#define _GNU_SOURCE 1
#include <arpa/inet.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "experiment.h"
#include "remedies.h"
#include "watched.h"

#define SOME 7

static int must(int fd, const char *what)
{
	if (fd < 0)
		world_fail("%s: %s", what, strerror(-fd));
	return fd;
}

static void note_blocked(struct world *world, int fd)
{
	port_set_add(&world->blocked, world_local_port(fd));
}

/* Sockets bound to ports of the range, both parities, from its middle on. Each blocks its port for every connect(). */
static void bind_some(struct world *world, const char *addr, bool reuse_addr, bool reuse_port, bool listens)
{
	uint16_t port = (world->settings.low + world->settings.high) / 2;
	int i, fd;

	for (i = 0; i < SOME; i++, port += 3) {
		fd = must(world_bind(addr, port, reuse_addr, reuse_port), "bind");
		if (listens && listen(fd, 5))
			world_fail("listen: %s", strerror(errno));
		note_blocked(world, fd);
	}
}

static void bound(struct world *world)
{
	bind_some(world, "127.0.0.1", false, false, false);
}

static void bound_elsewhere(struct world *world)
{
	bind_some(world, "10.1.1.2", false, false, false);
}

static void bound_ipv6(struct world *world)
{
	bind_some(world, "::1", false, false, false);
}

static void bound_reuse_addr(struct world *world)
{
	bind_some(world, "127.0.0.1", true, false, false);
}

static void bound_reuse_port(struct world *world)
{
	bind_some(world, "127.0.0.1", false, true, false);
}

static void listening(struct world *world)
{
	bind_some(world, "0.0.0.0", true, false, true);
}

static void bound_at_the_ends(struct world *world)
{
	note_blocked(world, must(world_bind("127.0.0.1", world->settings.low, false, false), "bind"));
	note_blocked(world, must(world_bind("127.0.0.1", world->settings.high, false, false), "bind"));
}

/* UDP has tables of its own. */
static void bound_udp(struct world *world)
{
	struct sockaddr_storage sa = {};
	socklen_t len = sizeof(sa);
	int i, tcp, udp;

	for (i = 0; i < SOME; i++) {
		tcp = must(world_bind("127.0.0.1", world->settings.low + i, false, false), "bind");
		getsockname(tcp, (struct sockaddr *)&sa, &len);
		close(tcp);
		udp = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
		if (bind(udp, (struct sockaddr *)&sa, len))
			world_fail("bind: %s", strerror(errno));
	}
}

static void bound_and_closed(struct world *world)
{
	int i;

	for (i = 0; i < SOME; i++)
		close(must(world_bind("127.0.0.1", world->settings.low + i, false, false), "bind"));
}

static int other_listener(const char *addr)
{
	return must(world_listen(addr, OTHER_SERVICE), "listen");
}

/* Connections to another destination. bind() before connect() blocks their ports for every other destination. */
static void connect_others(struct world *world, enum way way, const char *local, bool reuse_addr)
{
	struct ends other = world->ends;
	int i, fd, listener;

	other.local = local;
	other.port = OTHER_SERVICE;
	other.way = way;
	other.reuse_addr = reuse_addr;
	listener = other_listener(other.remote);
	for (i = 0; i < 4 * SOME; i++) {
		fd = must(world_connect(&other), "connect");
		world_accept(listener);
		if (way == WAY_BIND_ZERO)
			note_blocked(world, fd);
	}
}

static void others_connected(struct world *world)
{
	connect_others(world, WAY_CONNECT, NULL, false);
}

static void others_bind_first(struct world *world)
{
	connect_others(world, WAY_BIND_ZERO, "127.0.0.1", false);
}

static void others_bind_first_reuse(struct world *world)
{
	connect_others(world, WAY_BIND_ZERO, "127.0.0.1", true);
}

static void others_without_port(struct world *world)
{
	connect_others(world, WAY_NO_PORT, "127.0.0.1", false);
}

/* bind(address, 0), connect, close: the socket in TIME_WAIT has the port as its owner had it. */
static void others_bind_first_time_wait(struct world *world)
{
	struct ends other = world->ends;
	int i, fd, listener;

	other.local = "127.0.0.1";
	other.port = OTHER_SERVICE;
	other.way = WAY_BIND_ZERO;
	listener = other_listener(other.remote);
	for (i = 0; i < SOME; i++) {
		fd = must(world_connect(&other), "connect");
		note_blocked(world, fd);
		world_close(fd, world_accept(listener), true);
	}
}

static void own_connect(struct world *world, enum way way, const char *local)
{
	struct ends own = world->ends;
	int i, fd;

	own.way = way;
	own.local = local;
	for (i = 0; i < 4 * SOME; i++) {
		fd = must(world_connect(&own), "connect");
		world_accept(world->listener);
		if (way == WAY_BIND_ZERO)
			note_blocked(world, fd);
		world_note_used(world, world_local_port(fd), false);
	}
}

static void own_connected(struct world *world)
{
	own_connect(world, WAY_CONNECT, NULL);
}

static void own_bind_first(struct world *world)
{
	own_connect(world, WAY_BIND_ZERO, "127.0.0.1");
}

static void own_without_port(struct world *world)
{
	own_connect(world, WAY_NO_PORT, "127.0.0.1");
}

/* Connections with the same ends, whose sockets are bound to this interface; NULL: to none. They hold a port of ours if `ours`. */
static void connect_on(struct world *world, const char *device, int count, bool ours)
{
	struct ends ends = world->ends;
	static struct port_set noted;
	uint16_t port;
	int fd;

	ends.device = device;
	while (count--) {
		fd = must(world_connect(&ends), "connect");
		world_accept(world->listener);
		port = world_local_port(fd);
		if (ours && !port_set_has(&noted, port))
			world_note_used(world, port, false);
		if (ours)
			port_set_add(&noted, port);
	}
}

/* Who is bound to an interface finds the ports of who is bound to none taken. */
static void unbound_before(struct world *world)
{
	connect_on(world, "lo", 1, true);
	connect_on(world, NULL, 4 * SOME, true);
}

/* ... but not the other way round. */
static void on_lo_before(struct world *world)
{
	connect_on(world, "lo", 4 * SOME, false);
}

/* The second may have the ports of the first. */
static void both_before(struct world *world)
{
	connect_on(world, "lo", 4 * SOME, true);
	connect_on(world, NULL, 4 * SOME, true);
}

/* What is connected by one interface is no use of the other's ports. */
static void two_links(struct world *world)
{
	if (!world_two_links(world))
		return;
	connect_on(world, "a1", 4 * SOME, false);
	connect_on(world, "a0", 4 * SOME, true);
}

/* The same service from another of our addresses: none of its ports is used from this one. */
static void from_another_address(struct world *world)
{
	struct ends other = world->ends;
	int i;

	other.local = "10.1.1.2";
	other.way = WAY_NO_PORT;
	for (i = 0; i < 4 * SOME; i++) {
		must(world_connect(&other), "connect");
		world_accept(world->listener);
	}
}

/*
 * connect() has chosen a port for a connection elsewhere; then another program binds a socket to this port on another address
 * and closes it again. Before 6.18 the port stays blocked as long as the connection lives.
 */
static void bound_beside_connected(struct world *world)
{
	struct ends other = world->ends;
	int i, fd, bound, listener = other_listener(world->ends.remote);

	other.port = OTHER_SERVICE;
	for (i = 0; i < SOME; i++) {
		fd = must(world_connect(&other), "connect");
		world_accept(listener);
		bound = must(world_bind("10.1.1.2", world_local_port(fd), false, false), "bind");
		close(bound);
		if (world->settings.flags & PORTS_BLOCKED_LONG)
			note_blocked(world, fd);
	}
}

/* A service in the middle of the range has a client; the service closes its listening socket. */
static void accepted_after_listener(struct world *world)
{
	struct ends client = { .remote = "127.0.0.1", .port = world->settings.low + 20, .way = WAY_CONNECT };
	int listener = must(world_listen("127.0.0.1", client.port), "listen");

	must(world_connect(&client), "connect");
	note_blocked(world, world_accept(listener));
	close(listener);
}

/* The clock itself is the condition. */
static void pass_ms(unsigned int ms)
{
	const struct timespec time = { .tv_sec = ms / 1000, .tv_nsec = ms % 1000 * 1000000L };

	nanosleep(&time, NULL);
}

/* As the kernel side keeps an address. */
static void address_bytes(uint8_t bytes[16], const char *text)
{
	char mapped[64];

	snprintf(mapped, sizeof(mapped), "%s%s", strchr(text, ':') ? "" : "::ffff:", text);
	if (inet_pton(AF_INET6, mapped, bytes) != 1)
		world_fail("%s is no address", text);
}

/* As many TIME_WAIT to the destination as `count` says, old enough for reuse where that is allowed. */
static void time_wait(struct world *world, const char *reuse, const char *timestamps, uint32_t count, bool peer_closes)
{
	struct time_wait_facts facts = { .timestamps = timestamps[0] == '1', .in_fin_wait2 = !peer_closes };
	uint8_t addr[16];
	bool reusable;
	uint32_t i;
	int fd;

	world_sysctl("ipv4/tcp_tw_reuse", "0"); /* until all are there, however long that takes */
	world_sysctl("ipv4/tcp_timestamps", timestamps);
	world->settings.tw_reuse = reuse[0] - '0';
	address_bytes(addr, world->ends.remote);
	facts.local_addr = facts.remote_addr = addr;
	reusable = time_wait_reusable_ns(&world->settings, &facts) != UINT64_MAX;
	for (i = 0; i < count; i++) {
		fd = must(world_connect(&world->ends), "connect");
		world_note_used(world, world_local_port(fd), reusable);
		world_close(fd, world_accept(world->listener), peer_closes);
	}
	pass_ms(world->settings.flags & PORTS_REUSE_BY_SECOND ? 2100 : world->settings.tw_reuse_delay_ms + 100);
	if (!peer_closes)
		world_note_full_sockets(world);
	world_sysctl("ipv4/tcp_tw_reuse", reuse);
}

#define TIME_WAITS 120 /* beyond the cliff of 200 ports */

static void time_wait_no_reuse(struct world *world)
{
	time_wait(world, "0", "1", TIME_WAITS, true);
}

static void time_wait_reuse(struct world *world)
{
	time_wait(world, "1", "1", TIME_WAITS, true);
}

static void time_wait_reuse_no_timestamps(struct world *world)
{
	time_wait(world, "1", "0", TIME_WAITS, true);
}

/* As of peers that send none, whatever we would do. */
static void time_wait_reuse_peer_without_timestamps(struct world *world)
{
	time_wait(world, "1", "0", TIME_WAITS, true);
	world_sysctl("ipv4/tcp_timestamps", "1");
}

static void time_wait_reuse_fin_wait2(struct world *world)
{
	time_wait(world, "1", "1", TIME_WAITS, false);
}

static void time_wait_reuse_loopback(struct world *world)
{
	time_wait(world, "2", "1", TIME_WAITS, true);
}

/* Not a second old yet. */
static void time_wait_too_young(struct world *world)
{
	uint32_t i;
	int fd;

	world_sysctl("ipv4/tcp_tw_reuse", "1");
	world->settings.tw_reuse = 1;
	if (world->settings.flags & PORTS_REUSE_BY_SECOND) {
		snprintf(world->skip, sizeof(world->skip), "this kernel's delay is between 0 and 1 s");
		return;
	}
	world_sysctl("ipv4/tcp_tw_reuse_delay", "30000");
	for (i = 0; i < TIME_WAITS; i++) {
		fd = must(world_connect(&world->ends), "connect");
		world_note_used(world, world_local_port(fd), false);
		world_close(fd, world_accept(world->listener), true);
	}
	pass_ms(1100);
}

static void own_range(struct world *world)
{
	if (world->kernel < 603)
		snprintf(world->skip, sizeof(world->skip), "IP_LOCAL_PORT_RANGE came with 6.3");
}

static void step_width(struct world *world)
{
	if (access("/proc/sys/net/ipv4/ip_local_port_step_width", W_OK)) {
		snprintf(world->skip, sizeof(world->skip), "this kernel has no ip_local_port_step_width");
		return;
	}
	world_sysctl("ipv4/ip_local_port_step_width", "10");
	world->settings.step_width = 10;
}

static void take(struct world *world, int fd)
{
	port_set_add(&world->taken, world_local_port(fd));
}

/* What others have on the address, wildcard and other addresses, connected or not. */
static void pool_in_use(struct world *world)
{
	struct ends client = { .local = "10.1.1.1", .remote = "10.2.2.2", .port = SERVICE, .way = WAY_NO_PORT };
	int i, fd;

	for (i = 0; i < SOME; i++) {
		take(world, must(world_connect(&client), "connect"));
		world_accept(world->listener);
		take(world, must(world_bind("10.1.1.1", 0, false, false), "bind"));
		take(world, must(world_bind("0.0.0.0", 0, false, false), "bind"));
		take(world, must(world_bind("::", 0, false, false), "bind"));
		must(world_bind("10.1.1.2", 0, false, false), "bind");
		must(world_bind("::1", 0, false, false), "bind");
		fd = must(world_connect(&client), "connect");
		take(world, fd);
		world_close(fd, world_accept(world->listener), true);
	}
}

#define FROM_1 .ends = { .local = "10.1.1.1", .remote = "10.2.2.2", .way = WAY_NO_PORT }

const struct experiment experiments[] = {
	{ .name = "even_from_even", .range = "40000 40199" },
	{ .name = "even_from_odd", .range = "40001 40200" },
	{ .name = "odd_from_even", .range = "40000 40200" },
	{ .name = "odd_from_odd", .range = "41001 41301" },
	{ .name = "one_port", .range = "50000 50000" },
	{ .name = "two_ports", .range = "50000 50001" },
	{ .name = "three_ports", .range = "50001 50003" },
	{ .name = "up_to_the_last", .range = "65335 65535" },
	{ .name = "privileged_too", .range = "1024 1523" },
	{ .name = "four_thousand", .range = "40000 43999", .knee = true },
	{ .name = "default_range", .range = "32768 60999", .knee = true, .large = true },
	{ .name = "ipv6", .range = "40000 40199", .ends.remote = "::1" },
	{ .name = "ipv6_odd", .range = "40000 40200", .ends.remote = "fd00::1" },
	{ .name = "v4_mapped", .range = "40000 40199", .ends = { .remote = "127.0.0.1", .mapped = true } },
	{ .name = "v4_mapped_beside_ipv4", .range = "40000 40199", .ends = { .remote = "127.0.0.1", .mapped = true },
	  .prepare = own_connected },
	{ .name = "between_addresses", .range = "40000 40199", FROM_1 },
	{ .name = "from_another_address", .range = "40000 40199", FROM_1, .prepare = from_another_address },
	{ .name = "on_interface_beside_others", .range = "40000 40199", .ends.device = "lo", .prepare = unbound_before },
	{ .name = "beside_one_on_interface", .range = "40000 40199", .prepare = on_lo_before },
	{ .name = "on_interface_both", .range = "40000 40199", .ends.device = "lo", .prepare = both_before },
	{ .name = "on_interface_ipv6", .range = "40000 40199", .ends = { .remote = "fd00::1", .device = "lo" }, .prepare = both_before },
	{ .name = "link_local_two_interfaces", .range = "40000 40199", .prepare = two_links,
	  .ends = { .local = LINK_LOCAL, .remote = LINK_REMOTE, .device = "a0", .way = WAY_NO_PORT } },
	{ .name = "reserved", .range = "40000 40199", .reserved = "40010-40049,40100,40102,40105,50000" },
	{ .name = "reserved_ends", .range = "40000 40200", .reserved = "40000,40200" },
	{ .name = "reserved_one_end", .range = "40000 40200", .reserved = "40000" },
	{ .name = "reserved_around", .range = "40000 40199", .reserved = "39000-40049,40150-50000" },
	{ .name = "reserved_all", .range = "40000 40010", .reserved = "40000-40010" },
	{ .name = "bound", .range = "40000 40199", .prepare = bound },
	{ .name = "bound_odd", .range = "40000 40200", .prepare = bound },
	{ .name = "bound_elsewhere", .range = "40000 40199", .prepare = bound_elsewhere },
	{ .name = "bound_ipv6_blocks_ipv4", .range = "40000 40199", .prepare = bound_ipv6 },
	{ .name = "bound_ipv4_blocks_ipv6", .range = "40000 40199", .ends.remote = "::1", .prepare = bound },
	{ .name = "bound_reuse_addr", .range = "40000 40199", .prepare = bound_reuse_addr },
	{ .name = "bound_reuse_port", .range = "40000 40199", .prepare = bound_reuse_port },
	{ .name = "bound_at_the_ends", .range = "40000 40200", .prepare = bound_at_the_ends },
	{ .name = "bound_udp", .range = "40000 40199", .prepare = bound_udp },
	{ .name = "bound_and_closed", .range = "40000 40199", .prepare = bound_and_closed },
	{ .name = "bound_beside_connected", .range = "40000 40199", .prepare = bound_beside_connected },
	{ .name = "listening", .range = "40000 40199", .prepare = listening },
	{ .name = "accepted_after_listener", .range = "40000 40199", .ends.remote = "10.2.2.2",
	  .prepare = accepted_after_listener },
	{ .name = "others_connected", .range = "40000 40199", .prepare = others_connected },
	{ .name = "others_bind_first", .range = "40000 40199", .prepare = others_bind_first },
	{ .name = "others_bind_first_reuse", .range = "40000 40199", .prepare = others_bind_first_reuse },
	{ .name = "others_bind_first_time_wait", .range = "40000 40199", .prepare = others_bind_first_time_wait },
	{ .name = "others_without_port", .range = "40000 40199", .prepare = others_without_port },
	{ .name = "own_connected", .range = "40000 40199", .prepare = own_connected },
	{ .name = "own_bind_first", .range = "40000 40199", .prepare = own_bind_first },
	{ .name = "own_without_port", .range = "40000 40199", .prepare = own_without_port },
	{ .name = "time_wait_no_reuse", .range = "40000 40199", .prepare = time_wait_no_reuse },
	{ .name = "time_wait_reuse", .range = "40000 40199", FROM_1, .prepare = time_wait_reuse },
	{ .name = "time_wait_reuse_no_timestamps", .range = "40000 40199", FROM_1, .prepare = time_wait_reuse_no_timestamps },
	{ .name = "time_wait_reuse_peer_without_timestamps", .range = "40000 40199", FROM_1,
	  .prepare = time_wait_reuse_peer_without_timestamps },
	{ .name = "time_wait_reuse_fin_wait2", .range = "40000 40199", .prepare = time_wait_reuse_fin_wait2 },
	{ .name = "time_wait_loopback", .range = "40000 40199", .prepare = time_wait_reuse_loopback },
	{ .name = "time_wait_loopback_ipv6", .range = "40000 40199", .ends.remote = "::1", .prepare = time_wait_reuse_loopback },
	{ .name = "time_wait_not_loopback", .range = "40000 40199", FROM_1, .prepare = time_wait_reuse_loopback },
	{ .name = "time_wait_too_young", .range = "40000 40199", .prepare = time_wait_too_young },
	{ .name = "own_range", .range = "40000 40199", .prepare = own_range, .ends = { .remote = "127.0.0.1", .own_low = 40050,
	  .own_high = 40099 } },
	{ .name = "own_range_odd", .range = "40000 40199", .prepare = own_range, .ends = { .remote = "127.0.0.1", .own_low = 40051,
	  .own_high = 40099 } },
	{ .name = "own_range_half_outside", .range = "40000 40199", .prepare = own_range, .ends = { .remote = "127.0.0.1",
	  .own_low = 39000, .own_high = 40099 } },
	{ .name = "own_range_one_bound", .range = "40000 40199", .prepare = own_range, .ends = { .remote = "127.0.0.1",
	  .own_low = 40150 } },
	{ .name = "step_width", .range = "40000 40199", .prepare = step_width },
	{ .name = "step_width_odd", .range = "40000 40200", .prepare = step_width },
	{ .name = "pool", .range = "40000 40199", .ends = { .local = "10.1.1.1", .remote = "10.2.2.2" }, .binds = true },
	{ .name = "pool_odd", .range = "40000 40200", .ends = { .local = "10.1.1.1", .remote = "10.2.2.2" }, .binds = true },
	{ .name = "pool_in_use", .range = "40000 40199", .reserved = "40080-40099", .binds = true, .prepare = pool_in_use,
	  .ends = { .local = "10.1.1.1", .remote = "10.2.2.2" } },
	{ .name = "pool_reuse_addr", .range = "40000 40199", .binds = true, .prepare = pool_in_use,
	  .ends = { .local = "10.1.1.1", .remote = "10.2.2.2", .reuse_addr = true } },
	{ .name = "pool_reuse_port", .range = "40000 40199", .binds = true, .prepare = pool_in_use,
	  .ends = { .local = "10.1.1.1", .remote = "10.2.2.2", .reuse_port = true } },
	{ .name = "holders_and_victim", .range = "40000 40059", .watched = watched_holders },
	{ .name = "changed_meanwhile", .range = "40000 40199", .watched = watched_changes },
	{ .name = "bind_failures", .range = "40000 40199", .watched = watched_binds },
	{ .name = "remedy_reserved", .range = "40000 40199", .reserved = "40010-40049", .watched = remedy_reserved },
	{ .name = "remedy_range", .range = "40000 40199", .watched = remedy_range },
	{ .name = "remedy_range_to_the_end", .range = "40000 40199", .watched = remedy_range_to_the_end, .large = true },
	{ .name = "remedy_second_address", .range = "40000 40199", .watched = remedy_second_address },
	{ .name = "remedy_no_port", .range = "40000 40199", .watched = remedy_no_port },
	{ .name = "remedy_reuse", .range = "40000 40199", FROM_1, .watched = remedy_reuse },
	{ 0 },
};
