/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * The names that Kubernetes gave to pods and containers, by the ids that cgroups have. The kubelet writes them into the names
 * of its log files, so that reading two directories is all: no token, no API server, no socket of a runtime.
 *
 *   DIR/containers/<pod>_<namespace>_<container>-<container id>.log
 *   DIR/pods/<namespace>_<pod>_<pod uid>/
 *
 * Names that come late are found later; names once known stay when the file is gone. A recording's names are learnt instead.
 */
#ifndef ATTRIBUTE_POD_NAMES_H
#define ATTRIBUTE_POD_NAMES_H

#include <stdbool.h>
#include <stdint.h>

#include "attribute/container.h"

#define POD_NAMES_DIRECTORY "/var/log"

struct pod_names;

/* `directory` NULL: none is read. It need not be there. NULL: no memory. */
struct pod_names *pod_names_new(const char *directory);
void pod_names_free(struct pod_names *names);

/*
 * Fills in what is known of its pod, namespace and name; what is filled in already stays. The texts are valid until the
 * version changes. Accepts `names` NULL.
 */
void pod_names_complete(struct pod_names *names, struct container *container);

/* Has it all the names that it can have? Containers outside pods have none. */
bool container_is_named(const struct container *container);

/* Takes over the names of a container that has some. */
void pod_names_learn(struct pod_names *names, const struct container *container);

/* Another one whenever something was learnt or forgotten; never 0. `names` NULL: 0. */
uint64_t pod_names_version(const struct pod_names *names);

/*
 * Reads the directories if they have changed since and some name is missing, at most four times a second; `urgent`, as for a
 * container that was just met: fifty times. `now_ns` is any monotonic clock.
 */
void pod_names_refresh(struct pod_names *names, uint64_t now_ns, bool urgent);

/* Why a directory that is there could not be read, a negative errno; 0 = none failed. */
int pod_names_error(const struct pod_names *names);

#endif
