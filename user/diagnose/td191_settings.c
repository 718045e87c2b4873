// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* Popular settings that differ from Linux's own: what each does here, in seconds and numbers. A row a setting. */
#include <stdio.h>
#include <string.h>

#include "diagnose/codes.h"
#include "diagnose/namespaces.h"
#include "diagnose/words.h"

struct look {
	const struct scene *scene;
	const struct namespace_facts *facts;
	uint32_t netns;
	int64_t value;
};

/* Says what the value does, as the end of a sentence. False: there is nothing to tell of it. */
typedef bool effect(const struct look *look, char *out, size_t size);

static bool other(const struct look *look, enum namespace_setting setting, int64_t *value)
{
	return namespace_setting(look->facts, setting, value);
}

/* Sockets of the namespace that have SO_KEEPALIVE, of all that could. */
static void count_keepalive(const struct look *look, uint32_t *with, uint32_t *all)
{
	struct present_socket socket;
	size_t cursor = 0;

	*with = *all = 0;
	while (model_present_next(scene_model(look->scene), &cursor, &socket)) {
		if (socket.base.endpoint.netns != look->netns ||
		    (socket.base.state != STATE_ESTABLISHED && socket.base.state != STATE_CLOSE_WAIT))
			continue;
		(*all)++;
		*with += socket.now.keepalive == PRESENT_YES;
	}
}

static bool tw_reuse(const struct look *look, char *out, size_t size)
{
	int64_t timestamps = 1, delay_ms = 1000;
	words delay;

	if (look->value == 0) {
		snprintf(out, size, "connect() never takes the port of a connection in TIME_WAIT over, also not on loopback");
		return true;
	}
	other(look, NS_TCP_TIMESTAMPS, &timestamps);
	other(look, NS_TCP_TW_REUSE_DELAY, &delay_ms);
	if (!timestamps)
		snprintf(out, size, "nothing: it needs net.ipv4.tcp_timestamps, which is off");
	else
		snprintf(out, size, "connect() may take over what is in TIME_WAIT for %s, towards the same address and port; it does nothing for connections that were accepted",
			 words_seconds(delay, delay_ms / 1e3));
	return true;
}

static bool tw_recycle(const struct look *look, char *out, size_t size)
{
	snprintf(out, size, "%s", look->value ? "it drops connections of clients behind NAT; switch it off" : "nothing");
	return look->value;
}

static bool fin_timeout(const struct look *look, char *out, size_t size)
{
	words seconds, hold;

	snprintf(out, size, "closed sockets whose peer does not close are given up after %s in FIN_WAIT2; TIME_WAIT still lasts %s, and sockets that a process holds are not touched",
		 words_seconds(seconds, look->value), words_seconds(hold, look->scene->ports->time_wait_ns / 1e9));
	return true;
}

#define BUCKETS_LOW 4096 /* a machine with 1 GB has so many */

static bool max_tw_buckets(const struct look *look, char *out, size_t size)
{
	uint64_t now = 0;

	if (look->value >= BUCKETS_LOW)
		return false;
	namespace_gauge(look->facts, NS_TIME_WAIT_SOCKETS, &now);
	snprintf(out, size, "no more than %lld sockets may be in TIME_WAIT (%llu are), what is beyond ends without: that hides the symptom and takes the protection against old segments",
		 (long long)look->value, (unsigned long long)now);
	return true;
}

static bool keepalive(const struct look *look, char *out, size_t size)
{
	int64_t time_s = 7200, interval_s = 75, probes = 9;
	uint32_t with, all;
	words seconds;

	other(look, NS_TCP_KEEPALIVE_TIME, &time_s);
	other(look, NS_TCP_KEEPALIVE_INTVL, &interval_s);
	other(look, NS_TCP_KEEPALIVE_PROBES, &probes);
	count_keepalive(look, &with, &all);
	snprintf(out, size, "a peer that is gone is noticed after %s at most, by sockets with SO_KEEPALIVE alone (%u of %u here); no socket in CLOSE_WAIT whose peer's end is still there is ended",
		 words_seconds(seconds, time_s + interval_s * probes), with, all);
	return true;
}

static bool somaxconn(const struct look *look, char *out, size_t size)
{
	const struct listening_socket *listener;
	uint32_t capped = 0, all = 0;
	size_t cursor = 0;

	while ((listener = model_listener_next(scene_model(look->scene), &cursor, NULL))) {
		if (listener->base.endpoint.netns != look->netns)
			continue;
		all++;
		capped += listener->now.backlog >= look->value;
	}
	snprintf(out, size, "listen() may ask for accept queues of %lld at most; %u of %u listeners here ask for as many, the others for fewer; those that listen already keep what they have",
		 (long long)look->value, capped, all);
	return true;
}

static bool syn_backlog(const struct look *look, char *out, size_t size)
{
	if (look->value <= 4096)
		return false;
	snprintf(out, size, "it bounds handshakes that are not finished, where SYN cookies are off; it does nothing for the accept queue, CLOSE_WAIT or TIME_WAIT");
	return true;
}

static bool syncookies(const struct look *look, char *out, size_t size)
{
	snprintf(out, size, "%s", look->value ? "every handshake is answered with a cookie, also without need: that is for tests" :
						"when handshakes pile up, SYNs are dropped in place of being answered with a cookie: real clients wait then");
	return true;
}

static bool abort_on_overflow(const struct look *look, char *out, size_t size)
{
	(void)look;
	snprintf(out, size, "clients that meet a full accept queue get a reset at once, where they would have got in a second later");
	return true;
}

/* A second, then twice as long each time; from Linux 6.5 on four more come first, a second apart. */
static bool syn_retries(const struct look *look, char *out, size_t size)
{
	words seconds;

	if (look->value > 30)
		return false;
	snprintf(out, size, "connect() to a host that does not answer fails after %s (4 s later from Linux 6.5 on); it ends no other state",
		 words_seconds(seconds, (double)((2ULL << look->value) - 1)));
	return true;
}

static bool synack_retries(const struct look *look, char *out, size_t size)
{
	words seconds;

	if (look->value > 30)
		return false;
	snprintf(out, size, "a handshake that a client does not finish is forgotten after %s", words_seconds(seconds, (double)((2ULL << look->value) - 1)));
	return true;
}

/* As long as sending again goes on with a round trip of the shortest: 0.2 s, twice as long each time, 120 s at most. */
static double retransmission_s(int64_t retries)
{
	double step_s = 0.2, sum_s = 0;
	int64_t i;

	for (i = 0; i <= retries && i < 1000; i++, step_s = step_s * 2 < 120 ? step_s * 2 : 120)
		sum_s += step_s;
	return sum_s;
}

static bool retries2(const struct look *look, char *out, size_t size)
{
	words seconds;

	snprintf(out, size, "a connection whose peer does not acknowledge data fails after %s or more; idle connections are not concerned",
		 words_seconds(seconds, retransmission_s(look->value)));
	return true;
}

static bool orphan_retries(const struct look *look, char *out, size_t size)
{
	words seconds;

	snprintf(out, size, "closed sockets whose end is not acknowledged (FIN_WAIT1, LAST_ACK, CLOSING) are given up after %s or more; it is no limit of CLOSE_WAIT or TIME_WAIT",
		 words_seconds(seconds, retransmission_s(look->value)));
	return true;
}

static bool rfc1337(const struct look *look, char *out, size_t size)
{
	(void)look;
	snprintf(out, size, "a reset does not end TIME_WAIT: their ports stay in use for the whole time");
	return true;
}

static bool timestamps(const struct look *look, char *out, size_t size)
{
	if (look->value)
		return false;
	snprintf(out, size, "tcp_tw_reuse does nothing without timestamps, and fast connections lose the protection against old segments");
	return true;
}

static uint32_t listeners_between(const struct look *look, int64_t low, int64_t high, uint16_t *port)
{
	const struct listening_socket *listener;
	size_t cursor = 0;
	uint32_t count = 0;

	while ((listener = model_listener_next(scene_model(look->scene), &cursor, NULL))) {
		if (listener->base.endpoint.netns != look->netns || listener->base.endpoint.local_port < low ||
		    listener->base.endpoint.local_port > high)
			continue;
		count++;
		*port = listener->base.endpoint.local_port;
	}
	return count;
}

/* The first and the last, as it is a pair. */
static bool port_range(const struct look *look, char *out, size_t size)
{
	int64_t low = look->value, high = look->facts->settings[NS_IP_LOCAL_PORT_RANGE].value[1];
	uint16_t port = 0;
	uint32_t listeners = listeners_between(look, low, high, &port);
	words rate;
	int used;

	used = snprintf(out, size, "%lld local ports a destination: good for %s connections a second that end in TIME_WAIT here", (long long)(high - low + 1),
			words_number(rate, (high - low + 1) / (look->scene->ports->time_wait_ns / 1e9)));
	if (listeners && used < (int)size)
		used += snprintf(out + used, size - used, "; %u service port%s lie%s in it (as %u), which an outgoing connection can take while the service is down",
				 listeners, plural(listeners), listeners == 1 ? "s" : "", port);
	if ((high - low) % 2 == 0 && used < (int)size)
		snprintf(out + used, size - used, "; both ends are %s: each connect() leaves one port out", low % 2 ? "odd" : "even");
	return true;
}

static bool packet_backlog(const struct look *look, char *out, size_t size)
{
	(void)look;
	snprintf(out, size, "it is the queue of packets between the network driver and the kernel; it does nothing for connections, whatever their state");
	return true;
}

static bool tw_timeout(const struct look *look, char *out, size_t size)
{
	words seconds;

	snprintf(out, size, "this vendor's kernel ends TIME_WAIT after %s", words_seconds(seconds, look->value));
	return true;
}

static bool conntrack_time_wait(const struct look *look, char *out, size_t size)
{
	words seconds;

	snprintf(out, size, "the packet filter remembers a connection that is over for %s; sockets in TIME_WAIT are not concerned",
		 words_seconds(seconds, look->value));
	return true;
}

#define NO_DEFAULT INT64_MIN /* the effect decides */

static const struct {
	enum namespace_setting setting;
	int64_t value; /* Linux's own */
	effect *effect;
} rows[] = {
	{ NS_TCP_TW_REUSE, 2, tw_reuse },
	{ NS_TCP_TW_RECYCLE, 0, tw_recycle },
	{ NS_TCP_TW_TIMEOUT, 60, tw_timeout },
	{ NS_TCP_FIN_TIMEOUT, 60, fin_timeout },
	{ NS_TCP_MAX_TW_BUCKETS, NO_DEFAULT, max_tw_buckets },
	{ NS_TCP_KEEPALIVE_TIME, 7200, keepalive },
	{ NS_TCP_KEEPALIVE_INTVL, 75, keepalive },
	{ NS_TCP_KEEPALIVE_PROBES, 9, keepalive },
	{ NS_SOMAXCONN, 4096, somaxconn },
	{ NS_TCP_MAX_SYN_BACKLOG, NO_DEFAULT, syn_backlog },
	{ NS_TCP_SYNCOOKIES, 1, syncookies },
	{ NS_TCP_ABORT_ON_OVERFLOW, 0, abort_on_overflow },
	{ NS_TCP_SYN_RETRIES, 6, syn_retries },
	{ NS_TCP_SYNACK_RETRIES, 5, synack_retries },
	{ NS_TCP_RETRIES2, 15, retries2 },
	{ NS_TCP_ORPHAN_RETRIES, 0, orphan_retries },
	{ NS_TCP_RFC1337, 0, rfc1337 },
	{ NS_TCP_TIMESTAMPS, 1, timestamps },
	{ NS_IP_LOCAL_PORT_RANGE, 32768, port_range },
	{ NS_NETDEV_MAX_BACKLOG, 1000, packet_backlog },
	{ NS_CONNTRACK_TIME_WAIT, 120, conntrack_time_wait },
};

static bool differs(const struct namespace_facts *facts, size_t row)
{
	const struct namespace_value *value = &facts->settings[rows[row].setting];

	if (rows[row].setting == NS_IP_LOCAL_PORT_RANGE)
		return value->count == 2 && (value->value[0] != 32768 || value->value[1] != 60999);
	return value->value[0] != rows[row].value;
}

static void judge(const struct look *look, struct verdicts *verdicts, size_t row, const char *does)
{
	struct finding *finding = verdicts_add(verdicts, TD191, SEVERITY_NOTE);
	const char *name = namespace_setting_name(rows[row].setting);
	char was[48] = "", where[48], value[48];

	if (!finding)
		return;
	if (look->facts->settings[rows[row].setting].count > 1)
		snprintf(value, sizeof(value), "\"%lld %lld\"", (long long)look->value,
			 (long long)look->facts->settings[rows[row].setting].value[1]);
	else
		snprintf(value, sizeof(value), "%lld", (long long)look->value);
	if (rows[row].setting == NS_IP_LOCAL_PORT_RANGE)
		snprintf(was, sizeof(was), " (Linux's own: \"32768 60999\")");
	else if (rows[row].value != NO_DEFAULT)
		snprintf(was, sizeof(was), " (Linux's own: %lld)", (long long)rows[row].value);
	finding_title(finding, "%s is %s%s%s: %s", name, value, words_netns(where, look->netns, look->facts), was, does);
	finding->subject.netns = look->netns;
	finding->subject.kind = rows[row].setting + 1;
	finding->concerns_all = true;
	finding->weight = -(double)row;
	finding_evidence(finding, "value", look->value, "", "sysctl %s", name);
	if (rows[row].value != NO_DEFAULT)
		finding_evidence(finding, "default", rows[row].value, "", NULL);
}

static uint32_t known_settings(const struct namespace_facts *facts)
{
	uint32_t known = 0;
	size_t i;

	for (i = 0; i < NS_SETTINGS; i++)
		known += facts->settings[i].known == NS_KNOWN;
	return known;
}

void td191_settings(const struct scene *scene, struct verdicts *verdicts)
{
	const struct namespace_facts *facts;
	size_t cursor = 0, row;
	uint32_t netns;
	char does[300];

	while ((facts = model_namespace_next(scene_model(scene), &cursor, &netns))) {
		if (!known_settings(facts))
			verdicts_not_examined(verdicts, TD191, "settings of network namespace %u: %s", netns,
					      namespace_known_reason(facts->settings[NS_TCP_FIN_TIMEOUT].known) ?: "not known");
		for (row = 0; row < sizeof(rows) / sizeof(rows[0]); row++) {
			struct look look = { .scene = scene, .facts = facts, .netns = netns };

			if (namespace_setting(facts, rows[row].setting, &look.value) && differs(facts, row) &&
			    rows[row].effect(&look, does, sizeof(does)))
				judge(&look, verdicts, row, does);
		}
	}
}
