-- The events in further shapes, which a playbook of theirs reads.
CREATE TABLE shapes (
	event INTEGER NOT NULL REFERENCES events (seq),
	name  TEXT NOT NULL,
	data  TEXT NOT NULL,
	PRIMARY KEY (event, name)
) STRICT, WITHOUT ROWID;
