/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * A TCP peer made by hand: 10.9.0.2, an address that no one owns, routed over lo. The kernel does not answer
 * for it, so a life decides each segment: a FIN with or without its ACK, an RST, or silence.
 */
#ifndef SCENARIOS_PEER_H
#define SCENARIOS_PEER_H

#include <stdint.h>

#define PEER_ADDR "10.9.0.2"
#define PEER_KERNEL_ADDR "10.9.0.1" /* the kernel's own end */
#define PEER_PORT 7100

enum { FIN = 1, SYN = 2, RST = 4, ACK = 16 };

struct peer {
	int raw, tap;
	uint16_t port, kernel_port; /* host byte order */
	uint32_t kernel_addr;       /* network byte order */
	uint32_t next_send, next_receive;
};

/* Opens the peer in the director's namespace, or skips the life. It shakes no hands yet. */
void peer_open(struct peer *p);
/* Waits for a new segment with all of `flags` and accounts for it; nothing is answered. */
void peer_wait(struct peer *p, int flags);
/* Sends a segment with `bytes` of data from where the peer is. ACK acknowledges all that was waited for. */
void peer_send(struct peer *p, int flags, int bytes);
/* Answers the last SYN with an ICMP message "destination unreachable" of this code. */
void peer_unreachable(struct peer *p, int code);
/* The handshake with a connect() that was begun: SYN, SYN+ACK, ACK. */
void peer_shake(struct peer *p);

#endif
