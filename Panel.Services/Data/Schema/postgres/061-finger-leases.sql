CREATE INDEX finger_remotes_leased ON finger_remotes (leased_until, host) WHERE leased_until IS NOT NULL;
