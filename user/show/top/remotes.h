/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Who is at the other end of a row's sockets, in words. Pure. */
#ifndef TCPDWELL_SHOW_TOP_REMOTES_H
#define TCPDWELL_SHOW_TOP_REMOTES_H

#include "account/ranking.h"

#define TOP_REMOTE_TEXT 96

/* "10.9.0.2:5432"; of a service that is here, the address alone. */
void top_end_text(char out[TOP_REMOTE_TEXT], const struct endpoint *endpoint, unsigned int side);

/* "10.9.0.0/24" */
void top_network_text(char out[TOP_REMOTE_TEXT], const struct survey_network *network);

/* "lazy-client[23333] CLOSE_WAIT" where what the row waits for is on this machine. False: it is not, as far as known. */
bool top_peer_text(char out[TOP_REMOTE_TEXT], const struct model *model, const struct ranking_row *row);

/* Cells: the peer here, or else the busiest address or network; which end closes first. */
void top_remote_cell(char *out, size_t size, const struct model *model, const struct ranking_row *row);
void top_closer_cell(char *out, size_t size, const struct ranking_row *row);

#endif
