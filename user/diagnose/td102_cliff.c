// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* Beyond the cliff each connect() walks through the used half of the range. */
#include <math.h>

#include "diagnose/codes.h"
#include "diagnose/port_words.h"
#include "util/number.h"

#define MEASURED_MIN 10 /* connects whose search was measured */

static bool is_behind(const struct scene *scene, const struct destination *destination)
{
	return destination->known && destination->headroom.usable && !destination->headroom.cliff_usable &&
	       destination->rates.opened > 0 && destination->search.count >= MEASURED_MIN &&
	       histogram_percentile(&destination->search, 99) >= scene_threshold(scene, TD102_SEARCH_US) * 1000;
}

static void judge(const struct scene *scene, struct verdicts *verdicts, const struct destination *destination)
{
	struct finding *finding = verdicts_add(verdicts, TD102, SEVERITY_SOON);
	double now_ns = histogram_percentile(&destination->search, 99), before_ns = histogram_percentile(&destination->search, 5);
	words to, now, before, holders;

	if (!finding)
		return;
	words_remote(to, destination->key.remote_addr, destination->key.remote_port);
	words_seconds(now, now_ns / 1e9);
	words_seconds(before, before_ns / 1e9);
	finding_title(finding, "connect() to %s takes up to %s to find a free local port (%s at best): %u of %u are used, %s", to, now,
		      before, destination->headroom.used - destination->headroom.reusable, destination->headroom.capacity, holder_words(holders, scene, destination));
	holder_subject(finding, scene, destination);
	destination_subject(finding, scene, destination);
	finding->weight = now_ns;
	if (isfinite(destination->wall_in_s))
		finding->until_ns = scene->now_ns + number_u64(destination->wall_in_s * 1e9);
	finding_evidence(finding, "search_p99_us", now_ns / 1e3, "us", "tcpdwell ports --remote %s", to);
	finding_evidence(finding, "search_p5_us", before_ns / 1e3, "us", NULL);
	finding_evidence(finding, "cliff_capacity", destination->headroom.cliff_capacity, "ports", NULL);
	destination_evidence(finding, scene, destination);
	destination_changes(finding, scene, destination);
	ports_useless(finding, scene, destination);
}

void td102_cliff(const struct scene *scene, struct verdicts *verdicts)
{
	const struct destination *destination;

	for (destination = scene->ports->destinations.by_key; destination; destination = destination->hh.next)
		if (is_behind(scene, destination))
			judge(scene, verdicts, destination);
}
