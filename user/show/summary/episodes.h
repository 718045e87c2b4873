/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Things that happened for a while: same words, no long pause in between. */
#ifndef TCPDWELL_SHOW_SUMMARY_EPISODES_H
#define TCPDWELL_SHOW_SUMMARY_EPISODES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define EPISODE_TEXT 160

struct episode {
	unsigned int kind; /* the caller's */
	char who[EPISODE_TEXT], what[EPISODE_TEXT]; /* together its name */
	char by[EPISODE_TEXT]; /* a remark; "" = none */
	uint64_t by_count;
	uint64_t begin_ns, end_ns; /* UTC */
	uint64_t count, most; /* how often; how much at once */
	uint64_t oldest_ns;
	bool many; /* of processes of one name that found no room: `who` has no number */
};

struct episodes {
	struct episode *list; /* in the order of their begin */
	size_t count, capacity;
	uint64_t unnamed; /* found no room */
};

void episodes_release(struct episodes *episodes);

/* Of "curl[4711]" what stands before the number, of `many` all of it; 0: there is none. Are they of the same thing, and of processes that this number tells apart? */
size_t episode_name_size(const struct episode *episode);
bool episodes_are_alike(const struct episode *a, const struct episode *b);

#define EPISODE_PAUSE_NS 60000000000ULL /* longer: it is another one */

/*
 * The episode of that name which goes on, or began just now; its end and count are moved on. Where there are too many, one of all
 * further processes of the name. NULL: there are too many of these too, or no memory.
 */
struct episode *episodes_note(struct episodes *episodes, unsigned int kind, const char *who, const char *what, uint64_t unix_ns);

#endif
