-- The ledger's own id, which stays when another account goes on with it. That of an older ledger is the UID of the account that
-- it began with.
ALTER TABLE owner ADD COLUMN ledger_id TEXT NOT NULL DEFAULT '';
UPDATE owner SET ledger_id = account_uid;
CREATE INDEX ledger_adoptions ON ledger (sequence) WHERE kind = 'adoption';
