/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Labels as they stand in an exposition: escaped, valid UTF-8, never a pid, a container's id or an ephemeral port. Pure. */
#ifndef TCPDWELL_EXPORT_METRICS_LABELS_H
#define TCPDWELL_EXPORT_METRICS_LABELS_H

#include "account/group.h"
#include "ports/model.h"
#include "util/buffer.h"

#define LABEL_OTHER "~other"
#define LABEL_UNKNOWN "~unknown" /* no process is known */
#define LABEL_UNNAMED "~unnamed" /* a container of which only the id is known */

/* name="value" after a comma where one is due; NULL counts as "". */
void label_append(struct buffer *out, const char *name, const char *value);

/* namespace, pod, container, unit, comm of a group by GROUP_BY_BOTH(GROUP_WORKLOAD, GROUP_COMM). */
void labels_of_workload(struct buffer *out, const struct group *group);

/* netns, local_addr, remote, and namespace and pod of who holds most of its ports. NULL: of ~other. */
void labels_of_destination(struct buffer *out, const struct ports_model *model, const struct destination *destination);

#endif
