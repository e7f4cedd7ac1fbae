-- Every change of state moved a row of an index over all of them. These hold only what is looked for: who waits, who is in hand
-- (entering DATA no longer touches an index at all), and the exceptions. Sent ones are found in the table itself.
DROP INDEX deliveries_by_state;
CREATE INDEX deliveries_queued ON deliveries (issue_id, state, subscriber_id) WHERE state = 'Queued';
CREATE INDEX deliveries_in_hand ON deliveries (issue_id, node, subscriber_id) WHERE node IS NOT NULL;
CREATE INDEX deliveries_rest ON deliveries (issue_id, state, subscriber_id) WHERE state = 'Deferred' OR state = 'Failed' OR state = 'Unknown' OR state = 'Skipped';
