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
-- A customer's messages that have left the queue, and those that wait beside their line, for when the customer turns out to be another one. Each is partial, so that no
-- question about a line is answered by looking through all that the customer was ever sent.
CREATE INDEX messages_gone ON messages (channel, customer) WHERE state > 2;
CREATE INDEX messages_beside ON messages (customer) WHERE parked > 0;
