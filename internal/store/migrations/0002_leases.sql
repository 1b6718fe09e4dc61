-- Who may write. A message that is being sent names the lease under which it was claimed: when that lease is taken away, or gone, nobody knows what became of
-- the message. batch counts the transactions that were committed under the lease, so that a commit whose answer was lost can be looked up.
-- expires_at is in Unix milliseconds by the database's clock. taken: 1 when the lease was ended.
CREATE TABLE leases (
    id         BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    expires_at BIGINT   NOT NULL,
    batch      BIGINT   NOT NULL,
    taken      SMALLINT NOT NULL
);
ALTER TABLE messages ADD COLUMN lease BIGINT NOT NULL DEFAULT 0;
