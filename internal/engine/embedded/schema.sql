-- Times are microseconds since 1970 (UTC), durations nanoseconds.

-- Each playbook as it was when one of its runs was accepted. The run is resumed with
-- this version.
CREATE TABLE playbooks (
	hash                TEXT PRIMARY KEY, -- SHA-256 of source
	name                TEXT NOT NULL,
	file                TEXT NOT NULL,
	source              BLOB NOT NULL,
	max_runs_per_minute INTEGER NOT NULL  -- 0: no limit
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

-- Further shapes of the events that a playbook reads.
CREATE TABLE shapes (
	event INTEGER NOT NULL REFERENCES events (seq),
	name  TEXT NOT NULL,
	data  TEXT NOT NULL,
	PRIMARY KEY (event, name)
) STRICT, WITHOUT ROWID;

CREATE TABLE runs (
	seq       INTEGER PRIMARY KEY AUTOINCREMENT,
	id        TEXT NOT NULL UNIQUE,
	org       TEXT NOT NULL,
	playbook  TEXT NOT NULL,
	title     TEXT NOT NULL,
	hash      TEXT NOT NULL REFERENCES playbooks (hash),
	event     INTEGER NOT NULL REFERENCES events (seq),
	status    TEXT NOT NULL CHECK (status IN ('queued', 'running', 'succeeded', 'failed')),
	error     TEXT,
	created   INTEGER NOT NULL,
	started   INTEGER,
	finished  INTEGER,
	due       INTEGER NOT NULL,          -- earliest start of a queued run
	replay    INTEGER,                   -- start of the replay that made the run
	unmatched INTEGER NOT NULL DEFAULT 0, -- 1: the event was set aside before the playbook's condition was evaluated
	shadow    INTEGER NOT NULL           -- 1: its writes are dry runs
) STRICT;
CREATE INDEX runs_queued ON runs (org, playbook, due, seq) WHERE status = 'queued';
CREATE INDEX runs_running ON runs (org, seq) WHERE status = 'running';
CREATE INDEX runs_event ON runs (event);

-- One row for each step, from the start of its run.
CREATE TABLE steps (
	run      INTEGER NOT NULL REFERENCES runs (seq),
	n        INTEGER NOT NULL,
	id       TEXT NOT NULL,
	action   TEXT NOT NULL,
	status   TEXT NOT NULL CHECK (status IN ('pending', 'running', 'succeeded', 'failed', 'skipped')),
	attempts INTEGER NOT NULL DEFAULT 0,
	failures INTEGER NOT NULL DEFAULT 0, -- attempts that failed; interrupted attempts do not count
	next_try INTEGER,                    -- earliest time of the next attempt
	input    TEXT,                       -- secrets are masked
	output   TEXT,                       -- secrets are masked
	outcome  TEXT NOT NULL DEFAULT '',
	error    TEXT,
	started  INTEGER,
	finished INTEGER,
	PRIMARY KEY (run, n)
) STRICT, WITHOUT ROWID;

-- Each retry of a failed run.
CREATE TABLE retries (
	run    INTEGER NOT NULL REFERENCES runs (seq),
	n      INTEGER NOT NULL, -- from 1
	time   INTEGER NOT NULL, -- of the request
	failed INTEGER,          -- when the run had failed
	error  TEXT,             -- of the run when it had failed
	begun  INTEGER,          -- when a worker took the run, NULL before
	PRIMARY KEY (run, n)
) STRICT, WITHOUT ROWID;

-- The runs of playbooks that group events.
CREATE TABLE groups (
	run      INTEGER PRIMARY KEY REFERENCES runs (seq),
	org      TEXT NOT NULL,
	playbook TEXT NOT NULL,
	hash     TEXT NOT NULL,
	key      TEXT,             -- value of group_by as JSON; NULL if there is none: the event is not grouped
	at_first INTEGER NOT NULL, -- 1 if the run starts before the window closes
	opened   INTEGER NOT NULL,
	closes   INTEGER NOT NULL,
	closed   INTEGER,          -- NULL while the group accepts events
	events   INTEGER NOT NULL,
	bytes    INTEGER NOT NULL, -- of the events' data
	taken    INTEGER,          -- number of events when the run started: its steps read these
	note     TEXT NOT NULL DEFAULT ''
) STRICT;
CREATE UNIQUE INDEX groups_open ON groups (org, playbook, hash, key) WHERE closed IS NULL;
CREATE INDEX groups_closing ON groups (org, closes) WHERE closed IS NULL;

CREATE TABLE group_events (
	run     INTEGER NOT NULL REFERENCES groups (run),
	n       INTEGER NOT NULL, -- in order of arrival, from 0
	event   INTEGER NOT NULL REFERENCES events (seq),
	member  TEXT NOT NULL UNIQUE, -- the value of runs.id if the event had started a run by itself
	arrived INTEGER NOT NULL,
	PRIMARY KEY (run, n)
) STRICT, WITHOUT ROWID;
CREATE INDEX group_events_event ON group_events (event);

-- The starts of the last minute, of playbooks with max_runs_per_minute.
CREATE TABLE starts (
	run      INTEGER PRIMARY KEY REFERENCES runs (seq),
	org      TEXT NOT NULL,
	playbook TEXT NOT NULL,
	at       INTEGER NOT NULL
) STRICT;
CREATE INDEX starts_at ON starts (org, playbook, at);

-- Every call of an action. A row that stays started was interrupted.
CREATE TABLE audit (
	seq         INTEGER PRIMARY KEY AUTOINCREMENT,
	time        INTEGER NOT NULL,
	run         TEXT NOT NULL, -- runs.id, '' if the call belongs to no run
	step        TEXT NOT NULL,
	attempt     INTEGER NOT NULL,
	action      TEXT NOT NULL,
	input       TEXT NOT NULL, -- secrets are masked
	status      TEXT NOT NULL CHECK (status IN ('started', 'done', 'failed')),
	outcome     TEXT NOT NULL,
	code        TEXT NOT NULL DEFAULT '',
	message     TEXT NOT NULL DEFAULT '',
	request_ids TEXT,
	duration    INTEGER NOT NULL DEFAULT 0,
	cause       TEXT NOT NULL, -- undo, retry, replay, or '' for a step's first run and a manual call
	operation   TEXT NOT NULL DEFAULT '', -- operations.id of a write
	org         TEXT NOT NULL,
	connection  TEXT NOT NULL,
	incident    TEXT NOT NULL, -- the case
	reason      TEXT NOT NULL,
	playbook    TEXT NOT NULL,
	api_key     TEXT NOT NULL, -- name of the key of a call over the API
	os_user     TEXT NOT NULL,
	host        TEXT NOT NULL,
	process     INTEGER NOT NULL
) STRICT;
CREATE INDEX audit_run ON audit (run, seq) WHERE run <> '';

-- Every write, from before its first request that writes. A row that stays running while
-- nobody holds the lock of its writer was interrupted.
CREATE TABLE operations (
	seq       INTEGER PRIMARY KEY REFERENCES audit (seq) ON DELETE CASCADE,
	id        TEXT NOT NULL UNIQUE,
	org       TEXT NOT NULL,
	undoes    TEXT NOT NULL,    -- id of the operation that this one reverts, ''
	writer    INTEGER NOT NULL, -- byte of the file that the process has locked
	status    TEXT NOT NULL CHECK (status IN ('running', 'done', 'failed', 'interrupted')),
	plan      TEXT,             -- of the dry run
	before    TEXT,
	after     TEXT,
	requests  INTEGER NOT NULL, -- number of planned requests
	contained INTEGER NOT NULL, -- number of subjects that lose access
	batch     TEXT NOT NULL,    -- batches.id, '' if the operation belongs to no batch
	item      TEXT NOT NULL,    -- of the batch
	output_contained INTEGER,   -- member contained of the output, NULL if there is none
	created   INTEGER NOT NULL,
	finished  INTEGER,
	ended     INTEGER           -- latest audit.seq at the end of the call
) STRICT;
CREATE INDEX operations_created ON operations (created);
CREATE INDEX operations_batch ON operations (batch, item, seq) WHERE batch <> '';

-- Every batch: one call for each item of a list. The items are those of its command.
CREATE TABLE batches (
	id       TEXT PRIMARY KEY,
	org      TEXT NOT NULL,
	action   TEXT NOT NULL,
	digest   TEXT NOT NULL, -- of org, action and input: equal for the same command
	created  INTEGER NOT NULL,
	finished INTEGER        -- NULL: the same command continues the batch
) STRICT, WITHOUT ROWID;
CREATE INDEX batches_unfinished ON batches (digest, created) WHERE finished IS NULL;

CREATE TABLE subjects (
	operation INTEGER NOT NULL REFERENCES operations (seq) ON DELETE CASCADE,
	n         INTEGER NOT NULL,
	type      TEXT NOT NULL,
	id        TEXT NOT NULL,
	name      TEXT NOT NULL,
	PRIMARY KEY (operation, n)
) STRICT, WITHOUT ROWID;
CREATE INDEX subjects_id ON subjects (id);
CREATE INDEX subjects_name ON subjects (name COLLATE NOCASE);

-- The calls that revert an operation. An operation is open while one of them is not done.
CREATE TABLE operation_undos (
	operation INTEGER NOT NULL REFERENCES operations (seq) ON DELETE CASCADE,
	n         INTEGER NOT NULL,
	org       TEXT NOT NULL,
	state     TEXT NOT NULL, -- undos of one org, action and state form a chain; '' forms none
	action    TEXT NOT NULL,
	input     TEXT,          -- members in order; NULL if the input contains a secret
	undone    TEXT NOT NULL DEFAULT '', -- id of the operation that reverted it
	PRIMARY KEY (operation, n)
) STRICT, WITHOUT ROWID;
CREATE INDEX operation_undos_open ON operation_undos (org, action, state) WHERE undone = '';

-- Why all writes are paused. There is at most one row.
CREATE TABLE pause (
	one     INTEGER PRIMARY KEY CHECK (one = 1),
	time    INTEGER NOT NULL,
	reason  TEXT NOT NULL,
	os_user TEXT NOT NULL,
	host    TEXT NOT NULL,
	process INTEGER NOT NULL
) STRICT;

-- The account of each connection, by a digest of the settings.
CREATE TABLE targets (
	settings TEXT PRIMARY KEY,
	target   TEXT NOT NULL
) STRICT, WITHOUT ROWID;

-- Undos, one row for each output that asked for one. At most one row of the same org,
-- action and input is pending or standing: it represents all of them.
CREATE TABLE undos (
	seq      INTEGER PRIMARY KEY AUTOINCREMENT,
	org      TEXT NOT NULL,
	run      TEXT NOT NULL,    -- runs.id, '' if the change belongs to no run
	step     TEXT NOT NULL,
	of       TEXT NOT NULL,    -- the action that made the change
	action   TEXT NOT NULL,    -- the action that reverts it
	input    TEXT NOT NULL,    -- members in order; an input with secrets is masked, and its row failed
	state    TEXT NOT NULL,    -- the state that it reverts, '' if the output does not say
	own      INTEGER NOT NULL, -- 1 if a recorded call made the change, 0 if it existed before
	due      INTEGER,          -- NULL: never
	status   TEXT NOT NULL CHECK (status IN ('pending', 'running', 'standing', 'superseded', 'done', 'failed')),
	attempts INTEGER NOT NULL DEFAULT 0,
	failures INTEGER NOT NULL DEFAULT 0,
	next_try INTEGER,          -- earliest time of the next attempt
	outcome  TEXT NOT NULL DEFAULT '',
	error    TEXT,
	created  INTEGER NOT NULL,
	started  INTEGER,          -- of the last attempt
	finished INTEGER,
	mark     INTEGER NOT NULL, -- latest audit.seq when the row was stored
	ended    INTEGER           -- latest audit.seq at the end of the last attempt
) STRICT;
CREATE UNIQUE INDEX undos_live ON undos (org, action, input) WHERE status IN ('pending', 'standing');
CREATE INDEX undos_tried ON undos (org, action, input) WHERE started IS NOT NULL;
CREATE INDEX undos_due ON undos (org, coalesce(next_try, due)) WHERE status = 'pending';
CREATE INDEX undos_run ON undos (run) WHERE run <> '';

-- The position of each source.
CREATE TABLE checkpoints (
	source     TEXT PRIMARY KEY,
	checkpoint BLOB NOT NULL,
	saved      INTEGER NOT NULL, -- when it last changed
	newest     INTEGER           -- time of the newest event that was read from the source
) STRICT, WITHOUT ROWID;

-- Which checkpoint covers which playbook, by the selection of events.
CREATE TABLE coverage (
	trigger   TEXT NOT NULL,    -- the connection and the trigger
	playbook  TEXT NOT NULL,
	selection TEXT NOT NULL,    -- the events that the playbook asked for
	source    TEXT NOT NULL,    -- checkpoints.source
	resumed   INTEGER NOT NULL, -- when a watch last started with it
	PRIMARY KEY (trigger, playbook, selection)
) STRICT, WITHOUT ROWID;

-- IDs of pruned runs: they prevent an event from starting a playbook twice.
CREATE TABLE pruned_ids (
	seq  INTEGER PRIMARY KEY,
	id   TEXT NOT NULL UNIQUE, -- former runs.id or group_events.member
	came INTEGER NOT NULL      -- when the event arrived
) STRICT;

-- How often a process died while it evaluated expressions on an event.
CREATE TABLE evaluation_deaths (
	event  TEXT PRIMARY KEY, -- digest of the org and the event's id
	deaths INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

-- The secret key of the host. What it signs can be verified for as long as the store
-- is kept. There is at most one row.
CREATE TABLE host_key (
	one INTEGER PRIMARY KEY CHECK (one = 1),
	key BLOB NOT NULL
) STRICT;
