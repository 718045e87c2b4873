// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* The table of TCP states. */
#include "util/tcp_state.h"

#include <ctype.h>
#include <errno.h>
#include <stdbool.h>
#include <string.h>

#include "util/failure.h"
#include "util/text.h"

static const char *const names[STATE_COUNT] = {
	[STATE_ESTABLISHED] = "ESTABLISHED",
	[STATE_SYN_SENT] = "SYN_SENT",
	[STATE_SYN_RECV] = "SYN_RECV",
	[STATE_FIN_WAIT1] = "FIN_WAIT1",
	[STATE_FIN_WAIT2] = "FIN_WAIT2",
	[STATE_TIME_WAIT] = "TIME_WAIT",
	[STATE_CLOSE] = "CLOSE",
	[STATE_CLOSE_WAIT] = "CLOSE_WAIT",
	[STATE_LAST_ACK] = "LAST_ACK",
	[STATE_LISTEN] = "LISTEN",
	[STATE_CLOSING] = "CLOSING",
	[STATE_NEW_SYN_RECV] = "NEW_SYN_RECV",
};

/* What ss and netstat say where it is not just another spelling. */
static const struct {
	const char *name;
	unsigned int state;
} aliases[] = {
	{"ESTAB", STATE_ESTABLISHED},
	{"LISTENING", STATE_LISTEN},
	{"CLOSED", STATE_CLOSE},
	{"UNCONN", STATE_CLOSE},
};

const char *tcp_state_name(unsigned int state)
{
	return state < STATE_COUNT && names[state] ? names[state] : "?";
}

/* Equal but for case and for '_' and '-', which may be anywhere between letters or missing. */
static bool same_name(const char *text, const char *name)
{
	if (*text == '_' || *text == '-')
		return false;
	for (;; text++, name++) {
		while (*text == '_' || *text == '-')
			text++;
		while (*name == '_')
			name++;
		if (toupper((unsigned char)*text) != *name)
			return false;
		if (!*name)
			return true;
	}
}

int tcp_state_parse(const char *text)
{
	for (unsigned int state = 1; state < STATE_COUNT; state++)
		if (same_name(text, names[state]))
			return state;
	for (size_t i = 0; i < sizeof(aliases) / sizeof(*aliases); i++)
		if (same_name(text, aliases[i].name))
			return aliases[i].state;
	return -EINVAL;
}

static int refuse(const char *item, char *error, size_t error_size)
{
	return fail(error, error_size,
		    "\"%s\" is not a TCP state; give one or more of ESTABLISHED, SYN_SENT, SYN_RECV, "
		    "FIN_WAIT1, FIN_WAIT2, TIME_WAIT, CLOSE, CLOSE_WAIT, LAST_ACK, LISTEN, CLOSING, "
		    "NEW_SYN_RECV with commas between, also as ss spells them (time-wait)",
		    item);
}

int tcp_state_list_parse(const char *text, uint32_t *mask, char *error, size_t error_size)
{
	uint32_t states = 0;
	char item[32];
	int result;

	while ((result = text_list_next(&text, item, sizeof(item)))) {
		int state = result < 0 ? result : tcp_state_parse(item);

		if (state < 0)
			return refuse(item, error, error_size);
		states |= 1U << state;
	}
	*mask = states;
	return 0;
}
