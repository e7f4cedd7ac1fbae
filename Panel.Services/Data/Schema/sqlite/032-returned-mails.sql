CREATE TABLE returned_mails (
  id integer PRIMARY KEY AUTOINCREMENT,
  list_id integer NOT NULL REFERENCES lists (id),
  issue_id integer,
  subscriber_id integer,
  kind text NOT NULL,
  status text,
  words text NOT NULL,
  subject text NOT NULL,
  "from" text NOT NULL,
  body blob,
  received_at text NOT NULL
);

CREATE INDEX returned_mails_list ON returned_mails (list_id, id);
CREATE INDEX returned_mails_person ON returned_mails (subscriber_id, kind, received_at);
