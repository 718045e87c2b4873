/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * A life is a table entry: functions that make TCP traffic in a fresh network namespace and write down what
 * they made. It runs in a process of its own, its director, which stays until it is told to end, so
 * that the namespace and its sockets live on while the kernel's and tcpdwell's accounts are compared.
 */
#ifndef SCENARIOS_LIFE_H
#define SCENARIOS_LIFE_H

#include <stdbool.h>
#include <sys/types.h>

#define MAX_WANTS 24
#define MAX_WANTS_FAILED 8

/* A process. pid 0: there must be none. pid -1: not asserted. */
struct who {
	int pid, ns_pid;
	char comm[16];
};

extern const struct who nobody, anyone;

/*
 * One end of one connection as it must appear. Texts may be alternatives: "reset_sent|aborted"; "null" is
 * JSON null; NULL or "*" is not asserted. `path` is the states with '>' between them; what comes after a
 * '|' happens only when a timer ends the life, long after the traffic.
 */
struct want {
	int local_port, remote_port;
	const char *local_addr;
	const char *path, *closed_by, *end, *side, *attribution;
	int service_port;
	struct who owner, closer;
	int in_queue; /* in_accept_queue when CLOSE_WAIT is entered: 0, 1, or -1 not asserted */
	bool seeded;  /* it was there before tcpdwell: no first line, dwell of the first state null */
};

/* A connect() that must have its own line. local_port 0: none was found. */
struct want_failed {
	int local_port, remote_port;
	struct who owner;
	const char *error;
	const char *fact; /* where no hook serves this fact (header's `hooks`: "unseen") there is no line; NULL: always */
};

/* Who has the local end's socket now, as it must be told at last. */
struct want_holder {
	int local_port, remote_port;
	struct who who;	 /* pid 0: nobody */
	int holders, fd; /* fd -1: null */
	bool in_queue;
};

enum stage { STAGE_NEW, STAGE_READY, STAGE_BEFORE, STAGE_DONE };

/* Filled in by the director, read by the harness: shared memory. */
struct truth {
	enum stage stage; /* written last, read first, across processes: atomically */
	unsigned long netns;
	bool dies; /* the namespace: its inode number may soon be another's, with lines of its own */
	char skip[160], fail[240];
	int wants, wants_failed;
	struct want want[MAX_WANTS];
	struct want_failed want_failed[MAX_WANTS_FAILED];
	bool unfinished; /* skipped with a socket that is left */
	struct want_holder holder; /* what the director waits for */
	int holders_asked, holders_told; /* the harness answers each question, across processes: atomically */
	char holder_last[200]; /* what was told instead */
	int note[16];       /* free for suites: pids of actors */
};

enum life_flags {
	LIFE_NETNS_DIES = 1,    /* no account is left to compare with */
	LIFE_MACHINE_WIDE = 2,  /* changes a setting of the whole machine: only with --machine-wide */
};

struct life {
	const char *name;
	void (*make)(void);
	void (*before)(void); /* made before tcpdwell starts; NULL: nothing */
	unsigned int flags;
};

/* The harness's handle on a running life. */
struct director {
	const struct life *life;
	struct truth *truth;
	pid_t pid;
	int go; /* each byte lets the director do its next part */
};

/* Starts a director in a new namespace; it waits there for director_go. -errno on failure. */
int director_start(struct director *d, const struct life *life);
/* Lets it make what comes before tcpdwell, then the rest. */
void director_go(struct director *d);
/* Waits until its stage is reached; false after `ms`, and then the reason is in truth->fail. */
bool director_wait(struct director *d, enum stage stage, int ms);
/* Its part is over, also when it died (then the reason is in truth->fail). */
bool director_done(struct director *d);
/* Ends it and every process of its life. */
void director_free(struct director *d);

/* For lives, inside a director. These two do not return. */
void life_fail(const char *format, ...) __attribute__((format(printf, 1, 2), noreturn));
void life_skip(const char *format, ...) __attribute__((format(printf, 1, 2), noreturn));
struct truth *life_truth(void);
struct want *life_want(const struct want *want);
struct want_failed *life_want_failed(int local_port, int remote_port, struct who owner, const char *error);
/* Sets a sysctl or skips the life. */
void life_sysctl(const char *name, const char *value);
/* The same for a sysctl that only the first namespace has; *old (32 bytes) gets what it was. */
void life_machine_sysctl(const char *name, const char *value, char *old);
/* Waits until the kernel shows this end in `state` ("" = gone). small: as a timewait socket. */
void life_wait_state(int local_port, int remote_port, const char *state);
/* As life_wait_state, for so long, and says whether it came. */
bool life_state_comes(int local_port, int remote_port, const char *state, int ms);
bool life_small_comes(int local_port, int remote_port, const char *state, int ms);
void life_wait_small(int local_port, int remote_port, const char *state);
/* Waits until the last that tcpdwell told of a socket's holder is this. */
void life_wait_holder(const struct want_holder *want);
/* The harness's part: is a director waiting, and for what? NULL: no. The answer lets it go on. */
const struct want_holder *director_asks(const struct director *d);
void director_answer(struct director *d);
/* Lets `ms` pass where the clock itself is the condition. */
void life_pass(int ms);

#endif
