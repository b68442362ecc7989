-- Messages and what watches over them are found by what they are about.
CREATE INDEX inbox_messages_by_link ON inbox_messages (link);
CREATE INDEX notice_escalations_by_link ON notice_escalations (link);
