/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Actors: the processes of a life. A director tells an actor which operation to perform and gets its result,
 * so a life reads as a straight script although several processes play in it. Actors are made before any
 * socket, so that none inherits another's descriptors; actor_fork is there for those that must.
 */
#ifndef SCENARIOS_ACTOR_H
#define SCENARIOS_ACTOR_H

#include "life.h"
#include "net.h"

typedef long (*operation)(long, long, long);

struct actor {
	struct who who;
	int slot;
};

/* A new process with this name. */
struct actor *actor_new(const char *comm);
/* A child of an actor: it has copies of the actor's descriptors. */
struct actor *actor_fork(struct actor *parent, const char *comm);
/* As actor_fork, as PID 1 of a new PID namespace; skips the life where that is refused. */
struct actor *actor_fork_pidns(struct actor *parent, const char *comm);
/* As actor_fork, with this process id, which must be free; skips the life where that is refused. */
struct actor *actor_fork_as(struct actor *parent, const char *comm, int pid);
/* Performs an operation; -errno as it fails. Waits 30 s at most. */
long actor_try(struct actor *a, operation op, long x, long y, long z);
/* The same, and a failure ends the life. */
long actor_do(struct actor *a, operation op, long x, long y, long z);
/* The same in two parts: the director plays on in between. */
void actor_begin(struct actor *a, operation op, long x, long y, long z);
long actor_end(struct actor *a);
/* Lets it call _exit(0), or kills it; returns when it is dead. */
void actor_exit(struct actor *a);
void actor_kill(struct actor *a);
/* Closes the director's lines to its actors, which are dead: these sockets too keep the namespace alive. */
void actor_disband(void);
/* Lets it execute this program again, which then only waits: descriptors with close-on-exec close. */
void actor_exec(struct actor *a);
/* The main function of that program. */
int actor_hold(void);

/* A connection over loopback between two actors: the client's end, the server's end and the listener. */
struct pair {
	struct actor *client, *server;
	const char *addr;
	int listener, client_fd, server_fd, client_port, port;
};

/* Listens, connects, accepts. Fields other than the actors may be 0: 127.0.0.1, port 7000. */
void pair_open_silent(struct pair *p);
/* The same, and a byte goes each way. */
void pair_open(struct pair *p);
/* Only the listener and the connecting side: the other end stays in the accept queue. */
void pair_connect(struct pair *p);
/* A client, a server and an open connection between them. */
struct pair pair_new(void);
void pair_close_client(const struct pair *p);
void pair_close_server(const struct pair *p);
/*
 * The same by shutdown(), FIN_WAIT2, close(): the only way that always ends in a timewait socket while the other end
 * stays open. Where the ACK meets a socket that close() still has locked, the kernel keeps a full orphan instead.
 */
void pair_close_client_small(const struct pair *p);
void pair_close_server_small(const struct pair *p);
/* Wait until the kernel shows this end in a state ("" = gone). */
void pair_wait_client(const struct pair *p, const char *state);
void pair_wait_server(const struct pair *p, const char *state);
/* Write down what each end must look like; owner and closer are the pair's own actors until changed. */
struct want *want_client(const struct pair *p, const char *path, const char *closed_by, const char *end);
struct want *want_server(const struct pair *p, const char *path, const char *closed_by, const char *end);

/* How the paths of both ends begin. */
#define CONNECTED "CLOSE>SYN_SENT>ESTABLISHED>"
#define ACCEPTED "LISTEN>SYN_RECV>ESTABLISHED>"

#endif
