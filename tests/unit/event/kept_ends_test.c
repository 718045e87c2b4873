// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* What is kept of the ends of many sockets is what was given, whatever addresses others have. */
#include "unit.h"

#include <string.h>

#include "event/kept_ends.h"

#define SOCKETS 3000

/* A third IPv4, a third IPv6, a third with one of each or none at all. */
static struct endpoint random_endpoint(uint64_t *seed)
{
	struct endpoint endpoint = { .netns = unit_random(seed), .local_port = unit_random(seed), .remote_port = unit_random(seed) };
	unsigned int kind = unit_random(seed) % 6, i;

	for (i = 0; i < 16 && kind; i++) {
		endpoint.local_addr[i] = unit_random(seed);
		endpoint.remote_addr[i] = unit_random(seed);
	}
	for (i = 0; i < 12 && kind > 2; i++) {
		endpoint.local_addr[i] = i < 10 ? 0 : 0xff;
		if (kind > 3)
			endpoint.remote_addr[i] = i < 10 ? 0 : 0xff;
	}
	if (kind == 5) {
		memset(endpoint.local_addr + 12, 0, 4);
		memset(endpoint.remote_addr + 12, 0, 4);
	}
	return endpoint;
}

static void is_what_was_given(void **state)
{
	struct endpoint truth[SOCKETS] = {}, found, other;
	struct kept_ends kept[SOCKETS] = {};
	struct id_map addresses;
	uint64_t seed = 7;
	unsigned int i, step;

	(void)state;
	kept_addresses_init(&addresses);
	for (step = 0; step < 5 * SOCKETS; step++) {
		i = step < SOCKETS ? step : unit_random(&seed) % SOCKETS;
		truth[i] = random_endpoint(&seed);
		assert_int_equal(kept_ends_set(&kept[i], &addresses, i + 1, &truth[i]), 0);
		i = unit_random(&seed) % (step < SOCKETS ? step + 1 : SOCKETS);
		found = kept_ends_get(&kept[i], &addresses, i + 1);
		assert_memory_equal(&found, &truth[i], sizeof(found));
		assert_true(kept_ends_lead_to(&kept[i], &addresses, i + 1, truth[i].remote_addr));
		other = random_endpoint(&seed);
		assert_int_equal(kept_ends_lead_to(&kept[i], &addresses, i + 1, other.remote_addr),
				 !memcmp(other.remote_addr, truth[i].remote_addr, sizeof(other.remote_addr)));
	}
	for (i = 0; i < SOCKETS; i++)
		kept_ends_forget(&addresses, i + 1);
	assert_int_equal(addresses.used, 0);
	id_map_release(&addresses);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(is_what_was_given),
	};

	return cmocka_run_group_tests_name("kept_ends", tests, NULL, NULL);
}
