/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Reading UTF-8 that nobody vouches for, such as process names. */
#ifndef UTIL_UTF8_H
#define UTIL_UTF8_H

#include <stddef.h>
#include <stdint.h>

/*
 * The character that text begins with. Returns its length in bytes, 1 to 4; 0 when the bytes are not UTF-8
 * (overlong, surrogate, beyond U+10FFFF, cut off), then *code is not set. size is at least 1.
 */
size_t utf8_decode(const char *text, size_t size, uint32_t *code);

#endif
