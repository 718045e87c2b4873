// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * Reads a cgroup path component by component, outermost first; a later container or pod replaces what an
 * outer one said. The forms are those of the kubelet's cgroupfs and systemd drivers, Docker, podman, LXC, systemd.
 */
#include "attribute/container.h"

#include <ctype.h>
#include <stdio.h>
#include <string.h>

#define ID_DIGITS 64

/* A piece of the path, not terminated. */
struct piece {
	const char *text;
	size_t size;
};

static bool piece_is(struct piece piece, const char *text)
{
	return piece.size == strlen(text) && !memcmp(piece.text, text, piece.size);
}

static bool piece_begins(struct piece piece, const char *text)
{
	return piece.size >= strlen(text) && !memcmp(piece.text, text, strlen(text));
}

static bool piece_ends(struct piece piece, const char *text)
{
	size_t size = strlen(text);

	return piece.size >= size && !memcmp(piece.text + piece.size - size, text, size);
}

static struct piece piece_skip(struct piece piece, size_t size)
{
	return (struct piece){piece.text + size, piece.size - size};
}

static struct piece piece_without_end(struct piece piece, const char *end)
{
	if (piece_ends(piece, end))
		piece.size -= strlen(end);
	return piece;
}

static void piece_copy(struct piece piece, char *out, size_t size)
{
	snprintf(out, size, "%.*s", (int)piece.size, piece.text);
}

static bool is_hex(struct piece piece, size_t digits)
{
	if (piece.size != digits)
		return false;
	for (size_t i = 0; i < digits; i++)
		if (!isxdigit((unsigned char)piece.text[i]) || isupper((unsigned char)piece.text[i]))
			return false;
	return true;
}

/* 8-4-4-4-12 digits; systemd writes '_' for '-', which means a level there. */
static bool is_uuid(struct piece piece)
{
	if (piece.size != 36)
		return false;
	for (size_t i = 0; i < 36; i++) {
		bool separator = i == 8 || i == 13 || i == 18 || i == 23;

		if (separator ? piece.text[i] != '-' && piece.text[i] != '_' : !isxdigit((unsigned char)piece.text[i]))
			return false;
	}
	return true;
}

/*
 * The class is in what stands before the pod, as a folder ("burstable/pod…") or in the slice's name ("kubepods-burstable-pod…").
 * Nothing but kubepods before it: Guaranteed.
 */
static const char *qos_of(struct piece before, struct piece parent)
{
	struct piece slice = piece_without_end(piece_without_end(before, "pod"), "-");

	if (!slice.size)
		slice = parent;
	if (piece_ends(slice, "burstable"))
		return "Burstable";
	if (piece_ends(slice, "besteffort"))
		return "BestEffort";
	return piece_ends(slice, "kubepods") ? "Guaranteed" : NULL;
}

/* "pod<uid>" and "kubepods-burstable-pod<uid>.slice". Static pods have a hash of 32 digits for an uid. */
static bool take_pod(struct piece piece, struct piece parent, struct container *out)
{
	static const size_t sizes[] = {36, 32};

	piece = piece_without_end(piece, ".slice");
	for (size_t i = 0; i < 2; i++) {
		struct piece before, uid;

		if (piece.size < sizes[i] + 3)
			continue;
		before = (struct piece){piece.text, piece.size - sizes[i]};
		uid = (struct piece){piece.text + before.size, sizes[i]};
		if (!piece_ends(before, "pod") || !(is_uuid(uid) || is_hex(uid, 32)))
			continue;
		if (before.size > 3 && before.text[before.size - 4] != '-')
			continue;
		memset(out, 0, sizeof(*out));
		piece_copy(uid, out->pod_uid, sizeof(out->pod_uid));
		out->qos = qos_of(before, parent);
		for (char *c = out->pod_uid; *c; c++)
			*c = *c == '_' ? '-' : *c;
		return true;
	}
	return false;
}

static const struct {
	const char *prefix, *runtime;
} runtimes[] = {
	{"cri-containerd", "containerd"}, {"nerdctl", "containerd"}, {"crio", "cri-o"}, {"docker", "docker"},
	{"libpod-payload", "podman"},	  {"libpod", "podman"},
};

/* What a prefix like "crio" stands for; NULL for an unknown one, such as "crio-conmon". */
static const char *runtime_of(struct piece prefix)
{
	for (size_t i = 0; i < sizeof(runtimes) / sizeof(*runtimes); i++)
		if (piece_is(prefix, runtimes[i].prefix))
			return runtimes[i].runtime;
	return NULL;
}

static bool set_container(struct piece id, const char *runtime, struct container *out)
{
	piece_copy(id, out->id, sizeof(out->id));
	snprintf(out->runtime, sizeof(out->runtime), "%s", runtime);
	out->unit[0] = 0; /* the unit around it is the runtime's */
	return true;
}

/* "<prefix><separator><id>" */
static bool take_prefixed(struct piece piece, char separator, struct container *out)
{
	struct piece prefix, id;
	const char *runtime;

	if (piece.size < ID_DIGITS + 2)
		return false;
	prefix = (struct piece){piece.text, piece.size - ID_DIGITS - 1};
	id = piece_skip(piece, prefix.size + 1);
	runtime = runtime_of(prefix);
	if (piece.text[prefix.size] != separator || !runtime || !is_hex(id, ID_DIGITS))
		return false;
	return set_container(id, runtime, out);
}

/* "<slice>:<prefix>:<id>": the systemd driver's argument used as a directory name. */
static bool take_triple(struct piece piece, struct piece parent, struct container *out)
{
	const char *colon = memchr(piece.text, ':', piece.size);
	struct piece slice;

	if (!colon)
		return false;
	slice = (struct piece){piece.text, colon - piece.text};
	take_pod(slice, parent, out);
	return take_prefixed(piece_skip(piece, slice.size + 1), ':', out);
}

static bool take_lxc(struct piece piece, struct piece parent, struct container *out)
{
	static const char payload[] = "lxc.payload.";
	size_t size = strlen(payload);

	if (piece_begins(piece, payload) && piece.size > size)
		return set_container(piece_skip(piece, size), "lxc", out);
	if (piece_is(parent, "lxc") || piece_is(parent, "lxc.payload"))
		return set_container(piece, "lxc", out);
	return false;
}

static bool take_container(struct piece piece, struct piece parent, struct container *out)
{
	struct piece name = piece_without_end(piece, ".scope");

	/* A bare id below libpod_parent is podman's pod, not a container. */
	if (is_hex(piece, ID_DIGITS) && !piece_is(parent, "libpod_parent"))
		return set_container(piece, piece_is(parent, "docker") ? "docker" : "", out);
	return take_prefixed(name, '-', out) || take_triple(piece, parent, out) || take_lxc(piece, parent, out);
}

/* "user-1000.slice" is the best name for what sits right in it. Other slices say little. */
static bool is_unit(struct piece piece)
{
	if (piece_begins(piece, "crio-conmon-") || piece_begins(piece, "libpod-conmon-"))
		return false;
	return piece_ends(piece, ".service") || piece_ends(piece, ".scope") ||
	       (piece_begins(piece, "user-") && piece_ends(piece, ".slice"));
}

static struct piece next_piece(const char **cursor)
{
	struct piece piece;

	*cursor += strspn(*cursor, "/");
	piece = (struct piece){*cursor, strcspn(*cursor, "/")};
	*cursor += piece.size;
	return piece;
}

bool container_from_cgroup(const char *path, struct container *out)
{
	struct piece parent = {"", 0}, piece;

	memset(out, 0, sizeof(*out));
	if (!path)
		return false;
	while ((piece = next_piece(&path)).size) {
		if (!take_container(piece, parent, out) && !take_pod(piece, parent, out) && is_unit(piece))
			piece_copy(piece, out->unit, sizeof(out->unit));
		parent = piece;
	}
	return out->id[0] || out->pod_uid[0];
}

/* The path in a line "4:memory:/docker/…"; NULL when it is no such line. */
static const char *path_of_line(const char *line, char *out, size_t size)
{
	const char *colon = strchr(line, ':');

	colon = colon ? strchr(colon + 1, ':') : NULL;
	if (!colon || colon > line + strcspn(line, "\n"))
		return NULL;
	snprintf(out, size, "%.*s", (int)strcspn(colon + 1, "\n"), colon + 1);
	return out;
}

bool container_from_proc_cgroup(const char *text, struct container *out)
{
	char path[4096];
	struct container v2 = {}, found;

	for (const char *line = text; *line; line += strcspn(line, "\n"), line += *line == '\n') {
		if (strncmp(line, "0::", 3))
			continue;
		container_from_cgroup(path_of_line(line, path, sizeof(path)), &v2);
	}
	*out = v2;
	if (v2.id[0] || v2.pod_uid[0])
		return true;
	for (const char *line = text; *line; line += strcspn(line, "\n"), line += *line == '\n') {
		if (!container_from_cgroup(path_of_line(line, path, sizeof(path)), &found))
			continue;
		*out = found;
		return true;
	}
	return false;
}
