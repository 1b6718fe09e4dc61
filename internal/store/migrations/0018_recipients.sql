-- Messages of networks that tell of deliveries by a person and an instant, until they are read: whom they went to (a keyed hash), when the upstream took them (or were claimed),
-- and the state that such an instant has brought them to. Other networks have no rows here.
CREATE TABLE recipients (
    seq       BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    recipient BYTEA    NOT NULL,
    message   TEXT     NOT NULL,
    at        BIGINT   NOT NULL,
    state     SMALLINT NOT NULL
);
CREATE UNIQUE INDEX recipients_message ON recipients (recipient, message);
-- What the upstream does to a channel that breaks its policies, as it has told last.
CREATE TABLE enforcements (
    channel TEXT     NOT NULL PRIMARY KEY,
    action  TEXT     NOT NULL,
    reason  TEXT     NOT NULL,
    stopped SMALLINT NOT NULL,
    lifted  SMALLINT NOT NULL,
    at      BIGINT   NOT NULL
);
