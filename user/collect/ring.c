// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "collect/ring.h"

#include <bpf/libbpf.h>
#include <errno.h>
#include <stdlib.h>
#include <sys/epoll.h>

#include "abi.h"
#include "event/event.h"

#define NSEC_PER_MSEC 1000000ULL
#define PORTION_NS (50 * NSEC_PER_MSEC)
#define LAST_PORTIONS_NS (400 * NSEC_PER_MSEC)
#define LOOK_AT_CLOCK 256 /* records between two looks at the clock */

struct ring {
	struct ring_buffer *buffer;
	ring_take_fn *take;
	void *context;
	uint64_t (*clock_ns)(void); /* monotonic; CPU time in the last portions */
	uint64_t end_ns; /* of this portion */
	unsigned int taken; /* since the last look at the clock */
	uint64_t untaken;
	bool behind, discards;
};

static bool is_time_over(struct ring *ring)
{
	if (++ring->taken < LOOK_AT_CLOCK)
		return false;
	ring->taken = 0;
	return ring->clock_ns() >= ring->end_ns;
}

/* A result of other than 0 ends the portion. */
static int on_ring_record(void *context, void *data, size_t size)
{
	struct ring *ring = context;

	if (ring->discards) {
		ring->untaken += *(const uint32_t *)data != RECORD_CGROUP;
		return 0;
	}
	return !ring->take(ring->context, data, size) || is_time_over(ring) ? -ECANCELED : 0;
}

/* What is added to its wait is never asked what it was: after each wait all is looked at. */
static int wake_by(struct ring *ring, int fd)
{
	struct epoll_event event = { .events = EPOLLIN };

	return fd ? epoll_ctl(ring_buffer__epoll_fd(ring->buffer), EPOLL_CTL_ADD, fd, &event) : 0;
}

struct ring *ring_new(int map_fd, int wake_fd, ring_take_fn *take, void *context)
{
	struct ring *ring = calloc(1, sizeof(*ring));
	int error;

	if (!ring)
		return NULL;
	*ring = (struct ring){ .take = take, .context = context, .clock_ns = clock_monotonic_ns };
	ring->buffer = ring_buffer__new(map_fd, on_ring_record, ring, NULL);
	if (ring->buffer && !wake_by(ring, wake_fd))
		return ring;
	error = errno;
	ring_free(ring);
	errno = error;
	return NULL;
}

void ring_free(struct ring *ring)
{
	if (!ring)
		return;
	ring_buffer__free(ring->buffer);
	free(ring);
}

bool ring_drain(struct ring *ring)
{
	int taken;

	if (ring->clock_ns == clock_monotonic_ns)
		ring->end_ns = clock_monotonic_ns() + PORTION_NS;
	taken = ring_buffer__consume(ring->buffer);
	ring->behind = taken < 0;
	return taken != 0;
}

bool ring_is_behind(const struct ring *ring)
{
	return ring->behind;
}

/* ring_buffer__poll() would also take records, without an end. */
void ring_wait(const struct ring *ring, int ms)
{
	struct epoll_event event;

	epoll_wait(ring_buffer__epoll_fd(ring->buffer), &event, 1, ms);
}

void ring_begin_last(struct ring *ring)
{
	ring->clock_ns = clock_cpu_ns;
	ring->end_ns = clock_cpu_ns() + LAST_PORTIONS_NS;
}

void ring_end_last(struct ring *ring)
{
	ring_drain(ring);
	ring_discard(ring);
}

void ring_discard(struct ring *ring)
{
	ring->discards = true;
	ring_drain(ring);
}

uint64_t ring_untaken(const struct ring *ring)
{
	return ring->untaken;
}
