-- When a queued run may begin: when its events are together.
ALTER TABLE runs ADD COLUMN due INTEGER NOT NULL DEFAULT 0;
UPDATE runs SET due = created WHERE status = 'queued';
DROP INDEX runs_queued;
CREATE INDEX runs_queued ON runs (org, playbook, due, seq) WHERE status = 'queued';

-- How many runs of the playbook may begin in 60 seconds, 0 if any number may.
ALTER TABLE playbooks ADD COLUMN runs_a_minute INTEGER NOT NULL DEFAULT 0;

-- The runs of playbooks that group events.
CREATE TABLE groups (
	run      INTEGER PRIMARY KEY REFERENCES runs (seq),
	org      TEXT NOT NULL,
	playbook TEXT NOT NULL,
	hash     TEXT NOT NULL,
	key      TEXT,             -- what group_by gave, as JSON; NULL if it gave nothing, and the event is alone
	at_first INTEGER NOT NULL, -- 1 if the run need not wait for the window to close
	opened   INTEGER NOT NULL,
	closes   INTEGER NOT NULL,
	closed   INTEGER,          -- NULL while it takes events in
	events   INTEGER NOT NULL,
	bytes    INTEGER NOT NULL, -- of the events' data
	taken    INTEGER,          -- how many events there were when the run began: what its steps read
	note     TEXT NOT NULL DEFAULT ''
) STRICT;
CREATE UNIQUE INDEX groups_open ON groups (org, playbook, hash, key) WHERE closed IS NULL;
CREATE INDEX groups_closing ON groups (org, closes) WHERE closed IS NULL;

CREATE TABLE group_events (
	run     INTEGER NOT NULL REFERENCES groups (run),
	n       INTEGER NOT NULL, -- in order of arrival, from 0
	event   INTEGER NOT NULL REFERENCES events (seq),
	member  TEXT NOT NULL UNIQUE, -- what runs.id would be if the event had started a run by itself
	arrived INTEGER NOT NULL,
	PRIMARY KEY (run, n)
) STRICT, WITHOUT ROWID;

-- The runs of the last minute, of playbooks that limit them.
CREATE TABLE starts (
	run      INTEGER PRIMARY KEY REFERENCES runs (seq),
	org      TEXT NOT NULL,
	playbook TEXT NOT NULL,
	at       INTEGER NOT NULL
) STRICT;
CREATE INDEX starts_at ON starts (org, playbook, at);
