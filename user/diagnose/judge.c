// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "diagnose/judge.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "diagnose/namespaces.h"
#include "util/shortage.h"

#define RAW_MAX 4000 /* findings of one run, before the heaviest are chosen */

struct verdicts *verdicts_new(void)
{
	return calloc(1, sizeof(struct verdicts));
}

void verdicts_free(struct verdicts *verdicts)
{
	if (!verdicts)
		return;
	free(verdicts->findings);
	free(verdicts);
}

struct finding *verdicts_add(struct verdicts *verdicts, unsigned int code, enum severity severity)
{
	size_t capacity = verdicts->capacity ? verdicts->capacity * 2 : 8;
	struct finding *finding, *more;

	if (verdicts->count == verdicts->capacity) {
		more = capacity <= RAW_MAX ? shortage_noted(realloc(verdicts->findings, capacity * sizeof(*more))) : NULL;
		if (!more) {
			verdicts->more[code]++;
			return NULL;
		}
		verdicts->findings = more;
		verdicts->capacity = capacity;
	}
	finding = &verdicts->findings[verdicts->count++];
	memset(finding, 0, sizeof(*finding));
	finding->code = code;
	finding->severity = severity;
	finding->confidence = CONFIDENCE_PROVED;
	return finding;
}

void verdicts_not_examined(struct verdicts *verdicts, unsigned int code, const char *format, ...)
{
	va_list arguments;

	verdicts->not_examined[code].is = true;
	va_start(arguments, format);
	vsnprintf(verdicts->not_examined[code].reason, sizeof(verdicts->not_examined[code].reason), format, arguments);
	va_end(arguments);
}

void verdicts_wait(struct verdicts *verdicts, unsigned int code, double seconds)
{
	if (seconds > verdicts->wait_s[code])
		verdicts->wait_s[code] = seconds;
}

/* Of a run that is not traced live, as far as nothing else is known of it. */
static bool knows_ports(const struct scene *scene)
{
	size_t cursor = 0;

	return port_namespaces_next(&scene->ports->namespaces, &cursor) || !(scene->recorded || scene->polled);
}

static bool knows_search(const struct scene *scene)
{
	const struct destination *destination;

	size_t cursor = 0;

	/* A recording with --ports has both. */
	if ((!scene->recorded && !scene->polled) || (scene->recorded && port_namespaces_next(&scene->ports->namespaces, &cursor)))
		return true;
	for (destination = scene->ports->destinations.by_key; destination; destination = destination->hh.next)
		if (destination->search.count)
			return true;
	return false;
}

/* Where there is no socket, there is none to be told of. */
static bool knows_present(const struct diagnosis *diagnosis)
{
	const struct scene *scene = &diagnosis->scene;
	const uint32_t *states = scene->causes->states;
	unsigned int state;

	if (model_present_told(scene_model(scene)) || scene->recorded || scene->polled || diagnosis->config.modest)
		return model_present_told(scene_model(scene));
	for (state = 0; state < 16; state++)
		if (state != STATE_TIME_WAIT && states[state])
			return false;
	return true;
}

/* A look that found none has told of none; of a recording it is not known what was looked at then. */
static bool knows_listeners(const struct diagnosis *diagnosis)
{
	const struct scene *scene = &diagnosis->scene;

	return model_listeners_told(scene_model(scene)) || (scene->present_seen_ns && !scene->recorded) || knows_present(diagnosis);
}

static bool knows_namespaces(const struct scene *scene)
{
	size_t cursor = 0;

	return model_namespace_next(scene_model(scene), &cursor, NULL);
}

/* An agent's history holds listening sockets, and of the others only what happened. */
static bool is_of_agent(const struct diagnosis *diagnosis)
{
	const struct scene *scene = &diagnosis->scene;

	return scene->recorded && model_listeners_told(scene_model(scene)) && !model_present_told(scene_model(scene));
}

/* Why the rule can't look; NULL: it can. */
static const char *missing(const struct diagnosis *diagnosis, unsigned int code)
{
	const unsigned int needs = code_rows[code].needs;
	const struct scene *scene = &diagnosis->scene;

	if (diagnosis->config.partial && needs & (NEED_EVENTS | NEED_FAILURES | NEED_PORTS | NEED_SEARCH | NEED_CLOSING))
		return "this view is not told of all transitions";
	if (scene->polled && needs & (NEED_EVENTS | NEED_FAILURES))
		return "polling sees what is there, not what happens in between: run it without --no-bpf";
	if (needs & (NEED_PORTS | NEED_SEARCH | NEED_PROCESSES) && is_of_agent(diagnosis) &&
	    (needs & NEED_PROCESSES || (needs & NEED_PORTS && !knows_ports(scene)) || (needs & NEED_SEARCH && !knows_search(scene))))
		return "an agent's history does not hold what this needs, but what the agent found: report DIR --since … tells it";
	if (needs & NEED_PORTS && !knows_ports(scene))
		return scene->recorded ? "the recording holds no settings of ports: record with --ports" :
					 "polling does not read the settings of ports: run it without --no-bpf";
	if (needs & NEED_SEARCH && !knows_search(scene))
		return "the recording does not hold how long connect() looks for a port: record with --ports";
	if (needs & (NEED_LISTENERS | NEED_PRESENT) && !knows_listeners(diagnosis))
		return scene->recorded ? "the recording does not hold queues and listeners" :
		       scene->polled   ? "polling does not look at queues and listeners: run it without --no-bpf" :
					 "queues and listeners are not told of in this run";
	if (needs & NEED_PRESENT && !knows_present(diagnosis))
		return "the agent looks at listening sockets alone, not at queues and timers of all: run diagnose while it happens";
	if (needs & NEED_NAMESPACES && !knows_namespaces(scene))
		return scene->recorded ? "the recording does not hold counters and settings of the kernel" :
					 "counters and settings of the kernel are not told";
	if (code == TD105 && diagnosis->config.modest)
		return "whether a port on which something listened long ago is wanted again is not known: run diagnose while it happens";
	if (code == TD191 && diagnosis->config.modest)
		return "settings are not told of: diagnose does that";
	if (needs & NEED_PROCESSES && (!scene->facts || scene->recorded))
		return "a recording does not hold the descriptors of processes";
	return NULL;
}

/* A namespace in which something listens, and of which it is not known what it counts: it may not be entered, or is new. 0: there is none. */
static uint32_t hidden_namespace(const struct scene *scene)
{
	const struct listening_socket *listener;
	const struct namespace_facts *facts;
	size_t cursor = 0;

	while ((listener = model_listener_next(scene_model(scene), &cursor, NULL))) {
		facts = model_namespace_find(scene_model(scene), listener->base.endpoint.netns);
		if (!facts || facts->counters[NS_LISTEN_DROPS].known != NS_KNOWN)
			return listener->base.endpoint.netns;
	}
	return 0;
}

/* That nothing was found says something only where all was looked at. What is the machine's, TD143 looks for where it is known. */
static void note_hidden(const struct diagnosis *diagnosis, struct verdicts *verdicts, unsigned int code)
{
	uint32_t netns;

	if (!diagnosis->config.modest || !(code_rows[code].needs & NEED_NAMESPACES) || code == TD143 || verdicts->not_examined[code].is)
		return;
	netns = hidden_namespace(&diagnosis->scene);
	if (netns)
		verdicts_not_examined(verdicts, code, "what network namespace %u counts is not known", netns);
}

static bool concerns(const struct scene *scene, const struct finding *finding)
{
	unsigned int i;

	if (!scene->selects || finding->concerns_all || finding->concerns_asked)
		return true;
	for (i = 0; i < finding->n_concerns; i++)
		if (scene_selects(scene, &finding->concerns[i]))
			return true;
	return false;
}

static int heaviest_first(const void *one, const void *other)
{
	const struct finding *a = one, *b = other;

	if (a->severity != b->severity)
		return a->severity < b->severity ? -1 : 1;
	return a->weight != b->weight ? (a->weight > b->weight ? -1 : 1) : 0;
}

/* Those of one code, from `from` on: filtered, and no more than are told. */
static void choose(struct diagnosis *diagnosis, struct verdicts *verdicts, unsigned int code, size_t from)
{
	size_t i, kept = from, most = code == TD191 ? SETTINGS_TOLD : FINDINGS_PER_CODE;

	for (i = from; i < verdicts->count; i++)
		if (concerns(&diagnosis->scene, &verdicts->findings[i])) {
			if (kept != i)
				verdicts->findings[kept] = verdicts->findings[i];
			kept++;
		}
	if (kept > from)
		qsort(verdicts->findings + from, kept - from, sizeof(*verdicts->findings), heaviest_first);
	if (kept - from > most) {
		verdicts->more[code] += kept - from - most;
		kept = from + most;
	}
	verdicts->count = kept;
	for (i = from; i < kept; i++)
		finding_enter(&verdicts->findings[i], &diagnosis->scene);
}

/* So long a rule has to watch before its silence means something. */
static void note_watch(const struct scene *scene, struct verdicts *verdicts, unsigned int code)
{
	double watch_s = code_rows[code].watch_s;

	if (scene->watched_s + 0.5 < watch_s && !verdicts->not_examined[code].is)
		verdicts_wait(verdicts, code, watch_s - scene->watched_s);
}

void judge_all(struct diagnosis *diagnosis, struct verdicts *verdicts)
{
	const char *reason;
	unsigned int code;
	size_t from;

	for (code = 0; code < CODES; code++) {
		reason = missing(diagnosis, code);
		from = verdicts->count;
		if (reason)
			verdicts_not_examined(verdicts, code, "%s", reason);
		else
			code_rows[code].judge(&diagnosis->scene, verdicts);
		note_hidden(diagnosis, verdicts, code);
		choose(diagnosis, verdicts, code, from);
		note_watch(&diagnosis->scene, verdicts, code);
	}
	memcpy(diagnosis->not_examined, verdicts->not_examined, sizeof(diagnosis->not_examined));
	memcpy(diagnosis->wait_s, verdicts->wait_s, sizeof(diagnosis->wait_s));
	memcpy(diagnosis->more, verdicts->more, sizeof(diagnosis->more));
}
