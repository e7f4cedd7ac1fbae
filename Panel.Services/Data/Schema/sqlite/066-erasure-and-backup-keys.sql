ALTER TABLE placements ADD COLUMN erased_at text;
ALTER TABLE placements ADD COLUMN forgotten_at text;

-- The password of each repository, sealed by the house's key of backups.
CREATE TABLE backup_secrets (
  member_id integer PRIMARY KEY REFERENCES members (id),
  sealed text NOT NULL,
  made_at text NOT NULL
);

ALTER TABLE packages ADD COLUMN keep_daily integer NOT NULL DEFAULT 7;
ALTER TABLE packages ADD COLUMN keep_weekly integer NOT NULL DEFAULT 4;
ALTER TABLE packages ADD COLUMN keep_monthly integer NOT NULL DEFAULT 6;
