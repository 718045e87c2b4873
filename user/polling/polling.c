// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* The run: look, tell what changed, tick, wait. */
#include "polling/polling.h"

#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/utsname.h>

#include "attach/privileges.h"
#include "attribute/cgroup.h"
#include "attribute/pod_names.h"
#include "event/listener.h"
#include "event/present.h"
#include "polling/holders.h"
#include "polling/ports.h"
#include "polling/present.h"
#include "polling/sockets.h"
#include "source/feed.h"
#include "source/namespaces_watch.h"
#include "util/boot.h"
#include "util/stop.h"
#include "filter/event_filter.h"
#include "util/tcp_state.h"

#define NSEC_PER_MSEC 1000000ULL
#define LOOK_NS (1000 * NSEC_PER_MSEC)
#define DEFAULT_SOCKETS 1000000
#define PORTS_REPEAT_NS (60 * LOOK_NS)

struct polling {
	const struct run_options *options;
	const struct run_needs *needs;
	struct feed feed;
	struct filter filter; /* of the options, with the cgroups' paths */
	struct polled_sockets sockets;
	struct polled_holders *holders;
	struct polled_present *present; /* NULL: the view does not want to know */
	uint64_t present_ns; /* when it last looked; 0: never */
	struct namespaces_watch *namespaces; /* the same */
	struct pod_names *pods;
	struct cgroup_names *cgroups;
	struct port_facts ports; /* as told last; the namespace's number is 0 before */
	uint64_t ports_told_ns;
	uint64_t begin_ns, look_ns, unix_offset_ns;
	int look_error;
};

static struct transition record_of(const struct polling *polling, uint64_t id, const struct polled_socket *socket)
{
	return (struct transition){
		.type = polling->sockets.look > 1 ? RECORD_TRANSITION : RECORD_SOCKET,
		.old_state = polling->sockets.look > 1 ? socket->old_state : socket->state,
		.new_state = socket->state,
		.side = socket->side,
		.closed_by = polled_closed_by(socket),
		.attribution = socket->owner.start_ns ? ATTRIBUTION_SEEDED : ATTRIBUTION_UNKNOWN,
		.flags = (polled_is_in_accept_queue(socket) ? FLAG_IN_ACCEPT_QUEUE : 0) | (socket->is_timewait ? FLAG_TIMEWAIT : 0),
		.time_ns = polling->sockets.now_ns,
		.since_ns = socket->old_since_ns,
		.id = id,
		.device = socket->device,
		.endpoint = socket->endpoint,
		.owner = socket->owner,
	};
}

static bool is_selected(const struct polling *polling, const struct event *event)
{
	return polling->needs->filters_processes ? event_ends_pass(&polling->filter, event) : event_passes(&polling->filter, event);
}

static void deliver(struct polling *polling, const struct transition *record)
{
	struct event event = { .record = *record, .unix_ns = record->time_ns + polling->unix_offset_ns };
	const struct cgroup_name *name;

	event.cgroup_id = record->owner.cgroup_id;
	name = cgroup_names_lookup(polling->cgroups, event.cgroup_id, record->time_ns);
	event.cgroup = name->path;
	event.container = &name->container;
	if (!event_has_state(&event, polling->needs->emit_states) || !is_selected(polling, &event))
		return;
	feed_event(&polling->feed, &event);
	if (polled_holders_event(polling->holders, record))
		feed_fail(&polling->feed, -ENOMEM);
}

static void take_name(struct polling *polling, struct event *event, uint64_t cgroup_id)
{
	const struct cgroup_name *name = cgroup_names_lookup(polling->cgroups, cgroup_id, event->record.time_ns);

	event->unix_ns = event->record.time_ns + polling->unix_offset_ns;
	event->cgroup_id = cgroup_id;
	event->cgroup = name->path;
	event->container = &name->container;
}

/* News of all sockets. What is gone is no news to others than the model. */
static void deliver_present(void *context, struct event *event)
{
	bool gone = event->present ? event->present->gone : event->listener->gone;
	struct polling *polling = context;

	take_name(polling, event, event->record.owner.cgroup_id);
	if (!gone && !is_selected(polling, event))
		return;
	feed_event(&polling->feed, event);
	if (polled_holders_present(polling->holders, &event->record, gone || event->listener))
		feed_fail(&polling->feed, -ENOMEM);
}

static void deliver_namespace(void *context, struct event *event)
{
	struct polling *polling = context;

	take_name(polling, event, 0);
	feed_event(&polling->feed, event);
}

/* News of who has a socket now. */
static void deliver_holder(void *context, uint64_t id, const struct held *held)
{
	struct polling *polling = context;
	uint64_t now_ns = clock_monotonic_ns();
	const struct cgroup_name *name = cgroup_names_lookup(polling->cgroups, held->process.cgroup_id, now_ns);
	struct event event = {
		.record = { .type = RECORD_HOLDER, .id = id, .time_ns = now_ns },
		.unix_ns = now_ns + polling->unix_offset_ns,
		.cgroup_id = held->process.cgroup_id,
		.cgroup = name->path,
		.container = &name->container,
		.held = held,
	};

	feed_event(&polling->feed, &event);
}

/* Again each minute, for files that begin in the middle of a run. */
static void tell_ports(struct polling *polling)
{
	static const struct container nowhere;
	uint64_t now_ns = polling->sockets.now_ns;
	struct event event = {
		.record = { .type = RECORD_PORTS, .time_ns = now_ns, .endpoint.netns = polling->sockets.netns },
		.unix_ns = now_ns + polling->unix_offset_ns,
		.container = &nowhere,
		.ports = &polling->ports,
	};
	struct port_facts facts;

	if (!polling->needs->ports || polled_ports_read(&facts, &polling->sockets))
		return;
	if (port_facts_equal(&facts, &polling->ports) && now_ns - polling->ports_told_ns < PORTS_REPEAT_NS)
		return;
	polling->ports = facts;
	polling->ports_told_ns = now_ns;
	feed_event(&polling->feed, &event);
}

static void tell_changed(struct polling *polling)
{
	struct polled_sockets *sockets = &polling->sockets;
	const struct polled_socket *socket;
	struct transition record;
	size_t i;

	for (i = 0; i < sockets->n_changed; i++) {
		socket = id_map_find(&sockets->by_id, sockets->changed[i]);
		record = record_of(polling, sockets->changed[i], socket);
		deliver(polling, &record);
	}
}

/* Those that the last look did not find. */
static void tell_gone(struct polling *polling)
{
	struct polled_sockets *sockets = &polling->sockets;
	const struct polled_socket *socket;
	struct transition record;
	size_t cursor = 0, i;
	uint64_t id, *gone = calloc(sockets->by_id.used + 1, sizeof(*gone));
	size_t count = 0;

	while (gone && (socket = id_map_next(&sockets->by_id, &cursor, &id))) {
		if (socket->look == sockets->look)
			continue;
		record = record_of(polling, id, socket);
		record.old_state = socket->state;
		record.new_state = STATE_CLOSE;
		record.since_ns = socket->since_ns;
		record.flags = 0;
		deliver(polling, &record);
		gone[count++] = id;
	}
	for (i = 0; i < count; i++)
		id_map_remove(&sockets->by_id, gone[i]);
	free(gone);
}

static void count_small(struct polling *polling)
{
	const struct polled_socket *socket;
	size_t cursor = 0;

	polling->feed.totals.fin_wait2_timewait = 0;
	while ((socket = id_map_next(&polling->sockets.by_id, &cursor, NULL)))
		polling->feed.totals.fin_wait2_timewait += socket->is_timewait && socket->state == STATE_FIN_WAIT2;
}

/* Listening sockets are listed by themselves, which is dear. */
static bool present_is_due(const struct polling *polling, bool last)
{
	const uint64_t pause_ns = polling->needs->present ? 0 : polling->options->calm_s * LOOK_NS;

	return last || !polling->present_ns || polling->look_ns >= polling->present_ns + pause_ns;
}

static int look(struct polling *polling, bool last)
{
	int err = polled_sockets_look(&polling->sockets, clock_monotonic_ns());

	polling->look_error = err;
	if (err)
		return err;
	polling->look_ns = polling->sockets.now_ns;
	polling->unix_offset_ns = clock_unix_offset_ns(polling->unix_offset_ns);
	polling->feed.health.map_full = polling->sockets.refused;
	polled_sockets_find_owners(&polling->sockets, polling->cgroups);
	pod_names_refresh(polling->pods, polling->look_ns, true);
	tell_ports(polling);
	tell_changed(polling);
	tell_gone(polling);
	count_small(polling);
	if (polling->namespaces)
		err = namespaces_watch_look(polling->namespaces, polling->look_ns, last);
	if (!err && polling->present && present_is_due(polling, last)) {
		polling->present_ns = polling->look_ns;
		err = polled_present_look(polling->present);
	}
	if (err)
		return err;
	polled_holders_look(polling->holders, last);
	polling->feed.holders_check_ns = polled_holders_period_ns(polling->holders);
	polling->feed.holders_seen_ns = polled_holders_seen_ns(polling->holders);
	polling->feed.present_seen_ns = polling->present_ns;
	return 0;
}

static void tell_tick(struct polling *polling)
{
	uint64_t now_ns = clock_monotonic_ns();

	feed_tick(&polling->feed, now_ns, now_ns + polling->unix_offset_ns);
}

static int tell_end(struct polling *polling)
{
	uint64_t now_ns = clock_monotonic_ns();

	return feed_end(&polling->feed, now_ns, now_ns + polling->unix_offset_ns);
}

static bool is_over(const struct polling *polling)
{
	return stop_is_requested() || feed_is_over(&polling->feed) || run_time_is_over(polling->options, polling->begin_ns);
}

/* Until the next look, the view's next tick or the end of the run, whatever comes first. */
static void wait(const struct polling *polling)
{
	uint64_t now_ns = clock_monotonic_ns(), next_ns = polling->look_ns + LOOK_NS;
	int ms = next_ns > now_ns ? (next_ns - now_ns) / NSEC_PER_MSEC + 1 : 0;
	unsigned int tick_ms = feed_tick_ms(&polling->feed, true);
	struct pollfd wake = { .fd = polling->needs->wake_fd ?: -1, .events = POLLIN };

	poll(&wake, 1, run_wait_ms(polling->options, polling->begin_ns, (int)tick_ms < ms ? (int)tick_ms : ms));
}

static int run(struct polling *polling)
{
	int err = look(polling, false), end_err;

	if (!err)
		tell_tick(polling);
	while (!err && !is_over(polling)) {
		wait(polling);
		if (clock_monotonic_ns() - polling->look_ns >= LOOK_NS)
			err = look(polling, false);
		if (!err)
			tell_tick(polling);
	}
	if (err || feed_error(&polling->feed))
		return err ?: feed_error(&polling->feed);
	if (polling->options->seconds >= 0 || stop_is_requested())
		err = look(polling, true);
	end_err = tell_end(polling);
	return err ?: end_err;
}

static int tell_begin(struct polling *polling, struct view *view)
{
	struct utsname name;
	struct run run = {
		.version = VERSION,
		.kernel = name.release,
		.host = name.nodename,
		.boot = boot_id(),
		.netns = polling->sockets.netns, /* it sees no other */
		.polled = true,
		.names = polling->pods,
		.begin_ns = polling->begin_ns,
		.begin_unix_ns = polling->begin_ns + polling->unix_offset_ns,
	};

	uname(&name);
	feed_begin(&polling->feed, view, &run);
	return feed_error(&polling->feed);
}

/* Numbers of cgroups to paths, for event_passes(). In a cgroup namespace all paths begin at its root, also those given. */
static void filter_prepare(struct polling *polling)
{
	const struct cgroup_name *name;
	unsigned int i;

	polling->filter = polling->options->filter;
	if (polling->needs->filters_processes)
		filter_drop_processes(&polling->filter);
	for (i = 0; i < polling->filter.n_cgroups; i++) {
		name = cgroup_names_lookup(polling->cgroups, polling->filter.cgroup_ids[i], clock_monotonic_ns());
		polling->filter.cgroup_paths[i] = name->path ?: polling->filter.cgroup_paths[i];
	}
}

static bool sees_what_is_asked(const struct polling *polling)
{
	const struct filter *filter = &polling->filter;
	unsigned int i;

	for (i = 0; i < filter->n_netns; i++)
		if (filter->netns[i] == polling->sockets.netns)
			return true;
	return !filter->n_netns && !filter->all_netns;
}

static struct namespaces_watch *namespaces_new(struct polling *polling)
{
	struct namespaces_watch_config config = {
		.filter = &polling->options->filter,
		.settings = polling->needs->namespace_settings,
		.tell = deliver_namespace,
		.context = polling,
		.patience = polling->options->patience,
		.calm_s = polling->options->calm_s,
	};

	return namespaces_watch_new(&config);
}

static int polling_open(struct polling *polling, char *error, size_t error_size)
{
	const bool looks = polling->needs->present || polling->needs->listeners;
	int err = polled_sockets_init(&polling->sockets, polling->options->max_sockets ?: DEFAULT_SOCKETS);

	polling->pods = pod_names_new(polling->options->log_directory ?: POD_NAMES_DIRECTORY);
	polling->cgroups = cgroup_names_new(NULL, polling->pods);
	polling->holders = polled_holders_new(&polling->sockets, polling->cgroups, polling->needs->holder_states, looks, deliver_holder, polling);
	if (looks)
		polling->present = polled_present_new(&polling->sockets, polling->cgroups, !polling->needs->present, deliver_present, polling);
	if (polling->needs->namespaces)
		polling->namespaces = namespaces_new(polling);
	if (!err && !(polling->pods && polling->cgroups && polling->holders && (polling->present || !looks) &&
		      (polling->namespaces || !polling->needs->namespaces)))
		err = -ENOMEM;
	if (err) {
		snprintf(error, error_size, "--no-bpf needs /proc: %s%s", strerror(-err), err == -ENOENT ? ": mount -t proc proc /proc" : "");
		return err;
	}
	filter_prepare(polling);
	if (!sees_what_is_asked(polling)) {
		snprintf(error, error_size, "-n: with --no-bpf only our own network namespace is seen");
		return -EINVAL;
	}
	polling->unix_offset_ns = clock_unix_offset_ns(polling->unix_offset_ns);
	polling->begin_ns = clock_monotonic_ns();
	return 0;
}

int polling_run(const struct run_options *options, const struct run_needs *needs, struct view *view, char *error,
		size_t error_size)
{
	struct polling polling = { .options = options, .needs = needs, .feed.totals.told = needs->emit_states };
	int err;

	error[0] = '\0';
	stop_catch_signals();
	err = polling_open(&polling, error, error_size);
	if (!err) {
		privileges_drop((needs->writes_files ? PRIVILEGE_FILES : 0) | (needs->renames_files ? PRIVILEGE_RENAME : 0) |
				(polling.options->log_directory ? PRIVILEGE_PATHS : 0),
				needs->removes_in);
		stop_after(options->seconds);
		err = tell_begin(&polling, view) ?: run(&polling);
	}
	if (polling.look_error)
		snprintf(error, error_size, "the kernel's list of sockets can't be read: %s", strerror(-polling.look_error));
	namespaces_watch_free(polling.namespaces);
	polled_present_free(polling.present);
	polled_holders_free(polling.holders);
	cgroup_names_free(polling.cgroups);
	pod_names_free(polling.pods);
	polled_sockets_release(&polling.sockets);
	return err;
}
