### monitoring: suppressions

## Suppressions
suppression-title = Suppressions
suppression-name = Suppression
suppression-text = While a suppression runs (maintenance, a drill), alerts within what it names are told to nobody. They are kept and counted all the same; anybody can look at them and take them out. Every suppression ends by itself.
suppression-none = No suppressions
suppression-none-text = Before maintenance of a system, or a drill, make a suppression with a beginning and an end.
suppression-running = Under way
suppression-coming = Coming
suppression-over = Over
suppression-new = New suppression
suppression-save = Save
suppression-made = The suppression is made; it holds for events that arrive within its time.
suppression-end = End now
suppression-ended = Ended; alerts are told again within seconds.
suppression-is-over = This suppression is over, or somebody else has just ended it.
suppression-too-many = The centre has too many suppressions at once; end some first.
suppression-kind = What for
suppression-kind-maintenance = Maintenance
suppression-kind-drill = Drill
suppression-kind-other = Something else
suppression-rule = Rule
suppression-every-rule = Every rule
suppression-field = Only alerts about
suppression-field-hint = A field of the events and its value; leave both empty to hold back every alert of the chosen place.
suppression-any-entity = Anything
suppression-value = Value
suppression-starts = Begins
suppression-starts-hint = Vietnamese time. A time in the past means now; alerts that are there already stay as they are.
suppression-ends = Ends
suppression-ends-hint = At most { $hours } hours.
suppression-too-far = Too far ahead; make it nearer to the day
suppression-ends-first = The end must be after the beginning, and after now
suppression-too-long = Longer than allowed
suppression-too-wide = For the whole centre, name a rule or whom the alerts are about
suppression-between = from { $from } to { $to }
suppression-held = { $alerts } alerts held back, { $matches } matches
suppression-held-none = nothing held back so far

## On the page of an alert
alert-state-suppressed = Suppressed
alert-suppress = Suppress for a while
alert-take-out = Take out
alert-suppressed = This alert was held back, and told to nobody, by a suppression of the centre.
alert-suppressed-until = This alert was held back, and told to nobody, by a suppression ({ $kind }) until { $time }:

## Audit trail
audit-suppression-create = Made a suppression
audit-suppression-end = Ended a suppression before its time
audit-object-suppression = Suppression
