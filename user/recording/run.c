// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* A recording from a file or standard input, and one sentence about what of it could not be used. */
#include "attach/privileges.h"
#include "recording/recording.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "util/failure.h"
#include "util/log.h"

struct words {
	char text[512];
	size_t size;
};

__attribute__((format(printf, 2, 3))) static void add(struct words *words, const char *format, ...)
{
	va_list arguments;
	int size;

	if (words->size)
		words->size += snprintf(words->text + words->size, sizeof(words->text) - words->size, "; ");
	va_start(arguments, format);
	size = vsnprintf(words->text + words->size, sizeof(words->text) - words->size, format, arguments);
	va_end(arguments);
	words->size += size;
	if (words->size >= sizeof(words->text))
		words->size = sizeof(words->text) - 1;
}

static void tell_findings(const struct recording_findings *findings, const char *name)
{
	struct words words = {};

	if (findings->format > RECORDING_FORMAT)
		add(&words, "made by a newer tcpdwell, what we know of it is shown");
	if (findings->continued)
		add(&words, "goes on from an earlier file");
	if (findings->headless)
		add(&words, "its beginning is missing");
	if (findings->damaged)
		add(&words, "%llu damaged lines left out", (unsigned long long)findings->damaged);
	if (findings->unknown && findings->format <= RECORDING_FORMAT)
		add(&words, "%llu lines of a type that we don't know left out", (unsigned long long)findings->unknown);
	if (findings->corrupt)
		add(&words, "damaged, what comes before the damage is shown");
	if (findings->truncated)
		add(&words, "not complete, shown as far as it goes");
	if (findings->unnamed)
		add(&words, "nothing in it is of the container, pod, namespace or unit that was asked for");
	if (findings->unfollowed)
		add(&words, "goes on in %s", findings->next);
	if (words.size)
		log_warn("%s: %s", name, words.text);
}

static long read_descriptor(void *context, void *buffer, size_t size)
{
	ssize_t got;

	do
		got = read(*(int *)context, buffer, size);
	while (got < 0 && errno == EINTR);
	return got < 0 ? -errno : got;
}

int recording_run(const struct run_options *options, const struct run_needs *needs, struct view *view, char *error,
		  size_t error_size)
{
	bool is_stdin = !strcmp(options->recording, "-");
	const char *name = is_stdin ? "standard input" : options->recording;
	int fd = is_stdin ? STDIN_FILENO : open(options->recording, O_RDONLY | O_CLOEXEC | O_NOCTTY);
	struct recording_findings findings;
	int err;

	if (fd < 0) {
		err = -errno;
		fail(error, error_size, "%.150s: %s", name, strerror(-err));
		return err;
	}
	privileges_drop(0); /* a file of someone else's making may be read as root */
	err = recording_replay(read_descriptor, &fd, options, needs, view, &findings, error, error_size);
	if (!is_stdin)
		close(fd);
	if (error[0])
		fail_prefix(error, error_size, name, err);
	if (findings.lines)
		tell_findings(&findings, name);
	return err;
}
