-- A settled message keeps its reservation while the upstream may have a copy of it, whose delivery would be charged.
CREATE INDEX messages_reserved ON messages (expires_at) WHERE settled = 1 AND reserved <> '0';
