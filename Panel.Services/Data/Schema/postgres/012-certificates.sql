-- The end of a certificate's life, as its host reported it.
ALTER TABLE item_statuses ADD COLUMN until timestamptz;
