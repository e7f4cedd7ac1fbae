ALTER TABLE finger_accounts ADD COLUMN withheld_reason text;
ALTER TABLE finger_accounts ADD COLUMN flagged text;
