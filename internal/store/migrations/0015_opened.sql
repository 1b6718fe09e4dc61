-- 1 for a delivered message that waits for a rate, and has opened its billed conversation already.
ALTER TABLE messages ADD COLUMN opened SMALLINT NOT NULL DEFAULT 0;
