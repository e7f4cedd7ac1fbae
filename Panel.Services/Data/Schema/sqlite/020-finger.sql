CREATE TABLE finger_accounts (
  member_id integer PRIMARY KEY NOT NULL REFERENCES members (id),
  name text NOT NULL,
  web_page text NOT NULL,
  project text NOT NULL,
  plan text NOT NULL,
  plan_written_at text,
  shows text NOT NULL,
  listed_at text,
  hidden_at text,
  withheld_at text,
  version integer NOT NULL
);

CREATE INDEX finger_accounts_listed ON finger_accounts (listed_at) WHERE listed_at IS NOT NULL;

CREATE TABLE finger_plans (
  id integer PRIMARY KEY AUTOINCREMENT,
  member_id integer NOT NULL REFERENCES members (id),
  plan text NOT NULL,
  written_at text NOT NULL,
  written_by text NOT NULL,
  door text NOT NULL
);

CREATE INDEX finger_plans_member ON finger_plans (member_id, id);

CREATE TABLE finger_words (
  word text NOT NULL,
  member_id integer NOT NULL REFERENCES members (id),
  PRIMARY KEY (word, member_id)
);

CREATE INDEX finger_words_member ON finger_words (member_id);

CREATE TABLE finger_clock (
  id integer PRIMARY KEY NOT NULL,
  number integer NOT NULL
);

INSERT INTO finger_clock (id, number) VALUES (1, 1);
