// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* The other end in words. */
#include "show/top/remotes.h"

#include <stdio.h>
#include <string.h>

#include "util/address.h"
#include "util/tcp_state.h"
#include "util/text.h"

#define FOLD_FROM 16 /* so many addresses are told as a network */

void top_end_text(char out[TOP_REMOTE_TEXT], const struct endpoint *endpoint, unsigned int side)
{
	struct address address = address_from_mapped(endpoint->remote_addr);

	if (side == SIDE_PASSIVE)
		address_format(out, &address);
	else
		address_port_format(out, &address, endpoint->remote_port);
}

void top_network_text(char out[TOP_REMOTE_TEXT], const struct survey_network *network)
{
	struct address address = address_from_mapped(network->addr);
	char text[ADDRESS_TEXT];
	bool ipv4;

	address_format(text, &address);
	ipv4 = strchr(text, '.') && !strchr(text, ':');
	snprintf(out, TOP_REMOTE_TEXT, "%s/%u", text, network->bits - (ipv4 ? 96 : 0));
}

bool top_peer_text(char out[TOP_REMOTE_TEXT], const struct model *model, const struct ranking_row *row)
{
	const struct process *process = &processes_at(&model->processes, row->survey->peer.process)->process;
	char comm[4 * COMM_BYTES];

	if (!row->survey->peer.sockets || !process->start_ns)
		return false;
	text_sanitise(comm, sizeof(comm), process->comm, COMM_BYTES, COMM_BYTES - 1);
	snprintf(out, TOP_REMOTE_TEXT, "%s[%u] %s", comm, process->pid, tcp_state_name(row->survey->peer.state));
	return true;
}

static unsigned int percent(uint32_t part, uint32_t all)
{
	unsigned int share = (part * 200ULL / all + 1) / 2;

	return share > 99 && part < all ? 99 : share;
}

void top_remote_cell(char *out, size_t size, const struct model *model, const struct ranking_row *row)
{
	const struct survey_row *survey = row->survey;
	char text[TOP_REMOTE_TEXT];

	if (top_peer_text(text, model, row))
		snprintf(out, size, "%s", text);
	else if (!survey->sockets)
		snprintf(out, size, "-");
	else if (survey->addresses >= FOLD_FROM && !row->folded) {
		top_network_text(text, &survey->network);
		snprintf(out, size, "%s %u%%", text, percent(survey->network.sockets, survey->sockets));
	} else {
		top_end_text(text, &survey->busiest.endpoint, survey->busiest.side);
		if (survey->addresses == 1)
			snprintf(out, size, "%s", text);
		else
			snprintf(out, size, "%s %u%%", text, percent(survey->busiest.sockets, survey->sockets));
	}
}

/* Who closes first ends in TIME_WAIT, the other one in CLOSE_WAIT. */
void top_closer_cell(char *out, size_t size, const struct ranking_row *row)
{
	double here = row->value[MEASURE_TIME_WAIT_CAME], peer = row->value[MEASURE_CLOSE_WAIT_CAME];

	here = here > 0 ? here : 0;
	peer = peer > 0 ? peer : 0;
	if (here + peer == 0)
		snprintf(out, size, "-");
	else if (here >= peer)
		snprintf(out, size, "here %u%%", percent(here, here + peer));
	else
		snprintf(out, size, "peer %u%%", percent(peer, here + peer));
}
