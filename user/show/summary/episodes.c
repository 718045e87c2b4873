// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* A list, searched from its end: what goes on is mostly there. */
#include "show/summary/episodes.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define EPISODES_MAX 2000

size_t episode_name_size(const struct episode *episode)
{
	const char *pid = strrchr(episode->who, '[');

	return pid ? (size_t)(pid - episode->who) : 0;
}

bool episodes_are_alike(const struct episode *a, const struct episode *b)
{
	size_t size = episode_name_size(a);

	return size && a->kind == b->kind && size == episode_name_size(b) && !memcmp(a->who, b->who, size) && !strcmp(a->what, b->what);
}

void episodes_release(struct episodes *episodes)
{
	free(episodes->list);
	memset(episodes, 0, sizeof(*episodes));
}

static struct episode *find(const struct episodes *episodes, unsigned int kind, const char *who, const char *what, uint64_t unix_ns)
{
	size_t i = episodes->count;

	while (i--) {
		struct episode *episode = &episodes->list[i];

		if (episode->kind == kind && !strcmp(episode->who, who) && !strcmp(episode->what, what))
			return unix_ns <= episode->end_ns + EPISODE_PAUSE_NS ? episode : NULL;
	}
	return NULL;
}

static struct episode *add(struct episodes *episodes)
{
	size_t capacity = episodes->capacity ? 2 * episodes->capacity : 16;
	struct episode *grown;

	if (episodes->count == episodes->capacity) {
		grown = episodes->count < EPISODES_MAX ? realloc(episodes->list, capacity * sizeof(*grown)) : NULL;
		if (!grown) {
			episodes->unnamed++;
			return NULL;
		}
		episodes->list = grown;
		episodes->capacity = capacity;
	}
	return memset(&episodes->list[episodes->count++], 0, sizeof(*grown));
}

struct episode *episodes_note(struct episodes *episodes, unsigned int kind, const char *who, const char *what, uint64_t unix_ns)
{
	struct episode *episode = find(episodes, kind, who, what, unix_ns);

	if (!episode) {
		episode = add(episodes);
		if (!episode)
			return NULL;
		episode->kind = kind;
		snprintf(episode->who, sizeof(episode->who), "%s", who);
		snprintf(episode->what, sizeof(episode->what), "%s", what);
		episode->begin_ns = unix_ns;
	}
	if (unix_ns > episode->end_ns)
		episode->end_ns = unix_ns;
	episode->count++;
	return episode;
}
