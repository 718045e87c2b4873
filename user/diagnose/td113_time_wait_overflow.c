// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* tcp_max_tw_buckets is reached: connections end without TIME_WAIT. */
#include "diagnose/codes.h"
#include "diagnose/namespaces.h"
#include "diagnose/words.h"

/* Who has the most TIME_WAIT in the namespace. NULL: nobody. */
static const struct cause *maker(const struct scene *scene, uint32_t netns)
{
	size_t i;

	for (i = 0; i < scene->causes->count; i++)
		if (scene->causes->sorted[i]->key.state == STATE_TIME_WAIT && scene->causes->sorted[i]->key.netns == netns)
			return scene->causes->sorted[i];
	return NULL;
}

static void judge(const struct scene *scene, struct verdicts *verdicts, uint32_t netns, const struct namespace_facts *facts)
{
	struct finding *finding = verdicts_add(verdicts, TD113, SEVERITY_NOTE);
	uint64_t grown = namespace_grown(scene, netns, NS_TIME_WAIT_OVERFLOW), now = 0;
	const struct cause *most = maker(scene, netns);
	const struct known_process *process = scene_process(scene, most ? most->key.process : 0);
	int64_t limit = 0;
	words who;
	char where[48];

	if (!finding)
		return;
	namespace_setting(facts, NS_TCP_MAX_TW_BUCKETS, &limit);
	namespace_gauge(facts, NS_TIME_WAIT_SOCKETS, &now);
	finding_title(finding, "net.ipv4.tcp_max_tw_buckets (%lld) is reached%s: %llu connections ended without TIME_WAIT in the last seconds; most are made by %s",
		      (long long)limit, words_netns(where, netns, facts), (unsigned long long)grown, words_known(who, scene, process));
	finding_about_known(finding, scene, process);
	finding->concerns_all = !most;
	finding->subject.netns = netns;
	finding->weight = grown;
	finding_evidence(finding, "overflows", grown, "connections", "nstat -az TcpExtTCPTimeWaitOverflow");
	finding_evidence(finding, "overflows_total", facts->counters[NS_TIME_WAIT_OVERFLOW].total, "connections", NULL);
	finding_evidence(finding, "time_wait", now, "sockets", "cat /proc/net/sockstat");
	finding_evidence(finding, "tcp_max_tw_buckets", limit, "sockets", "sysctl net.ipv4.tcp_max_tw_buckets");
	finding_change(finding, "raise it: a TIME_WAIT takes about 250 bytes; what overflows has none, and segments of an old connection can meet a new one");
	finding_change(finding, "or make fewer: keep-alive, a pool");
	finding_useless(finding, "net.ipv4.tcp_max_tw_buckets", "lowering it hides TIME_WAIT and takes the protection away");
}

void td113_time_wait_overflow(const struct scene *scene, struct verdicts *verdicts)
{
	const struct namespace_facts *facts;
	size_t cursor = 0;
	uint32_t netns;

	while ((facts = model_namespace_next(scene_model(scene), &cursor, &netns)))
		if (namespace_grown(scene, netns, NS_TIME_WAIT_OVERFLOW))
			judge(scene, verdicts, netns, facts);
}
