/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* What the findings about CLOSE_WAIT have in common. Pure. */
#ifndef TCPDWELL_DIAGNOSE_CLOSE_WAIT_H
#define TCPDWELL_DIAGNOSE_CLOSE_WAIT_H

#include "diagnose/services.h"
#include "diagnose/words.h"

/* What the number of a cause's CLOSE_WAIT does. */
enum close_wait_kind {
	CLOSE_WAIT_PASSING, /* few, young: programs that are about to close */
	CLOSE_WAIT_FULL, /* they take most of the descriptors of a process that has none left, or too few to accept */
	CLOSE_WAIT_GROWS, /* they come all the time, and stay */
	CLOSE_WAIT_STAYS, /* for long, and none comes */
	CLOSE_WAIT_LEAKED, /* they came all the time, and are there, though none comes any more */
	CLOSE_WAIT_UNDECIDED, /* it was not watched long enough */
};

enum close_wait_kind close_wait_kind(const struct scene *scene, const struct cause *cause);

/* Connections a second that come to stay, of one that grows. */
double close_wait_rate(const struct scene *scene, const struct cause *cause);

/* So many seconds more until it is decided. */
double close_wait_left_s(const struct scene *scene);

/* How many of the processes that share it have no descriptor left, for CLOSE_WAIT most of all. That needs no watching: no more can come. */
unsigned int close_wait_full(const struct scene *scene, const struct cause *cause);

/* Of the processes that share it, the one that has the fewest descriptors left; NULL: of none it is known. */
const struct process_facts *close_wait_fullest(const struct scene *scene, const struct cause *cause);

/* Until the first of its processes has no descriptor left, at the rate of each; 0: that is not foreseen. */
double close_wait_full_in_s(const struct scene *scene, const struct cause *cause);

/* CLOSE_WAIT that were accepted or connected: not in an accept queue. */
static inline bool is_close_wait(const struct cause *cause)
{
	return cause->key.state == STATE_CLOSE_WAIT && !cause->key.queued;
}

/* Of most it has not read what came. */
static inline bool close_wait_is_unread(const struct cause *cause)
{
	return cause->looked && cause->unread * 10 >= cause->count * 8;
}

/* What TD121 has told of it, and is not over; NULL: nothing. */
const struct finding *close_wait_told(const struct scene *scene, const struct cause *cause);

/* What a proxy does: the end that came on one side it told the other, and waits until that closes too. */
struct passed_on {
	uint32_t count; /* connections that it has shut down; 0: it has not passed most of the ends on */
	const struct cause *to; /* most of these */
};

struct passed_on close_wait_passed_on(const struct scene *scene, const struct cause *cause);

void close_wait_subject(struct finding *finding, const struct scene *scene, const struct cause *cause);
void close_wait_evidence(struct finding *finding, const struct scene *scene, const struct cause *cause);
/* Where another process accepted or connected them: what that one can do. */
void close_wait_maker_change(struct finding *finding, const struct scene *scene, const struct cause *cause);
void close_wait_useless(struct finding *finding, const struct scene *scene, const struct cause *cause);

/* "connections to 10.0.0.5:61616", "connections to its port 8080" */
const char *cause_connections(words out, const struct cause *cause);

#endif
