CREATE TABLE segments (
  id integer PRIMARY KEY AUTOINCREMENT,
  list_id integer NOT NULL REFERENCES lists (id),
  name text NOT NULL,
  rule text NOT NULL,
  created_at text NOT NULL,
  changed_at text NOT NULL,
  UNIQUE (list_id, name)
);

ALTER TABLE issues ADD COLUMN audience text NOT NULL DEFAULT '';
ALTER TABLE issues ADD COLUMN audience_name text NOT NULL DEFAULT '';
