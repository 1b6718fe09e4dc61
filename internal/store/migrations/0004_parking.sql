-- Messages that wait beside their customer's line. parked: 0 in line, 1 until ready_at, 2 until ready_at or until their channel's are released.
-- ready_at is set for the one message of a customer whose turn it is, and for those that are parked.
ALTER TABLE messages ADD COLUMN parked SMALLINT NOT NULL DEFAULT 0;
DROP INDEX messages_active;
CREATE INDEX messages_active ON messages (channel, customer, seq) WHERE state <= 2 AND parked = 0;
CREATE INDEX messages_held ON messages (channel) WHERE parked = 2;

-- The lease under which a callback was claimed that is being delivered; 0 for all others.
ALTER TABLE callbacks ADD COLUMN lease BIGINT NOT NULL DEFAULT 0;
CREATE INDEX callbacks_claimed ON callbacks (lease) WHERE lease <> 0;
