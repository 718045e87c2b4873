// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * The live source. Attach, seed, then: drain the ring buffer, complete each record (owner, cgroup, gaps), count it, hand it
 * to the view; now and then reconcile with the kernel.
 */
#include "collect/live_parts.h"

#include <errno.h>
#include <string.h>
#include <sys/utsname.h>

#include "attach/tracer.h"
#include "collect/health.h"
#include "collect/holders.h"
#include "collect/iterator.h"
#include "collect/owner.h"
#include "collect/ports.h"
#include "collect/present.h"
#include "collect/ring.h"
#include "collect/selection.h"
#include "collect/snapshot.h"
#include "source/namespaces_watch.h"
#include "tcpdwell.skel.h"
#include "util/boot.h"
#include "util/log.h"
#include "util/stop.h"
#include "util/tcp_state.h"

#define NSEC_PER_MSEC 1000000ULL
#define HEALTH_INTERVAL_NS (250 * NSEC_PER_MSEC)
#define CLOCK_INTERVAL_NS (1000 * NSEC_PER_MSEC)

static void seed(struct live *live)
{
	const uint64_t begin_ns = clock_monotonic_ns();
	int err = snapshot_seed(live->snapshot);

	live->feed.health.seed_cut += err || iterators_cut(); /* who has the output alone, or the recording, is told too */
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
	live_deliver_kept(live, false);
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
	live_deliver_kept(live, true);
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
		live_drop_privileges(&live, needs);
		live.unix_offset_ns = clock_unix_offset_ns(live.unix_offset_ns);
		live.begin_ns = live.read_ns = clock_monotonic_ns();
		stop_after(options->seconds);
		live.listing = live.tracer->skeleton->data->listing;
		live.reconciler = (struct reconciler){
			.snapshot = live.snapshot,
			.begin_ns = live.begin_ns,
			.recount = live_recount,
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
