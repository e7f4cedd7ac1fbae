ALTER TABLE sites ADD COLUMN https_only_at timestamptz;

ALTER TABLE sites ADD COLUMN canonical text;

-- What was visited, by site and hour. The name stays when a site is removed: what was used was used.
CREATE TABLE traffic_hours (
  member_id bigint NOT NULL REFERENCES members (id),
  site text NOT NULL,
  hour timestamptz NOT NULL,
  bytes bigint NOT NULL,
  requests bigint NOT NULL,
  visits bigint NOT NULL,
  errors bigint NOT NULL,
  PRIMARY KEY (member_id, site, hour)
);

-- Batches of a host's log that are counted already: a report that is said twice counts once.
CREATE TABLE traffic_batches (
  host_id bigint NOT NULL REFERENCES hosts (id),
  batch text NOT NULL,
  taken_at timestamptz NOT NULL,
  PRIMARY KEY (host_id, batch)
);
