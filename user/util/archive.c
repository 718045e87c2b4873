// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "util/archive.h"

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include <zlib.h>

#include "util/links.h"

#define BLOCK 512

/* POSIX's, its numbers in octal digits. */
struct header {
	char name[100], mode[8], uid[8], gid[8], size[12], mtime[12], checksum[8], type, link[100], magic[6], version[2], user[32],
		group[32], device[16], prefix[155], padding[12];
};

_Static_assert(sizeof(struct header) == BLOCK, "ustar header");

struct archive {
	struct links_end end; /* where it is to be */
	gzFile file;
	int unnamed; /* its descriptor, to give it its name when it is whole; -1: it has it already */
	int error;
};

/* In that folder, without a name. -EOPNOTSUPP: the disk does not know such files. */
static int open_unnamed(int folder)
{
	int fd = openat(folder, ".", O_TMPFILE | O_WRONLY | O_CLOEXEC, 0600), err = fd < 0 ? -errno : 0;

	return err == -EISDIR || err == -ENOENT ? -EOPNOTSUPP : err ?: fd;
}

/* The descriptor to write to, negative errno. */
static int open_file(struct archive *archive)
{
	const struct links_end *end = &archive->end;
	struct stat status;
	int fd;

	archive->unnamed = -1;
	if (!fstatat(end->folder, end->name, &status, AT_SYMLINK_NOFOLLOW))
		return -EEXIST;
	if (errno != ENOENT || end->has_slash)
		return errno == ENOENT ? -EISDIR : -errno;
	fd = open_unnamed(end->folder);
	if (fd >= 0)
		archive->unnamed = fcntl(fd, F_DUPFD_CLOEXEC, 0);
	if (fd >= 0 && archive->unnamed < 0) {
		close(fd);
		return -EMFILE;
	}
	if (fd == -EOPNOTSUPP) {
		fd = openat(end->folder, end->name, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
		return fd < 0 ? -errno : fd;
	}
	return fd;
}

/* What has a name is removed with it. */
static void release(struct archive *archive, bool whole)
{
	if (archive->unnamed >= 0)
		close(archive->unnamed);
	else if (!whole)
		unlinkat(archive->end.folder, archive->end.name, 0);
	close(archive->end.folder);
	free(archive);
}

int archive_new(struct archive **ret, const char *path)
{
	struct archive *archive = calloc(1, sizeof(*archive));
	int fd;

	if (!archive)
		return -ENOMEM;
	fd = links_walk(&archive->end, path, false);
	if (fd) {
		free(archive);
		return fd;
	}
	fd = open_file(archive);
	if (fd < 0) {
		close(archive->end.folder);
		free(archive);
		return fd;
	}
	archive->file = gzdopen(fd, "wb");
	if (!archive->file) {
		close(fd);
		release(archive, false);
		return -ENOMEM;
	}
	*ret = archive;
	return 0;
}

static void put(struct archive *archive, const void *data, size_t size)
{
	errno = 0;
	if (!archive->error && size && gzwrite(archive->file, data, size) != (int)size)
		archive->error = errno ? -errno : -EIO;
}

static void put_header(struct archive *archive, const char *name, uint64_t size, uint64_t unix_ns)
{
	struct header header = { .type = '0', .magic = "ustar", .version = { '0', '0' } };
	unsigned int sum = 0, i;

	snprintf(header.name, sizeof(header.name), "%s", name);
	strcpy(header.mode, "0000600");
	strcpy(header.uid, "0000000");
	strcpy(header.gid, "0000000");
	snprintf(header.size, sizeof(header.size), "%011llo", (unsigned long long)(size & 077777777777));
	snprintf(header.mtime, sizeof(header.mtime), "%011llo", (unsigned long long)(unix_ns / 1000000000 & 077777777777));
	memset(header.checksum, ' ', sizeof(header.checksum));
	for (i = 0; i < sizeof(header); i++)
		sum += ((const unsigned char *)&header)[i];
	snprintf(header.checksum, sizeof(header.checksum), "%06o", sum);
	put(archive, &header, sizeof(header));
}

int archive_add(struct archive *archive, const char *name, int fd, uint64_t unix_ns)
{
	static const char zeros[BLOCK];
	char buffer[65536];
	struct stat status;
	uint64_t left, done = 0;
	ssize_t got = 1;

	if (fstat(fd, &status))
		archive->error = archive->error ?: -errno;
	if (archive->error)
		return archive->error;
	put_header(archive, name, status.st_size, unix_ns);
	for (left = status.st_size; left && got > 0; left -= got, done += got) {
		got = pread(fd, buffer, left < sizeof(buffer) ? left : sizeof(buffer), done);
		if (got <= 0)
			archive->error = archive->error ?: got < 0 ? -errno : -EIO;
		else
			put(archive, buffer, got);
	}
	put(archive, zeros, (BLOCK - status.st_size % BLOCK) % BLOCK);
	return archive->error;
}

/* By its descriptor's name in /proc, or, where there is no /proc, by a right that not everybody has. */
static int give_name(const struct archive *archive)
{
	const struct links_end *end = &archive->end;
	char descriptor[40];

	snprintf(descriptor, sizeof(descriptor), "/proc/self/fd/%d", archive->unnamed);
	if (!linkat(AT_FDCWD, descriptor, end->folder, end->name, AT_SYMLINK_FOLLOW) ||
	    (errno != EEXIST && !linkat(archive->unnamed, "", end->folder, end->name, AT_EMPTY_PATH)))
		return 0;
	return -errno;
}

int archive_finish(struct archive *archive)
{
	static const char end[2 * BLOCK];
	int err;

	if (!archive)
		return -EINVAL;
	put(archive, end, sizeof(end));
	if (gzclose(archive->file) != Z_OK && !archive->error)
		archive->error = errno ? -errno : -EIO;
	if (!archive->error && archive->unnamed >= 0)
		archive->error = give_name(archive);
	err = archive->error;
	release(archive, !err);
	return err;
}

void archive_discard(struct archive *archive)
{
	if (!archive)
		return;
	gzclose(archive->file);
	release(archive, false);
}
