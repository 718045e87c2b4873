/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* The tables of lives by theme; each ends with an entry without a name. */
#ifndef SCENARIOS_LIVES_H
#define SCENARIOS_LIVES_H

#include "life.h"

extern const struct life lives_close[];  /* orderly ends */
extern const struct life lives_reset[];  /* resets, aborts, time-outs */
extern const struct life lives_hand[];   /* what only a hand-made peer can cause */
extern const struct life lives_small[];  /* what befalls a timewait socket */
extern const struct life lives_owner[];  /* who opened, who closed */
extern const struct life lives_holder[]; /* who has it while it waits */
extern const struct life lives_queue[];  /* accept queue and listener */
extern const struct life lives_family[]; /* address families, namespaces, io_uring */
extern const struct life lives_connect[]; /* connects that fail */
extern const struct life lives_ports[];  /* ephemeral ports run out */
extern const struct life lives_seeded[]; /* sockets from before */

#endif
