CREATE TABLE databases (
  id integer PRIMARY KEY AUTOINCREMENT,
  member_id integer NOT NULL REFERENCES members (id),
  name text NOT NULL,
  engine text NOT NULL,
  verifier text NOT NULL,
  revision integer NOT NULL,
  bytes integer,
  created_at text NOT NULL,
  removed_at text
);

CREATE UNIQUE INDEX databases_name ON databases (member_id, name) WHERE removed_at IS NULL;

CREATE TABLE tasks (
  id integer PRIMARY KEY AUTOINCREMENT,
  member_id integer NOT NULL REFERENCES members (id),
  name text NOT NULL,
  schedule text NOT NULL,
  command text NOT NULL,
  limit_seconds integer NOT NULL,
  revision integer NOT NULL,
  created_at text NOT NULL,
  removed_at text
);

CREATE UNIQUE INDEX tasks_name ON tasks (member_id, name) WHERE removed_at IS NULL;

CREATE TABLE task_runs (
  id integer PRIMARY KEY AUTOINCREMENT,
  task_id integer NOT NULL REFERENCES tasks (id),
  started_at text NOT NULL,
  milliseconds integer NOT NULL,
  exit_code integer,
  note text,
  output text NOT NULL,
  UNIQUE (task_id, started_at)
);

ALTER TABLE host_requests ADD COLUMN handle text;

ALTER TABLE host_requests ADD COLUMN name text;

ALTER TABLE host_requests ADD COLUMN failure text;
