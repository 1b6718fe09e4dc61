-- What the network has told of addresses, each by its keyed hash: whose they are. person is the hash of that person's primary address, under which everything else is kept,
-- and primary_address is that address, sealed. moved_at, in Unix seconds, is when the person left the address for another one; 0 if it is in use.
CREATE TABLE addresses (
    seq             BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    address         BYTEA  NOT NULL,
    person          BYTEA  NOT NULL,
    primary_address BYTEA  NOT NULL,
    moved_at        BIGINT NOT NULL
);
CREATE UNIQUE INDEX addresses_address ON addresses (address);
CREATE INDEX addresses_person ON addresses (person);
-- Customers of a channel who were found to be others. Messages that have left the queue keep the customer whom they were for, so that no index of them all is needed to
-- find them: who that is now stands here, and is read with each message.
CREATE TABLE united (
    gone BYTEA NOT NULL PRIMARY KEY,
    kept BYTEA NOT NULL
);
CREATE INDEX united_kept ON united (kept);
-- Messages that wait beside their customer's line.
CREATE INDEX messages_beside ON messages (customer) WHERE parked > 0;
-- The channels of which anything is kept, or was.
CREATE TABLE channels (
    channel TEXT NOT NULL PRIMARY KEY
);
INSERT INTO channels (channel) SELECT channel FROM messages UNION SELECT channel FROM conversations UNION SELECT channel FROM callbacks;
