// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * What runs inside the test containers: one process, one connection that it closes first (TIME_WAIT) and one whose close by
 * the peer it does not answer (CLOSE_WAIT), on its own loopback. Static, the only file of its root file system.
 *
 *   traffic hold    prints "ready" when both are there, stays until SIGTERM
 *   traffic once    ends at once
 */
#include <err.h>
#include <netinet/in.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

static struct sockaddr_in address = { .sin_family = AF_INET };

static int listen_somewhere(void)
{
	socklen_t size = sizeof(address);
	int listener = socket(AF_INET, SOCK_STREAM, 0);

	address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	if (listener < 0 || bind(listener, (struct sockaddr *)&address, sizeof(address)) || listen(listener, 8) ||
	    getsockname(listener, (struct sockaddr *)&address, &size))
		err(1, "listen");
	return listener;
}

static void make_pair(int listener, int *client, int *server)
{
	*client = socket(AF_INET, SOCK_STREAM, 0);
	if (*client < 0 || connect(*client, (struct sockaddr *)&address, sizeof(address)))
		err(1, "connect");
	*server = accept(listener, NULL, NULL);
	if (*server < 0)
		err(1, "accept");
}

static void read_to_end(int socket)
{
	char byte;

	while (read(socket, &byte, 1) > 0)
		;
}

int main(int argc, char **argv)
{
	int listener = listen_somewhere(), client, server, signal;
	sigset_t signals;

	sigemptyset(&signals);
	sigaddset(&signals, SIGTERM);
	sigprocmask(SIG_BLOCK, &signals, NULL);
	make_pair(listener, &client, &server);
	shutdown(client, SHUT_WR);
	read_to_end(server);
	close(server);
	read_to_end(client);
	close(client);
	make_pair(listener, &client, &server);
	close(server);
	read_to_end(client);
	if (argc < 2 || strcmp(argv[1], "hold"))
		return 0;
	puts("ready");
	fflush(stdout);
	sigwait(&signals, &signal);
	return 0;
}
