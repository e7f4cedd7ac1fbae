-- What members' programs have sent, by month: no message is kept.
CREATE TABLE program_mails (
  member_id bigint NOT NULL REFERENCES members (id),
  month date NOT NULL,
  mails integer NOT NULL,
  PRIMARY KEY (member_id, month)
);
