-- When the replay began that made the run; NULL of a run of what happened while it
-- was watched.
ALTER TABLE runs ADD COLUMN replay INTEGER;
