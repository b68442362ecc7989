-- What the register asks of a system besides (Decree 331/2026 Articles 9, 12, 13, 22): who runs and who guards it, for whom
-- it works, what information it holds and of how many people, where it stands, what it is backed up to.
ALTER TABLE systems ADD COLUMN operator_id TEXT REFERENCES agencies (id);
ALTER TABLE systems ADD COLUMN specialised_unit_id TEXT REFERENCES agencies (id);
ALTER TABLE systems ADD COLUMN specialised_unit TEXT NOT NULL DEFAULT '';
ALTER TABLE systems ADD COLUMN users TEXT NOT NULL DEFAULT '';
ALTER TABLE systems ADD COLUMN user_count BIGINT;
ALTER TABLE systems ADD COLUMN service_scope TEXT NOT NULL DEFAULT '';
ALTER TABLE systems ADD COLUMN public_information BOOLEAN NOT NULL DEFAULT FALSE;
ALTER TABLE systems ADD COLUMN private_information BOOLEAN NOT NULL DEFAULT FALSE;
ALTER TABLE systems ADD COLUMN personal_information BOOLEAN NOT NULL DEFAULT FALSE;
ALTER TABLE systems ADD COLUMN basic_subjects BIGINT;
ALTER TABLE systems ADD COLUMN sensitive_subjects BIGINT;
ALTER TABLE systems ADD COLUMN hosting_kind TEXT NOT NULL DEFAULT '';
ALTER TABLE systems ADD COLUMN backup TEXT NOT NULL DEFAULT '';
ALTER TABLE systems ADD COLUMN network_ranges TEXT NOT NULL DEFAULT '';
-- What quick search looks into, folded.
ALTER TABLE systems ADD COLUMN search_fold TEXT NOT NULL DEFAULT '';
