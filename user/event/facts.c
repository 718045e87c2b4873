// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* The facts' names. */
#include "event/facts.h"

static const char *const fact_names[FACTS] = {
	[FACT_TRANSITION] = "transition",
	[FACT_TIME_WAIT_MADE] = "time_wait_made",
	[FACT_TIME_WAIT_ENDED] = "time_wait_ended",
	[FACT_TIME_WAIT_ENTERED] = "time_wait_entered",
	[FACT_CLOSER] = "closer",
	[FACT_OWNER_CONNECT] = "owner_connect",
	[FACT_OWNER_ACCEPT] = "owner_accept",
	[FACT_NOT_ACCEPTED] = "not_accepted",
	[FACT_SEED] = "seed",
	[FACT_HOLDER] = "holder",
	[FACT_NO_ROUTE] = "no_route",
	[FACT_NO_ROUTE_IPV6] = "no_route_ipv6",
	[FACT_BIND_FAILED] = "bind_failed",
	[FACT_ACCEPTED] = "accepted",
};

const char *fact_name(enum fact fact)
{
	return fact_names[fact];
}
