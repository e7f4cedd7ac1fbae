-- A second copy of an account on a host that is not its home: one that arrives, an old one that is kept, or one that is to go.
CREATE TABLE account_copies (
  member_id integer NOT NULL REFERENCES members (id),
  host_id integer NOT NULL REFERENCES hosts (id),
  state text NOT NULL,
  revision integer NOT NULL,
  since_at text NOT NULL,
  PRIMARY KEY (member_id, host_id)
);

CREATE INDEX account_copies_host ON account_copies (host_id, revision);

CREATE TABLE moves (
  id integer PRIMARY KEY AUTOINCREMENT,
  member_id integer NOT NULL REFERENCES members (id),
  from_host_id integer NOT NULL REFERENCES hosts (id),
  to_host_id integer NOT NULL REFERENCES hosts (id),
  state text NOT NULL,
  since_at text NOT NULL,
  asked_by text NOT NULL,
  asked_at text NOT NULL,
  send_id integer,
  receive_id integer,
  attempts integer NOT NULL,
  sent text,
  received text,
  steps text NOT NULL,
  failure text,
  switched_at text,
  ended_at text
);

-- One account is in one move at a time.
CREATE UNIQUE INDEX moves_open ON moves (member_id) WHERE ended_at IS NULL;

ALTER TABLE placements ADD COLUMN held_at text;
