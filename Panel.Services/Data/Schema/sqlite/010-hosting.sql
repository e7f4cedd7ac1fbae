CREATE TABLE hosts (
  id integer PRIMARY KEY AUTOINCREMENT,
  name text NOT NULL UNIQUE,
  link text NOT NULL,
  revision integer NOT NULL,
  report_number integer NOT NULL,
  confirmed_epoch text NOT NULL,
  removals_held_at text,
  created_at text NOT NULL,
  seen_at text,
  reported_at text,
  reported_revision integer NOT NULL,
  pass_milliseconds integer NOT NULL,
  facts text,
  orphans text
);

-- However many nodes start together, there is one local host.
CREATE UNIQUE INDEX hosts_local ON hosts (link) WHERE link = 'Local';

CREATE TABLE placements (
  member_id integer PRIMARY KEY REFERENCES members (id),
  host_id integer NOT NULL REFERENCES hosts (id),
  revision integer NOT NULL,
  status_revision integer NOT NULL,
  placed_at text NOT NULL
);

CREATE INDEX placements_host ON placements (host_id, revision);

CREATE TABLE sites (
  id integer PRIMARY KEY AUTOINCREMENT,
  member_id integer NOT NULL REFERENCES members (id),
  name text NOT NULL,
  kind text NOT NULL,
  php_version text,
  revision integer NOT NULL,
  created_at text NOT NULL,
  removed_at text
);

CREATE UNIQUE INDEX sites_name ON sites (member_id, name) WHERE removed_at IS NULL;

CREATE TABLE site_domains (
  id integer PRIMARY KEY AUTOINCREMENT,
  member_id integer NOT NULL REFERENCES members (id),
  site_id integer REFERENCES sites (id),
  name text NOT NULL UNIQUE,
  typed text NOT NULL,
  added_at text NOT NULL,
  approved_at text
);

CREATE INDEX site_domains_member ON site_domains (member_id);

CREATE TABLE ssh_keys (
  id integer PRIMARY KEY AUTOINCREMENT,
  member_id integer NOT NULL REFERENCES members (id),
  type text NOT NULL,
  body text NOT NULL,
  fingerprint text NOT NULL,
  comment text NOT NULL,
  revision integer NOT NULL,
  added_at text NOT NULL,
  UNIQUE (member_id, fingerprint)
);

CREATE TABLE item_statuses (
  host_id integer NOT NULL REFERENCES hosts (id),
  member_id integer NOT NULL REFERENCES members (id),
  kind text NOT NULL,
  name text NOT NULL,
  revision integer NOT NULL,
  state text NOT NULL,
  message text,
  milliseconds integer NOT NULL,
  at text NOT NULL,
  version integer NOT NULL,
  PRIMARY KEY (host_id, member_id, kind, name)
);

CREATE INDEX item_statuses_member ON item_statuses (member_id);

CREATE TABLE host_requests (
  id integer PRIMARY KEY AUTOINCREMENT,
  host_id integer NOT NULL REFERENCES hosts (id),
  work text NOT NULL,
  asked_by text NOT NULL,
  asked_at text NOT NULL,
  taken_at text,
  answered_at text,
  milliseconds integer NOT NULL,
  plan text
);

CREATE INDEX host_requests_open ON host_requests (host_id) WHERE answered_at IS NULL;

CREATE TABLE usage_samples (
  member_id integer NOT NULL REFERENCES members (id),
  day text NOT NULL,
  disk_bytes integer NOT NULL,
  enforced integer NOT NULL,
  at text NOT NULL,
  PRIMARY KEY (member_id, day)
);

CREATE TABLE quota_notices (
  id integer PRIMARY KEY AUTOINCREMENT,
  member_id integer NOT NULL REFERENCES members (id),
  percent integer NOT NULL,
  disk_bytes integer NOT NULL,
  limit_bytes integer NOT NULL,
  crossed_at text NOT NULL,
  ended_at text
);

CREATE UNIQUE INDEX quota_notices_open ON quota_notices (member_id, percent) WHERE ended_at IS NULL;
