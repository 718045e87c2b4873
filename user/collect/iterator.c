// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* An iterator runs while it is read, and no longer than the program may. */
#include "collect/iterator.h"

#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <errno.h>
#include <stdlib.h>
#include <unistd.h>

#include "util/stop.h"

static int read_all(int fd, size_t at_once, iterator_fn *each, void *context)
{
	void *bytes = aligned_alloc(8, (at_once + 7) & ~7UL);
	ssize_t size = 1;
	int err = bytes ? 0 : -ENOMEM;

	while (!err && size && !stop_is_overdue()) {
		size = read(fd, bytes, at_once);
		if (size > 0)
			err = each(context, bytes, size);
		else if (size < 0 && errno != EAGAIN && errno != EINTR)
			err = -errno;
	}
	free(bytes);
	return err ?: size ? -EINTR : 0;
}

int iterator_run(struct bpf_program *program, struct bpf_map *map, size_t at_once, iterator_fn *each, void *context)
{
	union bpf_iter_link_info info = {};
	LIBBPF_OPTS(bpf_iter_attach_opts, options);
	struct bpf_link *link;
	int fd, err;

	if (map) {
		info.map.map_fd = bpf_map__fd(map);
		options.link_info = &info;
		options.link_info_len = sizeof(info);
	}
	link = bpf_program__attach_iter(program, &options);
	if (!link)
		return -errno;
	fd = bpf_iter_create(bpf_link__fd(link));
	err = fd < 0 ? fd : read_all(fd, at_once, each, context);
	if (fd >= 0)
		close(fd);
	bpf_link__destroy(link);
	return err;
}
