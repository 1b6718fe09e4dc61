-- Since when nothing has come from a channel to which something was submitted; 0 if something came since, or nothing was submitted. silent_at is when that had lasted for so
-- long that webhooks do not arrive, refused_at when one was refused last for its signature meanwhile; 0 if not.
ALTER TABLE channels ADD COLUMN unheard_since BIGINT NOT NULL DEFAULT 0;
ALTER TABLE channels ADD COLUMN silent_at BIGINT NOT NULL DEFAULT 0;
ALTER TABLE channels ADD COLUMN refused_at BIGINT NOT NULL DEFAULT 0;
