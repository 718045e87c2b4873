/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * A recorded run: what `record` writes and `report` reads. JSON lines, gzip outside; a replay gives a view what the live
 * run gave it.
 *
 *   header      first: as `trace -j` has it ("boot": the kernel's id of it, so that its monotonic clock can be compared; "netns" where only one was looked at), and "format" (1), "time_ns", "run" (one name for all files of a run), "part" (0, 1, …
 *               of a rotated recording), "continued" (true: connections that were followed already come as `socket` lines)
 *   socket      a connection that was there when the file began
 *   untold      so many more ("count") were, for which there was no room: each comes as a `socket` line before its next line
 *   transition  as in `trace -j --all`
 *   connect_failed
 *   bind_failed
 *   present     a live socket as a look at all sockets found it, whatever its state, when something of it has changed: "state",
 *               "rx_queue", "tx_queue", "unsent", "keepalive", "timer", "retransmits"; "received_ns", "sent_ns" once it is idle; of one
 *               that waits to be accepted "listener" (the "sock" of that line) and "queued_ns" (its SYN); "gone": true at its end
 *   listener    a listening socket the same way: "accept_queue", "backlog", "somaxconn", "half_open", "closed_by_client", "drops",
 *               "new_drops" (of these since the run began; both are sk_drops, which counts RST segments too), "oldest_ns"; "alone":
 *               true where other sockets were not looked at, as in a history
 *   namespace   what a network namespace counts ("counters", "gauges": total and growth), its "settings", and of what is "unknown" why
 *   holder      who has a connection's descriptor now, when that is found to be another or to be called otherwise: by pid and name,
 *               null for nobody; "in_accept_queue": true for the listener's process. Of the connection it has "sock" alone
 *   local_port  the local port that connect() chose, which is not known yet when it enters SYN_SENT, of a connection that stays there
 *   recount     records were lost: all connections that are there follow as `socket` lines ("begins": true), until the next
 *               line of this type ("begins": false); those that are missing among them have ended
 *   tick        time passed: at most 100 ms apart while there is traffic, else a second; "holders_seen_ns", "present_seen_ns": when
 *               the last looks began at who has which socket, and at all sockets (as in struct tick)
 *   withheld    so many events ("count") are not in the file: there was no room, or there were too many a second
 *   health      the counters of what was lost, whenever one has grown
 *   summary     totals, as `trace -j` has them; a run's last file only
 *   end         "next": the file that goes on, or null. Missing: the recorder was killed
 *
 * Of an event's public fields those that are null are left out (a third of all bytes), but for "old_state" and "service_port".
 * Beside them events have what a replay needs, left out where it is 0: "time_ns" on the monotonic clock as everywhere, but for
 * transitions as far from "time" as the last header (if not, somebody set the clock since); "since_ns" (when the
 * state that is left began) where "dwell_ns" does not tell it; "owner_start_ns", "closer_start_ns", "holder_start_ns" (boot-time clock,
 * pid and start name a process); "owner_attribution" (of the owner where "attribution" is the closer's);
 * "owner_cgroup_id", "closer_cgroup_id", "socket_cgroup_id"; on `socket` lines "closed_by".
 * A large file has several parts: each begins with a header ("part" goes on) and with what is there, as if files had been put together.
 * Where they begin is in marks between gzip members (recording/marks.h), so that a look at a later time does not read all.
 * A reader takes what it finds: lines without these fields, such as those of `trace -j --all`, can be replayed too.
 * Files of one recording, one after the other (cat), are one recording. Of different runs: what is there is counted anew.
 */
#ifndef TCPDWELL_RECORDING_RECORDING_H
#define TCPDWELL_RECORDING_RECORDING_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "event/holes.h"
#include "source/run.h"
#include "util/json.h"

#define RECORDING_FORMAT 1

/* Lines longer than this are not read; we write at most a tenth of it. */
#define RECORDING_LINE_BYTES 65536

/* What a file says of itself in its header, beside struct run. */
struct recording_part {
	char run[17]; /* the same in all files of a run, and in no other's; "" = none */
	uint64_t format; /* RECORDING_FORMAT; more: by a newer tcpdwell; 0: by `trace -j` */
	uint64_t number; /* 0 = the first file */
	bool continued;
	bool with_ports; /* it holds what is known of local ports */
};

/* Writing: whole lines, each with its newline, into a json that was initialised. */
void recording_header_json(struct json *json, const struct run *run, const struct recording_part *part);

/* `unix_offset_ns`: of the header, UTC - monotonic. */
void recording_event_json(struct json *json, const struct event *event, uint64_t unix_offset_ns);

void recording_untold_json(struct json *json, const struct tick *tick, uint64_t count);
void recording_tick_json(struct json *json, const struct tick *tick);
void recording_withheld_json(struct json *json, const struct tick *tick, uint64_t count);
void recording_recount_json(struct json *json, uint64_t unix_ns, uint64_t time_ns, bool begins);
void recording_health_json(struct json *json, const struct tick *tick);
void recording_end_json(struct json *json, const struct tick *last, const char *next);

/* What is known of the file after a replay. The reader is content with anything; this says what it passed over. */
struct recording_findings {
	uint64_t lines; /* understood */
	uint64_t damaged; /* lines that are not JSON, or lack what their type needs, or are longer than RECORDING_LINE_BYTES */
	uint64_t unknown; /* lines of types that we don't know */
	uint64_t format; /* of the header; more than RECORDING_FORMAT: newer than we are */
	uint64_t repeated; /* files that were read already, or come before one that was: left out */
	uint64_t missing; /* files of which one before is missing */
	uint64_t covered; /* files of runs that traced at the same time as one that was read, on the same machine: left out */
	uint64_t joined; /* further runs in it */
	bool unordered; /* one of these began before the last one ended, by a clock that was set or another machine's */
	bool condensed; /* silence is shown in fewer steps than a live run would have made */
	uint64_t untold; /* connections that were there when the first file began, and are not in it unless something happened to them */
	uint64_t withheld; /* events that the recorder left out: no room, or too many a second */
	bool headless; /* no header: version, kernel and hooks are not known */
	bool continued; /* the first file that we read is not the recording's first */
	bool truncated; /* no end: the recorder was killed, or the file was cut */
	bool unended; /* the last file has none: else it is one before it */
	bool corrupt; /* the compressed data is damaged somewhere: what could not be read is left out */
	bool unnamed; /* nothing is of the containers, pods or units that were asked for */
	bool unfollowed; /* the recording goes on in `next` */
	char next[256];
	struct holes holes; /* between runs */
	uint64_t last_unix_ns; /* of what was read */
};

/* Bytes of a recording. Returns how many, 0 at the end, negative errno; -EINTR where the run was asked to end meanwhile. */
typedef long recording_read(void *context, void *buffer, size_t size);

/* What it returns between two files that are read one after the other. -1000: no errno. */
#define RECORDING_NEXT_FILE (-1000L)

/*
 * Runs the view over the recording as a live run would have over the same events: options->filter and needs->emit_states
 * select, options->seconds or a signal ends. 0, -EINVAL with a sentence in `error` where it is no recording (the view was not called),
 * or negative errno: of `read`, with a sentence, or of the view, without. `findings` is filled in any case.
 */
int recording_replay(recording_read *read, void *context, const struct run_options *options, const struct run_needs *needs,
		     struct view *view, struct recording_findings *findings, char *error, size_t error_size);

/* The same from options->recording, as a source. Says on standard error what it passed over. */
run_source recording_run;

/* May so many bytes be written? 0, or negative errno. Whoever is asked makes room if need be. */
typedef int recording_room(void *context, uint64_t bytes);

struct recording_config {
	const char *file; /* or a folder, a FIFO: see recording/series.h */
	uint64_t max_bytes; /* a further file whenever this size is reached; 0: one file only */
	uint64_t most_bytes; /* unless what was there when it began takes more than an eighth of that: then it grows until it doesn't, so far at most */
	uint64_t part_bytes; /* a further part of the file whenever so much was written; 0: 4 MiB */
	uint32_t keep_files; /* the last so many stay; 0: all */
	bool cmdline; /* command lines of processes too: they can hold secrets */
	bool ports; /* what is known of local ports too */
	bool accepts; /* and how long connections waited for accept(): a view that the source tells of it writes it */
	bool copies; /* it is told of another recording: what is shown by its ticks is to be the same, so all are written */
	double wait_seconds; /* for a reader of the FIFO; negative: without end */
	recording_room *room; /* asked before anything is written; NULL: nobody is */
	void *context; /* of `room` */
	bool endures; /* what can't be written is left out and counted, and a new file begins as soon as that can be */
	bool owns_folder; /* all files in it that are named like ours are ours, whatever is in them */
	struct model *books; /* of a view that is told of each event after it: it need not follow what they do (live_sockets.h); NULL: none */
	uint32_t max_event_rate; /* a second; above it only connections that are in the file already, fail or leak are told; 0: all are */
};

/* The view of `record`. Makes the first file. 0, or negative errno with a sentence. */
int recording_view_new(struct view **ret, const struct recording_config *config, char *error, size_t error_size);

/* What was left out, and whether nothing can be written at the moment. */
struct recording_state {
	uint64_t withheld; /* events */
	bool suspended;
	uint64_t suspensions; /* how often */
};

struct recording_state recording_view_state(const struct view *view);

/* What is there, as far as it was told, but for listeners where there are books: of a stream NULL. The view's, or the books. */
struct model *recording_view_live(const struct view *view);

/* Removes the oldest file that is not being written. The bytes that it had; 0: there is none. */
uint64_t recording_view_drop_oldest(struct view *view, uint64_t kept_bytes);

/* The file that is being written and the one before are kept as long as such files take no more than `kept_bytes`. */
void recording_view_keep_last(struct view *view);

/* The file that is being written is complete, and the next one begins: with the next tick. */
void recording_view_rotate(struct view *view);

/* Are its files made in this folder? If not any more, as it was deleted or moved: the next ones are made in that one (a descriptor). */
struct stat;
bool recording_view_is_in(const struct view *view, const struct stat *folder);
void recording_view_move(struct view *view, int folder);

/* A file that was made and holds nothing goes. Accepts NULL. */
void recording_view_free(struct view *view);

/* After a failure a sentence, else "". */
const char *recording_view_error(const struct view *view);

/* Does a path lead to the file? Nobody will find it, if none does. */
bool recording_view_is_in_place(const struct view *view);

/* After the end: "1.2MiB in x.rec" or "… in 3 files, x.rec to x.rec.2". */
size_t recording_view_describe(const struct view *view, char *text, size_t size);

#endif
