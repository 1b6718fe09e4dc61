-- Since when deliveries of a callback fail, whatever the answer; 0 if none has.
ALTER TABLE callbacks RENAME COLUMN refused_at TO failed_at;
-- What is known of the business's endpoint; one row, with one = 1. address is a keyed hash of its URL, since when the account has it. delivered_at is when it took a
-- delivery last. Since then nothing but failures: the first of them at failing_since and of the callback failing, the last at failed_at with the HTTP status (0 for no
-- answer); several is 1 if they are of more callbacks than one. probed_at is when a callback was tried before its turn. lost counts callbacks that are lost for want of room.
CREATE TABLE callback_endpoint (
    one           INTEGER  NOT NULL PRIMARY KEY,
    address       BYTEA    NOT NULL,
    since         BIGINT   NOT NULL,
    delivered_at  BIGINT   NOT NULL,
    failing_since BIGINT   NOT NULL,
    failing       BIGINT   NOT NULL,
    several       SMALLINT NOT NULL,
    failed_at     BIGINT   NOT NULL,
    status        INTEGER  NOT NULL,
    probed_at     BIGINT   NOT NULL,
    lost          BIGINT   NOT NULL
);
