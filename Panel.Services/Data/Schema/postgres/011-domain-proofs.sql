-- A claim keeps nobody else from claiming: a name belongs to the first who proves it, so only approved names are unique.
ALTER TABLE site_domains DROP CONSTRAINT site_domains_name_key;

ALTER TABLE site_domains ADD COLUMN proof text NOT NULL DEFAULT replace(gen_random_uuid()::text, '-', '');

ALTER TABLE site_domains ALTER COLUMN proof DROP DEFAULT;

ALTER TABLE site_domains ADD COLUMN checked_at timestamptz;

ALTER TABLE site_domains ADD COLUMN found text;

ALTER TABLE site_domains ADD UNIQUE (member_id, name);

CREATE UNIQUE INDEX site_domains_approved ON site_domains (name) WHERE approved_at IS NOT NULL;

CREATE INDEX site_domains_waiting ON site_domains (checked_at) WHERE approved_at IS NULL;
