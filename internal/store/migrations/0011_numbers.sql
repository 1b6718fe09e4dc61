-- Since when a person has a number that was somebody else's, or that the person came to by a change of number, in Unix seconds; 0 if that is not known.
ALTER TABLE addresses ADD COLUMN arrived_at BIGINT NOT NULL DEFAULT 0;
-- The kind of a user id by which the network names the person now: 2 its own, 3 the parent's. 0 for numbers, and for an id that may have been replaced.
ALTER TABLE addresses ADD COLUMN current_kind SMALLINT NOT NULL DEFAULT 0;
-- 1 for a number that was somebody else's before: what is kept under its own hash is not this person's.
ALTER TABLE addresses ADD COLUMN passed_on SMALLINT NOT NULL DEFAULT 0;
