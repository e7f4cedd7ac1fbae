ALTER TABLE lists ADD COLUMN approval_wanted_at text;
ALTER TABLE lists ADD COLUMN approver_id integer;

CREATE TABLE issue_approvals (
  id integer PRIMARY KEY AUTOINCREMENT,
  issue_id integer NOT NULL REFERENCES issues (id),
  version text NOT NULL,
  by_id integer,
  by_name text NOT NULL,
  at text NOT NULL,
  objection text
);

CREATE INDEX issue_approvals_issue ON issue_approvals (issue_id, id);
