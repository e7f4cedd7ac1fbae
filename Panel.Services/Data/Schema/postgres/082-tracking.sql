ALTER TABLE lists ADD COLUMN tracking_offered_at timestamptz;
ALTER TABLE subscribers ADD COLUMN tracked_at timestamptz;

CREATE TABLE opens (
  issue_id bigint NOT NULL REFERENCES issues (id),
  subscriber_id bigint NOT NULL,
  at timestamptz NOT NULL,
  PRIMARY KEY (issue_id, subscriber_id)
);

CREATE INDEX opens_by_time ON opens (at);

CREATE TABLE clicks (
  issue_id bigint NOT NULL REFERENCES issues (id),
  subscriber_id bigint NOT NULL,
  link integer NOT NULL,
  at timestamptz NOT NULL,
  PRIMARY KEY (issue_id, subscriber_id, link)
);

CREATE INDEX clicks_by_time ON clicks (at);
