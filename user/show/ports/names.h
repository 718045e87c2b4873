/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* How things are called in what `ports` shows. */
#ifndef TCPDWELL_SHOW_PORTS_NAMES_H
#define TCPDWELL_SHOW_PORTS_NAMES_H

#include "ports/remedy.h"
#include "ports/model.h"
#include "util/buffer.h"

/* "destination" "process" "local" "peer" "bind". NULL: no such number. */
const char *ports_by_name(unsigned int by);

/* "10.9.0.9:5432 from 10.9.0.2" */
void ports_destination_name(struct buffer *out, const struct destination_key *key);

/* "nightly-batch[812]", with its container, pod or unit behind it; "unknown". Safe for a terminal. */
void ports_process_name(struct buffer *out, const struct known_process *process);

/* "billing (40 processes) of shop.service": of so many of its name and place; of one as above. */
void ports_processes_name(struct buffer *out, const struct known_process *process, uint32_t count);

/* What a holder's sockets are: the state's name; "bound" for sockets that are not connected. */
const char *ports_state_name(unsigned int state);

/* "23.1s", "now", "-" where it is not foreseen. */
void ports_when_text(char out[16], double in_s);

/* "net.ipv4.tcp_tw_reuse=1", or what is to be done. */
const char *ports_remedy_name(enum remedy_kind kind); /* in JSON */
void ports_remedy_text(struct buffer *out, const struct remedy *remedy);

/* Rates as in a column: "16.4" "2.35k" "-". */
void ports_rate_text(char out[16], double rate);

#endif
