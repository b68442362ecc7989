### Organisation: successions of agencies, tables to import, incumbents, certificates, experts

## Agencies

agency-parent-code = Code of the agency above
agency-no-such-parent = No agency above has this code
agency-no-such-successor = No successor has this code
agency-no-such-code = No agency has this code
agency-basis = Basis
agency-basis-hint = The document that says so. For example: Nghị quyết số …/NQ-UBTVQH15.
agency-name-since = New name since
agency-name-since-hint = Only where the name changes. Empty: from today.
agency-name-since-wrong = The day must be after the last change of name and not in the future
agency-formerly = formerly { $name }
agency-become = Merge, become
agency-become-of = What { $name } becomes
agency-successor = Successor
agency-successor-hint = Agencies below move to the successor; old records stay and the successor sees them. Where an agency was divided, do this again for each successor.
agency-became = Became
agency-became-code = Code of the successor
agency-became-at = Since
agency-became-at-hint = Empty: from today.
agency-became-now = The successor is noted.
agency-became-when-wrong = The day must be after the agency began and not in the future
agency-became-that-already = This successor is noted already
agency-cannot-become-that = The successor must exist at that time and not be below this agency
agency-came-from = Came from
agency-since-date = since { $date }
agency-import = Import agencies
audit-agency-become = Noted what an agency became

## Tables to import

sheet-empty = The table is empty: its first line must name the columns.
sheet-column-unknown = No column is called “{ $column }”.
sheet-column-missing = The column { $column } is missing.
sheet-too-long = The table has more than { $most } lines; divide it.
sheet-too-wide = The first line has more than { $most } columns.
sheet-not-text = The table is not text in UTF-8: save it as “CSV UTF-8” or as .xlsx.
sheet-file-too-large = The file is too large: keep the table alone, or divide it.
sheet-file-unreadable = The Excel file cannot be read: open it, save it as .xlsx and try again.
sheet-file-old = An old Excel file (.xls) or one with a password: save it as .xlsx without a password.
sheet-cell-error = The cell holds an error, not a value
sheet-line-unreadable = The line cannot be read
sheet-line-cells = The cells do not fit the first line
sheet-twice = Stands on a line above already
sheet-not-found = Not found in your scope
sheet-not-allowed = You may not do this
sheet-new = new
sheet-changed = changed
sheet-same = as it was
sheet-refused = refused
sheet-totals = { $new } new, { $changed } changed, { $same } as they were, { $refused } refused.
sheet-dry-run = Dry run, nothing kept:
sheet-taken = Taken:
sheet-take = Take the right lines
sheet-try = Dry run
sheet-back = List
sheet-export = Download the present list
sheet-file = File of the table
sheet-file-hint = Excel (.xlsx, the first sheet) or CSV in UTF-8, at most { $most }. With a file nothing has to be pasted.
sheet-field = Table to paste (CSV)
sheet-field-hint = Paste it with the line of column names. Commas, semicolons or tabs separate cells; an empty cell leaves a value as it is. A wrong line spoils no other.
sheet-columns = Columns: { $columns }. Names as in a downloaded list are understood too.
sheet-lines = Lines of the table
sheet-line = Line
sheet-subject = Code or account
sheet-outcome = Outcome
sheet-details = Details

## Accounts

account-kind = Type of account
account-kind-hint = A service account is for machines: nobody can sign in to the pages with it.
account-kind-administrative = Administrative
account-kind-operational = Operational
account-kind-technical = Technical
account-kind-service = Service
person-agency-code = Agency code
person-import = Import people
role-column = Role to give
role-agency-column = Agency code of the role
role-from-column = Role from
role-to-column = Role until the end of
audit-person-import = Imported people
inbox-accounts-idle = { $count } accounts closed that nobody used

## Incumbents

incumbent-navigation = Who answers
incumbent-list = Who answers
incumbent-of = Who answers: { $name }
incumbent-manage = See, appoint
incumbent-person = Person
incumbent-post = Post
incumbent-post-head = Head
incumbent-post-deputy = Deputy
incumbent-post-dedicated = Dedicated cyber security officer
incumbent-decision = Decision
incumbent-decision-hint = Number and day of the decision of appointment.
incumbent-appoint = Appoint
incumbent-appointed = Appointed.
incumbent-no-access = A post gives no access: roles do.
incumbent-relieve = End
incumbent-relieved = The end is noted.
incumbent-none = Nobody is appointed yet.
incumbent-not-now = not now
incumbent-leave = Leave, substitute
incumbent-away = Who is away
incumbent-away-from = Away from
incumbent-away-to = Until the end of
incumbent-substitute = Substitute
incumbent-add-leave = Note leave
incumbent-away-noted = Leave and substitute are noted.
incumbent-end-leave = Back
incumbent-back = The return is noted.
incumbent-missing = Missing: { $post }
incumbent-none-missing = Nobody is missing
incumbent-none-missing-text = Every agency in your scope has somebody.
incumbent-as-of = As of
incumbent-person-disabled = This person's account is closed
incumbent-already = This person holds that post in that time already
incumbent-post-taken = Somebody holds the post in that time; end that first
incumbent-over = That is over already
incumbent-not-oneself = The substitute must be somebody else
incumbent-not-then = This person does not hold the post in that time
incumbent-away-already = Leave in that time is noted already
audit-incumbent-appoint = Appointed to a post
audit-incumbent-relieve = Ended a post
audit-incumbent-substitute = Noted leave and a substitute
audit-incumbent-return = Noted a return from leave

## Certificates and skills

qualification-navigation = Certificates, skills
qualification-list = Certificates, skills
qualification-of = Certificates, skills: { $name }
qualification-words = Name of certificate or person
qualification-kind = Kind
qualification-kind-certificate = Certificate
qualification-kind-training = Training
qualification-kind-skill = Skill
qualification-name = Name
qualification-issuer = Issued by
qualification-number = Number
qualification-obtained = Issued on
qualification-expires = Runs out
qualification-expires-hint = The last day on which it holds. Empty: no end.
qualification-soon = Runs out within { $days } days
qualification-over = Has run out
qualification-none-yet = No certificates or skills are noted yet.
qualification-none = No certificate or skill fits
qualification-none-text = Certificates are noted on the page of each person.
qualification-add = Add
qualification-added = Added.
qualification-remove = Remove
qualification-removed = Removed.
audit-qualification-add = Added a certificate or skill
audit-qualification-remove = Removed a certificate or skill

## Experts

expert-navigation = Experts
expert-list = Experts who can be called
expert-words = Name or field
expert-new = Add an expert
expert-edit = Edit
expert-workplace = Works at
expert-fields = Fields
expert-fields-hint = For example: malware analysis, forensics, Active Directory.
expert-available = Can be called now
expert-at-night = Can be called at night
expert-night-phone = Number at night
expert-night-call = How to call at night
expert-night-call-hint = Whom to call first, what to say, which gate.
expert-night-how = Say the number or how to call at night
expert-agreed-until = Agreed until the end of
expert-register-of = Register of
expert-call = Show how to call
expert-call-hint = Numbers and how to call are shown by “Show how to call” only; who looked is in the audit trail.
expert-close = Take out of the register
expert-reopen = Put back into the register
expert-not-now = cannot be called now
expert-yes = yes
expert-no = no
expert-none = No expert fits
expert-none-text = Take a filter away, or add an expert.
expert-added = The expert was added.
expert-changed = Changes saved.
expert-closed-now = Taken out of the register.
expert-reopened = Back in the register.
audit-object-expert = Expert
audit-expert-add = Added an expert
audit-expert-change = Changed an expert
audit-expert-close = Took an expert out of the register
audit-expert-reopen = Put an expert back into the register
audit-expert-read = Saw how to call an expert
