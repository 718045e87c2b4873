// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* A list of namespaces, made anew now and then, and a round through it. */
#include "source/namespaces_watch.h"

#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "attribute/namespace_read.h"
#include "attribute/netns.h"
#include "event/namespace_facts.h"
#include "source/namespace_growth.h"
#include "source/pause.h"
#include "util/log.h"
#include "util/number.h"

#define NSEC_PER_SEC 1000000000ULL
#define PERIOD_NS NSEC_PER_SEC
#define LIST_NS (10 * NSEC_PER_SEC) /* between two lists */
#define SETTINGS_NS (10 * NSEC_PER_SEC) /* between two looks at a namespace's settings */
#define CALM_NS (5 * NSEC_PER_SEC) /* between two events of a namespace where only ordinary counters grew */
#define SLOW_NS (60 * NSEC_PER_SEC) /* the same for who is not in a hurry */
#define SLOW_SETTINGS_NS (600 * NSEC_PER_SEC)
#define SLOW_LIST_NS (30 * NSEC_PER_SEC) /* between two lists, for who is not in a hurry: all processes are gone through */
#define LIMIT_SHARE 20 /* a gauge that has moved by so small a share of its limit is no news */
#define SHARE 100 /* a round of 1 ms is followed by 100 ms at least: a hundredth of a processor */
#define PATIENT_MAX_NS (60 * NSEC_PER_SEC) /* nobody who is patient waits longer for what a hundredth allows */
#define NAMESPACES_MAX 4096

struct watched {
	uint32_t inode;
	uint64_t cookie; /* of whom the facts are; 0: not known */
	char *path; /* NULL: our own */
	struct namespace_facts now, told;
	struct namespace_growth growth;
	uint64_t settings_ns, told_ns; /* 0: never */
	bool listed;
	bool other; /* than the one that the filter means, which had the number before */
};

struct namespaces_watch {
	struct namespaces_watch_config config;
	struct watched *watched;
	size_t count;
	int own; /* descriptor */
	uint32_t own_inode;
	uint64_t next_ns, list_ns;
	uint64_t settings_cost_ns, settings_pause_ns; /* in the round that is on; between two looks at them */
	bool in_trouble; /* by the round that is on, or the last: a counter grew that tells of it */
	uint64_t meant[FILTER_SET_MAX]; /* cookies of the filter's namespaces; 0: not known yet */
	struct namespace_value of_machine[NS_SETTINGS];
};

struct namespaces_watch *namespaces_watch_new(const struct namespaces_watch_config *config)
{
	struct namespaces_watch *watch = calloc(1, sizeof(*watch));

	if (!watch)
		return NULL;
	watch->config = *config;
	memcpy(watch->meant, config->filter->netns_cookies, sizeof(watch->meant));
	watch->settings_pause_ns = config->calm_s > 1 ? SLOW_SETTINGS_NS : SETTINGS_NS;
	watch->own = open("/proc/thread-self/ns/net", O_RDONLY | O_CLOEXEC);
	if (watch->own >= 0)
		netns_inode_of_fd(watch->own, &watch->own_inode);
	return watch;
}

void namespaces_watch_free(struct namespaces_watch *watch)
{
	size_t i;

	if (!watch)
		return;
	for (i = 0; i < watch->count; i++)
		free(watch->watched[i].path);
	free(watch->watched);
	if (watch->own >= 0)
		close(watch->own);
	free(watch);
}

/* `path` NULL: our own. Without memory for it a namespace is not watched. */
static void list_one(struct namespaces_watch *watch, uint32_t inode, const char *path)
{
	struct watched *watched;
	size_t i;

	for (i = 0; i < watch->count && watch->watched[i].inode != inode; i++)
		;
	if (i == watch->count) {
		watched = i < NAMESPACES_MAX ? realloc(watch->watched, (i + 1) * sizeof(*watched)) : NULL;
		if (!watched)
			return;
		watch->watched = watched;
		memset(&watched[i], 0, sizeof(*watched));
		watched[i].inode = inode;
		watch->count++;
	}
	watched = &watch->watched[i];
	watched->listed = true;
	free(watched->path);
	watched->path = path ? strdup(path) : NULL;
}

/* A namespace that is gone is forgotten: its number may be another's some day. */
static void drop_unlisted(struct namespaces_watch *watch)
{
	size_t i, kept = 0;

	for (i = 0; i < watch->count; i++) {
		if (!watch->watched[i].listed) {
			free(watch->watched[i].path);
			continue;
		}
		if (kept != i)
			memcpy(&watch->watched[kept], &watch->watched[i], sizeof(watch->watched[i]));
		kept++;
	}
	watch->count = kept;
}

static void list(struct namespaces_watch *watch)
{
	struct netns_list list = {};
	size_t i;

	for (i = 0; i < watch->count; i++)
		watch->watched[i].listed = false;
	if (watch->own_inode && filter_wants_netns(watch->config.filter, watch->own_inode))
		list_one(watch, watch->own_inode, NULL);
	if (watch->config.enters && !netns_list_read(&list, &watch->config.filter->places.netns))
		for (i = 0; i < list.count; i++)
			if (list.entries[i].inode != watch->own_inode && filter_wants_netns(watch->config.filter, list.entries[i].inode))
				list_one(watch, list.entries[i].inode, list.entries[i].path);
	netns_list_release(&list);
	drop_unlisted(watch);
}

/* Into a namespace; a path may be another's by now. */
static int enter(const struct watched *watched)
{
	int fd = open(watched->path, O_RDONLY | O_CLOEXEC), err;
	uint32_t inode = 0;

	if (fd < 0)
		return -errno;
	err = netns_inode_of_fd(fd, &inode);
	if (!err && inode != watched->inode)
		err = -ENOENT;
	if (!err && setns(fd, CLONE_NEWNET))
		err = -errno;
	close(fd);
	return err;
}

/* The first one that has a number is taken for the one that was asked for, where no better is known. */
static bool is_meant(struct namespaces_watch *watch, uint32_t inode, uint64_t cookie)
{
	const struct filter *filter = watch->config.filter;
	unsigned int i;

	for (i = 0; i < filter->n_netns; i++) {
		if (filter->netns[i] != inode || !cookie)
			continue;
		if (!watch->meant[i])
			watch->meant[i] = cookie;
		return watch->meant[i] == cookie;
	}
	return true;
}

/* Counters only grow. */
static bool has_shrunk(const struct watched *watched)
{
	const struct namespace_count *now = watched->now.counters, *told = watched->told.counters;
	unsigned int i;

	for (i = 0; i < NS_COUNTERS; i++)
		if (now[i].known == NS_KNOWN && told[i].known == NS_KNOWN && now[i].total < told[i].total)
			return true;
	return false;
}

/* The kernel gives the number of one that is gone to the next one. Where it has no cookies, only some of them are recognized. */
static bool is_another(const struct watched *watched, uint64_t cookie)
{
	return cookie && watched->cookie ? cookie != watched->cookie : has_shrunk(watched);
}

/* What `now` counts is of the new one already. */
static void begin_anew(struct watched *watched)
{
	watched->settings_ns = watched->told_ns = 0;
	watched->now.is_first = false;
	memset(&watched->growth, 0, sizeof(watched->growth));
	memset(watched->now.settings, 0, sizeof(watched->now.settings));
	memset(&watched->told, 0, sizeof(watched->told));
}

static bool is_slow(const struct namespaces_watch *watch)
{
	return watch->config.calm_s > 1;
}

static void read_here(struct namespaces_watch *watch, struct watched *watched, uint64_t now_ns)
{
	const uint64_t cookie = watched->path ? netns_cookie() : 0;
	uint64_t begin_ns;
	unsigned int i;

	watched->other = !is_meant(watch, watched->inode, cookie);
	if (watched->other)
		return;
	namespace_read_counts(&watched->now, NULL);
	if (is_another(watched, cookie))
		begin_anew(watched);
	watched->cookie = cookie ?: watched->cookie;
	if (!watch->config.settings || (watched->settings_ns && now_ns - watched->settings_ns < watch->settings_pause_ns))
		return;
	watched->settings_ns = now_ns;
	begin_ns = clock_cpu_ns();
	namespace_read_settings(&watched->now, NULL);
	watch->settings_cost_ns += clock_cpu_ns() - begin_ns;
	for (i = 0; i < NS_SETTINGS; i++)
		if (namespace_setting_is_of_machine(i) && watched->now.settings[i].known == NS_KNOWN)
			memcpy(&watch->of_machine[i], &watched->now.settings[i], sizeof(watch->of_machine[i]));
}

/* What the kernel shows in its first namespace alone: where that was seen it is known for all. */
static void complete(const struct namespaces_watch *watch, struct watched *watched)
{
	unsigned int i;

	watched->now.is_own = watched->inode == watch->own_inode;
	for (i = 0; i < NS_SETTINGS; i++) {
		struct namespace_value *value = &watched->now.settings[i];

		if (!namespace_setting_is_of_machine(i))
			continue;
		if (i == NS_TCP_MEM)
			watched->now.is_first |= value->known == NS_KNOWN && !watched->told_ns;
		if (value->known == NS_ABSENT && watch->of_machine[i].known == NS_KNOWN)
			memcpy(value, &watch->of_machine[i], sizeof(*value));
		else if (value->known == NS_ABSENT)
			value->known = NS_ELSEWHERE;
	}
}

/* Counters that tell of trouble come first in their list. */
static bool is_in_trouble(const struct watched *watched)
{
	return memcmp(watched->now.counters, watched->told.counters, NS_TIME_WAITS * sizeof(watched->now.counters[0]));
}

/* Gauges that have a limit: the number of a value of the setting. */
static const struct {
	uint8_t gauge, setting, value;
} limits[] = {
	{ NS_CONNTRACK_COUNT, NS_CONNTRACK_MAX, 0 },
	{ NS_ORPHANS, NS_TCP_MAX_ORPHANS, 0 },
	{ NS_MEMORY_PAGES, NS_TCP_MEM, 1 },
};

static bool gauge_has_moved(const struct watched *watched)
{
	unsigned int i;

	for (i = 0; i < sizeof(limits) / sizeof(limits[0]); i++) {
		uint64_t now = watched->now.gauges[limits[i].gauge].total, told = watched->told.gauges[limits[i].gauge].total;
		int64_t limit = watched->now.settings[limits[i].setting].value[limits[i].value];

		if (limit > 0 && (now > told ? now - told : told - now) > (uint64_t)limit / LIMIT_SHARE)
			return true;
	}
	return false;
}

static bool is_urgent(const struct namespaces_watch *watch, const struct watched *watched)
{
	return is_in_trouble(watched) || (is_slow(watch) && gauge_has_moved(watched)) ||
	       memcmp(watched->now.settings, watched->told.settings, sizeof(watched->now.settings));
}

static void tell(struct namespaces_watch *watch, struct watched *watched, uint64_t now_ns, bool last)
{
	struct event event = {
		.record = { .type = RECORD_NAMESPACE, .time_ns = now_ns, .endpoint.netns = watched->inode },
		.namespace = &watched->told,
	};

	if (watched->other || (watched->told_ns && namespace_facts_equal(&watched->now, &watched->told)))
		return;
	if (watched->told_ns && !last && !is_urgent(watch, watched) && now_ns - watched->told_ns < (is_slow(watch) ? SLOW_NS : CALM_NS))
		return;
	watch->in_trouble |= watched->told_ns && is_in_trouble(watched);
	memcpy(&watched->told, &watched->now, sizeof(watched->told));
	watched->told_ns = now_ns;
	watch->config.tell(watch->config.context, &event);
}

static int look_at(struct namespaces_watch *watch, struct watched *watched, uint64_t now_ns)
{
	int err = watched->path ? enter(watched) : 0;

	if (err == -ENOENT) {
		watch->list_ns = 0;
		return 0;
	}
	if (err) {
		namespace_not_read(&watched->now, err == -EPERM || err == -EACCES ? NS_NO_PRIVILEGE : NS_UNREADABLE);
		return 0;
	}
	read_here(watch, watched, now_ns);
	if (!watched->other)
		namespace_growth_take(&watched->growth, &watched->now);
	return watched->path && setns(watch->own, CLONE_NEWNET) ? -errno : 0;
}

/* What it took, which is no cost of the look. */
static uint64_t do_between(const struct namespaces_watch *watch)
{
	uint64_t begin_ns = clock_cpu_ns();

	if (watch->config.between)
		watch->config.between(watch->config.context);
	return clock_cpu_ns() - begin_ns;
}

static uint64_t pause_of(const struct namespaces_watch *watch, uint64_t cost_ns, uint64_t least_ns)
{
	uint64_t share_ns = pause_after(cost_ns, SHARE, watch->config.patience, PATIENT_MAX_NS);

	return share_ns > least_ns ? share_ns : least_ns;
}

/* Settings cost more than all else, are read seldom by who is patient, and then keep nothing else waiting. */
static uint64_t period_of(struct namespaces_watch *watch, uint64_t cost_ns)
{
	uint64_t least_ns = PERIOD_NS * (watch->in_trouble || !watch->config.calm_s ? 1 : watch->config.calm_s);

	if (!is_slow(watch))
		return pause_of(watch, cost_ns, least_ns);
	if (watch->settings_cost_ns)
		watch->settings_pause_ns = pause_of(watch, watch->settings_cost_ns, SLOW_SETTINGS_NS);
	return pause_of(watch, elapsed_ns(cost_ns, watch->settings_cost_ns), least_ns);
}

int namespaces_watch_look(struct namespaces_watch *watch, uint64_t now_ns, bool last)
{
	uint64_t begin_ns, cost_ns, between_ns = 0;
	int err = 0;
	size_t i;

	if (watch->own < 0 || (!last && now_ns < watch->next_ns))
		return 0;
	begin_ns = clock_cpu_ns();
	watch->in_trouble = false;
	watch->settings_cost_ns = 0;
	if (!watch->list_ns || now_ns >= watch->list_ns + (is_slow(watch) ? SLOW_LIST_NS : LIST_NS)) {
		list(watch);
		watch->list_ns = now_ns;
	}
	for (i = 0; i < watch->count && !err; i++) {
		err = look_at(watch, &watch->watched[i], now_ns);
		if (!err)
			between_ns += do_between(watch);
	}
	for (i = 0; i < watch->count && !err; i++) {
		complete(watch, &watch->watched[i]);
		tell(watch, &watch->watched[i], now_ns, last);
	}
	cost_ns = clock_cpu_ns() - begin_ns - between_ns;
	watch->next_ns = now_ns + period_of(watch, cost_ns);
	log_debug("a look at %zu network namespaces took %.2f ms", watch->count, cost_ns / 1e6);
	return err;
}
