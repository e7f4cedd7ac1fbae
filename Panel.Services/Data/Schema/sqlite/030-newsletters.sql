CREATE TABLE lists (
  id integer PRIMARY KEY AUTOINCREMENT,
  member_id integer NOT NULL REFERENCES members (id),
  name text NOT NULL,
  title text NOT NULL,
  description text NOT NULL,
  from_name text NOT NULL,
  from_email text NOT NULL,
  postal_address text NOT NULL,
  language text NOT NULL,
  consent_text text NOT NULL,
  created_at text NOT NULL,
  removed_at text,
  UNIQUE (member_id, name)
);

CREATE TABLE sender_domains (
  id integer PRIMARY KEY AUTOINCREMENT,
  member_id integer NOT NULL REFERENCES members (id),
  domain text NOT NULL UNIQUE,
  selector text NOT NULL,
  sealed_key blob NOT NULL,
  created_at text NOT NULL,
  approved_at text
);

CREATE TABLE subscribers (
  id integer PRIMARY KEY AUTOINCREMENT,
  list_id integer NOT NULL REFERENCES lists (id),
  email text NOT NULL,
  email_key text NOT NULL,
  domain text NOT NULL,
  name text NOT NULL,
  state text NOT NULL,
  joined_at text NOT NULL,
  consent_at text,
  changed_at text NOT NULL,
  UNIQUE (list_id, email_key)
);

CREATE INDEX subscribers_by_state ON subscribers (list_id, state, id);

CREATE TABLE consents (
  id integer PRIMARY KEY AUTOINCREMENT,
  subscriber_id integer NOT NULL REFERENCES subscribers (id),
  form text NOT NULL,
  "text" text NOT NULL,
  given_at text NOT NULL,
  confirmed_at text
);

CREATE INDEX consents_subscriber ON consents (subscriber_id);

CREATE TABLE suppressions (
  id integer PRIMARY KEY AUTOINCREMENT,
  email_hash text NOT NULL,
  list_id integer REFERENCES lists (id),
  member_id integer NOT NULL REFERENCES members (id),
  reason text NOT NULL,
  at text NOT NULL
);

CREATE INDEX suppressions_by_hash ON suppressions (email_hash, member_id);

CREATE TABLE letters (
  id integer PRIMARY KEY AUTOINCREMENT,
  kind text NOT NULL,
  list_id integer REFERENCES lists (id),
  email text NOT NULL,
  email_hash text NOT NULL,
  subject text NOT NULL,
  "text" text NOT NULL,
  created_at text NOT NULL,
  next_at text NOT NULL,
  tries integer NOT NULL,
  sent_at text,
  failed_at text,
  reply text
);

CREATE INDEX letters_by_hash ON letters (email_hash, created_at);
CREATE INDEX letters_open ON letters (next_at) WHERE sent_at IS NULL AND failed_at IS NULL;
