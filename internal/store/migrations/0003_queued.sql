-- Queued messages in the order in which their time to live ends.
CREATE INDEX messages_queued ON messages (expires_at) WHERE state = 0;
