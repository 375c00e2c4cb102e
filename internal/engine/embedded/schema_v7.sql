-- The host's own secret key: what it signs can be known again for as long as the store
-- is kept. There is at most one row.
CREATE TABLE host_key (
	one INTEGER PRIMARY KEY CHECK (one = 1),
	key BLOB NOT NULL
) STRICT;
