-- When the part of a pair's rate limit that the replicas share will be whole again. A pair without a row has all of it.
CREATE TABLE pairs (
    channel  TEXT   NOT NULL,
    customer BYTEA  NOT NULL,
    full_at  BIGINT NOT NULL,
    PRIMARY KEY (channel, customer)
);
CREATE INDEX pairs_full ON pairs (full_at);
