ALTER TABLE sites ADD COLUMN https_only_at text;

ALTER TABLE sites ADD COLUMN canonical text;

-- What was visited, by site and hour. The name stays when a site is removed: what was used was used.
CREATE TABLE traffic_hours (
  member_id integer NOT NULL REFERENCES members (id),
  site text NOT NULL,
  hour text NOT NULL,
  bytes integer NOT NULL,
  requests integer NOT NULL,
  visits integer NOT NULL,
  errors integer NOT NULL,
  PRIMARY KEY (member_id, site, hour)
);

-- Batches of a host's log that are counted already: a report that is said twice counts once.
CREATE TABLE traffic_batches (
  host_id integer NOT NULL REFERENCES hosts (id),
  batch text NOT NULL,
  taken_at text NOT NULL,
  PRIMARY KEY (host_id, batch)
);
