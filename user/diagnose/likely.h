/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Whose sockets probably are whose process nobody saw, as those in TIME_WAIT from before the run: who serves their port, or has other
 * sockets of the same kind. Pure.
 */
#ifndef TCPDWELL_DIAGNOSE_LIKELY_H
#define TCPDWELL_DIAGNOSE_LIKELY_H

#include "diagnose/scene.h"

/* Who accepts connections to a port of ours. NULL: not known. */
const struct process *likely_server(const struct scene *scene, uint32_t netns, uint16_t port);

/* Who has the sockets of a cause whose process is not known. NULL: nobody is likelier than others. */
const struct process *likely_process(const struct scene *scene, const struct cause *cause);

#endif
