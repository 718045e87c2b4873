/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* accept() as a 32-bit program calls it, on x86_64, as operations for actors. */
#ifndef SCENARIOS_CALL32_H
#define SCENARIOS_CALL32_H

/* 0 where the kernel takes such calls, else -ENOSYS. */
long op_call32_probe(long unused1, long unused2, long unused3);
/* (listener) -> descriptor, by accept4() */
long op_call32_accept4(long fd, long unused1, long unused2);
/* (listener) -> descriptor, by socketcall(), as older libraries do */
long op_call32_socketcall(long fd, long unused1, long unused2);

#endif
