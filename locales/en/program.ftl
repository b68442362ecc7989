### The command line

doctor-configuration = configuration
doctor-texts = texts
doctor-retention = retention
doctor-disk = disk
doctor-server = server
doctor-intake = intake
doctor-centre = centre
doctor-audit-trail = audit trail
doctor-sealed-fields = sealed data
doctor-agencies = agencies
doctor-breached-passwords = breached passwords
doctor-event-store = event store
doctor-rules = rules
doctor-pipeline = pipeline
doctor-correlations = correlations
doctor-geoip = files of addresses
doctor-law = regulations
doctor-formats = formats
doctor-configuration-well = sound
doctor-configuration-wrong = The configuration has a mistake
doctor-no-answer = This could not be checked
doctor-centre-closed = The data directory could not be opened
doctor-server-runs = runs and answers; it takes the look below into its own store
doctor-door = { $door }: received { $received }, lost { $lost }, dropped by the kernel { $kernel }, cut { $cut }, connections open { $open }, refused { $refused }
doctor-retention-well = events are kept for { $days } days
doctor-retention-short = events are kept for { $days } days; asked for are: { $duties }
doctor-texts-well = { $count } keys in two languages
doctor-texts-wrong = The texts have mistakes
doctor-disk-unknown = the disk does not say how much room it has
doctor-disk-room = { $free } free of { $all } ({ $percent } %)
doctor-disk-full = the disk is full, no record is taken in until there is room
doctor-archive = archive
doctor-archive-well = { $place } can be written, read and emptied, and its clock is ours
doctor-archive-wrong = The archive does not work
doctor-archive-clock = the clock of { $place } and ours are { $seconds } seconds apart: requests will be refused; set the clock of this machine
doctor-audit-well = { $count } rows, every hash fits the one before; signed up to row { $signed } by { $key }
doctor-audit-broken = The trail does not fit in { $count } places
doctor-sealed-well = { $count } texts, all of them open with the keys at hand
doctor-sealed-lost = { $lost } of { $count } texts open with no key at hand
doctor-agencies-well = each agency has a code of its own
doctor-agencies-numbered = numbered because they had the same code: { $codes }; note what they became, or end those that are none
doctor-breached-well = the list can be read
doctor-breached-unread = The list of breached passwords cannot be read: people sign in, but no password can be changed
doctor-store-well = { $records } records in the log, { $segments } segments with { $rows } rows, every hash fits
doctor-store-wrong = { $count } things are not as they should be:
doctor-store-problem = { $part } { $file }: “{ $reason }”
doctor-store-lost = { $events } events of { $days } were lost (a repair could not save them)
doctor-part-log = Log file
doctor-part-segment = Segment
doctor-part-ledger = Ledger entry
doctor-part-manifest = Manifest
doctor-rules-well = { $count } loaded
doctor-rules-failed = { $count } loaded, { $failed } not:
doctor-pipeline-says = since the start { $read } records read ({ $unknown } not understood), { $matches } matches, { $waiting } records waiting; slowest writing of alerts { $write } ms, refused by the database { $refused } times; rules changed { $changes } times, the longest { $change } µs
doctor-pipeline-stopped = has stopped
doctor-correlations-well = { $groups } groups with { $entries } matches remembered
doctor-correlations-forgot = { $groups } groups with { $entries } matches remembered; { $forgotten } groups with { $matches } matches were forgotten for want of room since the start, so that a series of events may have gone unnoticed, and { $unsaved } would not outlive a restart (bounds: monitoring/tuning.toml)
doctor-geoip-none = none in use (configuration: [enrichment] geoip)
doctor-geoip-well = { $count } files say country and operator of addresses
doctor-geoip-wrong = { $wrong } of { $count } files that say country and operator of addresses are not well
doctor-geoip-unread = { $path } could not be read: { $problem }. What was read of it before, if anything, is still used
doctor-geoip-old = { $path } was made { $days } days ago: put a newer one in its place
doctor-law-well = { $count } files in force, { $changed } of them changed here
doctor-law-unread = { $count } files in force; { $unread } changed versions are not read and so not used:
doctor-formats-well = { $formats } formats, { $samples } sample lines read as expected
doctor-formats-wrong = { $count } sample lines are not read as expected:
doctor-formats-unread = The formats could not be read
doctor-sample = Format { $format }, sample line “{ $line }”: “{ $difference }”
doctor-more = … and { $count } more
doctor-datagrams = datagrams
doctor-datagrams-well = the kernel lets { $room } KiB of syslog over UDP wait
doctor-datagrams-few = the kernel lets only { $room } KiB of syslog over UDP wait, and drops what comes while they are full; `sysctl -w net.core.rmem_max={ $wanted }` gives bursts room (again after each start: /etc/sysctl.d)

## The command store
store-repair-helps = `luytre store repair` mends what can be mended
store-repair-stop-first = stop the server first: a store in use is not mended
store-verified = { $segments } segments with { $events } events and { $bytes } bytes, { $records } records in { $files } log files
store-verified-archived = { $segments } of the segments were read from the archive
store-ledger = { $entries } signed entries of the ledger, the last with SHA-256 { $sha256 }
store-problem = ✗ { $part } { $file }: “{ $reason }”
store-lost = lost earlier: { $part } { $file }: “{ $reason }”
store-sound = every checksum fits
store-manifest-rebuilt = the manifest was made anew; { $removed } files that it had replaced were left out
store-segment-mended = segment { $file }: { $after } of { $before } events kept; what is lost has sequences between { $first } and { $last }
store-unclaimed = file { $file } in events/damaged: the manifest does not know it, and neither ledger nor log explain it
store-segment-corrected = segment { $file }: all { $after } events kept; what was changed is put right and the segment written anew
store-log-damaged = { $places } places of the log are damaged; the records around them are read
store-nothing-to-mend = nothing to mend
store-no-day = “{ $day }” is no day; write 2026-11-21
store-exported = { $events } events, { $bytes } bytes, SHA-256 { $sha256 }
store-no-incident = no incident has the code { $code }
store-status = { $events } events in { $segments } segments, { $size } on the own disk, { $log } in the log
store-archive = of these, { $segments } segments with { $size } in the archive { $place }; { $kept } of them kept here for reading
store-archive-nowhere = (not configured any more)
store-archive-away = the archive cannot be read just now: { $reason }
store-archived = { $segments } segments with { $bytes } bytes archived, { $removed } objects removed
store-room-unknown = room for { $budget }; the rate of a day is not known yet
store-room = { $daily } a day, at most { $most } of { $budget }: there is room
store-full-on = { $daily } a day: { $budget } are full on { $day }
store-full-now = there is no room: events take { $used } of { $budget }; free or add disk, or move old days to an archive
store-kept = kept for { $days } days while there is room
store-minimum = {"  "}at least { $days } days: { $sources } ({ $basis })
store-minimum-other = {"  "}at least { $days } days: whatever belongs to no system
store-sources = { $count } sources
store-sources-all = all sources
store-held = held: { $id } – { $reason }; { $sources }, { $from }..{ $to }
store-ledger-key = ledger key { $key }
store-signed = entry { $entry }: { $segments } segments with { $events } events, SHA-256 { $sha256 }
store-no-proof = { $file } is no proof
store-proven = event { $seq }, row { $row } of { $segment }
store-not-proven = not proven yet: { $reason }
store-proof-holds = the proof holds: event { $seq } of { $time }: { $raw }
store-proof-signed = in { $segment }, signed on { $signed } in entry { $entry } with key { $key }
store-hold-added = held: { $id }
store-hold-released = released: { $id }
store-hold-incomplete = a hold needs a name and a reason
store-hold-exists = there is a hold { $id } already; release it first
store-hold-missing = there is no hold { $id }

## The command import
import-rules-beside-server = a server runs on this data directory; put rules into its rules directory instead of --rules
import-records = records
import-figures = read { $read }, stored { $stored }, rejected { $rejected }
import-marked = {"  "}for what was rejected { $marked } events of our own were stored, so that search finds it
import-skipped = {"  "}skipped { $file }: { $reason }
import-skipped-before = {"  "}skipped { $file }: imported before: { $reason }
import-skipped-grown = {"  "}skipped the beginning of { $file }: imported before up to line { $reason }; only what came after it is read
import-repeated = {"  "}stored twice { $file }: it has the content of { $same_as }; its { $stored } events are stored for both files
import-rejected = {"  "}rejected { $file } record { $record }: { $reason }
import-rejected-more = {"  "}… and { $count } more; search finds each
import-alerts = alerts: { $count }
import-no-room = the disk is full: { $stored } records of this import are safely stored. Make room and import the same files again; what is stored is not stored twice
import-format = no format is called { $name }; there are { $known }
import-time-zone = no time zone is called { $name }; give an IANA name or an offset such as +07:00

## Command formats
formats-listed-seen = { $format }: { $title } – { $samples } samples, also of real records
formats-listed-documented = { $format }: { $title } – { $samples } samples, from documentation alone
formats-tested = { $formats } formats: { $passed } samples read as expected, { $failed } not
formats-read = { $file }: read { $read }, understood { $understood }, unknown { $unknown }, unreadable { $unreadable }
formats-read-by = {"  "}{ $format }: { $records } records, { $remarked } with a remark
formats-read-unknown = {"  "}record { $record }: { $reason }

## Command rules
rules-list-argument = "{ $list }" is no list from a file; give it as NAME=FILE
rules-no-rule = there is no rule with the id { $rule }
rules-no-event = there is no event { $seq }
rules-explain-record = record { $number }:
rules-tested = { $count } cases, { $failed } failed
rules-import-none = The pack holds no rule that can be used
rules-import-name = “{ $name }” cannot name a folder; give a name (--name) of small letters, digits and hyphens that does not begin with bundle-
rules-import-own-folder = { $folder } holds rules that no pack brought; choose another name (--name), so that they are not lost
rules-import-added = New rules: { $count }
rules-import-changed = Rules with another text: { $count }
rules-import-kept = The old version stays since the new one does not load: { $count }
rules-import-removed = Rules that are no longer in the pack: { $count }
rules-import-replaces = Take the place of rules with the same id elsewhere: { $count }
rules-import-refused = Refused: { $count }
rules-import-more = {"  "}… and { $count } more
rules-import-figures = { $folder }: { $added } new, { $changed } changed, { $removed } removed, { $unchanged } as before, { $refused } refused
rules-import-no-licence = { $count } rules name no licence: put the LICENSE file of the pack beside them
rules-import-dry-run = dry run: nothing was written
rules-import-done = written; a running server loads it by itself

## Times and what a search found
moment-unreadable = “{ $text }” is neither an age (15m, 24h, 30d) nor a day (2026-07-05) nor a time (2026-07-05T08:00:00+07:00)
moment-backwards = --from is not before --to
search-said = { $shown } shown of { $total }, { $read } of { $files } files read
search-said-missing = { $files } files of { $days } are missing
search-said-damaged = { $files } files of { $days } are damaged
search-said-lost = { $files } files of { $days } were damaged earlier and could not all be saved
search-said-events = {"  "}{ $events } events are not in the answer
search-said-unreachable = { $files } files of { $days } lie in the archive, which cannot be read just now: { $words }
search-said-own-field = { $field } is no common column; only some formats may have such a field
search-said-meant = { $field } is no common column and no event found has such a field; did you mean { $meant }?
query-said = { $rows } rows, { $milliseconds } ms, { $read } of { $files } files read

## Audit trail
audit-events-import = Import log files
audit-events-export = Write events to a file
audit-events-prove = Prove an event
audit-events-ledger = Sign the ledger of events
audit-events-hold = Hold events
audit-events-release = Release held events
audit-events-expire = Remove events beyond their time
audit-events-repair = Mend the event store
access-counts = { $pages } pages, { $api } of the API, { $commands } commands, { $tables } tables, { $roles } roles; without a rule: { $missing }
access-without-rule = ✗ { $operation }: nothing says who may

## Every command
command-no-file = { $file } does not exist
command-file-exists = { $file } exists; nothing is written over
command-file-not-made = cannot make { $file }
command-file-not-read = cannot read { $file }
command-serves = luytre serves { $address }
command-real-centre = { $file } holds a real centre, not a demonstration; choose another --data-dir
command-demo-own-registers = the demonstration keeps its own registers in --data-dir and does not use the database of database.url (LUYTRE_DATABASE__URL); unset it and run again

## user
command-no-account = no account { $account }
command-no-agency = no agency has the code { $code }
command-password = Password:
command-password-empty = the password is empty
command-password-refused = the password does not fit the policy: { $reasons }
command-password-not-set = the account is made but its password is not set ({ $reason }); set it with `luytre user set-password`
command-password-set = the password of { $account } is set
command-user-added = { $account } may sign in
command-user-disabled = (disabled)
command-second-factors-reset = { $account } signs in with the password alone and may have to add a second factor there
command-second-factor-opened = { $account } can add the first second factor with the password again
command-sessions-ended = { $count } sessions ended
command-key-line = { $name } – { $agency }, ends { $ends }, { $rows } rows in { $minutes } minutes
command-key-made =
    or user { $id } with password { $key }
    It is not shown again. It ends on { $ends }.

## rules and query
rules-checked = { $rules } rules loaded, { $cases } cases run, { $failed } failed
rules-warnings = { $count } warnings
rules-measured = { $rules } rules, { $events } events, { $bytes } bytes: reading { $reading } s, matching { $matching } s CPU, { $detections } detections, { $rate } events/s/core
rules-stages = { $rules } rules, { $indicators } indicators, { $events } events, { $bytes } bytes, { $memory } MiB at most; nanoseconds of processor time per event:
rules-stage-read = reading: formats, columns, times
rules-stage-enrich = enrichment: everything that registers know
rules-stage-match = rules
rules-stage-correlate = correlations
rules-stage-indicators = indicators
rules-stage-early-warning = early warning
rules-stage-insert = event store: into memory
rules-stage-seal = event store: into segments
rules-stage-all = together: { $rate } events/s/core
rules-stages-found = found: { $detections } matches of rules, { $correlations } of correlations, { $indicators } indicators, { $unusual } unusual
query-more = only the first { $rows } rows; more exist

law-applied = version { $version } is in force
law-loads = { $path } loads; { $added } lines come, { $removed } go
law-no-path = say its path in content/ with --path
law-no-file = there is no file or version { $path }
law-asked = { $path }: the draft is kept and approval asked for; digest { $digest }. Once it is approved, run `luytre law apply { $path }` with the same account
law-no-draft = the account { $account } has no draft of { $path }; run `luytre law ask` first
law-no-account = there is no account { $account }
law-account-may-not = the account { $account } is closed or holds no role for the whole centre
