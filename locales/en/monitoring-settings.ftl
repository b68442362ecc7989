# What a centre sets for its monitoring (content/monitoring).

setting-file-duty = Duty page
setting-file-early-warning = Early warning
setting-file-entity-risk = Risk of entities
setting-file-indicators = Lists of indicators
setting-file-retention = Retention of logs
setting-file-saved-searches = Saved searches and schedules
setting-file-scorecard = Thresholds by which rules are judged
setting-file-scoring = Scores, grouping of alerts, attack stories
setting-file-sources = Sources: silence, lists of fields
setting-file-techniques = ATT&CK techniques
setting-file-tuning = Exceptions, suppressions, correlations, costs and enrichment

setting-kept-days = Kept for at least { $days } days

setting-effect = { $file }: { $key } changes from { $before } to { $after }
setting-effect-more = and { $count } other values
setting-effect-next-start = Detectors of early warning and the limits of correlations change with the next start of the server; all other values change at once.

setting-fault-missing = the file is missing
setting-fault-nobody-reads = no settings are called like this file
setting-fault-words = { $words }
setting-fault-range = { $key } is { $number } and must be { $least } to { $most }
setting-fault-order = { $key } is { $number } and must not be less than { $other } ({ $least })
setting-fault-unknown = { $key }: “{ $name }” is not known
setting-fault-empty = { $key } is missing or empty
