CREATE TABLE finger_reports (
  id integer PRIMARY KEY AUTOINCREMENT,
  member_id integer NOT NULL REFERENCES members (id),
  reason text NOT NULL,
  text text NOT NULL,
  contact text,
  network text NOT NULL,
  reported_at text NOT NULL,
  taken_down_at text,
  dismissed_at text,
  answered_by text,
  answer text
);

CREATE INDEX finger_reports_open ON finger_reports (member_id) WHERE taken_down_at IS NULL AND dismissed_at IS NULL;
