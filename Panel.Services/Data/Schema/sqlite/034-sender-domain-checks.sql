ALTER TABLE sender_domains ADD COLUMN rows text;
ALTER TABLE sender_domains ADD COLUMN checked_at text;
ALTER TABLE sender_domains ADD COLUMN right_at text;
