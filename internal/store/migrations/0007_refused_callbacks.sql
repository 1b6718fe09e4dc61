-- Since when the business's endpoint has refused a delivery; 0 if it has not.
ALTER TABLE callbacks ADD COLUMN refused_at BIGINT NOT NULL DEFAULT 0;

-- Deliveries that the endpoint refused for so long that they were set aside. payload is sealed as in callbacks. status is that of the last HTTP answer.
CREATE TABLE refused_callbacks (
    seq          BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    channel      TEXT    NOT NULL,
    customer     BYTEA   NOT NULL,
    payload      BYTEA   NOT NULL,
    created_at   BIGINT  NOT NULL,
    set_aside_at BIGINT  NOT NULL,
    status       INTEGER NOT NULL
);
CREATE INDEX refused_callbacks_customer ON refused_callbacks (channel, customer);
