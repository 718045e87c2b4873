// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* Names of what namespaces count and of their settings, as the kernel has them. */
#include "event/namespace_facts.h"

#include <stddef.h>
#include <string.h>

static const char *const counter_names[NS_COUNTERS] = {
	[NS_LISTEN_OVERFLOWS] = "ListenOverflows",
	[NS_LISTEN_DROPS] = "ListenDrops",
	[NS_SYNCOOKIES_SENT] = "SyncookiesSent",
	[NS_SYNCOOKIES_FAILED] = "SyncookiesFailed",
	[NS_REQ_Q_FULL_DO_COOKIES] = "TCPReqQFullDoCookies",
	[NS_REQ_Q_FULL_DROP] = "TCPReqQFullDrop",
	[NS_TIME_WAIT_OVERFLOW] = "TCPTimeWaitOverflow",
	[NS_TIME_WAITS] = "TW",
	[NS_TIME_WAITS_RECYCLED] = "TWRecycled",
	[NS_TIME_WAITS_KILLED] = "TWKilled",
	[NS_ABORT_ON_DATA] = "TCPAbortOnData",
	[NS_ABORT_ON_CLOSE] = "TCPAbortOnClose",
	[NS_ABORT_ON_MEMORY] = "TCPAbortOnMemory",
	[NS_ABORT_ON_TIMEOUT] = "TCPAbortOnTimeout",
	[NS_ABORT_ON_LINGER] = "TCPAbortOnLinger",
	[NS_ABORT_FAILED] = "TCPAbortFailed",
	[NS_MEMORY_PRESSURES] = "TCPMemoryPressures",
	[NS_RETRANS_FAIL] = "TCPRetransFail",
	[NS_SYN_RETRANS] = "TCPSynRetrans",
	[NS_TIMEOUTS] = "TCPTimeouts",
	[NS_BACKLOG_DROP] = "TCPBacklogDrop",
	[NS_KEEPALIVE_SENT] = "TCPKeepAlive",
	[NS_ACTIVE_OPENS] = "ActiveOpens",
	[NS_PASSIVE_OPENS] = "PassiveOpens",
	[NS_ATTEMPT_FAILS] = "AttemptFails",
	[NS_ESTAB_RESETS] = "EstabResets",
	[NS_OUT_RSTS] = "OutRsts",
	[NS_RETRANS_SEGS] = "RetransSegs",
	[NS_IN_ERRS] = "InErrs",
};

static const char *const gauge_names[NS_GAUGES] = {
	[NS_SOCKETS_IN_USE] = "inuse",
	[NS_TIME_WAIT_SOCKETS] = "tw",
	[NS_ORPHANS] = "orphan",
	[NS_SOCKETS_ALLOCATED] = "alloc",
	[NS_MEMORY_PAGES] = "mem",
	[NS_CONNTRACK_COUNT] = "nf_conntrack_count",
};

static const char *const setting_names[NS_SETTINGS] = {
	[NS_TCP_TW_REUSE] = "net.ipv4.tcp_tw_reuse",
	[NS_TCP_TW_RECYCLE] = "net.ipv4.tcp_tw_recycle",
	[NS_TCP_TW_REUSE_DELAY] = "net.ipv4.tcp_tw_reuse_delay",
	[NS_TCP_TW_TIMEOUT] = "net.ipv4.tcp_tw_timeout",
	[NS_TCP_MAX_TW_BUCKETS] = "net.ipv4.tcp_max_tw_buckets",
	[NS_TCP_FIN_TIMEOUT] = "net.ipv4.tcp_fin_timeout",
	[NS_TCP_TIMESTAMPS] = "net.ipv4.tcp_timestamps",
	[NS_IP_LOCAL_PORT_RANGE] = "net.ipv4.ip_local_port_range",
	[NS_IP_LOCAL_RESERVED_PORTS] = "net.ipv4.ip_local_reserved_ports",
	[NS_TCP_KEEPALIVE_TIME] = "net.ipv4.tcp_keepalive_time",
	[NS_TCP_KEEPALIVE_INTVL] = "net.ipv4.tcp_keepalive_intvl",
	[NS_TCP_KEEPALIVE_PROBES] = "net.ipv4.tcp_keepalive_probes",
	[NS_SOMAXCONN] = "net.core.somaxconn",
	[NS_TCP_MAX_SYN_BACKLOG] = "net.ipv4.tcp_max_syn_backlog",
	[NS_TCP_SYNCOOKIES] = "net.ipv4.tcp_syncookies",
	[NS_TCP_ABORT_ON_OVERFLOW] = "net.ipv4.tcp_abort_on_overflow",
	[NS_TCP_SYN_RETRIES] = "net.ipv4.tcp_syn_retries",
	[NS_TCP_SYNACK_RETRIES] = "net.ipv4.tcp_synack_retries",
	[NS_TCP_RETRIES1] = "net.ipv4.tcp_retries1",
	[NS_TCP_RETRIES2] = "net.ipv4.tcp_retries2",
	[NS_TCP_ORPHAN_RETRIES] = "net.ipv4.tcp_orphan_retries",
	[NS_TCP_RFC1337] = "net.ipv4.tcp_rfc1337",
	[NS_TCP_MAX_ORPHANS] = "net.ipv4.tcp_max_orphans",
	[NS_TCP_MEM] = "net.ipv4.tcp_mem",
	[NS_NETDEV_MAX_BACKLOG] = "net.core.netdev_max_backlog",
	[NS_CONNTRACK_MAX] = "net.netfilter.nf_conntrack_max",
	[NS_CONNTRACK_BUCKETS] = "net.netfilter.nf_conntrack_buckets",
	[NS_CONNTRACK_TIME_WAIT] = "net.netfilter.nf_conntrack_tcp_timeout_time_wait",
	[NS_CONNTRACK_ESTABLISHED] = "net.netfilter.nf_conntrack_tcp_timeout_established",
};

static const char *const reasons[] = {
	[NS_NOT_LOOKED] = "not looked at",
	[NS_ABSENT] = "this kernel does not have it",
	[NS_NO_PRIVILEGE] = "no privilege to look into this network namespace",
	[NS_UNREADABLE] = "can't be read",
	[NS_ELSEWHERE] = "the kernel shows it in the machine's first network namespace alone, which is not looked at here",
};

bool namespace_facts_equal(const struct namespace_facts *a, const struct namespace_facts *b)
{
	return !memcmp(a, b, sizeof(*a));
}

const char *namespace_counter_name(unsigned int counter)
{
	return counter < NS_COUNTERS ? counter_names[counter] : NULL;
}

const char *namespace_gauge_name(unsigned int gauge)
{
	return gauge < NS_GAUGES ? gauge_names[gauge] : NULL;
}

const char *namespace_setting_name(unsigned int setting)
{
	return setting < NS_SETTINGS ? setting_names[setting] : NULL;
}

const char *namespace_known_reason(unsigned int known)
{
	return known < sizeof(reasons) / sizeof(reasons[0]) ? reasons[known] : NULL;
}

unsigned int namespace_known_parse(const char *reason)
{
	unsigned int known;

	for (known = NS_ABSENT; reason && known < sizeof(reasons) / sizeof(reasons[0]); known++)
		if (!strcmp(reason, reasons[known]))
			return known;
	return NS_NOT_LOOKED;
}
