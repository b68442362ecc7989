### Detection rules: states, scorecard

rule-state-on = On
rule-state-shadow = On trial
rule-state-off = Off
rule-state-change = Change state
rule-state-hint = On trial: it still matches and is counted, but alerts nobody. Off: it matches nothing. It holds for the whole centre within seconds; the rule's text stays as it is.
rule-state-changed = The state of the rule is changed.
rule-state-same = The rule is in this state already; somebody else may just have changed it.
rule-history = Changes of state
rule-history-other = another change

rule-figures = What the rule did
rule-hits-day = Matches, 24 h
rule-hits-month = Matches, 30 days
rule-excepted = { $count } left out by exceptions
rule-false-share = False
rule-judged = of { $count } alerts
rule-verdict = Verdict
rule-verdict-keep = Keep
rule-verdict-tune = Tune
rule-verdict-retire = Retire
rule-verdict-too-early = Too early to say
rule-verdict-keep-why = Most judged alerts were real.
rule-verdict-tune-why = Many alerts were false or allowed activity, or there are too many a day. Make exceptions for what keeps coming back.
rule-verdict-retire-why = Nearly all alerts were false and none was real. Turn the rule off or put it on trial.
rule-verdict-too-early-why = Few alerts have been closed with a verdict.
rule-closings = Closings in { $days } days
rule-closings-count = { $real } real · { $allowed } allowed · { $false } false · { $open } not judged
rule-figures-how = Matches are counted by the hour in which events arrived. The share of false alerts is of those judged within { $days } days: real (dealt with or an incident), allowed, false. The thresholds stand in content/monitoring/scorecard.toml.
