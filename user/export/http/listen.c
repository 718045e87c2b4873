// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* The listening socket, opened before anything else is given up. */
#include "export/http/listen.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "util/address.h"
#include "util/failure.h"
#include "util/text.h"

#define BACKLOG 128
#define SOCKET_MODE 0600 /* for its owner alone */

union name {
	struct sockaddr any;
	struct sockaddr_in v4;
	struct sockaddr_in6 v6;
	struct sockaddr_un path;
};

/* The address before the last colon, without its brackets. "" is every one. */
static int parse_address(union name *name, socklen_t *size, const char *text, uint16_t port)
{
	struct address address;

	memset(name, 0, sizeof(*name));
	if (!*text || !strcmp(text, "*")) {
		name->v6 = (struct sockaddr_in6){ .sin6_family = AF_INET6, .sin6_port = htons(port) };
		*size = sizeof(name->v6);
		return 0;
	}
	if (address_parse(text, &address))
		return -EINVAL;
	if (address.family == AF_INET) {
		name->v4 = (struct sockaddr_in){ .sin_family = AF_INET, .sin_port = htons(port) };
		memcpy(&name->v4.sin_addr, address.bytes, sizeof(name->v4.sin_addr));
		*size = sizeof(name->v4);
	} else {
		name->v6 = (struct sockaddr_in6){ .sin6_family = AF_INET6, .sin6_port = htons(port) };
		memcpy(&name->v6.sin6_addr, address.bytes, sizeof(name->v6.sin6_addr));
		*size = sizeof(name->v6);
	}
	return 0;
}

static int parse_port(const char *text, uint16_t *port)
{
	*port = 0;
	return strcmp(text, "0") ? text_parse_port(text, port) : 0;
}

static int parse(union name *name, socklen_t *size, const char *text, char *error, size_t error_size)
{
	char address[ADDRESS_TEXT + 2];
	const char *colon = strrchr(text, ':');
	size_t length = colon ? colon - text : 0;
	uint16_t port;

	if (text[0] == '/') {
		if (strlen(text) >= sizeof(name->path.sun_path))
			return fail(error, error_size, "--listen: the path of a socket has at most %zu bytes", sizeof(name->path.sun_path) - 1);
		name->path = (struct sockaddr_un){ .sun_family = AF_UNIX };
		strcpy(name->path.sun_path, text);
		*size = sizeof(name->path);
		return 0;
	}
	if (colon && length < sizeof(address) && !parse_port(colon + 1, &port)) {
		bool bracketed = length > 1 && text[0] == '[' && colon[-1] == ']';

		snprintf(address, sizeof(address), "%.*s", (int)(bracketed ? length - 2 : length), text + bracketed);
		if ((bracketed || !strchr(address, ':')) && !parse_address(name, size, address, port))
			return 0;
	}
	return fail(error, error_size,
		    "--listen: \"%s\" is not ADDRESS:PORT, such as 127.0.0.1:9669, [::1]:9669 or :9669 for every address, nor /PATH of a socket",
		    text);
}

/* connect() refuses a file of any kind as it does a socket that nobody has any more. */
static bool is_socket(const char *path)
{
	struct stat status;

	return !lstat(path, &status) && S_ISSOCK(status.st_mode);
}

/* Who is busy has it too, and is not waited for. */
static bool is_in_use(const union name *name, socklen_t size)
{
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	bool refused = fd >= 0 && connect(fd, &name->any, size) && errno == ECONNREFUSED;

	if (fd >= 0)
		close(fd);
	return !refused;
}

/* A socket of ours that is left over from one who was killed: as we make them, and nobody has it any more. */
static bool is_left_over(const union name *name, socklen_t size, const struct stat *status)
{
	return S_ISSOCK(status->st_mode) && (status->st_mode & 07777) == SOCKET_MODE && status->st_uid == geteuid() && !is_in_use(name, size);
}

static bool socket_file_find(const struct socket_file *file, struct stat *status)
{
	return !fstatat(file->end.folder, file->end.name, status, AT_SYMLINK_NOFOLLOW);
}

/* The folder is the one that was looked up, the kernel goes by the path: what it made is known by what it is. */
static void socket_file_note(struct socket_file *file)
{
	struct stat status;

	if (socket_file_find(file, &status) && S_ISSOCK(status.st_mode) && status.st_uid == geteuid()) {
		file->device = status.st_dev;
		file->inode = status.st_ino;
		return;
	}
	close(file->end.folder);
	file->end.folder = -1;
}

static int bind_file(struct listening *listening, const union name *name, socklen_t size)
{
	struct socket_file *file = &listening->file;
	mode_t before = umask(0777 & ~SOCKET_MODE);
	struct stat status;
	int err = links_walk(&file->end, name->path.sun_path, false);

	if (err)
		goto out;
	err = bind(listening->fd, &name->any, size) ? -errno : 0;
	if (err == -EADDRINUSE && socket_file_find(file, &status) && is_left_over(name, size, &status) &&
	    !unlinkat(file->end.folder, file->end.name, 0))
		err = bind(listening->fd, &name->any, size) ? -errno : 0;
	if (!err)
		socket_file_note(file);
	else
		close(file->end.folder);
out:
	if (err)
		file->end.folder = -1;
	umask(before);
	return err;
}

void listen_remove(struct listening *listening)
{
	struct socket_file *file = &listening->file;
	struct stat status;

	if (file->end.folder < 0)
		return;
	if (socket_file_find(file, &status) && status.st_dev == file->device && status.st_ino == file->inode)
		unlinkat(file->end.folder, file->end.name, 0);
	close(file->end.folder);
	file->end.folder = -1;
}

static void tell_where(struct listening *listening, const union name *asked)
{
	struct address address = {};
	char text[ADDRESS_PORT_TEXT];
	union name name;
	socklen_t size = sizeof(name);

	if (listening->is_unix || getsockname(listening->fd, &name.any, &size)) {
		snprintf(listening->where, sizeof(listening->where), "%s", asked->path.sun_path);
		return;
	}
	address.family = name.any.sa_family;
	if (address.family == AF_INET)
		memcpy(address.bytes, &name.v4.sin_addr, 4);
	else
		memcpy(address.bytes, &name.v6.sin6_addr, 16);
	address_port_format(text, &address, ntohs(address.family == AF_INET ? name.v4.sin_port : name.v6.sin6_port));
	snprintf(listening->where, sizeof(listening->where), "%s", text);
}

static int open_socket(struct listening *listening, const union name *name, socklen_t size)
{
	int err, one = 1, zero = 0;

	listening->is_unix = name->any.sa_family == AF_UNIX;
	listening->fd = socket(name->any.sa_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (listening->fd < 0)
		return -errno;
	if (!listening->is_unix)
		setsockopt(listening->fd, SOL_SOCKET, SO_REUSEADDR, &one, sizeof(one));
	if (name->any.sa_family == AF_INET6)
		setsockopt(listening->fd, IPPROTO_IPV6, IPV6_V6ONLY, &zero, sizeof(zero));
	if (listening->is_unix)
		err = bind_file(listening, name, size);
	else
		err = bind(listening->fd, &name->any, size) ? -errno : 0;
	if (!err && listen(listening->fd, BACKLOG))
		err = -errno;
	if (err) {
		listen_remove(listening);
		close(listening->fd);
	}
	return err;
}

/* Where IPv6 is switched off, every address is every IPv4 one. */
static bool is_every_address(const union name *name)
{
	return name->any.sa_family == AF_INET6 && !memcmp(&name->v6.sin6_addr, &in6addr_any, sizeof(in6addr_any));
}

int listen_check(const char *text, char *error, size_t error_size)
{
	union name name;
	socklen_t size;

	return parse(&name, &size, text, error, error_size);
}

int listen_open(struct listening *listening, const char *text, char *error, size_t error_size)
{
	union name name;
	socklen_t size = 0;
	int err = parse(&name, &size, text, error, error_size);

	listening->file.end.folder = -1;
	if (err)
		return err;
	err = open_socket(listening, &name, size);
	if (err == -EAFNOSUPPORT && is_every_address(&name)) {
		in_port_t port = name.v6.sin6_port;

		name.v4 = (struct sockaddr_in){ .sin_family = AF_INET, .sin_port = port };
		err = open_socket(listening, &name, sizeof(name.v4));
	}
	if (!err)
		tell_where(listening, &name);
	else if (err == -EADDRINUSE && name.any.sa_family == AF_UNIX && !is_socket(name.path.sun_path))
		snprintf(error, error_size, "--listen %s: is there already and is no socket; it stays as it is: choose another path", text);
	else if (err == -EADDRINUSE && name.any.sa_family == AF_UNIX && !is_in_use(&name, size))
		snprintf(error, error_size,
			 "--listen %s: is a socket of another program, which does not run at the moment; it stays as it is: remove it or choose another path", text);
	else if (err == -EADDRINUSE)
		snprintf(error, error_size, "--listen %s: another program listens there; is an agent running already? --listen none goes without", text);
	else
		snprintf(error, error_size, "--listen %s: %s%s", text, strerror(-err),
			 err == -EADDRNOTAVAIL ? ", it is not an address of this machine" :
			 err == -ELOOP	       ? ": a link on the way to it is of somebody else's making, or leads in a circle" :
						 "");
	return err;
}

static bool is_address(const char *host, size_t size)
{
	char text[ADDRESS_TEXT];
	struct address address;
	bool bracketed = size > 1 && host[0] == '[' && host[size - 1] == ']';

	size -= bracketed ? 2 : 0;
	if (size >= sizeof(text))
		return false;
	snprintf(text, sizeof(text), "%.*s", (int)size, host + bracketed);
	return !address_parse(text, &address);
}

/* Without the port: "[::1]:9669", "web1:9669"; a bare IPv6 address has more than one colon. */
static size_t host_size(const char *host)
{
	const char *bracket = host[0] == '[' ? strchr(host, ']') : NULL, *colon = strchr(host, ':');

	if (bracket)
		return bracket + 1 - host;
	return colon && !strchr(colon + 1, ':') ? (size_t)(colon - host) : strlen(host);
}

bool host_is_allowed(const char *host, const char *names)
{
	size_t size = host_size(host);

	if (is_address(host, size) || (size == 9 && !strncasecmp(host, "localhost", 9)))
		return true;
	for (; *names; names += strlen(names) + 1)
		if (strlen(names) == size && !strncasecmp(host, names, size))
			return true;
	return false;
}
