/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * A live socket as the kernel has it now, whatever its state. Comes as an event of type RECORD_PRESENT when it is first seen and
 * whenever something of it that is told here has changed; once more when it is gone. All are looked at in one pass, about once a
 * second, longer apart where there are many. TIME_WAIT is not among them: transitions tell of that.
 *
 * Of the record: id, endpoint, owner, closer, attribution, side, FLAG_IN_ACCEPT_QUEUE (`owner` is then the listener's process),
 * FLAG_TIMEWAIT (FIN_WAIT2 that the kernel keeps in its small socket), new_state = old_state = the state now; since_ns = when it
 * began, 0 = not known. Who has the descriptor is told as of any socket: RECORD_HOLDER.
 */
#ifndef TCPDWELL_EVENT_PRESENT_H
#define TCPDWELL_EVENT_PRESENT_H

#include <stdbool.h>
#include <stdint.h>

enum present_answer { PRESENT_NOT_KNOWN, PRESENT_NO, PRESENT_YES };

enum present_timer {
	PRESENT_TIMER_NOT_KNOWN,
	PRESENT_TIMER_NONE,
	PRESENT_TIMER_RETRANSMIT, /* something sent is not acknowledged: SYN, data, FIN */
	PRESENT_TIMER_KEEPALIVE,
	PRESENT_TIMER_PROBE, /* the peer's window is closed */
};

/* A socket is idle when nothing was received (sent) for so long. Before, times are 0: they would change all the time. */
#define PRESENT_IDLE_NS 5000000000ULL

struct present {
	bool gone; /* nothing else is filled in then but id, endpoint and state */
	uint8_t keepalive; /* enum present_answer: SO_KEEPALIVE */
	uint8_t timer; /* enum present_timer */
	uint8_t retransmits; /* unanswered retransmissions or probes in a row */
	uint32_t rx_queue; /* bytes that came and were not read; in the accept queue too */
	uint32_t tx_queue; /* bytes that were written and not acknowledged */
	uint32_t unsent; /* of these: not sent yet */
	uint64_t received_ns; /* monotonic: when data came last; 0 = less than PRESENT_IDLE_NS before this event, or not known */
	uint64_t sent_ns; /* the same of data that was sent */
	uint64_t queued_ns; /* in an accept queue: its SYN came then; 0 = not known */
	uint64_t listener; /* in an accept queue: the id of the listening socket (event/listener.h); 0 = not known */
};

/* Does anything differ that is to be told? */
bool present_equal(const struct present *a, const struct present *b);

/* "retransmit", "keepalive", "probe", "none"; NULL for PRESENT_TIMER_NOT_KNOWN, and back. */
const char *present_timer_name(unsigned int timer);
unsigned int present_timer_parse(const char *name);

#endif
