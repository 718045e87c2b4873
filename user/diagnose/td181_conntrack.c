// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* The table of tracked connections is nearly full: then packets of new ones are dropped. */
#include "diagnose/codes.h"
#include "diagnose/namespaces.h"
#include "diagnose/words.h"

static void judge(const struct scene *scene, struct verdicts *verdicts, uint32_t netns, const struct namespace_facts *facts, uint64_t count,
		  int64_t max)
{
	struct finding *finding = verdicts_add(verdicts, TD181, count >= (uint64_t)max ? SEVERITY_NOW : SEVERITY_SOON);
	int64_t time_wait;
	char where[48];

	if (!finding)
		return;
	finding_title(finding, "the table of tracked connections is %s: %llu of %lld (nf_conntrack_max)%s; when it is full packets of new connections are dropped",
		      count >= (uint64_t)max ? "full" : "nearly full", (unsigned long long)count, (long long)max,
		      words_netns(where, netns, facts));
	finding->subject.netns = netns;
	finding->concerns_all = true;
	finding->weight = (double)count / max;
	finding_evidence(finding, "tracked", count, "connections", "sysctl net.netfilter.nf_conntrack_count");
	finding_evidence(finding, "nf_conntrack_max", max, "connections", "sysctl net.netfilter.nf_conntrack_max");
	finding_evidence(finding, "threshold", scene_threshold(scene, TD181_SHARE), "share", NULL);
	finding_change(finding, "sysctl net.netfilter.nf_conntrack_max=%lld (about 300 bytes each), and its hash table alike", (long long)max * 2);
	if (namespace_setting(facts, NS_CONNTRACK_TIME_WAIT, &time_wait))
		finding_change(finding, "net.netfilter.nf_conntrack_tcp_timeout_time_wait is %lld s: connections that are over stay tracked for so long",
			       (long long)time_wait);
	finding_change(finding, "do not track what needs no NAT (notrack), or open fewer connections");
	finding_useless(finding, "net.ipv4.tcp_fin_timeout", "sockets and tracked connections are different tables");
}

void td181_conntrack(const struct scene *scene, struct verdicts *verdicts)
{
	const struct namespace_facts *facts;
	size_t cursor = 0;
	uint64_t count;
	uint32_t netns;
	int64_t max;

	while ((facts = model_namespace_next(scene_model(scene), &cursor, &netns)))
		if (namespace_gauge(facts, NS_CONNTRACK_COUNT, &count) && namespace_setting(facts, NS_CONNTRACK_MAX, &max) && max > 0 &&
		    count >= max * scene_threshold(scene, TD181_SHARE))
			judge(scene, verdicts, netns, facts, count, max);
}
