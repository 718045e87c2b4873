/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* All findings that there are, one row each: code, rule, what the rule needs. A code is never used again for something else. */
#ifndef TCPDWELL_DIAGNOSE_CODES_H
#define TCPDWELL_DIAGNOSE_CODES_H

#include "diagnose/scene.h"

enum code {
	TD101, TD102, TD103, TD104, TD105,
	TD111, TD112, TD113,
	TD121, TD122, TD123, TD124,
	TD131, TD132,
	TD141, TD142, TD143,
	TD151, TD152, TD153,
	TD161, TD162,
	TD171, TD172,
	TD181,
	TD191,
	CODES,
};

/* What a rule can't do without. Where it is missing the rule is not examined, with the reason. */
enum need {
	NEED_EVENTS = 1 << 0, /* what happened, not only what is there */
	NEED_PORTS = 1 << 1, /* the settings of ports */
	NEED_SEARCH = 1 << 2, /* how long connect() looked for a port */
	NEED_PROCESSES = 1 << 3, /* the machine can be asked about processes */
	NEED_FAILURES = 1 << 4, /* connect() that failed */
	NEED_PRESENT = 1 << 5, /* queues and timers of all sockets */
	NEED_NAMESPACES = 1 << 6, /* counters and settings of namespaces */
	NEED_LISTENERS = 1 << 8, /* listening sockets and their queues */
	NEED_CLOSING = 1 << 7, /* that sockets which close have closed, as transitions tell, or a look at all of them */
};

struct code_row {
	const char *name;
	const char *word; /* beside the code where several are named in a line: two words or three */
	const char *title; /* of the code, for lists */
	rule *judge;
	unsigned int needs; /* enum need */
	double watch_s; /* it has to watch for so long */
	bool is_mild; /* it does no harm by itself: its notes come behind the others' */
};

extern const struct code_row code_rows[CODES];

/* The number of "TD121", whatever its case; -EINVAL. */
int code_parse(const char *name);

/* The long text of a code, for --explain: paragraphs, each ends with a newline. */
const char *code_explanation(unsigned int code);

/*
 * Which codes explain an error message, whole or a part of it, in any case of letters: of the programs and of the kernel's log. The
 * number of codes, which are set in `codes`; 0: none.
 */
size_t codes_of_error(const char *text, bool codes[CODES]);

/* What messages are told apart by; NULL ends them. */
extern const char *const error_phrases[];

/* Other words, and the phrase that is looked for in their place; a row of NULL ends them. */
struct error_alias {
	const char *words, *phrase;
	bool (*holds)(const char *text, const char *at, size_t size); /* of the words at `at`, `size` bytes of the text; NULL: always */
};

extern const struct error_alias error_aliases[];

rule td101_no_port, td102_cliff, td103_ports_run_out, td104_bind_before_connect, td105_port_of_a_service,
	td111_connection_per_request, td112_server_closes_first, td113_time_wait_overflow, td121_leak, td122_idle_pool, td123_stuck,
	td124_descriptors, td131_accept_queue, td132_gave_up_in_queue, td141_peer_does_not_close, td142_peer_does_not_answer,
	td143_orphans_memory, td151_no_answer, td152_scan, td153_refused, td161_flood, td162_one_address, td171_silent, td172_resets,
	td181_conntrack, td191_settings;

#endif
