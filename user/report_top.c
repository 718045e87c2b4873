// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* Runs the view anew whenever a key wants a time that is not ahead of it. */
#include "report_top.h"

#include <errno.h>
#include <sys/stat.h>

#include "command.h"
#include "history/status.h"
#include "recording/seek.h"
#include "show/terminal.h"
#include "show/timeline.h"
#include "show/top/screen.h"
#include "top_options.h"
#include "util/log.h"
#include "util/stop.h"

#define NSEC_PER_SEC 1000000000ULL

bool report_top_is_wanted(const struct options *options, const struct recording_selection *selection)
{
	const struct top_options *own = options->own;
	struct stat status;
	size_t i;

	if (own->batch || own->grouping.count || options->json || options->run.seconds >= 0 || !terminal_is_usable())
		return false;
	for (i = 0; i < selection->count; i++)
		if (stat(selection->paths[i], &status) || !(S_ISREG(status.st_mode) || S_ISDIR(status.st_mode)))
			return false;
	return true;
}

static void add_finding(void *context, uint64_t begin_ns, uint64_t end_ns, const char *code, const char *severity, const char *text)
{
	(void)end_ns, (void)code, (void)severity, (void)text;
	timeline_add_finding(context, begin_ns);
}

/* What an agent found while it happened; of other recordings they are met on the way. */
static void add_findings(struct timeline *timeline, const struct recording_selection *selection)
{
	size_t i;

	for (i = 0; i < selection->count; i++)
		history_findings_read(selection->paths[i], selection->since_unix_ns, selection->until_unix_ns, add_finding, timeline);
}

static int run_once(const struct options *options, const struct run_needs *needs, struct recording_seek *seek, struct timeline *timeline,
		    struct view *view, char *error, size_t error_size)
{
	static const enum seek_to ways[] = { [WANT_PLACE] = SEEK_TO_PLACE, [WANT_CLOCK] = SEEK_TO_CLOCK, [WANT_FINDING] = SEEK_TO_PLACE,
					     [WANT_END] = SEEK_TO_END };
	int err;

	seek->to = ways[timeline->want];
	seek->to_ns = timeline->want == WANT_FINDING ? timeline->place_ns : timeline->wanted_ns;
	seek->last_begin_ns = timeline->begin_place_ns;
	err = recording_seek_open(seek, error, error_size);
	if (!err) {
		timeline->first_ns = seek->first_unix_ns;
		timeline->last_ns = seek->last_unix_ns ?: timeline->last_ns; /* else as far as it was read */
		timeline->offset_ns = seek->offset_ns;
		timeline->reach_ns = seek->reach_ns;
		timeline->again = false;
		err = recording_seek_run(seek, &options->run, needs, view, error, error_size);
	}
	recording_seek_close(seek);
	return err;
}

int report_top_run(const struct options *options, const struct recording_selection *selection, uint64_t at_unix_ns)
{
	struct top_config config = top_config_of(options);
	struct recording_seek seek = { .selection = selection };
	struct run_needs needs = {};
	struct terminal_guard guard;
	struct timeline timeline;
	struct view *view;
	char error[512] = "";
	int err = -ENOMEM;

	timeline_init(&timeline, config.interval_ns ?: NSEC_PER_SEC);
	if (at_unix_ns) {
		timeline.want = WANT_CLOCK;
		timeline.wanted_ns = at_unix_ns;
		seek.must_exist = true;
	}
	add_findings(&timeline, selection);
	config.timeline = &timeline;
	top_needs(options, &needs);
	findings_needs(&needs);
	stop_catch_signals();
	terminal_guard_begin(&guard);
	view = top_screen_new(&config, &guard);
	do {
		err = view ? run_once(options, &needs, &seek, &timeline, view, error, sizeof(error)) : -ENOMEM;
		seek.must_exist = false; /* keys go as far as there is something */
		log_set_verbosity(-1); /* what was said once is not written into the picture */
	} while (!err && timeline.again && !stop_is_requested());
	top_screen_free(view);
	terminal_guard_end(&guard);
	log_set_verbosity(options->verbosity);
	return run_result(err == -EPERM && error[0] ? -EACCES : err, error);
}
