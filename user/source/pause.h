/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* How far apart looks at the machine are, by what they cost. */
#ifndef TCPDWELL_SOURCE_PAUSE_H
#define TCPDWELL_SOURCE_PAUSE_H

#include <stdint.h>

/*
 * After a look of so much CPU time: `share` times as long. Who is patient (struct run_options) waits so many times longer, but for no
 * more than `patient_max_ns`: the first look, which finds all as news, costs many times what the next ones do. 0: as many times as it is.
 */
static inline uint64_t pause_after(uint64_t cost_ns, unsigned int share, unsigned int patience, uint64_t patient_max_ns)
{
	uint64_t pause_ns = cost_ns * share, patient_ns = pause_ns * (patience ?: 1);

	if (!patient_max_ns || patient_ns < patient_max_ns)
		return patient_ns;
	return pause_ns > patient_max_ns ? pause_ns : patient_max_ns;
}

#endif
