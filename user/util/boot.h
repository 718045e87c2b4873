/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Which boot of which machine: within one, monotonic clocks of all processes can be compared. */
#ifndef TCPDWELL_UTIL_BOOT_H
#define TCPDWELL_UTIL_BOOT_H

/* What the kernel has drawn for it; NULL: not known. Asked once, the string stays. */
const char *boot_id(void);

#endif
