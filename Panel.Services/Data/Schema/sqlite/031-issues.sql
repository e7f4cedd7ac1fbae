CREATE TABLE issues (
  id integer PRIMARY KEY AUTOINCREMENT,
  list_id integer NOT NULL REFERENCES lists (id),
  subject text NOT NULL,
  markdown text NOT NULL,
  state text NOT NULL,
  note text,
  created_at text NOT NULL,
  changed_at text NOT NULL,
  due_at text,
  starts_at text,
  started_at text,
  frozen_at text,
  frozen_through integer NOT NULL,
  finished_at text,
  mails integer NOT NULL,
  tests integer NOT NULL
);

CREATE INDEX issues_list ON issues (list_id, id);
CREATE INDEX issues_state ON issues (state, id);

CREATE TABLE deliveries (
  issue_id integer NOT NULL REFERENCES issues (id),
  subscriber_id integer NOT NULL,
  state text NOT NULL,
  node text,
  epoch integer NOT NULL,
  leased_until text,
  tries integer NOT NULL,
  next_at text,
  at text NOT NULL,
  code integer,
  enhanced text,
  reply text,
  reason text,
  PRIMARY KEY (issue_id, subscriber_id)
) WITHOUT ROWID;

CREATE INDEX deliveries_by_state ON deliveries (issue_id, state, subscriber_id);

CREATE TABLE sender_nodes (
  name text PRIMARY KEY NOT NULL,
  seen_at text NOT NULL
) WITHOUT ROWID;
