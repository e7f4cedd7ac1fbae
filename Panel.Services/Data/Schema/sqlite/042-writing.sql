CREATE TABLE issue_versions (
  id integer PRIMARY KEY AUTOINCREMENT,
  issue_id integer NOT NULL REFERENCES issues (id),
  subject text NOT NULL,
  markdown text NOT NULL,
  at text NOT NULL,
  by_name text NOT NULL,
  kind text NOT NULL
);

CREATE INDEX issue_versions_issue ON issue_versions (issue_id, id);

CREATE TABLE list_images (
  id integer PRIMARY KEY AUTOINCREMENT,
  list_id integer NOT NULL REFERENCES lists (id),
  hash text NOT NULL,
  type text NOT NULL,
  content blob NOT NULL,
  at text NOT NULL,
  UNIQUE (list_id, hash)
);
