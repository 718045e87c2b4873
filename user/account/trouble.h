/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* What is wrong with a group, as far as its counts and its sockets tell: what makes a row stand out, and why. Pure. */
#ifndef TCPDWELL_ACCOUNT_TROUBLE_H
#define TCPDWELL_ACCOUNT_TROUBLE_H

#include "account/survey.h"

/* The worst last. */
enum trouble_kind {
	TROUBLE_NONE,
	TROUBLE_CROWD, /* very many remote addresses at a service: as heavy use, or a flood */
	TROUBLE_HALF_CLOSED, /* FIN_WAIT2 that a process keeps: the other end doesn't close */
	TROUBLE_CLOSE_WAIT, /* some are not closed for seconds */
	TROUBLE_REFUSED, /* connects are refused */
	TROUBLE_UNREACHABLE,
	TROUBLE_NO_ANSWER, /* connects wait, or waited, for an answer in vain */
	TROUBLE_GAVE_UP, /* clients closed before they were accepted, seconds ago */
	TROUBLE_QUEUE_WAITS, /* clients wait to be accepted for seconds, however much room there is */
	TROUBLE_QUEUE_DROPS, /* an accept queue was full a moment ago */
	TROUBLE_QUEUE_FULL,
	TROUBLE_LEAK, /* CLOSE_WAIT older than a minute, or older than seconds and growing */
	TROUBLE_NO_DESCRIPTOR, /* CLOSE_WAIT of a process that may open no more: who has asked it adds this */
	TROUBLE_NO_PORT,
	TROUBLES,
};

enum trouble_level { LEVEL_NONE, LEVEL_NOTE, LEVEL_WARNING, LEVEL_ALERT };

struct trouble {
	uint8_t kind; /* enum trouble_kind: the worst; `also` has all, bit (1 << kind) */
	uint8_t level; /* enum trouble_level */
	uint16_t also;
	float sizes[TROUBLES]; /* of each kind; larger is worse: sockets, failures a second */
};

#define TROUBLE_OLD_NS 60000000000ULL /* CLOSE_WAIT older than this is red */
#define TROUBLE_STUCK_NS 10000000000ULL
#define TROUBLE_RECENT_NS 10000000000ULL /* a failure is news for so long */
#define TROUBLE_CROWD_ADDRESSES 500
#define TROUBLE_UNANSWERED 3 /* connects at once */
#define TROUBLE_QUEUED 3 /* clients at once */

struct trouble trouble_of(const struct model *model, struct group *group, const struct survey_row *row, uint64_t now_ns);

/* What the group's own counts don't tell. */
void trouble_add(struct trouble *trouble, enum trouble_kind kind, double size);

/* To sort by: the worse kind first, then the larger. 0: nothing is wrong. */
double trouble_weight(const struct trouble *trouble);

enum trouble_level trouble_level(unsigned int kind);

/* "no port" "leak" "queue full" …, at most 10 columns; "" for none. */
const char *trouble_name(unsigned int kind);

/* '!' '*' ' ' */
char trouble_mark(unsigned int level);

#endif
