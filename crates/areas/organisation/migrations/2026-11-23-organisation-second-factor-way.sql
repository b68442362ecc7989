-- When the way to the first second factor was opened anew; since the account was made where empty.
ALTER TABLE people ADD COLUMN second_factor_opened_at BIGINT;
