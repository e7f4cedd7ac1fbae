ALTER TABLE issues ADD COLUMN retried_at timestamp with time zone;
ALTER TABLE issues ADD COLUMN pace integer;
