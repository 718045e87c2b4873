/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* What a diagnosis asks this machine of a process: struct diagnosis_config. Reads /proc. */
#ifndef TCPDWELL_SHOW_FINDINGS_ASK_H
#define TCPDWELL_SHOW_FINDINGS_ASK_H

#include "diagnose/diagnosis.h"

bool findings_ask_process(void *context, struct process_facts *facts);

#endif
