-- The size of the deliveries that wait, as they are sealed: kept from here on in the commits that add and remove them.
INSERT INTO counters (name, value) SELECT 'depth/callback_bytes', COALESCE(SUM(LENGTH(payload)), 0) FROM callbacks;
