/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Names and numbers of TCP states. Output has the kernel's names; input also takes ss's, in any case. */
#ifndef UTIL_TCP_STATE_H
#define UTIL_TCP_STATE_H

#include <stddef.h>
#include <stdint.h>

/* The kernel's numbers; the names keep clear of <netinet/tcp.h>. */
enum tcp_state {
	STATE_ESTABLISHED = 1,
	STATE_SYN_SENT,
	STATE_SYN_RECV,
	STATE_FIN_WAIT1,
	STATE_FIN_WAIT2,
	STATE_TIME_WAIT,
	STATE_CLOSE,
	STATE_CLOSE_WAIT,
	STATE_LAST_ACK,
	STATE_LISTEN,
	STATE_CLOSING,
	STATE_NEW_SYN_RECV,
	STATE_COUNT, /* one more than the largest */
};

/* "FIN_WAIT1"; "?" for a number that is no state. */
const char *tcp_state_name(unsigned int state);

/* A state's number from "TIME_WAIT", "time-wait", "fin-wait-1", "estab", "syn-recv", …; -EINVAL. */
int tcp_state_parse(const char *text);

/*
 * "CLOSE_WAIT,time-wait" to a mask with bit (1 << state) for each. 0, or -EINVAL with a sentence in `error`
 * that names the word that is no state and lists what is accepted.
 */
int tcp_state_list_parse(const char *text, uint32_t *mask, char *error, size_t error_size);

#endif
