// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* Holders: each network namespace is listed once, then each process's descriptors are looked through once. */
#include "attribute/holders.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "attribute/netns.h"
#include "util/hash.h"
#include "util/tcp_state.h"
#include "util/text.h"

#define PID_LIMIT 4194304

/* A namespace's list is a walk of the machine's whole table, twice: as long as thousands of look-ups. */
#define LOOK_UPS_MAX 2048

/* A socket that is asked for, to be found by its ends and then by its inode. */
struct wanted {
	struct held_socket *socket;
	struct endpoint endpoint;
	uint64_t inode;
	UT_hash_handle by_endpoint, by_inode;
};

struct search {
	const char *proc;
	struct wanted *wanted;
	size_t count;
	struct wanted *by_endpoint, *by_inode;
	uint32_t states;
	uint32_t netns; /* being listed, */
	struct wanted *first; /* its sockets: they are sorted */
	size_t in_netns;
	int err;
};

static void socket_found(void *context, const struct listed_socket *listed)
{
	struct search *search = context;
	struct endpoint key = listed->endpoint;
	struct wanted *wanted;

	key.netns = search->netns;
	HASH_FIND(by_endpoint, search->by_endpoint, &key, sizeof(key), wanted);
	if (!wanted || wanted->socket->state != listed->state || wanted->socket->found)
		return;
	wanted->socket->found = true;
	wanted->socket->listed = *listed;
	wanted->inode = listed->inode;
	if (wanted->inode)
		HASH_ADD(by_inode, search->by_inode, inode, sizeof(wanted->inode), wanted);
}

/*
 * One by one, up to one that can't be found so: it may be in the list, which has all others too. Where the kernel has no sock_diag for TCP
 * each look-up would call modprobe. Are all found?
 */
static bool look_up_each(struct search *search)
{
	size_t i = 0;
	int fd;

	if (search->in_netns > LOOK_UPS_MAX || search->states & 1U << STATE_LISTEN)
		return false;
	fd = sockets_diag_open();
	if (fd < 0)
		return false;
	while (i < search->in_netns && !sockets_diag_find(fd, &search->first[i].endpoint, socket_found, search) && search->first[i].socket->found)
		i++;
	close(fd);
	return i == search->in_netns;
}

static int list_own(struct search *search)
{
	return look_up_each(search) ? 0 : sockets_list(search->states, socket_found, search);
}

static int list_other(struct search *search, const char *path)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC), err;

	if (fd < 0)
		return -errno;
	err = setns(fd, CLONE_NEWNET) ? -errno : 0;
	close(fd);
	return err ?: list_own(search);
}

static int compare_netns(const void *a, const void *b)
{
	uint32_t left = ((const struct wanted *)a)->endpoint.netns, right = ((const struct wanted *)b)->endpoint.netns;

	return left < right ? -1 : left > right;
}

static void list_namespace(struct search *search, uint32_t own, const struct netns_list *places)
{
	const struct netns *other = netns_list_find(places, search->netns);
	size_t i;
	int err;

	if (search->netns == own)
		err = list_own(search);
	else if (other)
		err = list_other(search, other->path);
	else
		err = places->denied ? -EACCES : -ENOENT;
	for (i = 0; i < search->in_netns; i++)
		search->first[i].socket->looked = !err;
	if (err && !search->err)
		search->err = err;
}

/* Wanted sockets are sorted by namespace. Ends in the namespace where it began. */
static void list_namespaces(struct search *search, const struct netns_places *where)
{
	int home = open("/proc/self/ns/net", O_RDONLY | O_CLOEXEC);
	struct netns_list places;
	uint32_t own = 0;
	size_t i;

	search->err = home < 0 ? -errno : netns_inode_of_fd(home, &own);
	netns_list_read(&places, where);
	for (i = 0; i < search->count && home >= 0; i += search->in_netns) {
		search->first = &search->wanted[i];
		search->netns = search->first->endpoint.netns;
		for (search->in_netns = 1; i + search->in_netns < search->count; search->in_netns++)
			if (search->first[search->in_netns].endpoint.netns != search->netns)
				break;
		list_namespace(search, own, &places);
		if (search->netns != own)
			setns(home, CLONE_NEWNET);
	}
	netns_list_release(&places);
	if (home >= 0)
		close(home);
}

static int holder_add(struct held_socket *socket, const struct process *process, int fd)
{
	struct holder *grown = realloc(socket->holders, (socket->holder_count + 1) * sizeof(*grown));

	if (!grown)
		return -ENOMEM;
	socket->holders = grown;
	grown[socket->holder_count++] = (struct holder){ process->pid, fd, *process };
	return 0;
}

/* That we may not look is worth a word, but a process that has just gone is refused in the same way. */
static void note_refusal(struct search *search, uint32_t pid)
{
	char path[4096];

	if (errno != EACCES && errno != EPERM)
		return;
	snprintf(path, sizeof(path), "%s/%u", search->proc, pid);
	if (!access(path, F_OK) && !search->err)
		search->err = -EACCES;
}

/* The wanted socket of a descriptor, by the target of its link: "socket:[12345]". */
static struct wanted *wanted_of_descriptor(struct search *search, uint32_t pid, int directory, const char *name)
{
	char target[64];
	ssize_t size = readlinkat(directory, name, target, sizeof(target) - 1);
	struct wanted *wanted = NULL;
	uint64_t inode;

	if (size < 0)
		note_refusal(search, pid);
	if (size < 8 || strncmp(target, "socket:[", 8))
		return NULL;
	target[size] = '\0';
	inode = strtoull(target + 8, NULL, 10);
	HASH_FIND(by_inode, search->by_inode, &inode, sizeof(inode), wanted);
	return wanted;
}

static int look_through_process(struct search *search, uint32_t pid, DIR *directory)
{
	struct process process = {};
	struct dirent *entry;
	struct wanted *wanted;
	int err = 0;

	while (!err && (entry = readdir(directory))) {
		wanted = NULL;
		if (entry->d_name[0] != '.')
			wanted = wanted_of_descriptor(search, pid, dirfd(directory), entry->d_name);
		if (!wanted)
			continue;
		if (!process.start_ns && !holder_process_read(search->proc, pid, &process))
			return 0;
		err = holder_add(wanted->socket, &process, atoi(entry->d_name));
	}
	return err;
}

static int look_through_processes(struct search *search)
{
	DIR *all = opendir(search->proc), *one;
	struct dirent *entry;
	char path[4096];
	uint64_t pid;
	int err = 0;

	if (!all)
		return -errno;
	while (!err && (entry = readdir(all))) {
		if (text_parse_u64(entry->d_name, PID_LIMIT, &pid))
			continue;
		snprintf(path, sizeof(path), "%s/%s/fd", search->proc, entry->d_name);
		one = opendir(path);
		if (!one) {
			note_refusal(search, pid);
			continue;
		}
		err = look_through_process(search, pid, one);
		closedir(one);
	}
	closedir(all);
	return err;
}

static int compare_holders(const void *a, const void *b)
{
	const struct holder *left = a, *right = b;

	if (left->pid != right->pid)
		return left->pid < right->pid ? -1 : 1;
	return left->fd < right->fd ? -1 : left->fd > right->fd;
}

/* The hashes point into `wanted`: it is sorted before and not moved after. */
static void search_begin(struct search *search, struct held_socket *sockets)
{
	struct wanted *wanted;
	size_t i;

	for (i = 0; i < search->count; i++)
		search->wanted[i] = (struct wanted){ .socket = &sockets[i], .endpoint = sockets[i].endpoint };
	qsort(search->wanted, search->count, sizeof(*search->wanted), compare_netns);
	for (i = 0; i < search->count; i++) {
		wanted = &search->wanted[i];
		search->states |= 1U << wanted->socket->state;
		HASH_ADD(by_endpoint, search->by_endpoint, endpoint, sizeof(wanted->endpoint), wanted);
	}
}

static void search_end(struct search *search)
{
	HASH_CLEAR(by_endpoint, search->by_endpoint);
	HASH_CLEAR(by_inode, search->by_inode);
	free(search->wanted);
}

int holders_find(struct held_socket *sockets, size_t count, const char *proc)
{
	struct search search = { .proc = proc ?: "/proc", .count = count };
	struct netns_places where = { .proc = proc };
	size_t i;
	int err;

	if (!count)
		return 0;
	search.wanted = calloc(count, sizeof(*search.wanted));
	if (!search.wanted)
		return -ENOMEM;
	search_begin(&search, sockets);
	list_namespaces(&search, &where);
	err = search.by_inode ? look_through_processes(&search) : 0;
	for (i = 0; i < count; i++)
		if (sockets[i].holder_count)
			qsort(sockets[i].holders, sockets[i].holder_count, sizeof(struct holder), compare_holders);
	search_end(&search);
	return err ?: search.err;
}

void holders_release(struct held_socket *sockets, size_t count)
{
	size_t i;

	for (i = 0; i < count; i++) {
		free(sockets[i].holders);
		sockets[i].holders = NULL;
		sockets[i].holder_count = 0;
	}
}
