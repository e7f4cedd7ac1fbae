-- What members' programs have sent, by month: no message is kept.
CREATE TABLE program_mails (
  member_id integer NOT NULL REFERENCES members (id),
  month text NOT NULL,
  mails integer NOT NULL,
  PRIMARY KEY (member_id, month)
);
