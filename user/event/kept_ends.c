// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* Ends that are kept, and back. */
#include "event/kept_ends.h"

#include <errno.h>
#include <string.h>

static const uint8_t mapped[12] = { [10] = 0xff, [11] = 0xff };

struct addresses {
	uint8_t local[16], remote[16];
};

void kept_addresses_init(struct id_map *addresses)
{
	id_map_init(addresses, sizeof(struct addresses));
}

static int set_addresses(struct id_map *addresses, uint64_t id, const struct endpoint *endpoint)
{
	struct addresses *kept = id_map_put(addresses, id);

	if (!kept)
		return -ENOMEM;
	memcpy(kept->local, endpoint->local_addr, 16);
	memcpy(kept->remote, endpoint->remote_addr, 16);
	return 0;
}

int kept_ends_set(struct kept_ends *ends, struct id_map *addresses, uint64_t id, const struct endpoint *endpoint)
{
	*ends = (struct kept_ends){
		.netns = endpoint->netns, .local_port = endpoint->local_port, .remote_port = endpoint->remote_port };
	if (memcmp(endpoint->local_addr, mapped, sizeof(mapped)) || memcmp(endpoint->remote_addr, mapped, sizeof(mapped)))
		return set_addresses(addresses, id, endpoint);
	memcpy(&ends->local, endpoint->local_addr + 12, 4);
	memcpy(&ends->remote, endpoint->remote_addr + 12, 4);
	if (addresses->used)
		id_map_remove(addresses, id);
	return 0;
}

static const struct addresses *addresses_of(const struct kept_ends *ends, const struct id_map *addresses, uint64_t id)
{
	return ends->local || ends->remote ? NULL : id_map_find(addresses, id);
}

bool kept_ends_lead_to(const struct kept_ends *ends, const struct id_map *addresses, uint64_t id, const uint8_t remote_addr[16])
{
	const struct addresses *kept = addresses_of(ends, addresses, id);

	if (kept)
		return !memcmp(kept->remote, remote_addr, 16);
	return !memcmp(remote_addr, mapped, sizeof(mapped)) && !memcmp(remote_addr + sizeof(mapped), &ends->remote, 4);
}

struct endpoint kept_ends_get(const struct kept_ends *ends, const struct id_map *addresses, uint64_t id)
{
	const struct addresses *kept = addresses_of(ends, addresses, id);
	struct endpoint endpoint = {
		.local_port = ends->local_port, .remote_port = ends->remote_port, .netns = ends->netns };

	if (kept) {
		memcpy(endpoint.local_addr, kept->local, 16);
		memcpy(endpoint.remote_addr, kept->remote, 16);
		return endpoint;
	}
	memcpy(endpoint.local_addr, mapped, sizeof(mapped));
	memcpy(endpoint.remote_addr, mapped, sizeof(mapped));
	memcpy(endpoint.local_addr + 12, &ends->local, 4);
	memcpy(endpoint.remote_addr + 12, &ends->remote, 4);
	return endpoint;
}
