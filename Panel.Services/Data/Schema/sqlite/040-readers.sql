ALTER TABLE lists ADD COLUMN archive_closed_at text;
ALTER TABLE lists ADD COLUMN form_closed_at text;
ALTER TABLE lists ADD COLUMN fields text NOT NULL DEFAULT '';
ALTER TABLE issues ADD COLUMN withdrawn_at text;
ALTER TABLE subscribers ADD COLUMN paused_until text;
ALTER TABLE subscribers ADD COLUMN fields text NOT NULL DEFAULT '';
ALTER TABLE consents ADD COLUMN network text;

CREATE INDEX subscribers_paused ON subscribers (paused_until) WHERE paused_until IS NOT NULL;
CREATE INDEX subscribers_pending ON subscribers (joined_at) WHERE state = 'Pending';

CREATE TABLE sign_ups (
  id integer PRIMARY KEY AUTOINCREMENT,
  list_id integer NOT NULL REFERENCES lists (id),
  at text NOT NULL
);

CREATE INDEX sign_ups_list ON sign_ups (list_id, at);
