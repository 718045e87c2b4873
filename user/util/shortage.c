// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "util/shortage.h"

#include <stddef.h>

static unsigned long count;

void *shortage_noted(void *memory)
{
	if (!memory)
		count++;
	return memory;
}

unsigned long shortage_count(void)
{
	return count;
}
