-- What clients asked the operator to do with templates and it has not done yet: the newest request of each template, which is known by the id of the first (target).
-- definition is what the template shall be, in JSON; empty if it shall be deleted.
CREATE TABLE template_requests (
    target     BIGINT NOT NULL PRIMARY KEY,
    id         BIGINT NOT NULL,
    asked_by   TEXT   NOT NULL,
    at         BIGINT NOT NULL,
    name       TEXT   NOT NULL,
    language   TEXT   NOT NULL,
    definition TEXT   NOT NULL
);
