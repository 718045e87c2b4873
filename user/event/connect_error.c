// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* Why connect() fails: the errors that it gives, what they are called and what they mean. */
#include "event/names.h"

#include <errno.h>
#include <string.h>

#include "event/event.h"

static const char *const failures[CONNECT_FAILURES] = { "no_port", "refused", "timeout", "abandoned", "unreachable" };

/* All but the first four are answers of the network, or of our own routes. */
static const struct {
	unsigned int error;
	const char *name, *text;
} errors[] = {
	{ EADDRNOTAVAIL, "EADDRNOTAVAIL", "no free local port" },
	{ ECONNREFUSED, "ECONNREFUSED", "refused: nobody listens there" },
	{ ETIMEDOUT, "ETIMEDOUT", "no answer" },
	{ ECANCELED, "ECANCELED", "given up by the program, no answer so far" },
	{ EHOSTUNREACH, "EHOSTUNREACH", "host unreachable" },
	{ ENETUNREACH, "ENETUNREACH", "network unreachable" },
	{ ENETDOWN, "ENETDOWN", "the network device is down" },
	{ EACCES, "EACCES", "prohibited on the way" },
	{ EINVAL, "EINVAL", "the route is a black hole" },
	{ EPERM, "EPERM", "forbidden on this machine" },
	{ EHOSTDOWN, "EHOSTDOWN", "host unknown" },
	{ ENONET, "ENONET", "host isolated" },
	{ ENOPROTOOPT, "ENOPROTOOPT", "the host has no TCP" },
	{ EOPNOTSUPP, "EOPNOTSUPP", "no source route" },
};

#define ERRORS (sizeof(errors) / sizeof(errors[0]))

static size_t error_find(unsigned int error)
{
	size_t i;

	for (i = 0; i < ERRORS; i++)
		if (errors[i].error == error)
			return i;
	return error_find(EHOSTUNREACH);
}

const char *connect_failure_name(unsigned int failure)
{
	return failures[failure];
}

const char *connect_error_name(unsigned int error)
{
	return errors[error_find(error)].name;
}

const char *connect_error_text(unsigned int error)
{
	return errors[error_find(error)].text;
}

unsigned int connect_error_parse(const char *name)
{
	size_t i;

	for (i = 0; name && i < ERRORS; i++)
		if (!strcmp(errors[i].name, name))
			return errors[i].error;
	return name ? EHOSTUNREACH : EADDRNOTAVAIL;
}
