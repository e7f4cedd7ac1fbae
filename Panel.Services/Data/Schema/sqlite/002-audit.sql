CREATE TABLE audit_heads (
  chain integer PRIMARY KEY,
  number integer NOT NULL,
  hash text NOT NULL
);

CREATE TABLE audit_entries (
  id integer PRIMARY KEY AUTOINCREMENT,
  chain integer NOT NULL,
  number integer NOT NULL,
  at text NOT NULL,
  actor text NOT NULL,
  door text NOT NULL,
  action text NOT NULL,
  target text NOT NULL,
  hash text NOT NULL,
  UNIQUE (chain, number)
);

CREATE TABLE audit_values (
  entry_id integer NOT NULL REFERENCES audit_entries (id),
  field text NOT NULL,
  old_hash text,
  new_hash text,
  "old" text,
  "new" text,
  PRIMARY KEY (entry_id, field)
);
