// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* Error sentences. */
#include "util/failure.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

int fail(char *error, size_t size, const char *format, ...)
{
	va_list arguments;

	va_start(arguments, format);
	vsnprintf(error, size, format, arguments);
	va_end(arguments);
	return -EINVAL;
}

int fail_prefix(char *error, size_t size, const char *option, int result)
{
	size_t prefix = strlen(option) + 2, length;

	if (size <= prefix)
		return result;
	length = strnlen(error, size - prefix - 1);
	memmove(error + prefix, error, length);
	error[prefix + length] = 0;
	memcpy(error, option, prefix - 2);
	memcpy(error + prefix - 2, ": ", 2);
	return result;
}
