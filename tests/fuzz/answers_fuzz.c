// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* What --no-bpf reads: datagrams of the kernel's socket diagnosis, and /proc/net/tcp. The first byte chooses. */
#include "fuzz.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "attribute/holders_list.h"

static void count(void *context, const struct listed_socket *socket)
{
	*(uint64_t *)context += socket->cookie + socket->expires_ns + socket->last_ack_ns + socket->endpoint.remote_addr[15];
}

int fuzz_answers(const uint8_t *data, size_t size)
{
	uint64_t sum = 0;
	void *copy; /* of this size and alignment, so that a look beyond it is seen */
	FILE *file;

	if (size < 2)
		return 0;
	if (data[0] & 1) {
		copy = malloc(size - 1);
		memcpy(copy, data + 1, size - 1);
		sockets_list_answer(copy, size - 1, count, &sum);
		free(copy);
		return 0;
	}
	file = fmemopen((void *)(data + 1), size - 1, "r");
	if (file) {
		sockets_list_text(file, ~0U, count, &sum);
		fclose(file);
	}
	return 0;
}
