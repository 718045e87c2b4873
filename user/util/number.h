/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Numbers that others may have made up: a conversion of a double that is out of an integer's range is undefined, a difference of
 * times that are not in their order is centuries. Here the first is the nearest number that there is (NaN: 0), the second 0.
 */
#ifndef UTIL_NUMBER_H
#define UTIL_NUMBER_H

#include <limits.h>
#include <stdint.h>

static inline uint64_t number_u64(double value)
{
	if (!(value > 0))
		return 0;
	return value < 0x1p64 ? (uint64_t)value : UINT64_MAX;
}

static inline uint32_t number_u32(double value)
{
	uint64_t whole = number_u64(value);

	return whole < UINT32_MAX ? whole : UINT32_MAX;
}

static inline int64_t number_i64(double value)
{
	if (!(value < 0))
		return value < 0x1p63 ? (int64_t)value : value != value ? 0 : INT64_MAX;
	return value > -0x1p63 ? (int64_t)value : INT64_MIN;
}

/* From one moment to a later one. */
static inline uint64_t elapsed_ns(uint64_t now_ns, uint64_t since_ns)
{
	return now_ns > since_ns ? now_ns - since_ns : 0;
}

#endif
