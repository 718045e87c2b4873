// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * talker PORT CLOSED LEAKED: a container's program. At SIGUSR1 its client process makes so many connections to 127.0.0.1:PORT
 * that it closes first, and so many that it closes and the server process never does; "done CLIENT SERVER" says that they
 * are made, with the process ids as the container has them. Stays until SIGTERM.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

static void check(int result, const char *what)
{
	if (result >= 0)
		return;
	perror(what);
	exit(1);
}

static struct sockaddr_in address_of(int port)
{
	struct sockaddr_in address = { .sin_family = AF_INET, .sin_port = htons(port) };

	address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	return address;
}

static int listen_on(int port)
{
	struct sockaddr_in address = address_of(port);
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0), on = 1;

	check(fd, "socket");
	setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on));
	check(bind(fd, (struct sockaddr *)&address, sizeof(address)), "bind");
	check(listen(fd, 128), "listen");
	return fd;
}

/* Waits for the end of the stream, so that the client has closed first. */
static void serve(int listener, int closed, int leaked, int done)
{
	char byte;
	int i, fd;

	for (i = 0; i < closed + leaked; i++) {
		fd = accept(listener, NULL, NULL);
		check(fd, "accept");
		check(write(fd, "x", 1), "write");
		while (read(fd, &byte, 1) > 0)
			;
		if (i < closed)
			close(fd);
	}
	check(write(done, "x", 1), "write");
	for (;;)
		pause();
}

/* Closes only what was accepted, so that it is known whose the other end is. */
static void talk(int port, int connections)
{
	struct sockaddr_in address = address_of(port);
	char byte;
	int i, fd;

	for (i = 0; i < connections; i++) {
		fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
		check(fd, "socket");
		check(connect(fd, (struct sockaddr *)&address, sizeof(address)), "connect");
		check(read(fd, &byte, 1), "read");
		close(fd);
	}
}

static void await(sigset_t *set, int wanted)
{
	int signal;

	do {
		sigwait(set, &signal);
		if (signal == SIGTERM)
			exit(0);
	} while (signal != wanted);
}

int main(int argc, char **argv)
{
	int port, closed, leaked, listener, done[2];
	sigset_t set;
	pid_t server;
	char byte;

	if (argc != 4)
		return 64;
	port = atoi(argv[1]), closed = atoi(argv[2]), leaked = atoi(argv[3]);
	sigemptyset(&set);
	sigaddset(&set, SIGUSR1);
	sigaddset(&set, SIGTERM);
	sigprocmask(SIG_BLOCK, &set, NULL);
	check(pipe(done), "pipe");
	listener = listen_on(port);
	puts("ready");
	fflush(stdout);
	await(&set, SIGUSR1);
	server = fork();
	check(server, "fork");
	if (!server) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		prctl(PR_SET_NAME, "talker-server");
		serve(listener, closed, leaked, done[1]);
	}
	talk(port, closed + leaked);
	check(read(done[0], &byte, 1), "read");
	printf("done %d %d\n", getpid(), server);
	fflush(stdout);
	await(&set, SIGTERM);
	return 0;
}
