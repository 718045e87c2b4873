// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* bind(address, 0) before connect(): one pool of ports for all destinations, and each blocked for every other connect(). */
#include "diagnose/codes.h"
#include "diagnose/words.h"

/* The largest pool of the namespace that is used up; NULL: there is none. */
static const struct local_pool *full_pool(const struct scene *scene, uint32_t netns)
{
	const struct local_pools *pools = &scene->ports->pools;
	size_t i;

	for (i = 0; i < pools->n_sorted; i++)
		if (pools->sorted[i]->key.netns == netns && pools->sorted[i]->known && pools->sorted[i]->pool.capacity &&
		    !pools->sorted[i]->pool.usable)
			return pools->sorted[i];
	return NULL;
}

/* Listeners and bound ones that wait are no connections. */
static bool is_binder(const struct port_holder *holder)
{
	return holder->state != STATE_LISTEN && holder->state != STATE_CLOSE;
}

/* Whose sockets block the most ports with connections. */
static const struct port_holder *binder(const struct port_namespace *namespace)
{
	uint32_t i;

	for (i = 0; i < namespace->blockers.used; i++)
		if (is_binder(&namespace->blockers.list[i]))
			return &namespace->blockers.list[i];
	return NULL;
}

/* It concerns all whose sockets block ports, and who did not get one by bind(). */
static void touch_all(struct finding *finding, const struct scene *scene, const struct port_namespace *namespace)
{
	const struct bind_failure *bind;
	const struct port_victim *victim;
	uint32_t i;

	for (i = 0; i < namespace->blockers.used; i++)
		if (is_binder(&namespace->blockers.list[i]))
			finding_touches_known(finding, scene, scene_process(scene, namespace->blockers.list[i].process));
	for (bind = scene->ports->binds.by_key; bind; bind = bind->hh.next)
		for (victim = bind->victims; victim < bind->victims + bind->n_victims; victim++)
			if (bind->key.netns == namespace->facts.settings.netns && !bind->key.port)
				finding_touches(finding, scene, &victim->process);
}

static void judge(const struct scene *scene, struct verdicts *verdicts, const struct port_namespace *namespace)
{
	uint32_t netns = namespace->facts.settings.netns, range = namespace->facts.settings.high - namespace->facts.settings.low + 1U;
	const struct local_pool *full = full_pool(scene, netns);
	struct finding *finding = verdicts_add(verdicts, TD104, full ? SEVERITY_NOW : SEVERITY_NOTE);
	const struct port_holder *holder = binder(namespace);
	const struct known_process *process = scene_process(scene, holder ? holder->process : 0);
	words who, address;

	if (!finding)
		return;
	words_known(who, scene, process);
	if (full)
		finding_title(finding, "%s calls bind() before connect(): all %u ports of %s are used, so bind() to port 0 there fails with \"Address already in use\", whatever the destination",
			      who, full->pool.capacity, words_address(address, full->key.addr));
	else
		finding_title(finding, "%s calls bind() before connect(): its connections block %u of %u local ports for every destination", who,
			      namespace->bind_first, range);
	finding_about_known(finding, scene, process);
	touch_all(finding, scene, namespace);
	finding->subject.netns = netns;
	finding->weight = namespace->bind_first;
	finding_evidence(finding, "bound_before_connect", namespace->bind_first, "ports", "tcpdwell ports --by local");
	finding_evidence(finding, "range", range, "ports", "cat /proc/sys/net/ipv4/ip_local_port_range");
	if (full)
		finding_evidence(finding, "pool_used", full->pool.used, "ports", NULL);
	finding_change(finding, "set IP_BIND_ADDRESS_NO_PORT before bind(), so that connect() chooses the port (curl --interface, Go's "
				"net.Dialer.LocalAddr and dig -b do not), or do not bind() at all");
	finding_useless(finding, "net.ipv4.tcp_tw_reuse", "is for connect(); bind() to port 0 does not take TIME_WAIT over");
	finding_useless(finding, "net.ipv4.tcp_fin_timeout", "does not touch TIME_WAIT");
}

void td104_bind_before_connect(const struct scene *scene, struct verdicts *verdicts)
{
	const struct port_namespace *namespace;
	size_t cursor = 0;

	while ((namespace = port_namespaces_next(&scene->ports->namespaces, &cursor))) {
		uint32_t range = namespace->facts.settings.high - namespace->facts.settings.low + 1U;

		if (namespace->bind_first && (full_pool(scene, namespace->facts.settings.netns) ||
					      namespace->bind_first >= range * scene_threshold(scene, TD104_SHARE)))
			judge(scene, verdicts, namespace);
	}
}
