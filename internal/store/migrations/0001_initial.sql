-- Times are Unix milliseconds, but for window_until, which is in Unix seconds as the state is. Amounts are exact decimals as text.

-- What is remembered between one channel and one customer. The customer is a keyed hash.
CREATE TABLE conversations (
    channel      TEXT   NOT NULL,
    customer     BYTEA  NOT NULL,
    state        BYTEA  NOT NULL,
    window_until BIGINT NOT NULL,
    PRIMARY KEY (channel, customer)
);
CREATE INDEX conversations_window ON conversations (window_until) WHERE window_until > 0;

-- Outbound messages. lane: 0 reply, 1 bulk. state: 0 queued, 1 sending, 2 in doubt, 3 submitted, 4 sent, 5 failed, 6 delivered, 7 read.
-- ready_at is set for the first queued message of a customer only. upstream_id, envelope and content are sealed: the upstream's ids hold the
-- recipient's number, in base64. They are looked up by their hash.
CREATE TABLE messages (
    seq             BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    id              TEXT     NOT NULL,
    channel         TEXT     NOT NULL,
    customer        BYTEA    NOT NULL,
    lane            SMALLINT NOT NULL,
    state           SMALLINT NOT NULL,
    ready_at        BIGINT,
    attempts        INTEGER  NOT NULL,
    upstream_hash   BYTEA,
    upstream_id     BYTEA,
    settled         SMALLINT NOT NULL,
    unpriced        SMALLINT NOT NULL,
    expires_at      BIGINT   NOT NULL,
    accepted_at     BIGINT   NOT NULL,
    reserved        TEXT     NOT NULL,
    currency        TEXT     NOT NULL,
    times           TEXT     NOT NULL,
    error_code      INTEGER  NOT NULL,
    envelope        BYTEA    NOT NULL,
    content         BYTEA,
    content_until   BIGINT   NOT NULL,
    idempotency_key BYTEA,
    fingerprint     BYTEA
);
CREATE UNIQUE INDEX messages_id ON messages (id);
CREATE UNIQUE INDEX messages_idempotency ON messages (idempotency_key) WHERE idempotency_key IS NOT NULL;
CREATE INDEX messages_upstream ON messages (upstream_hash) WHERE upstream_hash IS NOT NULL;
CREATE INDEX messages_active ON messages (channel, customer, seq) WHERE state <= 2;
CREATE INDEX messages_under_way ON messages (state, seq) WHERE state <= 2;
CREATE INDEX messages_ready ON messages (channel, lane, ready_at) WHERE ready_at IS NOT NULL;
CREATE INDEX messages_unsettled ON messages (expires_at) WHERE settled = 0 AND unpriced = 0;
CREATE INDEX messages_unpriced ON messages (seq) WHERE unpriced = 1;
CREATE INDEX messages_content ON messages (content_until) WHERE content_until > 0;

-- Deliveries to the business's endpoint. ready_at is set for the first of a customer only. payload is sealed.
CREATE TABLE callbacks (
    seq        BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    channel    TEXT    NOT NULL,
    customer   BYTEA   NOT NULL,
    payload    BYTEA   NOT NULL,
    created_at BIGINT  NOT NULL,
    ready_at   BIGINT,
    attempts   INTEGER NOT NULL
);
CREATE INDEX callbacks_customer ON callbacks (channel, customer, seq);
CREATE INDEX callbacks_ready ON callbacks (ready_at) WHERE ready_at IS NOT NULL;

-- Ids that the upstream has told, as hashes, in order of their expiry.
CREATE TABLE seen (
    seq        BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    id         BYTEA  NOT NULL,
    expires_at BIGINT NOT NULL
);
CREATE UNIQUE INDEX seen_id ON seen (id);

-- Statuses of upstream ids that are not known yet, by the ids' hashes. payload is sealed.
CREATE TABLE early_statuses (
    seq           BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    upstream_hash BYTEA  NOT NULL,
    payload       BYTEA  NOT NULL,
    received_at   BIGINT NOT NULL
);
CREATE INDEX early_statuses_upstream ON early_statuses (upstream_hash);

-- The ledger: canonical records and their chain. It is only ever added to.
CREATE TABLE ledger (
    sequence   BIGINT PRIMARY KEY,
    message_id TEXT  NOT NULL,
    kind       TEXT  NOT NULL,
    record     BYTEA NOT NULL,
    hash       BYTEA NOT NULL
);
CREATE UNIQUE INDEX ledger_one_settlement ON ledger (message_id) WHERE kind = 'settlement';

-- Derived from the ledger in the same commit. The category '' is the whole of the period.
CREATE TABLE totals (
    period   TEXT   NOT NULL,
    currency TEXT   NOT NULL,
    category TEXT   NOT NULL,
    messages BIGINT NOT NULL,
    charged  BIGINT NOT NULL,
    billed   TEXT   NOT NULL,
    cost     TEXT   NOT NULL,
    PRIMARY KEY (period, currency, category)
);

CREATE TABLE reservations (
    currency TEXT NOT NULL PRIMARY KEY,
    amount   TEXT NOT NULL
);

-- What plans count, and how deep the queues are.
CREATE TABLE counters (
    name  TEXT   NOT NULL PRIMARY KEY,
    value BIGINT NOT NULL
);

CREATE TABLE used_revisions (
    plan     TEXT NOT NULL,
    revision TEXT NOT NULL,
    PRIMARY KEY (plan, revision)
);

CREATE TABLE budget_warnings (
    period  TEXT    NOT NULL,
    percent INTEGER NOT NULL,
    PRIMARY KEY (period, percent)
);

CREATE TABLE template_events (
    upstream_id TEXT   NOT NULL PRIMARY KEY,
    name        TEXT   NOT NULL,
    language    TEXT   NOT NULL,
    event       TEXT   NOT NULL,
    at          BIGINT NOT NULL
);

-- Customers with whom the business opened a conversation in the last 24 hours.
CREATE TABLE reach (
    customer BYTEA  NOT NULL PRIMARY KEY,
    at       BIGINT NOT NULL
);
CREATE INDEX reach_at ON reach (at);
