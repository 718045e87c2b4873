/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Much at once into a gzip member, as fast as a library of this build can: ISA-L, or libdeflate (COMPRESSOR of the Makefile). */
#ifndef TCPDWELL_UTIL_GZIP_MEMBER_H
#define TCPDWELL_UTIL_GZIP_MEMBER_H

#include <stddef.h>

struct gzip_member;

/* For up to `most` bytes at once. NULL: no memory. */
struct gzip_member *gzip_member_new(size_t most);
void gzip_member_free(struct gzip_member *member);

/* Compresses up to `most` bytes into `*out`, which stays valid until the next call. Returns its size; 0: it could not be done. */
size_t gzip_member_make(struct gzip_member *member, const void *data, size_t size, const unsigned char **out);

#endif
