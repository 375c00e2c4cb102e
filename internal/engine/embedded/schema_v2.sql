-- Changes that are to be taken back, a row for each answer that said how. Of those
-- with the same org, action and input one at most is pending or standing: it speaks
-- for all of them.
CREATE TABLE undos (
	seq      INTEGER PRIMARY KEY AUTOINCREMENT,
	org      TEXT NOT NULL,
	run      TEXT NOT NULL, -- runs.id, '' if the change belongs to no run
	step     TEXT NOT NULL,
	of       TEXT NOT NULL, -- the action whose change it takes back
	action   TEXT NOT NULL,
	input    TEXT NOT NULL, -- members in order
	own      INTEGER NOT NULL, -- 1 if a call on record made the change, 0 if it stood there before
	due      INTEGER,          -- NULL: never
	status   TEXT NOT NULL CHECK (status IN ('pending', 'running', 'standing', 'superseded', 'done', 'failed')),
	attempts INTEGER NOT NULL DEFAULT 0,
	failures INTEGER NOT NULL DEFAULT 0,
	next_try INTEGER,          -- not before this time
	outcome  TEXT NOT NULL DEFAULT '',
	error    TEXT,
	created  INTEGER NOT NULL,
	started  INTEGER,          -- the last attempt
	finished INTEGER,
	mark     INTEGER NOT NULL, -- the latest audit.seq when it was stored
	ended    INTEGER           -- the latest audit.seq when the last attempt was over
) STRICT;
CREATE UNIQUE INDEX undos_live ON undos (org, action, input) WHERE status IN ('pending', 'standing');
CREATE INDEX undos_tried ON undos (org, action, input) WHERE started IS NOT NULL;
CREATE INDEX undos_due ON undos (org, coalesce(next_try, due)) WHERE status = 'pending';
CREATE INDEX undos_run ON undos (run) WHERE run <> '';

-- Each time that a failed run was run again.
CREATE TABLE retries (
	run    INTEGER NOT NULL REFERENCES runs (seq),
	n      INTEGER NOT NULL, -- from 1
	time   INTEGER NOT NULL, -- when it was asked for
	failed INTEGER,          -- when the run had failed
	error  TEXT,             -- what it had failed with
	begun  INTEGER,          -- when a worker took it up, NULL before
	PRIMARY KEY (run, n)
) STRICT, WITHOUT ROWID;

-- Why a call was made, if it is neither a step's first go nor by hand.
ALTER TABLE audit ADD COLUMN cause TEXT NOT NULL DEFAULT '';
