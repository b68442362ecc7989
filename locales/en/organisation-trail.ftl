### The audit trail: who looked, what does not fit, what is sealed

capability-view-readings = See who looked at the agency's data
audit-signed = Signed up to row { $count }.
audit-on-behalf-of = On behalf of
audit-for = for { $name }

reading-navigation = Who looked
reading-title = Who looked at our data
reading-explained = Each request that read events, incidents, incident reports or personal data of the agency is one line: who, for which agency, what for, and how many of the agency's records were shown.
reading-of = Whose data
reading-for = Reader's agency
reading-purpose = What for
reading-records = Records shown
reading-counted-only = counted only
reading-own-too = With our own people
reading-none = Nobody else looked
reading-none-yet = When somebody from outside the agency reads its events, incidents, incident reports or personal data, it shows here.
reading-none-text = As far as these filters go, nobody outside the agency has read its data.

reading-purpose-search = Search
reading-purpose-live = Live view
reading-purpose-event = One event
reading-purpose-alert = Looking into an alert
reading-purpose-page = SQL question
reading-purpose-export = Export to a file
reading-purpose-api = Query by a program
reading-purpose-schedule = Scheduled search
reading-purpose-command = Command line of the server
reading-purpose-unread-lines = Looking at lines that cannot be read
reading-purpose-format = Writing a format from real lines
reading-purpose-reveal = Seeing contact details in full
reading-purpose-edit = Editing contact details
reading-purpose-call = Calling somebody on watch
reading-purpose-notice = Writing an incident report
reading-purpose-incident = Looking into an incident
reading-purpose-report = Reading an incident report
reading-purpose-document = Downloading the document of an incident report

audit-object-system-contact = Contact of a system
audit-access-refuse = Refused an operation that needs a right
audit-object-operation = Operation
audit-object-keys = Keys
audit-system-contact-read = Saw the contact of a system
audit-keys-seal = Sealed personal data
audit-audit-checkpoint = Signed the audit trail

audit-fault-missing = Rows { $first } to { $last } are missing; the row after them cannot be checked.
audit-fault-altered = Row { $first } was altered, or put in the place of another.
audit-fault-unreadable = Row { $first } cannot be read.
audit-fault-disordered = Row { $first } stands out of its order.
audit-fault-readings = Row { $first }: the list of agencies whose data was read is not the one that was recorded.
audit-fault-stray = Row { $first } is no part of the chain: it was added behind the program’s back.
audit-fault-stray-reading = The index of readings names row { $first }, which is none of the trail.
audit-fault-head = The head of the chain does not know row { $last } as the last one.
audit-fault-cut-off = Rows { $first } to { $last } were signed and are gone.
audit-fault-rewritten = Rows { $first } to { $last } are not those that were signed: they were replaced together with their hashes.
audit-fault-checkpoint = Checkpoint { $first } is damaged, out of order, or signed by another key.
audit-fault-key = Checkpoint { $first } is signed by another key, and the trail does not say that anybody accepted it.
audit-fault-checkpoint-missing = Checkpoint { $first } is missing, or is not the one that the trail recorded.

audit-verified = { $rows } rows, { $checkpoints } checkpoints; signed up to row { $signed }
  last row { $sha256 }
  keys { $key }
audit-sound = every row and every checkpoint fits
audit-other-key = the checkpoints are signed by other keys: { $key }
audit-no-export = { $file } is no exported audit trail
audit-exported = { $rows } rows and { $checkpoints } checkpoints written
  last row { $sha256 }
  keys { $key }
audit-nothing-to-sign = the audit trail is empty
audit-checkpoint-made = checkpoint { $number } over { $rows } rows
  SHA-256 { $sha256 }
  keys { $key }

command-no-data = There is no data directory { $directory }; check the path.
audit-key-missing = The key that signs the audit trail (the file audit.key) is missing: the trail goes on, but is not signed. Put the file back from where it is kept; if it is lost for good, stop the server and run `luytre keys accept-trail-key`.
audit-key-other = The key in audit.key is not the one that signed the audit trail last: the trail goes on, but is not signed. Put the right file back; if the old key is lost for good, stop the server and run `luytre keys accept-trail-key`.
audit-audit-accept-key = Accepted a new key to sign the audit trail
keys-missing = { $file } is missing, and the registers hold data sealed with its keys. Put it back from where it is kept. If it is lost for good, put a new key of 64 hexadecimal digits there: telephone numbers, mail addresses and secrets must then be entered again.
keys-stop-first = stop the server first: it would go on with the old key
keys-trail-is-well = the key that signs the audit trail is well; there is nothing to accept
keys-trail-accepted = the audit trail is signed with the key { $key } from now on; note this fingerprint elsewhere
keys-rotated = { $sealed } texts are sealed with the new key
keys-unreadable = { $count } texts cannot be opened with any key at hand; the old keys stay in the file
keys-old-may-go = the other keys are no longer needed: take them out of the settings

person-reveal = Show contact details
person-reveal-hint = Who sees them is recorded.
system-reveal = Show the contact
roster-show-phone = show the number

audit-service-luytre = Lũy Tre (by itself)
audit-service-checkpoint = Lũy Tre (signing the trail)
audit-service-notices = Lũy Tre (sending messages)
audit-service-account-review = Lũy Tre (reviewing accounts)
audit-service-agency-changes = Lũy Tre (mergers and names of agencies)
audit-service-seal = Lũy Tre (sealing data)
audit-service-command-line = Command line of the server
