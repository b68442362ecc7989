### The frame of a page and the shared components.

shell-product = Lũy Tre
shell-skip = Skip to main content
shell-search = Search everything
shell-search-hint = Systems, agencies, incidents, rules, addresses, hashes
shell-menu = Menu
shell-navigation = Main navigation
shell-subnavigation = Below this entry
shell-breadcrumbs = Breadcrumbs
shell-scope = Scope
shell-counters = Waiting for you
shell-language = Language
shell-language-vi = Tiếng Việt
shell-language-en = English
shell-theme-dark = Dark theme
shell-theme-light = Light theme
shell-person-menu = Account
shell-own-page = My page
shell-sign-out = Sign out
shell-keys = Keyboard shortcuts
shell-close = Close
shell-cancel = Cancel
shell-confirm = Confirm
shell-reason = Reason
shell-reason-hint = The reason is kept in the audit trail; everyone with access can read it.
shell-drawer = Details
shell-filters = Filters in use
shell-filter-remove = Remove filter { $name }: { $value }
shell-filter = Filter
shell-filter-all = All
shell-yes = Yes
shell-filters-clear = Remove all filters
shell-why = why?
shell-why-of = Why: { $name }
shell-copy = Copy
shell-copied = Copied
shell-printed = Printed at { $at } (Vietnamese time, UTC+7)
shell-live-lost = Live connection lost, reconnecting…
shell-live-back = Connected again
shell-typed-kept = The session ended while you were typing. What you had entered is filled in again below and has not been sent: check it, then send it.
shell-rows-changed = Something changed, press to see
shell-new-rows = { $count } new
shell-show-new = Show the new rows
shell-select-all = Select all
shell-select-row = Select: { $name }
shell-required = required
shell-optional = optional
shell-date-written = Day/month/year, for example 23/11/2026
shell-date-time-written = Day/month/year hour:minute, for example 23/11/2026 14:05
shell-time-written = Hour:minute, for example 22:30
shell-date-time-form = day/month/year hour:minute
shell-calendar = Choose on a calendar
shell-choose = Choose…
shell-save = Save
shell-error-summary = Something needs correcting
shell-error-summary-kept = Everything you entered is kept. Correct the following and send again:
shell-error-summary-secrets = Passwords and codes are not kept. Type them again:
shell-error = Error:
shell-table-behind = See the figures as a table
shell-time-column = Time
shell-pages = Pages
shell-page-previous = Previous page
shell-page-next = Next page
shell-page-number = Page { $number }
shell-pages-shown = { $first }–{ $last } of { $total }
shell-columns = Columns
shell-csv = Download CSV
shell-counter-clocks = { $count } clocks
shell-counter-silent = { $count } silent
shell-counter-inbox = { $count } messages

## Quick search
find-title = Quick search
find-words = Name, code, address
find-act = Search
find-pages = Pages
find-none = Nothing of that name within your scope
find-logs-head = Logs
find-logs = Search the logs for “{ $text }”

## Groups of the navigation
shell-group-duty = On duty
shell-group-monitoring = Monitoring
shell-group-response = Response
shell-group-assurance = Assurance
shell-group-exchange = Exchange
shell-group-direction = Direction
shell-group-outreach = Citizens
shell-group-organisation = Organisation

## Severity
shell-severity = Severity
shell-severity-critical = Critical
shell-severity-high = High
shell-severity-medium = Medium
shell-severity-low = Low
shell-severity-informational = Informational
shell-level = Level { $level }

## Verdict on a claim
shell-verdict-proven = proven
shell-verdict-unproven = unproven
shell-verdict-disproven = disproven
shell-verdict-not-applicable = not applicable
shell-evidence-age = evidence { $age } old
shell-evidence-age-valid = evidence { $age } old, valid for { $left }
shell-evidence-age-expired = evidence { $age } old, expired

## Interval bar
shell-interval-empty = no subjects yet
shell-interval-target = target { $target }
shell-interval-up = ↑ { $points } points in { $weeks } weeks
shell-interval-down = ↓ { $points } points in { $weeks } weeks
shell-interval-same = → unchanged for { $weeks } weeks
shell-interval-sentence = { $figures }: { $proven } proven, { $unproven } unproven, { $disproven } disproven

## Clock bar
shell-clock = Clock of the incident
shell-moment-occurred = occurred
shell-moment-detected = detected
shell-moment-seen = seen by a person
shell-moment-reported = reported
shell-moment-receipt = receipt
shell-now = now
shell-duty-running = running
shell-duty-sent = sent
shell-duty-sent-late = sent late
shell-duty-late = overdue
shell-duty-not-applicable = not applicable
shell-duty-due = due
shell-duty-sent-at = sent { $at }
shell-duty-sent-late-at = sent { $late } late ({ $at })

## Presence strip
shell-presence-seen = seen
shell-presence-partly = partly
shell-presence-silent = silent
shell-presence-planned = planned maintenance
shell-presence-not-expected = not expected
shell-presence-cell = { $from }–{ $to }: { $state }, { $count } events

shell-sparkline = { $name }: highest { $highest }, latest { $last }

## Time
shell-time-now = just now
shell-time-minutes-ago = { $count ->
    [one] 1 minute ago
   *[other] { $count } minutes ago
  }
shell-time-in-minutes = { $count ->
    [one] in 1 minute
   *[other] in { $count } minutes
  }
shell-time-today = { $time } today
shell-time-yesterday = { $time } yesterday
shell-time-tomorrow = { $time } tomorrow
shell-time-day = { $time }, { $date }
shell-end-of-day = the end of { $date }
shell-today = today
shell-seconds = { $count } s
shell-minutes = { $count } min
shell-hours = { $count } h
shell-days = { $count ->
    [one] 1 day
   *[other] { $count } days
  }
shell-left = { $duration } left
shell-late-by = { $duration } late

## Keyboard shortcuts
shell-key-search = search
shell-key-help = this list of keys
shell-key-next = next row, previous row
shell-key-open = open the row
shell-key-acknowledge = acknowledge
shell-key-escalate = escalate to an incident
shell-key-select = select the row
shell-key-close = close the drawer

## Gallery
gallery-title = The components of the interface
