CREATE TABLE backups (
  id integer PRIMARY KEY AUTOINCREMENT,
  member_id integer NOT NULL REFERENCES members (id),
  snapshot text NOT NULL,
  made_at text NOT NULL,
  bytes integer NOT NULL,
  sha256 text NOT NULL,
  notes text NOT NULL,
  tried_at text,
  trial_failure text
);

CREATE INDEX backups_member ON backups (member_id, id);

ALTER TABLE host_requests ADD COLUMN detail text;
