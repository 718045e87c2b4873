/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * The tables of intervals.db, for us and for everyone who asks it with sqlite3 or Grafana. Times are UTC in milliseconds, levels
 * seconds: intervals of 10 s, and minutes and hours that are made of these. What counts adds up over intervals of one level;
 * *_now is what was there at the end, in minutes and hours the most of it.
 */
#ifndef TCPDWELL_HISTORY_SCHEMA_H
#define TCPDWELL_HISTORY_SCHEMA_H

#define SCHEMA_VERSION 1
#define SCHEMA_APPLICATION 0x74637064 /* "tcpd" */

#define SCHEMA                                                                                                                 \
	"CREATE TABLE run (id INTEGER PRIMARY KEY, begin_ms INTEGER NOT NULL, version TEXT, kernel TEXT, host TEXT,"  \
	" budget INTEGER NOT NULL);"\
	"CREATE TABLE process (id INTEGER PRIMARY KEY, pid INTEGER NOT NULL, start_ns INTEGER NOT NULL, comm TEXT NOT NULL,"   \
	" unit TEXT NOT NULL, container_id TEXT NOT NULL, container TEXT NOT NULL, pod TEXT NOT NULL, namespace TEXT NOT NULL,"    \
	" UNIQUE (pid, start_ns, comm, unit, container_id, container, pod));"                                                   \
	"CREATE TABLE service (id INTEGER PRIMARY KEY, side TEXT NOT NULL, address TEXT NOT NULL, port INTEGER NOT NULL,"      \
	" UNIQUE (side, address, port));"                                                                                      \
	"CREATE TABLE interval (id INTEGER PRIMARY KEY, level INTEGER NOT NULL, begin_ms INTEGER NOT NULL,"                    \
	" end_ms INTEGER NOT NULL, run INTEGER NOT NULL, transitions INTEGER NOT NULL, lost INTEGER NOT NULL,"                 \
	" withheld INTEGER NOT NULL, last INTEGER);"                                                                           \
	"CREATE INDEX interval_time ON interval (level, begin_ms);"                                                            \
	"CREATE TABLE flow (interval INTEGER NOT NULL, process INTEGER NOT NULL, service INTEGER NOT NULL, opened INTEGER,"    \
	" time_wait_local INTEGER, time_wait_other INTEGER, close_wait INTEGER, no_port INTEGER, refused INTEGER,"             \
	" timeout INTEGER, abandoned INTEGER, unreachable INTEGER, established_now INTEGER, time_wait_now INTEGER,"            \
	" close_wait_now INTEGER, close_wait_oldest_ms INTEGER, close_wait_youngest_ms INTEGER,"                               \
	" PRIMARY KEY (interval, process, service)) WITHOUT ROWID;"                                                            \
	"CREATE TABLE dwell (interval INTEGER NOT NULL, process INTEGER NOT NULL, service INTEGER NOT NULL,"                   \
	" state TEXT NOT NULL, le_ns INTEGER NOT NULL, count INTEGER NOT NULL,"                                                \
	" PRIMARY KEY (interval, process, service, state, le_ns)) WITHOUT ROWID;"                                              \
	"CREATE TABLE finding (id INTEGER PRIMARY KEY, begin_ms INTEGER NOT NULL, end_ms INTEGER, code TEXT NOT NULL,"         \
	" severity TEXT NOT NULL, text TEXT NOT NULL, count INTEGER NOT NULL);"                                                \
	"CREATE TABLE loss (id INTEGER PRIMARY KEY, at_ms INTEGER NOT NULL, what TEXT NOT NULL, count INTEGER NOT NULL,"       \
	" text TEXT NOT NULL);"

/*
 * Intervals of level ?4, from id ?1 on to ?2, into interval ?3: the ?5 most active flows as they are, the others into one of process
 * ?6 and service ?7, so that an hour of processes that each live for a second has a bound too.
 */
#define SCHEMA_SUMS                                                                                                            \
	" sum(opened), sum(time_wait_local), sum(time_wait_other), sum(close_wait), sum(no_port), sum(refused), sum(timeout),"  \
	" sum(abandoned), sum(unreachable), max(established_now), max(time_wait_now), max(close_wait_now),"                     \
	" max(close_wait_oldest_ms), ifnull(min(nullif(close_wait_youngest_ms, 0)), 0) FROM flow"
#define SCHEMA_OF_THESE "interval IN (SELECT id FROM interval WHERE level = ?4 AND id BETWEEN ?1 AND ?2)"
#define SCHEMA_ADD(column) #column " = " #column " + excluded." #column
#define SCHEMA_MOST(column) #column " = max(" #column ", excluded." #column ")"

#define SCHEMA_ROLL_MOST                                                                                                       \
	"INSERT INTO flow SELECT ?3, process, service," SCHEMA_SUMS " WHERE " SCHEMA_OF_THESE                                  \
	" GROUP BY process, service ORDER BY sum(opened) + sum(time_wait_local) + sum(time_wait_other) + 4 * sum(close_wait)"  \
	" + 16 * (max(close_wait_now) + sum(no_port) + sum(refused) + sum(timeout) + sum(unreachable)) + max(time_wait_now) DESC LIMIT ?5"

#define SCHEMA_ROLL_OTHERS                                                                                                     \
	"INSERT INTO flow SELECT ?3, ?6, ?7," SCHEMA_SUMS " AS f WHERE " SCHEMA_OF_THESE " AND NOT EXISTS (SELECT 1 FROM flow g"  \
	" WHERE g.interval = ?3 AND g.process = f.process AND g.service = f.service) GROUP BY 1"                      \
	" ON CONFLICT DO UPDATE SET " SCHEMA_ADD(opened) ", " SCHEMA_ADD(time_wait_local) ", " SCHEMA_ADD(time_wait_other) ", "     \
	SCHEMA_ADD(close_wait) ", " SCHEMA_ADD(no_port) ", " SCHEMA_ADD(refused) ", " SCHEMA_ADD(timeout) ", "                 \
	SCHEMA_ADD(abandoned) ", " SCHEMA_ADD(unreachable) ", " SCHEMA_MOST(established_now) ", "                                 \
	SCHEMA_MOST(time_wait_now) ", " SCHEMA_MOST(close_wait_now) ", " SCHEMA_MOST(close_wait_oldest_ms)

#define SCHEMA_ROLL_DWELL                                                                                                      \
	"INSERT INTO dwell SELECT ?3, iif(kept, process, ?6), iif(kept, service, ?7), state, le_ns, sum(count) FROM"          \
	" (SELECT d.*, EXISTS (SELECT 1 FROM flow g WHERE g.interval = ?3 AND g.process = d.process AND g.service = d.service)"  \
	" AS kept FROM dwell d WHERE " SCHEMA_OF_THESE ") GROUP BY 2, 3, 4, 5"

#endif
