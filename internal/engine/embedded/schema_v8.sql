-- Which checkpoint covers which playbook, by what the playbook asked for.
CREATE TABLE coverage (
	trigger   TEXT NOT NULL,    -- of which connection and which trigger
	playbook  TEXT NOT NULL,    -- its name
	selection TEXT NOT NULL,    -- what it asked for
	source    TEXT NOT NULL,    -- checkpoints.source
	resumed   INTEGER NOT NULL, -- when a watch last began with it
	PRIMARY KEY (trigger, playbook, selection)
) STRICT, WITHOUT ROWID;

-- The newest event that was read from each source.
CREATE TABLE newest (
	source TEXT PRIMARY KEY,
	time   INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
