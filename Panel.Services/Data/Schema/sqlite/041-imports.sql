CREATE TABLE imports (
  id integer PRIMARY KEY AUTOINCREMENT,
  list_id integer NOT NULL REFERENCES lists (id),
  file text NOT NULL,
  consent text NOT NULL,
  columns text NOT NULL,
  state text NOT NULL,
  note text,
  bytes integer NOT NULL,
  position integer NOT NULL,
  added integer NOT NULL,
  known integer NOT NULL,
  kept integer NOT NULL,
  refused integer NOT NULL,
  reasons text NOT NULL,
  error_bytes integer NOT NULL,
  created_at text NOT NULL,
  started_at text,
  finished_at text,
  node text,
  seen_at text
);

CREATE INDEX imports_list ON imports (list_id, id);
CREATE INDEX imports_open ON imports (id) WHERE state IN ('Checking', 'Running');

ALTER TABLE subscribers ADD COLUMN import_id integer;
