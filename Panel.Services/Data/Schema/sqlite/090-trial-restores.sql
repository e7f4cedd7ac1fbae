-- Rows of each database when the backup was made, and what its trial restore found, in words.
ALTER TABLE backups ADD COLUMN counted text;
ALTER TABLE backups ADD COLUMN trial_notes text;
