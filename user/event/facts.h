/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* What the kernel side finds out, each by a hook of its own. */
#ifndef TCPDWELL_EVENT_FACTS_H
#define TCPDWELL_EVENT_FACTS_H

enum fact {
	FACT_TRANSITION,
	FACT_TIME_WAIT_MADE,
	FACT_TIME_WAIT_ENDED,
	FACT_TIME_WAIT_ENTERED, /* FIN_WAIT2 -> TIME_WAIT inside the timewait socket */
	FACT_CLOSER,
	FACT_OWNER_CONNECT,
	FACT_OWNER_ACCEPT,
	FACT_NOT_ACCEPTED,
	FACT_SEED,
	FACT_HOLDER, /* a descriptor came to another process */
	FACT_NO_ROUTE, /* a connect() that fails before any state is entered */
	FACT_NO_ROUTE_IPV6,
	FACT_BIND_FAILED, /* a bind() or listen() that finds its address in use */
	FACT_ACCEPTED, /* when accept() takes a connection that waits */
	FACTS,
};

/* Name of a fact as in the output, e.g. "time_wait_made". */
const char *fact_name(enum fact fact);

#endif
