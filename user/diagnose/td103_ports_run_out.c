// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* At this rate the local ports to a destination run out. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "diagnose/codes.h"
#include "diagnose/port_words.h"
#include "util/number.h"
#include "util/shortage.h"

static double counted_s(const struct scene *scene, const struct destination *destination)
{
	uint64_t first_ns = UINT64_MAX;
	unsigned int i;

	for (i = 0; i < RATE_SAMPLES; i++)
		if (destination->window.samples[i].time_ns && destination->window.samples[i].time_ns < first_ns)
			first_ns = destination->window.samples[i].time_ns;
	return first_ns < scene->now_ns ? (scene->now_ns - first_ns) / 1e9 : 0;
}

/* One that will run out, and who opens its connections. */
struct prospect {
	const struct destination *destination;
	struct opener opener;
	size_t alike; /* how many others are like it and told with it: of networks or local addresses of their own */
	bool told; /* with another one */
};

#define OTHERS_LEAST 10 /* one in so many of the connections: fewer are not spoken of */

static size_t others(const struct prospect *prospect)
{
	uint64_t all = 0;
	size_t i, count = 0;

	for (i = 0; i < prospect->opener.crowds.count; i++)
		all += prospect->opener.crowds.list[i].flow.counts[FLOW_OPENED];
	for (i = 0; i < prospect->opener.crowds.count; i++)
		count += prospect->opener.crowds.list[i].flow.counts[FLOW_OPENED] * OTHERS_LEAST >= all;
	return count ? count - 1 : 0;
}

/* "shop[812] opens", "shop[812] and 2 others open" */
static const char *words_openers(words out, const struct scene *scene, const struct prospect *prospect)
{
	size_t more = others(prospect);
	words who;

	words_opener(who, scene, &prospect->opener);
	if (more)
		snprintf(out, FINDING_NAME, "%.140s and %zu other%s open", who, more, plural(more));
	else
		snprintf(out, FINDING_NAME, "%.170s opens", who);
	return out;
}

/* Of several that are alike none is the subject: it is their program, wherever it runs. */
static void subject(struct finding *finding, const struct scene *scene, const struct prospect *prospect)
{
	struct process program;

	if (prospect->opener.most)
		crowd_subject(finding, scene, prospect->opener.most);
	destination_subject(finding, scene, prospect->destination);
	if (!prospect->alike || !prospect->opener.most)
		return;
	program = prospect->opener.most->flow.process;
	program.cgroup_id = 0;
	finding_of_program(finding, &program, 1 + prospect->alike);
	finding->subject.netns = 0;
	finding->subject.unit[0] = finding->subject.container[0] = '\0';
}

static void judge(const struct scene *scene, struct verdicts *verdicts, const struct prospect *prospect)
{
	const struct destination *destination = prospect->destination;
	struct finding *finding = verdicts_add(verdicts, TD103, SEVERITY_SOON);
	words who, to, rate, sustainable, in;
	char more[64] = "";

	if (!finding)
		return;
	if (prospect->alike)
		snprintf(more, sizeof(more), "; the same for %zu other%s like it", prospect->alike, plural(prospect->alike));
	words_openers(who, scene, prospect);
	words_remote(to, destination->key.remote_addr, destination->key.remote_port);
	finding_title(finding, "local ports to %s run out in %s: %s %s connections a second, %u ports bear %s%s", to,
		      words_seconds(in, destination->wall_in_s), who, words_number(rate, destination->rates.opened),
		      destination->headroom.capacity, words_number(sustainable, destination->sustainable), more);
	subject(finding, scene, prospect);
	finding->until_ns = scene->now_ns + number_u64(destination->wall_in_s * 1e9);
	finding->weight = -destination->wall_in_s;
	finding_evidence(finding, "wall_in", destination->wall_in_s, "s", "tcpdwell ports --remote %s", to);
	if (prospect->alike)
		finding_evidence(finding, "alike", prospect->alike, "of other namespaces or local addresses", NULL);
	destination_evidence(finding, scene, destination);
	destination_changes(finding, scene, destination);
	ports_useless(finding, scene, destination);
}

/* The same program, towards the same remote end, from ports of its own: a container among many of one service. */
static bool are_alike(const struct scene *scene, const struct prospect *a, const struct prospect *b)
{
	const struct crowd *one = a->opener.most, *other = b->opener.most;

	return one && other && a->destination->key.remote_port == b->destination->key.remote_port &&
	       !memcmp(a->destination->key.remote_addr, b->destination->key.remote_addr, 16) &&
	       !strncmp(one->flow.process.comm, other->flow.process.comm, COMM_BYTES) &&
	       scene_selects(scene, &one->flow.process) == scene_selects(scene, &other->flow.process);
}

static int first_first(const void *one, const void *other)
{
	const struct prospect *a = one, *b = other;
	double left = a->destination->wall_in_s, right = b->destination->wall_in_s;

	return left != right ? (left < right ? -1 : 1) : memcmp(&a->destination->key, &b->destination->key, sizeof(a->destination->key));
}

/* The one that runs out first tells of those that are like it. */
static void judge_all_of(const struct scene *scene, struct verdicts *verdicts, struct prospect *prospects, size_t count)
{
	size_t i, k;

	if (count)
		qsort(prospects, count, sizeof(*prospects), first_first);
	for (i = 0; i < count; i++) {
		for (k = i + 1; k < count && !prospects[i].told; k++)
			if (!prospects[k].told && are_alike(scene, &prospects[i], &prospects[k])) {
				prospects[k].told = true;
				prospects[i].alike++;
			}
		if (!prospects[i].told)
			judge(scene, verdicts, &prospects[i]);
	}
}

static bool runs_out(const struct scene *scene, const struct destination *destination)
{
	return destination->known && destination->headroom.usable && isfinite(destination->wall_in_s) &&
	       destination->wall_in_s <= scene_threshold(scene, TD103_WITHIN_S) && destination->rates.failures <= 0;
}

#define PROSPECTS_MAX 1000

/* A rate that was counted for a few seconds may be a burst's, and what came in a part of the window alone is one. */
void td103_ports_run_out(const struct scene *scene, struct verdicts *verdicts)
{
	struct prospect *prospects = shortage_noted(malloc(PROSPECTS_MAX * sizeof(*prospects)));
	const struct destination *destination;
	size_t i, count = 0;

	for (destination = scene->ports->destinations.by_key; destination && prospects && count < PROSPECTS_MAX; destination = destination->hh.next) {
		if (!runs_out(scene, destination))
			continue;
		if (counted_s(scene, destination) < RATE_WINDOW_S - 1) {
			verdicts_wait(verdicts, TD103, RATE_WINDOW_S - counted_s(scene, destination));
		} else if (rate_window_is_steady(&destination->window, scene->now_ns, &destination->counts)) {
			prospects[count] = (struct prospect){ .destination = destination };
			opener_find(&prospects[count++].opener, scene, destination);
		}
	}
	judge_all_of(scene, verdicts, prospects, count);
	for (i = 0; i < count; i++)
		opener_release(&prospects[i].opener);
	free(prospects);
}
