ALTER TABLE issues ADD COLUMN approval_asked text;
