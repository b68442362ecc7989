-- What an approval holds for: the digest of a draft, of a backup, or a question. Approvals from before hold for none.
ALTER TABLE elevations ADD COLUMN subject TEXT NOT NULL DEFAULT '';

-- The text in force that a draft was built on, by its digest, and the digest of everything in the draft.
ALTER TABLE law_drafts ADD COLUMN built_on TEXT NOT NULL DEFAULT '';
ALTER TABLE law_drafts ADD COLUMN digest TEXT NOT NULL DEFAULT '';
CREATE INDEX law_drafts_by_digest ON law_drafts (digest);
