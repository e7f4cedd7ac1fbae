-- What was put off, by the time it is due: a receiver that is held back may have many thousands of rows here.
CREATE INDEX deliveries_due ON deliveries (issue_id, next_at) WHERE state = 'Deferred';

-- Mails a sending domain sent on a day (UTC), while receivers get to know it.
CREATE TABLE warm_ups (
  domain text NOT NULL,
  day text NOT NULL,
  mails integer NOT NULL,
  PRIMARY KEY (domain, day)
) WITHOUT ROWID;

-- What receivers said to each node, by day: for watching; the ledger is the truth about each mail.
CREATE TABLE receiver_days (
  day text NOT NULL,
  node text NOT NULL,
  domain text NOT NULL,
  accepted integer NOT NULL,
  deferred integer NOT NULL,
  refused integer NOT NULL,
  unknown integer NOT NULL,
  bounced integer NOT NULL,
  complained integer NOT NULL,
  code integer,
  words text,
  at text,
  PRIMARY KEY (day, node, domain)
) WITHOUT ROWID;
