ALTER TABLE sender_domains ADD COLUMN rows text;
ALTER TABLE sender_domains ADD COLUMN checked_at timestamp with time zone;
ALTER TABLE sender_domains ADD COLUMN right_at timestamp with time zone;
