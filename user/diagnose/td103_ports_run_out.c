// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* At this rate the local ports to a destination run out. */
#include <math.h>

#include "diagnose/codes.h"
#include "diagnose/port_words.h"
#include "util/number.h"

static double counted_s(const struct scene *scene, const struct destination *destination)
{
	uint64_t first_ns = UINT64_MAX;
	unsigned int i;

	for (i = 0; i < RATE_SAMPLES; i++)
		if (destination->window.samples[i].time_ns && destination->window.samples[i].time_ns < first_ns)
			first_ns = destination->window.samples[i].time_ns;
	return first_ns < scene->now_ns ? (scene->now_ns - first_ns) / 1e9 : 0;
}

static void judge(const struct scene *scene, struct verdicts *verdicts, const struct destination *destination)
{
	struct finding *finding = verdicts_add(verdicts, TD103, SEVERITY_SOON);
	struct opener opener;
	words who, to, rate, sustainable, in;

	if (!finding)
		return;
	opener_find(&opener, scene, destination);
	words_opener(who, scene, &opener);
	words_remote(to, destination->key.remote_addr, destination->key.remote_port);
	finding_title(finding, "local ports to %s run out in %s: %s opens %s connections a second, %u ports bear %s", to,
		      words_seconds(in, destination->wall_in_s), who, words_number(rate, destination->rates.opened),
		      destination->headroom.capacity, words_number(sustainable, destination->sustainable));
	if (opener.most)
		crowd_subject(finding, scene, opener.most);
	opener_release(&opener);
	destination_subject(finding, scene, destination);
	finding->until_ns = scene->now_ns + number_u64(destination->wall_in_s * 1e9);
	finding->weight = -destination->wall_in_s;
	finding_evidence(finding, "wall_in", destination->wall_in_s, "s", "tcpdwell ports --remote %s", to);
	destination_evidence(finding, scene, destination);
	destination_changes(finding, scene, destination);
	ports_useless(finding, scene, destination);
}

/* A rate that was counted for a few seconds may be a burst's. */
void td103_ports_run_out(const struct scene *scene, struct verdicts *verdicts)
{
	const struct destination *destination;

	for (destination = scene->ports->destinations.by_key; destination; destination = destination->hh.next) {
		if (!destination->known || !destination->headroom.usable || !isfinite(destination->wall_in_s) ||
		    destination->wall_in_s > scene_threshold(scene, TD103_WITHIN_S) || destination->rates.failures > 0)
			continue;
		if (counted_s(scene, destination) < RATE_WINDOW_S - 1)
			verdicts_wait(verdicts, TD103, RATE_WINDOW_S - counted_s(scene, destination));
		else
			judge(scene, verdicts, destination);
	}
}
