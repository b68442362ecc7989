-- How a person stands in the signature block of a document: lines such as "KT. GIÁM ĐỐC" and "PHÓ GIÁM ĐỐC".
ALTER TABLE people ADD COLUMN signs_as TEXT NOT NULL DEFAULT '';
