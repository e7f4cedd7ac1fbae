-- A claim keeps nobody else from claiming: a name belongs to the first who proves it, so only approved names are unique.
CREATE TABLE site_domains_new (
  id integer PRIMARY KEY AUTOINCREMENT,
  member_id integer NOT NULL REFERENCES members (id),
  site_id integer REFERENCES sites (id),
  name text NOT NULL,
  typed text NOT NULL,
  proof text NOT NULL,
  added_at text NOT NULL,
  approved_at text,
  checked_at text,
  found text,
  UNIQUE (member_id, name)
);

INSERT INTO site_domains_new (id, member_id, site_id, name, typed, proof, added_at, approved_at)
SELECT id, member_id, site_id, name, typed, lower(hex(randomblob(16))), added_at, approved_at FROM site_domains;

DROP TABLE site_domains;

ALTER TABLE site_domains_new RENAME TO site_domains;

CREATE UNIQUE INDEX site_domains_approved ON site_domains (name) WHERE approved_at IS NOT NULL;

CREATE INDEX site_domains_waiting ON site_domains (checked_at) WHERE approved_at IS NULL;
