/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Where reading of a file can begin: a large file has several parts, each with a header and with what is there, as if files had been
 * put together. A mark is a gzip member without content, so that zcat and older readers see nothing of it. What it says is in the extra
 * field of its header ("Td"): a checksum (crc32 of the rest), how many parts, and how far back the mark with the list of them is (0: it is
 * this one); then of each part how far back it begins, its begin on both clocks, its number. 32 bits, 32, 64; 64 each, all little-endian.
 */
#ifndef TCPDWELL_RECORDING_MARKS_H
#define TCPDWELL_RECORDING_MARKS_H

#include <stddef.h>
#include <stdint.h>

#define RECORDING_MARKS_MOST 2000 /* fits an extra field */
#define RECORDING_MARK_BYTES 65600 /* of one, at most */

struct recording_mark {
	uint64_t offset; /* of the part, in the file */
	uint64_t unix_ns, time_ns; /* its begin: UTC, monotonic */
	uint64_t number; /* of the part, in its run */
};

/* Of a file, in order; the first begins at 0. */
struct recording_marks {
	struct recording_mark parts[RECORDING_MARKS_MOST];
	size_t count;
	uint64_t list_offset; /* of the last mark with the list */
};

/* A further part; of too many every second is forgotten. */
void recording_marks_add(struct recording_marks *marks, const struct recording_mark *part);

/* The mark with the list that is to be at `offset`, RECORDING_MARK_BYTES at most. Its size. */
size_t recording_marks_list(struct recording_marks *marks, uint64_t offset, unsigned char *mark);

/* One that leads to the list. */
size_t recording_marks_pointer(const struct recording_marks *marks, uint64_t offset, unsigned char *mark);

/*
 * From the last mark of a file of so many bytes: 0, or -ENODATA where there is none near its end, or what it says can't be. Reads a
 * megabyte at most, and keeps the place in the file.
 */
int recording_marks_read(struct recording_marks *marks, int fd, uint64_t size);

#endif
