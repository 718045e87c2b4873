// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* tcp_max_tw_buckets is reached: connections end without TIME_WAIT. */
#include "diagnose/codes.h"
#include "diagnose/namespaces.h"
#include "diagnose/words.h"

/* Closed first here, and not in TIME_WAIT: some of them are only in FIN_WAIT yet, or ended otherwise. */
static int64_t without_time_wait(const struct flow *flow)
{
	return (int64_t)flow->counts[FLOW_LOCAL] - (int64_t)flow->counts[FLOW_RESET] - (int64_t)flow->counts[FLOW_TIME_WAIT];
}

static int64_t overflowed(const struct flow *flow)
{
	return flow->counts[FLOW_OVERFLOW];
}

static const struct process *most_by(const struct scene *scene, uint32_t netns, int64_t (*count_of)(const struct flow *flow))
{
	const struct process *process = NULL;
	const struct flow *flow;
	int64_t most = 0;

	for (flow = scene->flows->table; flow; flow = flow->hh.next)
		if (flow->key.netns == netns && flow->process.start_ns && count_of(flow) > most) {
			most = count_of(flow);
			process = &flow->process;
		}
	return process;
}

/* Whose connections the kernel's events say it of; else, where they were not seen, whose are missing. */
static const struct process *closer(const struct scene *scene, uint32_t netns)
{
	return most_by(scene, netns, overflowed) ?: most_by(scene, netns, without_time_wait);
}

/* Whose connections overflow, else who has the most TIME_WAIT in the namespace. NULL: nobody that is known. */
static const struct process *maker(const struct scene *scene, uint32_t netns)
{
	const struct process *process = closer(scene, netns);
	size_t i;

	for (i = 0; !process && i < scene->causes->count; i++) {
		const struct cause_key *key = &scene->causes->sorted[i]->key;

		if (key->state == STATE_TIME_WAIT && key->netns == netns && scene_process(scene, key->process)->process.start_ns)
			process = &scene_process(scene, key->process)->process;
	}
	return process;
}

/* It concerns all whose connections end without TIME_WAIT, or are in it. */
static void touch_all(struct finding *finding, const struct scene *scene, uint32_t netns)
{
	const struct flow *flow;
	size_t i;

	for (flow = scene->selects ? scene->flows->table : NULL; flow; flow = flow->hh.next)
		if (flow->key.netns == netns && (overflowed(flow) > 0 || without_time_wait(flow) > 0))
			finding_touches(finding, scene, &flow->process);
	for (i = 0; i < scene->causes->count; i++)
		if (scene->causes->sorted[i]->key.state == STATE_TIME_WAIT && scene->causes->sorted[i]->key.netns == netns)
			finding_touches_known(finding, scene, scene_process(scene, scene->causes->sorted[i]->key.process));
}

static void judge(const struct scene *scene, struct verdicts *verdicts, uint32_t netns, const struct namespace_facts *facts)
{
	struct finding *finding = verdicts_add(verdicts, TD113, SEVERITY_NOTE);
	uint64_t grown = namespace_grown(scene, netns, NS_TIME_WAIT_OVERFLOW), now = 0;
	const struct process *process = maker(scene, netns);
	int64_t limit = 0;
	words who;
	char where[48];

	if (!finding)
		return;
	namespace_setting(facts, NS_TCP_MAX_TW_BUCKETS, &limit);
	namespace_gauge(facts, NS_TIME_WAIT_SOCKETS, &now);
	finding_title(finding, "net.ipv4.tcp_max_tw_buckets (%lld) is reached%s: %llu connections ended without TIME_WAIT in the last seconds; most are made by %s",
		      (long long)limit, words_netns(where, netns, facts), (unsigned long long)grown, words_process(who, scene, process));
	finding_about(finding, scene, process, NULL);
	if (process)
		finding_of_program(finding, process, 1);
	finding->concerns_all = !process;
	touch_all(finding, scene, netns);
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
