/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * SQLite's way to the file system with the budget in it: a write that would make a file too long fails as on a full disk,
 * which SQLite undoes cleanly. max_page_count bounds the database alone, and not its log.
 */
#ifndef TCPDWELL_HISTORY_VFS_H
#define TCPDWELL_HISTORY_VFS_H

#include "history/budget.h"

#define HISTORY_VFS "tcpdwell-budget"

/* One budget at a time; NULL: databases are opened through it without a bound, as readers do. 0 or -ENOMEM. */
int history_vfs_use(struct budget *budget);

#endif
