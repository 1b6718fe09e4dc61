-- Has a row if the store was in use before version 12: something may be kept under spellings of numbers that are others today.
CREATE TABLE former_spellings (
    one INTEGER NOT NULL PRIMARY KEY
);
INSERT INTO former_spellings (one) SELECT 1 WHERE EXISTS (SELECT 1 FROM conversations);
