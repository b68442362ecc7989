-- Counts what people decide about rules, in the transactions that write it: who applies the decisions reads them when the
-- number changed.
CREATE TABLE rule_decisions (
    name TEXT PRIMARY KEY,
    revision BIGINT NOT NULL
);
-- What is asked of exceptions is asked of one rule or of all that hold.
CREATE INDEX rule_exceptions_of_rule ON rule_exceptions (rule_id, removed_at, expires_at);
DROP INDEX rule_exceptions_rule;
