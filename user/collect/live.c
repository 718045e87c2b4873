// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * The live source. Attach, seed, then: drain the ring buffer, complete each record (owner, cgroup, gaps), count it, hand it
 * to the view; now and then reconcile with the kernel.
 */
#include "collect/live.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/utsname.h>

#include "attach/limits.h"
#include "attach/privileges.h"
#include "attach/tracer.h"
#include "attribute/cgroup.h"
#include "attribute/pod_names.h"
#include "collect/health.h"
#include "collect/holders.h"
#include "collect/iterator.h"
#include "collect/owner.h"
#include "collect/ports.h"
#include "collect/present.h"
#include "collect/reconcile.h"
#include "collect/ring.h"
#include "collect/selection.h"
#include "collect/snapshot.h"
#include "filter/event_filter.h"
#include "event/listener.h"
#include "event/present.h"
#include "source/feed.h"
#include "source/holders_check.h"
#include "source/namespaces_watch.h"
#include "util/boot.h"
#include "util/stop.h"
#include "tcpdwell.skel.h"
#include "util/log.h"
#include "util/tcp_state.h"

#define NSEC_PER_MSEC 1000000ULL
#define HEALTH_INTERVAL_NS (250 * NSEC_PER_MSEC)
#define CLOCK_INTERVAL_NS (1000 * NSEC_PER_MSEC)

struct live {
	const struct run_options *options;
	struct feed feed;
	struct tracer *tracer;
	struct snapshot *snapshot;
	struct owner_finder *owners;
	struct holders *holders;
	struct port_watch *ports; /* NULL: the view does not want to know */
	struct present_watch *present; /* the same */
	struct namespaces_watch *namespaces; /* the same */
	struct pod_names *pods;
	struct cgroup_names *cgroups;
	struct selection *selection;
	struct ring *ring;
	uint64_t begin_ns, last_event_ns, health_ns, offset_ns;
	uint64_t read_ns, told_ns; /* time of the youngest record that was read; of the last tick */
	struct reconciler reconciler;
	uint8_t listing; /* of the kernel side: the sockets that were told in it are counted */
	uint64_t lost; /* records that the kernel side could not send */
	uint64_t late; /* records of an earlier listing */
	uint64_t killed; /* timewait sockets that did not live to their end */
	bool warned_of_names;
	bool selects; /* process filters are not the view's */
	uint64_t unix_offset_ns; /* UTC - monotonic */
};

static const char *log_directory(const struct run_options *options)
{
	return options->log_directory ?: POD_NAMES_DIRECTORY;
}

static void name_cgroup(struct live *live, struct event *event)
{
	const struct process *charged = event->held ? &event->held->process : event_charged(event, event_state(event));
	const struct cgroup_name *name;

	event->cgroup_id = charged->start_ns ? charged->cgroup_id : event->record.socket_cgroup_id;
	name = cgroup_names_lookup(live->cgroups, event->cgroup_id, event->record.time_ns);
	event->cgroup = name->path;
	event->container = &name->container;
	event->names_version = name->version;
}

static void deliver(struct live *live, struct event *event)
{
	name_cgroup(live, event);
	feed_event(&live->feed, event);
	if (holders_event(live->holders, &event->record))
		feed_fail(&live->feed, -ENOMEM);
	if (live->ports && port_watch_note(live->ports, event->record.endpoint.netns))
		feed_fail(&live->feed, -ENOMEM);
	if (live->ports && event->record.type == RECORD_BIND_FAILED && event->record.endpoint.local_port)
		port_watch_ask(live->ports, event->record.endpoint.netns, event->record.endpoint.local_port);
}

/* News of a look: who has a socket now. */
static void deliver_holder(void *context, uint64_t id, const struct held *held)
{
	struct live *live = context;
	struct event event = { .held = held };

	event.record = (struct transition){
		.type = RECORD_HOLDER,
		.id = id,
		.time_ns = clock_monotonic_ns(),
		.listing = live->listing,
	};
	event.unix_ns = event.record.time_ns + live->unix_offset_ns;
	name_cgroup(live, &event);
	feed_event(&live->feed, &event);
	if (live->present)
		present_watch_holder(live->present, id, held);
}

/* News of a look at all sockets. Filters on processes are the reader's, unless the view has them: what is gone is no news to others. */
static void deliver_present(void *context, struct event *event)
{
	bool gone = event->present ? event->present->gone : event->listener->gone;
	struct live *live = context;

	event->record.listing = live->listing;
	event->unix_ns = event->record.time_ns + live->unix_offset_ns;
	name_cgroup(live, event);
	if (live->selects && !gone && !event_passes(&live->options->filter, event))
		return;
	feed_event(&live->feed, event);
	if (holders_present(live->holders, event, gone))
		feed_fail(&live->feed, -ENOMEM);
}

static void deliver_namespace(void *context, struct event *event)
{
	static const struct container nowhere;
	struct live *live = context;

	event->container = &nowhere;
	event->record.listing = live->listing;
	event->unix_ns = event->record.time_ns + live->unix_offset_ns;
	feed_event(&live->feed, event);
}

/* Namespaces that were asked for are of interest before anything happens in them. */
static int watch_ports(struct live *live, const struct filter *filter)
{
	unsigned int i;
	int err = 0;

	for (i = 0; i < filter->n_netns && !err; i++)
		err = port_watch_note(live->ports, filter->netns[i]);
	return err;
}

/* News of a namespace's ports. */
static void deliver_ports(void *context, const struct port_facts *facts)
{
	static const struct container nowhere;
	struct live *live = context;
	struct event event = { .ports = facts, .container = &nowhere };

	event.record = (struct transition){
		.type = RECORD_PORTS,
		.endpoint.netns = facts->settings.netns,
		.time_ns = clock_monotonic_ns(),
		.listing = live->listing,
	};
	event.unix_ns = event.record.time_ns + live->unix_offset_ns;
	feed_event(&live->feed, &event);
}

/* What must have happened between the state that was recorded and the one that this event left. */
static void deliver_gap(struct live *live, const struct event *event)
{
	struct event gap = *event;

	gap.healed = true;
	gap.record.old_state = event->record.recorded_state;
	gap.record.new_state = event->record.old_state;
	gap.record.flags &= ~FLAG_MISSED;
	gap.record.end = END_NONE;
	gap.record.since_ns = 0;
	live->feed.health.healed++;
	deliver(live, &gap);
}

/* All that was counted as being there is told anew. */
static void recount(void *context, bool begins)
{
	struct live *live = context;

	if (begins && live->listing == live->tracer->skeleton->data->listing)
		return;
	live->listing = live->tracer->skeleton->data->listing;
	if (begins)
		holders_forget(live->holders);
	feed_recount(&live->feed, begins);
}

/*
 * The first record of a new listing begins the recount. A record of the old one that comes later, from a processor that was
 * just writing it, is of a socket that the listing tells of: it can't be used, and is lost.
 */
static bool is_of_listing(struct live *live, const struct transition *record)
{
	if (record->listing == live->listing)
		return true;
	if (record->listing == live->tracer->skeleton->data->listing) {
		recount(live, true);
		return true;
	}
	live->late++;
	return false;
}

/* A record that passes all filters; the rest of the event is filled in here. */
static void on_selected(struct live *live, struct event *event)
{
	struct transition *record = &event->record;
	struct held held;

	event->unix_ns = record->time_ns + live->unix_offset_ns;
	if (record->type == RECORD_HOLDER) {
		held = (struct held){ .process = record->owner, .count = 1, .fd = -1 };
		event->held = &held;
	}
	if (record->flags & FLAG_MISSED) {
		deliver_gap(live, event);
		record->flags &= ~FLAG_FIRST_SEEN;
		record->since_ns = 0;
	}
	if (record->flags & FLAG_HEALED) {
		event->healed = true;
		live->feed.health.healed++;
	}
	if (record->type != RECORD_TRANSITION || record->old_state != record->new_state)
		deliver(live, event);
	live->last_event_ns = record->time_ns;
}

/* In a cgroup namespace: the filter's cgroups have whole paths too, as soon as one below the namespace's root was told. */
static void complete_filter(struct live *live, uint64_t id, const char *path)
{
	const struct filter *filter = &live->options->filter;
	char whole[8192];

	if (!path || !filter->n_cgroups || !filter->cgroup_root || !cgroup_root_learn(filter->cgroup_root, NULL, id, path))
		return;
	for (unsigned int i = 0; i < filter->n_cgroups; i++) {
		const char *below = filter->cgroup_paths[i] + strspn(filter->cgroup_paths[i], "/");
		size_t size = strlen(below);

		while (size && below[size - 1] == '/')
			size--;
		snprintf(whole, sizeof(whole), "%s%s%.*s", filter->cgroup_root->path, size || !filter->cgroup_root->path[0] ? "/" : "",
			 (int)size, below);
		cgroup_names_learn(live->cgroups, filter->cgroup_ids[i], whole);
	}
}

/* A cgroup that was not met before. Its container's names may be as new. */
static void on_cgroup(struct live *live, const struct cgroup_record *record)
{
	uint64_t now_ns = clock_monotonic_ns();
	const struct cgroup_name *name;

	if (record->bytes > sizeof(record->names))
		return;
	cgroup_names_learn_upwards(live->cgroups, record->id, record->names, record->bytes);
	name = cgroup_names_lookup(live->cgroups, record->id, now_ns);
	complete_filter(live, record->id, name->path);
	if (!container_is_named(&name->container))
		pod_names_refresh(live->pods, now_ns, true);
}

/* The record is copied once: what is judged must not change. */
static void take_transition(struct live *live, const struct transition *data)
{
	struct event event = { .record = *data };
	struct transition *record = &event.record;

	if (!record_is_sound(record)) {
		live->late++;
		return;
	}
	if (record->time_ns > live->read_ns)
		live->read_ns = record->time_ns;
	live->killed += record->end == END_KILLED;
	if (!is_of_listing(live, record))
		return;
	if (record->owner_credentials)
		owner_finder_complete(live->owners, record);
	if (!(record->flags & FLAG_SELECTION_OPEN) || selection_passes(live->selection, record))
		on_selected(live, &event);
}

static void take_record(struct live *live, const void *data, size_t size)
{
	uint32_t type = *(const uint32_t *)data;

	if (size < (type == RECORD_CGROUP ? sizeof(struct cgroup_record) : sizeof(struct transition)))
		return;
	if (type == RECORD_CGROUP)
		on_cgroup(live, data);
	else
		take_transition(live, data);
}

static bool on_record(void *context, const void *data, size_t size)
{
	struct live *live = context;

	take_record(live, data, size);
	return !feed_error(&live->feed);
}

/* Once, and only where there are pods: nothing else is looked for there. */
static void warn_of_names(struct live *live)
{
	int err = pod_names_error(live->pods);

	if (!err || live->warned_of_names)
		return;
	live->warned_of_names = true;
	log_warn("names of pods are not known: %s/pods and %s/containers can't be read: %s", log_directory(live->options),
		 log_directory(live->options), strerror(-err));
}

/* Records that waited for names. */
static void deliver_kept(struct live *live, bool last)
{
	uint64_t now_ns = clock_monotonic_ns();
	struct event event = {};

	pod_names_refresh(live->pods, now_ns, false);
	warn_of_names(live);
	while (selection_next(live->selection, now_ns, last, &event.record)) {
		if (is_of_listing(live, &event.record))
			on_selected(live, &event);
		event = (struct event){};
	}
}

static void drain_between(void *context)
{
	struct live *live = context;

	ring_drain(live->ring);
}

static int ring_open(struct live *live, int wake_fd, char *error, size_t error_size)
{
	int err;

	live->ring = ring_new(tracer_ring_fd(live->tracer), wake_fd, on_record, live);
	if (live->ring)
		return 0;
	err = -errno;
	snprintf(error, error_size, "the ring buffer can't be mapped: %s", strerror(-err));
	limits_explain(err, error, error_size);
	return err;
}

/* A run that looks at our own network namespace alone need not enter others. */
static bool enters_namespaces(const struct filter *filter)
{
	uint32_t own = 0;

	netns_inode_of("/proc/self/ns/net", &own);
	return filter->n_netns != 1 || filter->netns[0] != own;
}

static struct namespaces_watch *namespaces_new(struct live *live, bool settings)
{
	struct namespaces_watch_config config = {
		.filter = &live->options->filter,
		.enters = enters_namespaces(&live->options->filter),
		.settings = settings,
		.tell = deliver_namespace,
		.between = drain_between,
		.context = live,
		.patience = live->options->patience,
		.calm_s = live->options->calm_s,
	};

	return namespaces_watch_new(&config);
}

/* `all`: of all sockets; else of listening ones. */
static struct present_watch *present_new(struct live *live, bool all)
{
	const struct present_watch_config config = {
		.tracer = live->tracer,
		.owners = live->owners,
		.listeners_only = !all,
		.tell = deliver_present,
		.context = live,
		.patience = live->options->patience,
		.calm_s = live->options->calm_s,
	};

	return present_watch_new(&config);
}

static int live_open(struct live *live, const struct run_needs *needs, char *error, size_t error_size)
{
	const struct run_options *options = live->options;
	const bool looks = needs->present || needs->listeners;
	struct filter filter = options->filter;
	struct tracer_config config = {
		.filter = &filter,
		.emit_states = needs->emit_states,
		.track_all = needs->track_all,
		.local_ports = needs->local_ports,
		.holder_states = holders_check_states(needs->present ? ~0U : needs->holder_states),
		.port_search = needs->port_search,
		.accepts = needs->accepts,
		.bind_failures = needs->bind_failures,
		.ports = needs->ports,
		.present = needs->present,
		.listeners = needs->listeners,
		.hooks = options->hooks,
		.max_sockets = options->max_sockets,
		.ring_bytes = options->ring_bytes,
	};
	int err;

	if (needs->filters_processes)
		filter_drop_processes(&filter);
	err = tracer_new(&live->tracer, &config, error, error_size);
	if (err)
		return err;
	if (options->filter.netns_by_default && !options->for_programs)
		log_warn("only our own network namespace is shown, since we are in a container; -n all shows every one");
	live->snapshot = snapshot_new(live->tracer, drain_between, live);
	if (live->snapshot && options->patience > 1)
		snapshot_be_patient(live->snapshot, options->patience);
	live->owners = owner_finder_new(live->tracer, live->snapshot);
	live->holders = holders_new(live->tracer, live->snapshot, needs->holder_states, looks, deliver_holder, live, options->patience);
	live->pods = pod_names_new(log_directory(options));
	live->cgroups = cgroup_names_new(NULL, live->pods);
	if (options->filter.cgroup_root)
		cgroup_root_begin(options->filter.cgroup_root);
	live->selection = selection_new(&options->filter, live->cgroups, live->pods, live->tracer);
	live->present = looks ? present_new(live, needs->present) : NULL;
	live->selects = filter_has_processes(&options->filter) && !needs->filters_processes;
	live->namespaces = needs->namespaces ? namespaces_new(live, needs->namespace_settings) : NULL;
	if ((looks && !live->present) || (needs->namespaces && !live->namespaces))
		return -ENOMEM;
	live->ports = needs->ports ? port_watch_new(live->tracer, deliver_ports, live, options->patience) : NULL;
	if (needs->ports && (!live->ports || watch_ports(live, &options->filter)))
		return -ENOMEM;
	if (!live->snapshot || !live->owners || !live->holders || !live->pods || !live->cgroups || !live->selection)
		return -ENOMEM;
	return ring_open(live, needs->wake_fd, error, error_size);
}

static void drop_privileges(const struct live *live, const struct run_needs *needs)
{
	privileges_drop(PRIVILEGE_BPF | (needs->writes_files ? PRIVILEGE_FILES : 0) | (needs->renames_files ? PRIVILEGE_RENAME : 0) |
			(live->options->log_directory ? PRIVILEGE_PATHS : 0) |
			(enters_namespaces(&live->options->filter) ? PRIVILEGE_NAMESPACES : 0),
			needs->removes_in);
}

static void live_close(struct live *live)
{
	ring_free(live->ring);
	selection_free(live->selection);
	cgroup_names_free(live->cgroups);
	pod_names_free(live->pods);
	port_watch_free(live->ports);
	present_watch_free(live->present);
	namespaces_watch_free(live->namespaces);
	holders_free(live->holders);
	owner_finder_free(live->owners);
	snapshot_free(live->snapshot);
	tracer_free(live->tracer);
}

static void seed(struct live *live)
{
	const uint64_t begin_ns = clock_monotonic_ns();
	int err = snapshot_seed(live->snapshot);

	log_info("the sockets from before were listed in %.1f ms", (clock_monotonic_ns() - begin_ns) / 1e6);
	if (iterators_cut())
		log_warn("not all sockets from before are known: it was asked to end while they were listed");
	else if (err == -E2BIG)
		log_warn("not all sockets from before are known: the kernel's tables of them are longer than is looked at");
	else if (err)
		log_warn("sockets from before could not be listed: %s", strerror(-err));
	ring_drain(live->ring);
}

static void tell_begin(struct live *live, struct view *view)
{
	char hooks[FACTS][96];
	struct utsname name = {};
	struct run run = {
		.version = VERSION,
		.kernel = live->tracer->kernel.release,
		.host = name.nodename,
		.boot = boot_id(),
		.netns = filter_only_netns(&live->options->filter),
		.begin_ns = live->begin_ns,
		.begin_unix_ns = live->begin_ns + live->unix_offset_ns,
		.names = live->pods,
	};
	int fact;

	uname(&name);
	for (fact = 0; fact < FACTS; fact++) {
		hook_choice_describe(&live->tracer->hooks.choices[fact], hooks[fact], sizeof(hooks[fact]));
		run.hooks[fact] = hooks[fact];
	}
	feed_begin(&live->feed, view, &run);
}

static void read_health(struct live *live, uint64_t now_ns)
{
	health_read(&live->feed.health, live->tracer);
	live->lost = live->feed.health.lost;
	live->feed.health.lost += live->late + ring_untaken(live->ring);
	live->feed.totals.fin_wait2_timewait = tracer_fin_wait2_timewait(live->tracer);
	live->feed.holders_check_ns = holders_period_ns(live->holders);
	live->health_ns = now_ns;
}

static uint64_t unix_ns_of(const struct live *live, uint64_t time_ns)
{
	return time_ns + live->unix_offset_ns;
}

/*
 * Until when what was told is complete. While records wait, a socket that left its state long ago seems to be in it still: its age is
 * what it was at the last record that was read.
 */
static uint64_t told_until(struct live *live, bool behind)
{
	uint64_t now_ns = behind ? live->read_ns : clock_monotonic_ns();

	if (now_ns > live->told_ns)
		live->told_ns = now_ns;
	return live->told_ns;
}

static void tell_tick(struct live *live)
{
	uint64_t now_ns = clock_monotonic_ns();

	if (now_ns - live->health_ns >= HEALTH_INTERVAL_NS)
		read_health(live, now_ns);
	now_ns = told_until(live, ring_is_behind(live->ring));
	feed_tick(&live->feed, now_ns, unix_ns_of(live, now_ns));
}

static int tell_end(struct live *live)
{
	uint64_t now_ns = told_until(live, ring_untaken(live->ring) > 0);

	read_health(live, now_ns);
	return feed_end(&live->feed, now_ns, unix_ns_of(live, now_ns));
}

/*
 * One wait. While events come we look every tick by ourselves, so that the kernel side need not wake us for each; when
 * nothing came for VIEW_IDLE_MS we ask to be woken. The look between asking and sleeping closes the race.
 */
static void wait_and_drain(struct live *live)
{
	bool idle = clock_monotonic_ns() - live->last_event_ns > VIEW_IDLE_MS * NSEC_PER_MSEC && !selection_waits(live->selection);
	bool drained = false;

	if (idle) {
		live->tracer->skeleton->bss->reader_sleeps = true;
		drained = ring_drain(live->ring);
	}
	if (!drained && !ring_is_behind(live->ring))
		ring_wait(live->ring, run_wait_ms(live->options, live->begin_ns, feed_tick_ms(&live->feed, idle)));
	owner_finder_new_batch(live->owners);
	ring_drain(live->ring);
	deliver_kept(live, false);
}

static bool is_over(const struct live *live)
{
	return stop_is_requested() || feed_is_over(&live->feed) || run_time_is_over(live->options, live->begin_ns);
}

/* The clock can be set while we run. */
static void follow_clock(struct live *live)
{
	uint64_t now_ns = clock_monotonic_ns();

	if (now_ns - live->offset_ns < CLOCK_INTERVAL_NS)
		return;
	live->unix_offset_ns = clock_unix_offset_ns(live->unix_offset_ns);
	live->offset_ns = now_ns;
}

/* Do totals tell of each socket that the kernel side follows? Of some it is not known at first whether filters let them pass. */
static bool counts_all(const struct live *live)
{
	return !filter_has_processes(&live->options->filter) && !live->options->filter.n_local_ports;
}

static void look_around(struct live *live, bool last)
{
	struct reconcile_facts facts = {
		.now_ns = clock_monotonic_ns(),
		.skipped = live->feed.health.skipped,
		.lost = live->lost + selection_revised(live->selection) + live->feed.health.map_full,
		.unfollowed = live->feed.health.map_full,
		.signs = live->feed.health.skipped + live->killed + (live->ports ? port_watch_gone(live->ports) : 0),
		.has_time_wait = state_totals_now(&live->feed.totals.states[STATE_TIME_WAIT]) > 0 ||
				 tracer_fin_wait2_timewait(live->tracer) > 0,
		.connects = !counts_all(live) || state_totals_now(&live->feed.totals.states[STATE_SYN_SENT]) > 0,
		.last = last,
	};

	reconcile(&live->reconciler, &facts);
	holders_look(live->holders, facts.now_ns, last);
	live->feed.holders_seen_ns = holders_seen_ns(live->holders);
	if (live->ports)
		port_watch_look(live->ports, facts.now_ns, last);
	if (live->namespaces && namespaces_watch_look(live->namespaces, facts.now_ns, last))
		feed_fail(&live->feed, -EPERM);
	if (live->present && present_watch_look(live->present, facts.now_ns, last))
		feed_fail(&live->feed, -ENOMEM);
	live->feed.present_seen_ns = live->present ? present_watch_seen_ns(live->present) : 0;
}

/* Who runs always is ended for the sake of ending. */
static void tell_cut(const struct run_options *options)
{
	void (*tell)(const char *format, ...) = options->patience > 1 ? log_info : log_warn;

	tell("it was asked to end, and its last look at what is there was cut short: part of what it says is as of the look before");
}

/* What is found now is told too; then nothing of ours is in the kernel's way while a view writes, however long that takes. */
static void end_run(struct live *live)
{
	const unsigned int cut = iterators_cut();

	ring_begin_last(live->ring);
	read_health(live, clock_monotonic_ns());
	look_around(live, true);
	if (iterators_cut() != cut)
		tell_cut(live->options);
	tracer_detach(live->tracer);
	ring_end_last(live->ring);
	deliver_kept(live, true);
	if (live->ports)
		port_watch_answer(live->ports);
	tell_end(live);
}

/* The output takes nothing more. */
static void tell_unread(struct live *live)
{
	tracer_detach(live->tracer);
	ring_discard(live->ring);
	if (ring_untaken(live->ring))
		log_warn("%llu records from the kernel were not read any more", (unsigned long long)ring_untaken(live->ring));
}

static int run(struct live *live)
{
	live->last_event_ns = clock_monotonic_ns();
	tell_tick(live);
	while (!is_over(live)) {
		wait_and_drain(live);
		follow_clock(live);
		look_around(live, false);
		ring_drain(live->ring); /* looking around takes its time */
		tell_tick(live);
	}
	if (!feed_error(&live->feed))
		end_run(live);
	if (feed_error(&live->feed) == -ECANCELED)
		tell_unread(live);
	return feed_error(&live->feed);
}

/* Asked to end before anything was traced: there is nothing to tell, and the signal may have cut short what was under way. */
static int end_early(struct live *live, char *error)
{
	error[0] = '\0';
	live_close(live);
	log_info("ended before tracing began");
	return -EINTR;
}

int live_run(const struct run_options *options, const struct run_needs *needs, struct view *view, char *error,
	     size_t error_size)
{
	struct live live = { .options = options, .feed.totals.told = needs->emit_states };
	int err;

	error[0] = '\0';
	stop_catch_signals();
	err = live_open(&live, needs, error, error_size);
	if (!err) {
		drop_privileges(&live, needs);
		live.unix_offset_ns = clock_unix_offset_ns(live.unix_offset_ns);
		live.begin_ns = live.read_ns = clock_monotonic_ns();
		stop_after(options->seconds);
		live.listing = live.tracer->skeleton->data->listing;
		live.reconciler = (struct reconciler){
			.snapshot = live.snapshot,
			.begin_ns = live.begin_ns,
			.recount = recount,
			.context = &live,
		};
		tell_begin(&live, view);
		err = feed_error(&live.feed);
	}
	if (err && stop_is_requested() && !live.begin_ns)
		return end_early(&live, error);
	if (!err) {
		seed(&live);
		err = selection_check(live.selection, error, error_size);
	}
	if (!err)
		err = run(&live);
	live_close(&live);
	return err;
}
