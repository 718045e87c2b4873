-- SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
-- Recordings of many hosts, asked together with DuckDB, as they are: each file is JSON lines, gzipped, and its header names the host.
--
--   scp 'web*:/var/tmp/*.rec' recordings/     (made by: tcpdwell record)
--   duckdb -c ".read fleet.sql"
--
-- The folder is named here; a history's are in its events/.
SET VARIABLE recordings = 'recordings/*.rec';

CREATE OR REPLACE TEMP TABLE line AS
SELECT filename, type, host, "time", sock, comm, service_port, remote_addr, side, old_state, new_state, closed_by, dwell_ns, error
FROM (
    SELECT *, coalesce(closer_comm, holder_comm, owner_comm) AS comm
    FROM read_json(getvariable('recordings'), format = 'newline_delimited', compression = 'gzip', filename = true,
        ignore_errors = true, columns = {
            type: 'VARCHAR', host: 'VARCHAR', "time": 'TIMESTAMP', sock: 'VARCHAR', owner_comm: 'VARCHAR', holder_comm: 'VARCHAR',
            closer_comm: 'VARCHAR', service_port: 'INTEGER', remote_addr: 'VARCHAR', side: 'VARCHAR', old_state: 'VARCHAR',
            new_state: 'VARCHAR', closed_by: 'VARCHAR', dwell_ns: 'UBIGINT', error: 'VARCHAR'
        })
);

CREATE OR REPLACE TEMP VIEW event AS
SELECT header.host, line.* EXCLUDE (host)
FROM line JOIN (SELECT filename, any_value(host) AS host FROM line WHERE type = 'header' GROUP BY filename) AS header USING (filename);

-- Which programs of which hosts make TIME_WAIT, and towards what.
SELECT host, comm, side, service_port, closed_by, count(*) AS entered, min("time") AS first, max("time") AS last
FROM event WHERE type = 'transition' AND new_state = 'TIME_WAIT'
GROUP BY ALL ORDER BY entered DESC, host LIMIT 20;

-- What entered CLOSE_WAIT and did not leave it before its recording ended: leaks, by host and program.
SELECT host, comm, service_port, count(*) AS left_open, min("time") AS since
FROM event AS entered
WHERE type = 'transition' AND new_state = 'CLOSE_WAIT' AND NOT EXISTS (
    FROM event AS gone
    WHERE gone.filename = entered.filename AND gone.sock = entered.sock AND gone.type = 'transition' AND gone.old_state = 'CLOSE_WAIT')
GROUP BY ALL ORDER BY left_open DESC, host LIMIT 20;

-- How long sockets of each program were in CLOSE_WAIT, over the whole fleet.
SELECT comm, count(DISTINCT host) AS hosts, count(*) AS sockets, quantile_cont(dwell_ns / 1e9, 0.5) AS p50_s, quantile_cont(dwell_ns / 1e9, 0.99) AS p99_s
FROM event WHERE type = 'transition' AND old_state = 'CLOSE_WAIT' AND dwell_ns IS NOT NULL
GROUP BY comm ORDER BY p99_s DESC LIMIT 20;

-- Where connect() fails, and why: EADDRNOTAVAIL is no free local port.
SELECT host, comm, remote_addr, service_port, error, count(*) AS failures, min("time") AS first, max("time") AS last
FROM event WHERE type = 'connect_failed'
GROUP BY ALL ORDER BY failures DESC, host LIMIT 20;
