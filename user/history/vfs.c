// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* A shim: every call goes to the system's own, those that make files longer after a question. */
#include "history/vfs.h"

#include <errno.h>
#include <sqlite3.h>
#include <string.h>

#include "util/bus.h"

struct file {
	sqlite3_file base;
	sqlite3_int64 shared; /* bytes of shared memory that were asked for */
	int is_wal;
	sqlite3_file real[]; /* the system's, as long as it says */
};

static struct budget *bound;
static sqlite3_vfs shim;
static sqlite3_io_methods methods;

static sqlite3_file *real_of(sqlite3_file *file)
{
	return ((struct file *)file)->real;
}

/* How much longer it gets. -1: not known. */
static sqlite3_int64 growth(sqlite3_file *file, sqlite3_int64 end)
{
	sqlite3_int64 size;

	if (real_of(file)->pMethods->xFileSize(real_of(file), &size) != SQLITE_OK)
		return -1;
	return end > size ? end - size : 0;
}

static int may_grow(sqlite3_file *file, sqlite3_int64 end)
{
	sqlite3_int64 more = bound ? growth(file, end) : 0;

	if (!more)
		return 1;
	if (more < 0)
		return 0;
	if (((struct file *)file)->is_wal)
		return !budget_ask_log(bound, more, end);
	return !budget_ask_intervals(bound, more);
}

static int file_close(sqlite3_file *file)
{
	return real_of(file)->pMethods->xClose(real_of(file));
}

static int file_read(sqlite3_file *file, void *to, int size, sqlite3_int64 at)
{
	return real_of(file)->pMethods->xRead(real_of(file), to, size, at);
}

static int file_write(sqlite3_file *file, const void *from, int size, sqlite3_int64 at)
{
	if (!may_grow(file, at + size))
		return SQLITE_FULL;
	return real_of(file)->pMethods->xWrite(real_of(file), from, size, at);
}

static int file_truncate(sqlite3_file *file, sqlite3_int64 size)
{
	if (!may_grow(file, size))
		return SQLITE_FULL;
	return real_of(file)->pMethods->xTruncate(real_of(file), size);
}

static int file_sync(sqlite3_file *file, int flags)
{
	return real_of(file)->pMethods->xSync(real_of(file), flags);
}

static int file_size(sqlite3_file *file, sqlite3_int64 *size)
{
	return real_of(file)->pMethods->xFileSize(real_of(file), size);
}

static int file_lock(sqlite3_file *file, int lock)
{
	return real_of(file)->pMethods->xLock(real_of(file), lock);
}

static int file_unlock(sqlite3_file *file, int lock)
{
	return real_of(file)->pMethods->xUnlock(real_of(file), lock);
}

static int file_check_lock(sqlite3_file *file, int *result)
{
	return real_of(file)->pMethods->xCheckReservedLock(real_of(file), result);
}

/* A hint to make the file longer ahead of its writes is not taken: it would be a growth that nobody asked for. */
static int file_control(sqlite3_file *file, int what, void *argument)
{
	if (what == SQLITE_FCNTL_SIZE_HINT || what == SQLITE_FCNTL_CHUNK_SIZE)
		return SQLITE_OK;
	return real_of(file)->pMethods->xFileControl(real_of(file), what, argument);
}

static int file_sector(sqlite3_file *file)
{
	return real_of(file)->pMethods->xSectorSize(real_of(file));
}

static int file_traits(sqlite3_file *file)
{
	return real_of(file)->pMethods->xDeviceCharacteristics(real_of(file));
}

static int file_shm_map(sqlite3_file *file, int page, int size, int extend, void volatile **to)
{
	struct file *own = (struct file *)file;
	sqlite3_int64 end = (sqlite3_int64)(page + 1) * size;
	int result;

	if (bound && extend && end > own->shared) {
		if (budget_ask_log(bound, end - own->shared, 0))
			return SQLITE_FULL;
		own->shared = end;
	}
	result = real_of(file)->pMethods->xShmMap(real_of(file), page, size, extend, to);
	if (result == SQLITE_OK && *to && !bus_mend((void *)*to, size)) { /* it would end us where somebody makes the file shorter */
		*to = NULL; /* else SQLite takes it for mapped the next time */
		return SQLITE_IOERR_SHMMAP;
	}
	return result;
}

static int file_shm_lock(sqlite3_file *file, int offset, int n, int flags)
{
	return real_of(file)->pMethods->xShmLock(real_of(file), offset, n, flags);
}

static void file_shm_barrier(sqlite3_file *file)
{
	real_of(file)->pMethods->xShmBarrier(real_of(file));
}

static int file_shm_unmap(sqlite3_file *file, int remove)
{
	bus_forget();
	return real_of(file)->pMethods->xShmUnmap(real_of(file), remove);
}

/* Version 2: without memory mapping of the database, whose writes would pass by us. */
static sqlite3_io_methods methods = {
	.iVersion = 2,
	.xClose = file_close,
	.xRead = file_read,
	.xWrite = file_write,
	.xTruncate = file_truncate,
	.xSync = file_sync,
	.xFileSize = file_size,
	.xLock = file_lock,
	.xUnlock = file_unlock,
	.xCheckReservedLock = file_check_lock,
	.xFileControl = file_control,
	.xSectorSize = file_sector,
	.xDeviceCharacteristics = file_traits,
	.xShmMap = file_shm_map,
	.xShmLock = file_shm_lock,
	.xShmBarrier = file_shm_barrier,
	.xShmUnmap = file_shm_unmap,
};

static int open_file(sqlite3_vfs *vfs, const char *name, sqlite3_file *file, int flags, int *out_flags)
{
	sqlite3_vfs *system = vfs->pAppData;
	struct file *own = (struct file *)file;
	int result;

	memset(own, 0, sizeof(*own));
	own->is_wal = flags & SQLITE_OPEN_WAL;
	result = system->xOpen(system, name, own->real, flags, out_flags);
	if (own->real->pMethods)
		own->base.pMethods = &methods;
	return result;
}

int history_vfs_use(struct budget *budget)
{
	sqlite3_vfs *system = sqlite3_vfs_find(NULL);

	if (!system)
		return -ENOMEM;
	if (!shim.zName) {
		shim = *system;
		shim.zName = HISTORY_VFS;
		shim.pAppData = system;
		shim.szOsFile = sizeof(struct file) + system->szOsFile;
		shim.xOpen = open_file;
		if (sqlite3_vfs_register(&shim, 0) != SQLITE_OK)
			return -ENOMEM;
	}
	bus_catch();
	bound = budget;
	return 0;
}
