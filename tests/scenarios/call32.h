/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* accept() as a 32-bit program calls it, on x86_64 and arm64, as operations for actors. */
#ifndef SCENARIOS_CALL32_H
#define SCENARIOS_CALL32_H

/* 0 where the kernel takes such calls, else -ENOSYS. */
long op_call32_probe(long unused1, long unused2, long unused3);
/* (listener) -> at least 0, by accept4(). On arm64 what was accepted is closed again: by a program of its own, which the actor is the parent of. */
long op_call32_accept4(long fd, long unused1, long unused2);
/* The same by what older libraries call: socketcall() on x86_64, accept() on arm64. */
long op_call32_older(long fd, long unused1, long unused2);

#endif
