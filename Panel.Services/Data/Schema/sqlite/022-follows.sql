CREATE TABLE finger_follows (
  id integer PRIMARY KEY AUTOINCREMENT,
  member_id integer NOT NULL REFERENCES members (id),
  address text NOT NULL,
  nick text NOT NULL,
  followed_at text NOT NULL
);

CREATE UNIQUE INDEX finger_follows_member ON finger_follows (member_id, address);
CREATE INDEX finger_follows_address ON finger_follows (address);

CREATE TABLE finger_remotes (
  address text PRIMARY KEY NOT NULL,
  host text NOT NULL,
  name text NOT NULL,
  plan text NOT NULL,
  hash text NOT NULL,
  fetched_at text,
  changed_at text,
  due_at text NOT NULL,
  failures integer NOT NULL,
  reason text,
  leased_until text,
  lease text,
  opted_out_at text
);

CREATE INDEX finger_remotes_due ON finger_remotes (due_at) WHERE opted_out_at IS NULL;

CREATE TABLE finger_remote_posts (
  id integer PRIMARY KEY AUTOINCREMENT,
  address text NOT NULL REFERENCES finger_remotes (address),
  text text NOT NULL,
  digest text NOT NULL,
  posted_at text NOT NULL,
  seen_at text NOT NULL
);

CREATE UNIQUE INDEX finger_remote_posts_address ON finger_remote_posts (address, digest);
CREATE INDEX finger_remote_posts_time ON finger_remote_posts (address, posted_at);

CREATE TABLE finger_notices (
  id integer PRIMARY KEY AUTOINCREMENT,
  member_id integer NOT NULL REFERENCES members (id),
  address text NOT NULL,
  text text NOT NULL,
  posted_at text NOT NULL,
  seen_at text
);

CREATE UNIQUE INDEX finger_notices_member ON finger_notices (member_id, address, posted_at);
