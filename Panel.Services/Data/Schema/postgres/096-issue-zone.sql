ALTER TABLE issues ADD COLUMN zone text;
