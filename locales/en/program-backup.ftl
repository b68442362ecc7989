### Backups and restoring them

backup-made = { $directory }: { $files } files, { $bytes } bytes
  SHA-256 of backup.json { $sha256 }
backup-without-keys = Keys and settings (*.key, luytre.toml) are not in it. Keep a copy of them elsewhere: without fields.key telephone numbers, mail addresses and secrets of the registers cannot be read. `--with-keys` puts them in.
backup-with-keys = Keys and settings are in it: whoever has it can read everything and sign in the name of the centre.
backup-archived = { $segments } segments of days long past lie in the archive and are not in the backup.
backup-elsewhere = not copied: { $directory } lies outside the data directory; back it up by itself
backup-incomplete = ✗ THE BACKUP IS INCOMPLETE: { $files } files could not be read. The rest can be used; look at the disk and make another.
backup-skipped = not copied: { $file } is a link, or has an odd name
backup-damaged = ✗ { $file } is damaged in the store already: “{ $reason }”; `luytre store repair` mends what can be mended
backup-verified = { $directory }: made on { $time } by { $by } with version { $program }, { $files } files, { $bytes } bytes
  SHA-256 of backup.json { $sha256 }
backup-holds = holds { $events } events, the newest of { $newest }, { $alerts } alerts, { $people } accounts, { $rows } rows of the audit trail
  keys of the trail { $key }
backup-holds-archived = { $events } events more lie in the archive and are not in the backup
backup-registers-unopened = The registers are a dump of PostgreSQL: its hash and its list of tables were looked at. Their trail is verified when they are restored.
backup-sound = every hash fits; registers, audit trail and event store can be opened
backup-fault-altered = ✗ { $file } is not what was written
backup-fault-missing = ✗ { $file } is missing
backup-fault-unlisted = ✗ { $file } is no part of the backup
backup-fault-unreadable = ✗ { $file } cannot be read: { $reason }
backup-fault-uncopied = ✗ { $file } could not be read when the backup was made and is not in it: “{ $reason }”
backup-fault-database = ✗ { $file } does not open as a database: “{ $reason }”
backup-fault-store = ✗ { $file }: “{ $reason }”
backup-fault-trail = ✗ { $file }, audit trail: { $reason }

backup-none = { $directory } is no backup, or one that was not completed
backup-inventory-altered = ✗ { $file } is not what was written: nothing can be said about this backup
backup-newer = { $directory } was made by a newer version of the program; install that one
backup-file = { $file }: “{ $reason }”
backup-no-target = There is no folder { $directory } for backups; is the disk mounted?
backup-inside = { $directory } lies in the data directory; a backup belongs elsewhere
backup-exists = { $directory } exists; nothing is written over
backup-no-administrator = { $account } is not the account of an administrator of the whole centre
backup-no-program = The program { $program } is not installed. It belongs to PostgreSQL (in Debian: postgresql-client) and is needed for registers in PostgreSQL
backup-program = { $program } failed: “{ $reason }”
backup-no-registers = { $file } holds no registers of this program
backup-database-address = The address of the database (database.url) cannot be read

restore-stop-first = stop the server first: a data directory in use is not replaced
restore-in-use = The data directory is in use by process { $pid }; stop it first
restore-running = A restore of this data directory is under way; wait for its end
restore-needs-elevation = The data directory holds data: before a backup takes its place a second person has to approve. Sign in as an administrator, ask for “Restore a backup” of { $sha256 } on the page of rights for a while (/elevations) with a reason, let somebody else approve it, stop the server and run this again in time with --account and your account.
restore-of-another = What was approved is another backup. This one is { $sha256 } and has to be asked for and approved by itself.
restore-no-kind = The policy of rights for a while (organisation/elevations.toml of the content directory) does not know the kind “restore”; take it over from the built-in file
restore-nobody = { $directory } holds data and no account, so nobody can approve. Move it away by hand if it is not needed; what is restored then begins on a new machine.
restore-unreadable = The registers of { $directory } cannot be opened, so nobody can be asked: { $reason }. Where they cannot be mended, move the directory away by hand and keep it; the restore then begins as on a new machine.
restore-other-database = The backup holds registers of { $backup }, the settings say { $own } (database.url)
restore-database = The registers in the backup are damaged: “{ $reason }”
restore-altered = { $file } in the backup is not what was written; `luytre backup verify` tells everything
restore-mounted = { $directory } is the root of a disk and cannot be renamed. Use a folder on that disk as the data directory, or restore into another directory and move what is in it.
restore-in-the-way = { $directory } is in the way and was not made by a restore; move it away
restore-unfinished = A restore was interrupted and changed nothing: the data directory is as it was. Run `luytre restore` again, or delete { $directory }.
restore-loading = PostgreSQL still loads the registers of { $backup } for a restore that was interrupted. Nothing has changed; wait for its end and run this again.
restore-between = A restore was interrupted after PostgreSQL may have taken the registers of { $backup }: registers and events may not belong together. Run `luytre restore { $backup }` once more; it completes what is missing.
restore-gap = A restore was interrupted while the directories changed places. Take the restored data with `mv { $restored } { $directory }`, or the old with `mv { $replaced } { $directory }`, and delete nothing before.
restore-finished = The restore of { $backup } that was interrupted is complete. Replaced data: { $replaced }

restore-done = { $directory } is restored from { $backup }, made on { $time } by { $by }
  SHA-256 of backup.json { $sha256 }
restore-holds = { $events } events, the newest of { $newest }, { $alerts } alerts, { $rows } rows of the audit trail
restore-elevation = Approved as the right for a while { $id }; its use is in the trail before, the restore in the trail now.
restore-nobody-asked = The data directory held nothing, so there was nobody to approve it; the first new row of the trail says so.
restore-replaced = What was there is kept in { $directory }
restore-schema = The registers that were there are kept in the schema { $schema } of the database
restore-key-missing = Put { $file } into { $directory } before the first start: without it what was sealed with the old one cannot be read, and nothing more is signed.
restore-other-key = The audit trail in the backup was signed with another key than the audit.key at hand; put that of then into the data directory, or its checkpoints fit no more.
restore-as-of-then = Accounts, roles and keys of the API are as they were then: what was closed or revoked since is open again, look through it. All sessions were ended. Messages that waited then may be sent once more.

audit-backup-make = Make a backup
audit-backup-restore = Restore a backup
audit-object-backup = Backup
