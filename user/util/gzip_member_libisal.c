// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* By ISA-L: a third of libdeflate's time, for about as many bytes. */
#include "util/gzip_member.h"

#include <isa-l/igzip_lib.h>
#include <stdlib.h>

#define LEVEL 2 /* 1 is as fast and larger, 3 takes seven times as long */
#define STORED_BYTES 65535 /* at most in a block of what can't be compressed, */
#define STORED_HEAD 5 /* which has so many more, */
#define FRAME_BYTES 64 /* and the member its head and end */

struct gzip_member {
	struct isal_zstream stream;
	uint8_t level[ISAL_DEF_LVL2_DEFAULT];
	size_t room;
	unsigned char out[];
};

struct gzip_member *gzip_member_new(size_t most)
{
	size_t room = most + (most / STORED_BYTES + 1) * STORED_HEAD + FRAME_BYTES;
	struct gzip_member *member = calloc(1, sizeof(*member) + room);

	if (member)
		member->room = room;
	return member;
}

void gzip_member_free(struct gzip_member *member)
{
	free(member);
}

size_t gzip_member_make(struct gzip_member *member, const void *data, size_t size, const unsigned char **out)
{
	struct isal_zstream *stream = &member->stream;

	isal_deflate_stateless_init(stream);
	stream->gzip_flag = IGZIP_GZIP;
	stream->level = LEVEL;
	stream->level_buf = member->level;
	stream->level_buf_size = sizeof(member->level);
	stream->end_of_stream = 1;
	stream->next_in = (uint8_t *)data;
	stream->avail_in = size;
	stream->next_out = member->out;
	stream->avail_out = member->room;
	*out = member->out;
	return isal_deflate_stateless(stream) == COMP_OK ? stream->total_out : 0;
}
