CREATE TABLE finger_homes (
  member_id integer NOT NULL REFERENCES members (id),
  file text NOT NULL,
  seen text NOT NULL,
  agreed text NOT NULL,
  other text,
  problem text,
  told_at text NOT NULL,
  PRIMARY KEY (member_id, file)
);
