-- What messages claim of an allowance, see pricing.Places: under its currency, scope and name.
CREATE TABLE allowances (
    name   TEXT NOT NULL PRIMARY KEY,
    places TEXT NOT NULL
);
-- What a message claims of allowances, see claims. Of the sum that is reserved, coverable is what allowances may pay for, and exposed the most that they leave to
-- be charged of it.
ALTER TABLE messages ADD COLUMN claims TEXT NOT NULL DEFAULT '';
ALTER TABLE reservations ADD COLUMN coverable TEXT NOT NULL DEFAULT '0';
ALTER TABLE reservations ADD COLUMN exposed TEXT NOT NULL DEFAULT '0';
