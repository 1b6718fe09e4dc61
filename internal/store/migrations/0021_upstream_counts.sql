-- Through which day the ledger was compared with the upstream's own count, by business account, and why the next day was not; failure is empty if nothing keeps it.
CREATE TABLE upstream_counts (
    account TEXT NOT NULL PRIMARY KEY,
    day     TEXT NOT NULL,
    failure TEXT NOT NULL
);
