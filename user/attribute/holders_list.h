/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * The kernel's own list of a network namespace's sockets: inode, receive queue, and when the peer was last heard of. From
 * sock_diag; from /proc/net/tcp where the kernel has no sock_diag for TCP.
 */
#ifndef TCPDWELL_ATTRIBUTE_HOLDERS_LIST_H
#define TCPDWELL_ATTRIBUTE_HOLDERS_LIST_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

#include "abi.h"

struct listed_socket {
	struct endpoint endpoint; /* netns 0 */
	uint32_t device; /* index of the interface that it is bound to; 0: none, or not told */
	uint8_t state;
	uint64_t inode; /* 0: no descriptor can refer to it: not accepted yet, or closed */
	uint64_t cookie; /* the connection's own number, also as a timewait socket; 0: not told */
	uint32_t uid;
	uint64_t expires_ns; /* of a timewait socket: so long it stays; 0: not told */
	uint32_t rx_queue; /* bytes, as in ss: an end of stream that was not read counts as one; of a listener: connections that wait */
	uint32_t tx_queue; /* bytes; of a listener: how many may wait, 0: not told */
	uint32_t unsent; /* of tx_queue, 0 also where not told */
	uint8_t timer; /* enum present_timer */
	uint8_t retransmits;
	bool drops_known;
	uint32_t drops; /* of a listener */
	bool is_timewait; /* the kernel's small socket, whatever its state; false where not told */
	bool times_known;
	uint64_t last_ack_ns, last_data_ns; /* so long ago the peer's last ACK and last data came; to a millisecond */
	uint64_t last_sent_ns; /* so long ago we sent data */
	bool acks_complete; /* the peer has acknowledged all that we sent, and acks_beyond is known */
	int64_t acks_beyond; /* numbers that it acknowledged beyond our data: of a SYN that we sent while connecting, of a FIN */
};

typedef void (*listed_socket_fn)(void *context, const struct listed_socket *socket);

/* The calling thread's namespace, sockets in the states with bit (1 << state). 0 or negative errno. */
int sockets_list(uint32_t states, listed_socket_fn each, void *context);

/*
 * One socket of the calling thread's namespace, by its ends: what takes a walk of the machine's whole table in a list takes a look-up
 * here. `fd` is of sockets_diag_open(). -ENOENT: there is none, or it is bound to an interface; other negative errno. Listening
 * sockets may be others of the same address.
 */
int sockets_diag_open(void);
int sockets_diag_find(int fd, const struct endpoint *endpoint, listed_socket_fn each, void *context);

/* One way each; sockets_list() chooses. `file` is an open /proc/net/tcp or tcp6. */
int sockets_list_diag(uint32_t states, listed_socket_fn each, void *context);
/* One datagram of the former's answer. 1: the list is at its end; 0 or negative errno. */
int sockets_list_answer(const void *answer, size_t size, listed_socket_fn each, void *context);

int sockets_list_text(FILE *file, uint32_t states, listed_socket_fn each, void *context);

#endif
