ALTER TABLE hosts ADD COLUMN join_hash text;
ALTER TABLE hosts ADD COLUMN join_until text;
ALTER TABLE hosts ADD COLUMN token_hash text;
ALTER TABLE hosts ADD COLUMN joined_at text;

CREATE UNIQUE INDEX hosts_token ON hosts (token_hash) WHERE token_hash IS NOT NULL;
