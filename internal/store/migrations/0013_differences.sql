-- How often the upstream's statuses said otherwise than the ledger, by period and cause, with the first messages of each.
CREATE TABLE differences (
    period TEXT NOT NULL,
    cause TEXT NOT NULL,
    messages BIGINT NOT NULL,
    samples TEXT NOT NULL,
    PRIMARY KEY (period, cause)
);
