/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* accept() and close() through io_uring, by raw system calls, as operations for actors. */
#ifndef SCENARIOS_URING_H
#define SCENARIOS_URING_H

/* 0 when this kernel offers io_uring to us, else -errno. */
long op_uring_probe(long unused1, long unused2, long unused3);
/* (listener) -> descriptor */
long op_uring_accept(long fd, long unused1, long unused2);
/* (descriptor) */
long op_uring_close(long fd, long unused1, long unused2);

#endif
