/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * What the kernel counts in a network namespace, and its settings that matter for TCP. Comes as an event of type RECORD_NAMESPACE
 * (the namespace: record.endpoint.netns) when something of it has changed, about once a second at most. What could not be read
 * has its reason.
 */
#ifndef TCPDWELL_EVENT_NAMESPACE_FACTS_H
#define TCPDWELL_EVENT_NAMESPACE_FACTS_H

#include <stdbool.h>
#include <stdint.h>

/* Grow only; /proc/net/netstat and /proc/net/snmp have them by these names (namespace_counter_name()). */
enum namespace_counter {
	NS_LISTEN_OVERFLOWS,
	NS_LISTEN_DROPS,
	NS_SYNCOOKIES_SENT,
	NS_SYNCOOKIES_FAILED,
	NS_REQ_Q_FULL_DO_COOKIES, /* TCPReqQFullDoCookies */
	NS_REQ_Q_FULL_DROP,
	NS_TIME_WAIT_OVERFLOW,
	NS_TIME_WAITS, /* TW */
	NS_TIME_WAITS_RECYCLED, /* TWRecycled: reused by tcp_tw_reuse */
	NS_TIME_WAITS_KILLED, /* TWKilled */
	NS_ABORT_ON_DATA, /* unread data at close(), linger 0: reset sent */
	NS_ABORT_ON_CLOSE,
	NS_ABORT_ON_MEMORY, /* too many orphans, or no memory */
	NS_ABORT_ON_TIMEOUT,
	NS_ABORT_ON_LINGER,
	NS_ABORT_FAILED,
	NS_MEMORY_PRESSURES,
	NS_RETRANS_FAIL,
	NS_SYN_RETRANS,
	NS_TIMEOUTS,
	NS_BACKLOG_DROP,
	NS_KEEPALIVE_SENT, /* TCPKeepAlive */
	NS_ACTIVE_OPENS, /* of /proc/net/snmp from here on */
	NS_PASSIVE_OPENS,
	NS_ATTEMPT_FAILS,
	NS_ESTAB_RESETS,
	NS_OUT_RSTS,
	NS_RETRANS_SEGS,
	NS_IN_ERRS,
	NS_COUNTERS,
};

/* What is there now. Numbers of the whole machine are in the facts of each namespace. */
enum namespace_gauge {
	NS_SOCKETS_IN_USE, /* /proc/net/sockstat TCP inuse, both families */
	NS_TIME_WAIT_SOCKETS, /* tw: TIME_WAIT and FIN_WAIT2 without a process */
	NS_ORPHANS, /* machine */
	NS_SOCKETS_ALLOCATED, /* machine */
	NS_MEMORY_PAGES, /* machine: of TCP, to be compared with tcp_mem */
	NS_CONNTRACK_COUNT,
	NS_GAUGES,
};

/* By the name of their file below /proc/sys/net (namespace_setting_name()), most in ipv4/. */
enum namespace_setting {
	NS_TCP_TW_REUSE,
	NS_TCP_TW_RECYCLE, /* gone since 4.12 */
	NS_TCP_TW_REUSE_DELAY,
	NS_TCP_TW_TIMEOUT, /* some vendors' kernels */
	NS_TCP_MAX_TW_BUCKETS,
	NS_TCP_FIN_TIMEOUT,
	NS_TCP_TIMESTAMPS,
	NS_IP_LOCAL_PORT_RANGE, /* two values */
	NS_IP_LOCAL_RESERVED_PORTS, /* value[0]: is anything reserved */
	NS_TCP_KEEPALIVE_TIME,
	NS_TCP_KEEPALIVE_INTVL,
	NS_TCP_KEEPALIVE_PROBES,
	NS_SOMAXCONN,
	NS_TCP_MAX_SYN_BACKLOG,
	NS_TCP_SYNCOOKIES,
	NS_TCP_ABORT_ON_OVERFLOW,
	NS_TCP_SYN_RETRIES,
	NS_TCP_SYNACK_RETRIES,
	NS_TCP_RETRIES1,
	NS_TCP_RETRIES2,
	NS_TCP_ORPHAN_RETRIES,
	NS_TCP_RFC1337,
	NS_TCP_MAX_ORPHANS, /* machine; 131072 and the like by memory */
	NS_TCP_MEM, /* machine; three values, pages */
	NS_NETDEV_MAX_BACKLOG, /* machine */
	NS_CONNTRACK_MAX,
	NS_CONNTRACK_BUCKETS,
	NS_CONNTRACK_TIME_WAIT, /* nf_conntrack_tcp_timeout_time_wait, seconds */
	NS_CONNTRACK_ESTABLISHED,
	NS_SETTINGS,
};

/* Is it known, and if not why? */
enum namespace_known {
	NS_NOT_LOOKED, /* at all: an old recording, or not told of yet */
	NS_KNOWN,
	NS_ABSENT, /* this kernel has no such thing, or the module is not loaded */
	NS_NO_PRIVILEGE, /* to enter the namespace, or to read */
	NS_UNREADABLE, /* another failure */
	NS_ELSEWHERE, /* the kernel shows it in its first namespace alone, and that is not looked at */
};

struct namespace_value {
	uint8_t known; /* enum namespace_known */
	uint8_t count; /* of values */
	int64_t value[3];
};

struct namespace_count {
	uint8_t known; /* enum namespace_known */
	uint64_t total; /* since the namespace is there */
	uint64_t grown; /* since the run began (or since it was first looked at); of gauges 0 */
};

struct namespace_facts {
	bool is_own; /* the one that tcpdwell runs in */
	bool is_first; /* the machine's own, as far as is known: settings of the machine are shown here alone by some kernels */
	struct namespace_count counters[NS_COUNTERS], gauges[NS_GAUGES];
	struct namespace_value settings[NS_SETTINGS];
};

/* All bytes count: what is not filled in is zero. */
bool namespace_facts_equal(const struct namespace_facts *a, const struct namespace_facts *b);

/* "ListenOverflows", …; "orphans", …; "net.ipv4.tcp_tw_reuse", … */
const char *namespace_counter_name(unsigned int counter);
const char *namespace_gauge_name(unsigned int gauge);
const char *namespace_setting_name(unsigned int setting);

/* "not looked", "no such setting in this kernel", "no privilege to look there", "can't be read"; NULL of NS_KNOWN. */
const char *namespace_known_reason(unsigned int known);

/* Back; NS_NOT_LOOKED of NULL and of what is no reason. */
unsigned int namespace_known_parse(const char *reason);

#endif
