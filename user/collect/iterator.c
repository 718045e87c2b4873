// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* An iterator runs while it is read, and no longer than the program may. */
#include "collect/iterator.h"

#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <errno.h>
#include <stdlib.h>
#include <unistd.h>

#include "attach/tracer.h"
#include "tcpdwell.skel.h"
#include "util/stop.h"

static unsigned int cut;

unsigned int iterators_cut(void)
{
	return cut;
}

/* `over`: set by a program that stopped its iterator. */
static int read_all(int fd, const bool *over, size_t at_once, iterator_fn *each, void *context)
{
	void *bytes = aligned_alloc(8, (at_once + 7) & ~7UL);
	ssize_t size = 1;
	int err = bytes ? 0 : -ENOMEM;

	while (!err && size && !stop_cuts_looks()) {
		size = read(fd, bytes, at_once);
		if (size > 0)
			err = each(context, bytes, size);
		else if (size < 0 && errno == EAGAIN && *over)
			size = 0;
		else if (size < 0 && errno != EAGAIN && errno != EINTR)
			err = -errno;
	}
	free(bytes);
	return err ?: size ? -EINTR : 0;
}

static int run(const struct tracer *tracer, struct bpf_program *program, struct bpf_map *map, size_t at_once, iterator_fn *each,
	       void *context)
{
	struct tcpdwell *skeleton = tracer->skeleton;
	union bpf_iter_link_info info = {};
	LIBBPF_OPTS(bpf_iter_attach_opts, options);
	struct bpf_link *link;
	int fd, err;

	skeleton->bss->elements_over = false;
	if (map && !skeleton->rodata->elements_are_counted) {
		info.map.map_fd = bpf_map__fd(map);
		options.link_info = &info;
		options.link_info_len = sizeof(info);
	}
	link = bpf_program__attach_iter(program, &options);
	if (!link)
		return -errno;
	fd = bpf_iter_create(bpf_link__fd(link));
	err = fd < 0 ? fd : read_all(fd, &skeleton->bss->elements_over, at_once, each, context);
	if (fd >= 0)
		close(fd);
	bpf_link__destroy(link);
	return err;
}

int iterator_run(const struct tracer *tracer, struct bpf_program *program, struct bpf_map *map, size_t at_once, iterator_fn *each,
		 void *context)
{
	int err = stop_cuts_looks() ? -EINTR : run(tracer, program, map, at_once, each, context);

	cut += err == -EINTR;
	return err;
}
