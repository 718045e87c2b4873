/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Where to listen, and whom a request may be addressed to. */
#ifndef TCPDWELL_EXPORT_HTTP_LISTEN_H
#define TCPDWELL_EXPORT_HTTP_LISTEN_H

#include <stdbool.h>
#include <stddef.h>

#include <sys/types.h>

#include "util/links.h"

#define LISTEN_TEXT 128

struct listening {
	int fd;
	bool is_unix;
	struct socket_file {
		struct links_end end; /* end.folder -1: there is none that we could remove */
		dev_t device;
		ino_t inode;
	} file;
	char where[LISTEN_TEXT]; /* for people: "127.0.0.1:9669", with the port that the kernel chose for port 0 */
};

/*
 * "127.0.0.1:9669", "[::1]:9669", ":9669" (every address), "/run/tcpdwell.sock" (a UNIX socket, for its owner alone; one that
 * we left behind when we were killed is replaced). 0, then listen_remove() in the end, or negative errno with a sentence in `error`.
 */
int listen_open(struct listening *listening, const char *text, char *error, size_t error_size);

/* The file of a UNIX socket goes, if it is still the one that was made. The descriptor of its folder is needed for that, and closed. */
void listen_remove(struct listening *listening);

/*
 * May a request be addressed to this host ("name", "name:port", "[v6]:port")? A page that a browser loaded from elsewhere can make
 * its own name resolve to this machine, but not an address: addresses pass, and localhost, and the names that are allowed.
 * `names`: this machine's, and those that the user allowed, each ends at a zero byte, an empty one at the end.
 */
bool host_is_allowed(const char *host, const char *names);

/* Is it a place to listen at, as it is written? 0, or negative errno with a sentence. */
int listen_check(const char *text, char *error, size_t error_size);

#endif
