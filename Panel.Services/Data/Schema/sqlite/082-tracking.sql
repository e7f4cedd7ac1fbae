ALTER TABLE lists ADD COLUMN tracking_offered_at text;
ALTER TABLE subscribers ADD COLUMN tracked_at text;

CREATE TABLE opens (
  issue_id integer NOT NULL REFERENCES issues (id),
  subscriber_id integer NOT NULL,
  at text NOT NULL,
  PRIMARY KEY (issue_id, subscriber_id)
) WITHOUT ROWID;

CREATE INDEX opens_by_time ON opens (at);

CREATE TABLE clicks (
  issue_id integer NOT NULL REFERENCES issues (id),
  subscriber_id integer NOT NULL,
  link integer NOT NULL,
  at text NOT NULL,
  PRIMARY KEY (issue_id, subscriber_id, link)
) WITHOUT ROWID;

CREATE INDEX clicks_by_time ON clicks (at);
