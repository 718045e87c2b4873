// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* A list, searched from its end: what goes on is mostly there. */
#include "show/summary/episodes.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define EPISODES_MAX 2000
#define MANY_MAX 200 /* beyond these: each of further processes of one name */

size_t episode_name_size(const struct episode *episode)
{
	const char *pid = strrchr(episode->who, '[');

	if (episode->many)
		return strlen(episode->who);
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

static struct episode *add(struct episodes *episodes, size_t max)
{
	size_t capacity = episodes->capacity ? 2 * episodes->capacity : 16;
	struct episode *grown;

	if (episodes->count >= max)
		return NULL;
	if (episodes->count == episodes->capacity) {
		grown = realloc(episodes->list, capacity * sizeof(*grown));
		if (!grown)
			return NULL;
		episodes->list = grown;
		episodes->capacity = capacity;
	}
	return memset(&episodes->list[episodes->count++], 0, sizeof(*grown));
}

static struct episode *begin(struct episodes *episodes, size_t max, unsigned int kind, const char *who, const char *what, uint64_t unix_ns)
{
	struct episode *episode = add(episodes, max);

	if (!episode)
		return NULL;
	episode->kind = kind;
	snprintf(episode->who, sizeof(episode->who), "%s", who);
	snprintf(episode->what, sizeof(episode->what), "%s", what);
	episode->begin_ns = unix_ns;
	return episode;
}

/* When and how often stays right of a program that is started again and again. */
static struct episode *of_many(struct episodes *episodes, unsigned int kind, const char *who, const char *what, uint64_t unix_ns)
{
	const char *pid = strrchr(who, '[');
	char name[EPISODE_TEXT];
	struct episode *episode;

	if (!pid || pid == who)
		return NULL;
	snprintf(name, sizeof(name), "%.*s", (int)(pid - who), who);
	episode = find(episodes, kind, name, what, unix_ns) ?: begin(episodes, EPISODES_MAX + MANY_MAX, kind, name, what, unix_ns);
	if (episode)
		episode->many = true;
	return episode;
}

struct episode *episodes_note(struct episodes *episodes, unsigned int kind, const char *who, const char *what, uint64_t unix_ns)
{
	struct episode *episode = find(episodes, kind, who, what, unix_ns) ?: begin(episodes, EPISODES_MAX, kind, who, what, unix_ns) ?:
				  of_many(episodes, kind, who, what, unix_ns);

	if (!episode) {
		episodes->unnamed++;
		return NULL;
	}
	if (unix_ns > episode->end_ns)
		episode->end_ns = unix_ns;
	episode->count++;
	return episode;
}
