-- A pinned account is left as it was changed by hand until it is unpinned or changed in Panel.
ALTER TABLE placements ADD COLUMN pinned_at text;

CREATE TABLE drifts (
  id integer PRIMARY KEY AUTOINCREMENT,
  host_id integer NOT NULL REFERENCES hosts (id),
  member_id integer NOT NULL REFERENCES members (id),
  found_at text NOT NULL,
  seen_at text NOT NULL,
  healed_at text,
  lines text NOT NULL
);

CREATE INDEX drifts_host ON drifts (host_id, id);
