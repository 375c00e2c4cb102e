-- Times are microseconds since 1970 (UTC), durations nanoseconds.

-- The playbooks as they were when a run of theirs was accepted: what it is
-- resumed with.
CREATE TABLE playbooks (
	hash   TEXT PRIMARY KEY, -- SHA-256 of source
	name   TEXT NOT NULL,
	file   TEXT NOT NULL,
	source BLOB NOT NULL
) STRICT, WITHOUT ROWID;

-- The events that matched a playbook.
CREATE TABLE events (
	seq  INTEGER PRIMARY KEY,
	org  TEXT NOT NULL,
	id   TEXT NOT NULL,
	type TEXT NOT NULL,
	time INTEGER,
	data TEXT NOT NULL,
	UNIQUE (org, id)
) STRICT;

CREATE TABLE runs (
	seq      INTEGER PRIMARY KEY AUTOINCREMENT,
	id       TEXT NOT NULL UNIQUE,
	org      TEXT NOT NULL,
	playbook TEXT NOT NULL,
	title    TEXT NOT NULL,
	hash     TEXT NOT NULL REFERENCES playbooks (hash),
	event    INTEGER NOT NULL REFERENCES events (seq),
	status   TEXT NOT NULL CHECK (status IN ('queued', 'running', 'succeeded', 'failed')),
	error    TEXT,
	created  INTEGER NOT NULL,
	started  INTEGER,
	finished INTEGER
) STRICT;
CREATE INDEX runs_queued ON runs (org, seq) WHERE status = 'queued';
CREATE INDEX runs_running ON runs (org, seq) WHERE status = 'running';

-- One row per step, from the moment its run starts.
CREATE TABLE steps (
	run      INTEGER NOT NULL REFERENCES runs (seq),
	n        INTEGER NOT NULL,
	id       TEXT NOT NULL,
	action   TEXT NOT NULL,
	status   TEXT NOT NULL CHECK (status IN ('pending', 'running', 'succeeded', 'failed', 'skipped')),
	attempts INTEGER NOT NULL DEFAULT 0,
	failures INTEGER NOT NULL DEFAULT 0, -- attempts that failed; less than attempts where some were cut off
	next_try INTEGER,                    -- not before this time
	input    TEXT,                       -- secrets are masked
	output   TEXT,
	outcome  TEXT NOT NULL DEFAULT '',
	error    TEXT,
	started  INTEGER,
	finished INTEGER,
	PRIMARY KEY (run, n)
) STRICT, WITHOUT ROWID;

-- Where each source goes on.
CREATE TABLE checkpoints (
	source TEXT PRIMARY KEY,
	place  BLOB NOT NULL,
	saved  INTEGER NOT NULL -- when it last moved
) STRICT, WITHOUT ROWID;

-- Every call of an action. A row that stays started was cut off.
CREATE TABLE audit (
	seq         INTEGER PRIMARY KEY AUTOINCREMENT,
	time        INTEGER NOT NULL,
	run         TEXT NOT NULL, -- runs.id, '' if it belongs to no run
	step        TEXT NOT NULL,
	attempt     INTEGER NOT NULL,
	action      TEXT NOT NULL,
	input       TEXT NOT NULL, -- secrets are masked
	status      TEXT NOT NULL CHECK (status IN ('started', 'done', 'failed')),
	outcome     TEXT NOT NULL,
	code        TEXT NOT NULL DEFAULT '',
	message     TEXT NOT NULL DEFAULT '',
	request_ids TEXT,
	duration    INTEGER NOT NULL DEFAULT 0
) STRICT;
CREATE INDEX audit_run ON audit (run, seq) WHERE run <> '';
