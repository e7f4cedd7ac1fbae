ALTER TABLE placements ADD COLUMN erased_at timestamp with time zone;
ALTER TABLE placements ADD COLUMN forgotten_at timestamp with time zone;

-- The password of each repository, sealed by the house's key of backups.
CREATE TABLE backup_secrets (
  member_id bigint PRIMARY KEY REFERENCES members (id),
  sealed text NOT NULL,
  made_at timestamp with time zone NOT NULL
);

ALTER TABLE packages ADD COLUMN keep_daily integer NOT NULL DEFAULT 7;
ALTER TABLE packages ADD COLUMN keep_weekly integer NOT NULL DEFAULT 4;
ALTER TABLE packages ADD COLUMN keep_monthly integer NOT NULL DEFAULT 6;
