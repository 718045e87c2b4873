// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* Names that every exporter has in common (process_…) are theirs. */
#include "export/metrics/own.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <unistd.h>

#include "export/metrics/labels.h"
#include "event/names.h"

static const struct family build = { "build_info", "What runs here; source is bpf or polling.", FAMILY_GAUGE };

/* By the name of the counter in JSON. */
static const struct {
	const char *counter;
	struct family family;
} health_families[] = {
	{ "lost", { "records_lost_total", "Records that found the ring buffer full: counts may be too low.", FAMILY_COUNTER } },
	{ "skipped", { "events_skipped_total", "Events that the kernel kept from us at most; what is missing is found by a recount.", FAMILY_COUNTER } },
	{ "missed", { "transitions_missed_total", "Gaps found in connections' states.", FAMILY_COUNTER } },
	{ "healed", { "transitions_healed_total", "Of the gaps those that were put right.", FAMILY_COUNTER } },
	{ "map_full", { "map_full_total", "Entries that a table of the kernel side refused.", FAMILY_COUNTER } },
	{ "unknown", { "unknown_owner_total", "Entries into TIME_WAIT and CLOSE_WAIT of no known process.", FAMILY_COUNTER } },
	{ "adopted", { "sockets_adopted_total", "Sockets found by reconciliation, whose begin was not seen.", FAMILY_COUNTER } },
	{ "dropped", { "sockets_dropped_total", "Entries of sockets that were gone.", FAMILY_COUNTER } },
};

static const struct family transitions = { "transitions_total", "TCP state transitions seen.", FAMILY_COUNTER };
static const struct family series = { "series", "Series in the scrape before, all included.", FAMILY_GAUGE };
static const struct family limit = { "series_limit", "Series that workloads may have.", FAMILY_GAUGE };
static const struct family folded = { "workloads_folded", "Workloads of which something is in ~other, since the series are used up.", FAMILY_GAUGE };
static const struct family known = { "workloads", "Workloads known, exported or not.", FAMILY_GAUGE };
static const struct family render = { "scrape_seconds", "What the scrape before took of the tracing process.", FAMILY_GAUGE };
static const struct family cpu = { "process_cpu_seconds_total", "CPU time of the tracing process, user and system.", FAMILY_COUNTER };
static const struct family memory = { "process_resident_memory_bytes", "Resident memory of the tracing process.", FAMILY_GAUGE };
static const struct family start = { "process_start_time_seconds", "When tracing began, seconds since 1970.", FAMILY_GAUGE };

/* Opened before files can no longer be. */
void own_init(struct own *own)
{
	memset(own, 0, sizeof(*own));
	own->statm = open("/proc/self/statm", O_RDONLY | O_CLOEXEC);
}

void own_release(struct own *own)
{
	if (own->statm >= 0)
		close(own->statm);
	own->statm = -1;
}

void own_begin(struct own *own, const struct run *run)
{
	struct buffer labels;

	own->begin_unix_ns = run->begin_unix_ns;
	buffer_init(&labels);
	label_append(&labels, "version", run->version);
	label_append(&labels, "kernel", run->kernel);
	label_append(&labels, "source", source_name(run->polled));
	snprintf(own->build, sizeof(own->build), "%.*s", (int)labels.size, labels.data ?: "");
	buffer_release(&labels);
}

static uint64_t cpu_ns(void)
{
	struct rusage usage;

	getrusage(RUSAGE_SELF, &usage);
	return (usage.ru_utime.tv_sec + usage.ru_stime.tv_sec) * 1000000000ULL +
	       (usage.ru_utime.tv_usec + usage.ru_stime.tv_usec) * 1000ULL;
}

/* 0: not known. */
static uint64_t resident_bytes(const struct own *own)
{
	char text[128], *resident;
	ssize_t size = own->statm < 0 ? -1 : pread(own->statm, text, sizeof(text) - 1, 0);

	if (size <= 0)
		return 0;
	text[size] = '\0';
	resident = strchr(text, ' ');
	return resident ? strtoull(resident, NULL, 10) * sysconf(_SC_PAGESIZE) : 0;
}

static void write_health(struct metrics_text *text, const struct health *health)
{
	struct health copy = *health;
	const uint64_t *counter;
	const char *name;
	size_t i, row;

	for (i = 0; (counter = health_counter(&copy, i, &name)); i++)
		for (row = 0; row < sizeof(health_families) / sizeof(health_families[0]); row++)
			if (!strcmp(name, health_families[row].counter)) {
				metrics_family(text, &health_families[row].family);
				metrics_u64(text, &(struct sample){}, *counter);
			}
}

static void write_one(struct metrics_text *text, const struct family *family, uint64_t value)
{
	metrics_family(text, family);
	metrics_u64(text, &(struct sample){}, value);
}

static void write_time(struct metrics_text *text, const struct family *family, uint64_t ns)
{
	metrics_family(text, family);
	metrics_seconds(text, &(struct sample){}, ns);
}

void own_write(const struct own *own, const struct tick *tick, const struct workloads *workloads, struct metrics_text *text)
{
	uint64_t resident = resident_bytes(own);

	metrics_family(text, &build);
	metrics_u64(text, &(struct sample){ own->build }, 1);
	write_health(text, tick->health);
	write_one(text, &transitions, tick->totals->transitions);
	write_one(text, &series, own->series);
	write_one(text, &limit, workloads->config.budget);
	write_one(text, &known, HASH_COUNT(workloads->table));
	write_one(text, &folded, workloads->folded);
	write_time(text, &render, own->render_ns);
	write_time(text, &cpu, cpu_ns());
	write_time(text, &start, own->begin_unix_ns);
	if (resident)
		write_one(text, &memory, resident);
}
