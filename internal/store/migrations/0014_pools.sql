-- What is left of allowances and who claims it, of all of a currency together, see pricing.Pool.
CREATE TABLE pools (
    currency TEXT NOT NULL PRIMARY KEY,
    pool     TEXT NOT NULL
);
INSERT INTO pools (currency, pool) SELECT SUBSTR(name, 1, 3), STRING_AGG(name || '	' || places, '
') FROM allowances WHERE places <> '' GROUP BY SUBSTR(name, 1, 3);
DROP TABLE allowances;
