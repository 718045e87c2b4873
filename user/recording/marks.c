// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* Nothing in a file is trusted: a list that fits its checksum and no file's order is none. */
#include "recording/marks.h"

#include <endian.h>
#include <errno.h>
#include <stdbool.h>
#include <string.h>
#include <unistd.h>
#include <zlib.h>

#define SCAN_BYTES (1 << 20) /* before the end: where a writer that was killed left its last one */
#define SMALL_BYTES (8 << 20) /* files such as those of a history have none, or it is at their end */
#define BLOCK_BYTES 65536
#define TRIES 64 /* of what looks like a mark: each is read and its checksum made */

/* A gzip header up to the length of its extra field. */
static const unsigned char begin_bytes[] = { 0x1f, 0x8b, Z_DEFLATED, 4 /* FEXTRA */, 0, 0, 0, 0, 0, 0xff };
static const unsigned char empty_bytes[] = { 3, 0, 0, 0, 0, 0, 0, 0, 0, 0 }; /* a block that is the last, CRC, length */

struct field {
	unsigned char begin[sizeof(begin_bytes)];
	uint16_t extra_size;
	unsigned char name[2];
	uint16_t size;
} __attribute__((packed));

struct content {
	uint32_t checksum, count;
	uint64_t list_back;
	struct recording_mark parts[];
};

_Static_assert(sizeof(struct content) + RECORDING_MARKS_MOST * sizeof(struct recording_mark) + 4 <= UINT16_MAX, "the list fits its field");

static uint32_t checksum_of(const unsigned char *content, size_t size)
{
	return crc32(0, content + sizeof(uint32_t), size - sizeof(uint32_t));
}

/* Around `size` bytes of content that are in their place. */
static size_t frame(unsigned char *mark, size_t size)
{
	struct field field = { .extra_size = htole16(size + 4), .name = { 'T', 'd' }, .size = htole16(size) };
	uint32_t checksum = htole32(checksum_of(mark + sizeof(field), size));

	memcpy(field.begin, begin_bytes, sizeof(begin_bytes));
	memcpy(mark, &field, sizeof(field));
	memcpy(mark + sizeof(field), &checksum, sizeof(checksum));
	memcpy(mark + sizeof(field) + size, empty_bytes, sizeof(empty_bytes));
	return sizeof(field) + size + sizeof(empty_bytes);
}

static void put_content(unsigned char *mark, size_t count, uint64_t list_back)
{
	const struct content content = { .count = htole32(count), .list_back = htole64(list_back) };

	memcpy(mark + sizeof(struct field), &content, sizeof(content));
}

static unsigned char *place_of(unsigned char *mark, size_t i)
{
	return mark + sizeof(struct field) + sizeof(struct content) + i * sizeof(struct recording_mark);
}

size_t recording_marks_list(struct recording_marks *marks, uint64_t offset, unsigned char *mark)
{
	size_t i;

	put_content(mark, marks->count, 0);
	for (i = 0; i < marks->count; i++) {
		const struct recording_mark *part = &marks->parts[i];
		const struct recording_mark stored = { htole64(offset - part->offset), htole64(part->unix_ns), htole64(part->time_ns),
						       htole64(part->number) };

		memcpy(place_of(mark, i), &stored, sizeof(stored));
	}
	marks->list_offset = offset;
	return frame(mark, sizeof(struct content) + marks->count * sizeof(struct recording_mark));
}

size_t recording_marks_pointer(const struct recording_marks *marks, uint64_t offset, unsigned char *mark)
{
	put_content(mark, 0, offset - marks->list_offset);
	return frame(mark, sizeof(struct content));
}

void recording_marks_add(struct recording_marks *marks, const struct recording_mark *part)
{
	size_t i;

	if (marks->count == RECORDING_MARKS_MOST) {
		for (i = 0; i < RECORDING_MARKS_MOST / 2; i++)
			marks->parts[i] = marks->parts[2 * i];
		marks->count = RECORDING_MARKS_MOST / 2;
	}
	marks->parts[marks->count++] = *part;
}

/* Bytes from there, as many as there are; 0 also where they can't be read. */
static size_t read_at(int fd, uint64_t offset, unsigned char *bytes, size_t size)
{
	size_t have = 0;
	ssize_t got;

	while (have < size) {
		got = pread(fd, bytes + have, size - have, offset + have);
		if (got < 0 && errno == EINTR)
			continue;
		if (got <= 0)
			break;
		have += got;
	}
	return have;
}

/* The content of the mark that is there, in `bytes`; its size, 0: there is none. */
static size_t read_content(int fd, uint64_t offset, unsigned char *bytes)
{
	size_t have = read_at(fd, offset, bytes, RECORDING_MARK_BYTES), size;
	struct field field;
	uint32_t checksum;

	if (have < sizeof(field))
		return 0;
	memcpy(&field, bytes, sizeof(field));
	size = le16toh(field.size);
	if (memcmp(field.begin, begin_bytes, sizeof(begin_bytes)) || memcmp(field.name, "Td", 2) || le16toh(field.extra_size) != size + 4 ||
	    size < sizeof(struct content) || have < sizeof(field) + size)
		return 0;
	memmove(bytes, bytes + sizeof(field), size);
	memcpy(&checksum, bytes, sizeof(checksum));
	return le32toh(checksum) == checksum_of(bytes, size) ? size : 0;
}

static bool follows(const struct recording_marks *marks, const struct recording_mark *part)
{
	const struct recording_mark *last = marks->count ? &marks->parts[marks->count - 1] : NULL;

	return last ? part->offset > last->offset && part->number > last->number && part->time_ns >= last->time_ns : !part->offset;
}

static int take_list(struct recording_marks *marks, uint64_t offset, const unsigned char *bytes, size_t size)
{
	struct content content;
	struct recording_mark part;
	size_t i;

	memcpy(&content, bytes, sizeof(content));
	marks->count = 0;
	marks->list_offset = offset;
	content.count = le32toh(content.count);
	if (content.count > RECORDING_MARKS_MOST || size != sizeof(content) + content.count * sizeof(part))
		return -ENODATA;
	for (i = 0; i < content.count; i++) {
		memcpy(&part, bytes + sizeof(content) + i * sizeof(part), sizeof(part));
		part = (struct recording_mark){ offset - le64toh(part.offset), le64toh(part.unix_ns), le64toh(part.time_ns),
						le64toh(part.number) };
		if (part.offset > offset || !follows(marks, &part))
			return -ENODATA;
		marks->parts[marks->count++] = part;
	}
	return marks->count ? 0 : -ENODATA;
}

/* What is there, or where that leads to. */
static int read_mark(struct recording_marks *marks, int fd, uint64_t offset)
{
	unsigned char bytes[RECORDING_MARK_BYTES];
	size_t size = read_content(fd, offset, bytes);
	struct content content;

	if (!size)
		return -ENODATA;
	memcpy(&content, bytes, sizeof(content));
	content.list_back = le64toh(content.list_back);
	if (!content.list_back)
		return take_list(marks, offset, bytes, size);
	if (content.list_back > offset)
		return -ENODATA;
	offset -= content.list_back;
	size = read_content(fd, offset, bytes);
	return size ? take_list(marks, offset, bytes, size) : -ENODATA;
}

static bool is_mark(const unsigned char *bytes)
{
	return !memcmp(bytes, begin_bytes, sizeof(begin_bytes)) && !memcmp(bytes + offsetof(struct field, name), "Td", 2);
}

/* The last one that begins in a block. */
static int look_through(struct recording_marks *marks, int fd, uint64_t offset, unsigned int *tries)
{
	unsigned char bytes[BLOCK_BYTES + sizeof(struct field)];
	size_t have = read_at(fd, offset, bytes, sizeof(bytes)), i = have < sizeof(struct field) ? 0 : have - sizeof(struct field) + 1;

	while (i-- && *tries)
		if (is_mark(bytes + i) && (*tries)-- && !read_mark(marks, fd, offset + i))
			return 0;
	return -ENODATA;
}

int recording_marks_read(struct recording_marks *marks, int fd, uint64_t size)
{
	uint64_t end = size, scan = size > SMALL_BYTES ? SCAN_BYTES : BLOCK_BYTES, least = size > scan ? size - scan : 0;
	unsigned int tries = TRIES;

	while (end > least && tries) {
		end -= end - least < BLOCK_BYTES ? end - least : BLOCK_BYTES;
		if (!look_through(marks, fd, end, &tries))
			return 0;
	}
	return -ENODATA;
}
