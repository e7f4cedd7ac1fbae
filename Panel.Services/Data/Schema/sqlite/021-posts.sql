CREATE TABLE finger_posts (
  id integer PRIMARY KEY AUTOINCREMENT,
  member_id integer NOT NULL REFERENCES members (id),
  text text NOT NULL,
  posted_at text NOT NULL,
  reply_to text,
  written_by text NOT NULL,
  door text NOT NULL
);

CREATE UNIQUE INDEX finger_posts_member ON finger_posts (member_id, posted_at);
CREATE INDEX finger_posts_time ON finger_posts (posted_at);
