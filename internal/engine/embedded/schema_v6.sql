-- The ids that go on keeping an event from starting a playbook twice, after the run
-- has been pruned.
CREATE TABLE pruned_ids (
	seq  INTEGER PRIMARY KEY,
	id   TEXT NOT NULL UNIQUE, -- what runs.id or group_events.member was
	came INTEGER NOT NULL      -- when the event did
) STRICT;

-- What an event that is to be pruned must not have any more.
CREATE INDEX runs_event ON runs (event);
CREATE INDEX group_events_event ON group_events (event);
