// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* Orphans near tcp_max_orphans, or TCP's memory under pressure: the kernel resets connections then. */
#include "diagnose/codes.h"
#include "diagnose/namespaces.h"
#include "diagnose/words.h"

static const struct known_process *maker(const struct scene *scene)
{
	size_t i;

	for (i = 0; i < scene->causes->count; i++) {
		const struct cause_key *key = &scene->causes->sorted[i]->key;

		if (!key->held && !key->small && is_closing_state(key->state))
			return scene_process(scene, key->process);
	}
	return NULL;
}

static void orphans(const struct scene *scene, struct verdicts *verdicts, uint64_t now, int64_t max, uint64_t aborted)
{
	struct finding *finding = verdicts_add(verdicts, TD143, now >= (uint64_t)max || aborted ? SEVERITY_NOW : SEVERITY_SOON);
	const struct known_process *process = maker(scene);
	words who;

	if (!finding)
		return;
	finding_title(finding, "%llu of %lld closed sockets that still have data to send (tcp_max_orphans) are there, most from %s: at the limit the kernel resets them",
		      (unsigned long long)now, (long long)max, words_process(who, scene, process ? &process->process : NULL));
	finding->concerns_all = true;
	finding->subject.kind = 1;
	if (process)
		finding_about_known(finding, scene, process);
	finding_evidence(finding, "orphans", now, "sockets", "cat /proc/net/sockstat");
	finding_evidence(finding, "tcp_max_orphans", max, "sockets", "sysctl net.ipv4.tcp_max_orphans");
	finding_evidence(finding, "aborted", aborted, "connections", "nstat -az TcpExtTCPAbortOnMemory");
	finding_change(finding, "find out why peers do not take what is sent to them: see the sockets in FIN_WAIT1, LAST_ACK and CLOSING");
	finding_change(finding, "raise net.ipv4.tcp_max_orphans: each takes up to 64 KiB");
	finding_useless(finding, "net.ipv4.tcp_fin_timeout", "orphans in FIN_WAIT2 are small sockets and do not count here");
}

static void memory(struct verdicts *verdicts, uint64_t pages, const int64_t limits[3], uint64_t pressures)
{
	struct finding *finding = verdicts_add(verdicts, TD143, pages >= (uint64_t)limits[2] ? SEVERITY_NOW : SEVERITY_SOON);

	if (!finding)
		return;
	finding_title(finding, "TCP uses %llu pages of memory for its queues: above %lld (tcp_mem) buffers shrink, at %lld connections are reset",
		      (unsigned long long)pages, (long long)limits[1], (long long)limits[2]);
	finding->concerns_all = true;
	finding->subject.kind = 2;
	finding_evidence(finding, "memory", pages, "pages", "cat /proc/net/sockstat");
	finding_evidence(finding, "pressure_at", limits[1], "pages", "sysctl net.ipv4.tcp_mem");
	finding_evidence(finding, "limit", limits[2], "pages", NULL);
	finding_evidence(finding, "pressures", pressures, "times", "nstat -az TcpExtTCPMemoryPressures");
	finding_change(finding, "find the connections with long queues: ss -tanpm | sort -k2; a program that does not read, or a peer that does not take");
	finding_change(finding, "raise net.ipv4.tcp_mem if the machine has the memory");
}

void td143_orphans_memory(const struct scene *scene, struct verdicts *verdicts)
{
	uint32_t netns;
	const struct namespace_facts *facts = scene_machine(scene, &netns);
	uint64_t now, pages;
	int64_t max;

	if (!facts || !namespace_gauge(facts, NS_ORPHANS, &now) || !namespace_setting(facts, NS_TCP_MAX_ORPHANS, &max))
		verdicts_not_examined(verdicts, TD143, "orphans and tcp_max_orphans: %s",
				      facts ? namespace_known_reason(facts->settings[NS_TCP_MAX_ORPHANS].known) ?: "not known" : "not looked");
	else if (max > 0 && now >= max * scene_threshold(scene, TD143_SHARE))
		orphans(scene, verdicts, now, max, namespace_grown(scene, netns, NS_ABORT_ON_MEMORY));
	if (facts && facts->settings[NS_TCP_MEM].known == NS_KNOWN && facts->settings[NS_TCP_MEM].count == 3 &&
	    namespace_gauge(facts, NS_MEMORY_PAGES, &pages) && pages >= (uint64_t)facts->settings[NS_TCP_MEM].value[1])
		memory(verdicts, pages, facts->settings[NS_TCP_MEM].value, namespace_grown(scene, netns, NS_MEMORY_PRESSURES));
}
