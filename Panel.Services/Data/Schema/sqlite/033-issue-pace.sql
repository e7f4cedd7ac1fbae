ALTER TABLE issues ADD COLUMN retried_at text;
ALTER TABLE issues ADD COLUMN pace integer;
