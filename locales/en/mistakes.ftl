### Mistakes of SQL questions and of search texts: what it is and what to write. Each key is the code of the error in the API too.

## SQL questions
export-incomplete = Events of { $days } cannot be read, so the file would not be whole. To have it without them, reload the page and ask for the file again, or add incomplete=yes to its address
store-export-incomplete = Events of { $days } cannot be read, so the file would not be whole and nothing was written: see luytre store verify, or add --without-unreadable to write what can be read
query-ambiguous-column = The column “{ $column }” is in several tables: write it with its table, such as a.{ $column }
query-busy = No place came free in { $waited } s, since too many others were asking: the question was not begun, try again in a few minutes
query-cast = The value “{ $value }” cannot become the type needed there
query-divide-zero = Something is divided by 0: write nullif(divisor, 0) in place of the divisor
query-duplicate-column = Two columns of the answer are called “{ $column }”: give one of them another name with AS
query-empty = The question is empty
query-explain-plain = EXPLAIN takes no options here: write EXPLAIN and then SELECT
query-group-by = The column “{ $column }” must be in GROUP BY or within an aggregate such as count, min, max
query-grows = Texts of the answer could grow to { $times } times their length: join or replace less at once
query-memory = The question needs more than { $limit } MiB of memory and was stopped: narrow the time, the columns or the groups
query-number-range = The result of a calculation is too large for its type
query-one-select = One SELECT, WITH or EXPLAIN at a time; nothing is written, changed or set
query-percentile = approx_percentile_cont takes its percentile and centroids (at most { $most }) as plain numbers
query-read = The question would read more than { $limit } MiB of events and was stopped: narrow the time, add conditions on source, host or address, or ask for fewer columns
query-read-window = Your questions have read { $limit } MiB within { $window } minutes: narrow the time or the conditions, or ask again in { $wait } minutes
query-recursive = WITH RECURSIVE is not available here
query-select-into = SELECT INTO is not available: one only reads here
query-spill = The question needs more than { $limit } MiB of room on the disk and was stopped: narrow the time, group by less, or add a LIMIT to ORDER BY
query-syntax = Syntax error at line { $line }, column { $column }: “{ $found }” was not expected there
query-syntax-end = The question ends too early: a part is missing at its end
query-syntax-sign = Syntax error at line { $line }, column { $column }: a sign or a text that begins there is not complete
query-table-closed = The table “{ $table }” is not open here; those that may be asked are listed beside
query-tallies = This field has more than { $most } different values: narrow the search
query-time-unreadable = The time “{ $value }” cannot be read: write '2026-11-21' or '2026-11-21T08:30:00+07:00'
query-timeout = The question took more than { $limit } s and was stopped: narrow the time or the conditions
query-too-deep = The question has too many levels of brackets or sub-queries
query-too-long = The question is longer than { $most } bytes
query-too-many-parts = The question has too many parts: ask in several steps
query-too-many-words = The question has more than { $most } words and signs: ask in several steps
query-type-mismatch = These types do not go together: { $part }. Change one with CAST(… AS …)
query-unknown-column = { $near ->
    [none] There is no column “{ $column }” there. Text values stand in single quotation marks, such as 'root'
   *[other] There is no column “{ $column }” there; like it: { $near }. Text values stand in single quotation marks, such as 'root'
  }
query-unknown-function = { $near ->
    [none] There is no function “{ $function }”, or it is not available here
   *[other] There is no function “{ $function }”, or it is not available here; like it: { $near }
  }
query-unknown-table = { $near ->
    [none] There is no table “{ $table }”; those that may be asked are in the list beside
   *[other] There is no table “{ $table }”; like it: { $near }
  }

## Search texts
search-address-range = Addresses have no ranges: write a network, such as source_ip:10.0.0.0/8
search-close-without-open = There is no ( for this ): remove it or open one before
search-ends-early = Something is missing at the end: add a word, or remove and, or, not
search-expression = The regular expression is wrong from here on ({ $subject }): put quotation marks around it to search for the text as it stands
search-expression-field = This field holds no text, so no regular expression fits it: write field:true or field:2026-11-21
search-expression-large = The regular expression is too large: repeat less, or split it into several
search-expression-slash = A slash inside a regular expression is written \/ : put quotation marks around it all to search for the text as it stands
search-field-missing = The name of a field is missing before the colon: write field:value, or put quotation marks around it all
search-goes-on = The search cannot go on like this
search-network = “{ $subject }” is no network: behind the slash stands a number from 0 to 32 (IPv4) or from 0 to 128 (IPv6)
search-no-address = “{ $subject }” is no address: put quotation marks around it to search for the text as it stands
search-no-number = “{ $subject }” is no number: ranges compare numbers and times
search-no-time = “{ $subject }” is no time: write 2026-11-21, 2026-11-21T08:30 or 2026-11-21T08:30:00+07:00
search-no-truth = “{ $subject }” is neither true nor false: write field:true or field:false
search-no-whole-number = “{ $subject }” is no whole number: write field:443, field:>=1024 or field:[1 TO 1024]
search-nothing-inside = There is nothing in the brackets
search-open = This ( is not closed: add ) where it ends
search-phrase-open = This quotation mark is not closed: add " at the end of the phrase
search-range-backwards = The range begins behind its end: write the smaller value first
search-range-ends = A range has two ends: write field:[1 TO 5] or field:[1 TO *]
search-range-field = A range needs a field: write field:[1 TO 5]
search-range-open = The range is not closed: write field:[1 TO 5]
search-too-deep = The search has too many levels of brackets
search-too-long = The search is longer than { $subject } characters
search-too-many-expressions = A search has at most { $subject } regular expressions: put several into one, such as /one|other/
search-too-many-terms = A search has at most { $subject } terms
search-unknown-column = There is no column “{ $column }”
search-value-missing = A value is missing behind “{ $subject }:”: write field:value, or field:* for any
search-value-space = A value is missing right behind the colon: write field:value without a space
search-word-before = A word is missing before this: put quotation marks around it to search for the word itself
