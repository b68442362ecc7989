//! Who wants which kinds of news on which channel, and when not: quiet hours and digests. The rules are pure; the
//! sender is in `outbox`.

mod pages;
mod service;
mod store;

pub use pages::routes;
pub use service::{Wish, set_habits, set_wish};
pub(crate) use store::{address_of, wanting};
pub use store::{habits_of, of_person};

use kit::Lang;
use kit::Personal;
use kit::clock::{DAY, HOUR, MINUTE, Micros, SECOND, VIETNAM_OFFSET_SECONDS};
use kit::page::Severity;
use kit::sealed::{Place, SealedColumn};

/// What is sealed at rest.
pub const SEALED: &[SealedColumn] = &[SealedColumn { table: "notice_subscriptions", row: "id", column: "address" }];

pub(crate) fn cell(id: &str) -> Place<'_> {
    Place { table: "notice_subscriptions", column: "address", row: id }
}

/// One person's wish for one channel.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Subscription {
    pub channel_id: String,
    /// Kinds with blanks between.
    pub kinds: String,
    /// Identifier at the gateway; empty for mail.
    pub address: Personal,
}

/// How news are gathered.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Digest {
    #[default]
    AtOnce,
    Hourly,
    Daily,
}

impl Digest {
    pub const ALL: [Digest; 3] = [Self::AtOnce, Self::Hourly, Self::Daily];

    pub fn code(self) -> &'static str {
        match self {
            Self::AtOnce => "at-once",
            Self::Hourly => "hourly",
            Self::Daily => "daily",
        }
    }

    pub fn from_code(code: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|digest| digest.code() == code)
    }

    /// Key of its name.
    pub fn key(self) -> &'static str {
        match self {
            Self::AtOnce => "news-digest-at-once",
            Self::Hourly => "news-digest-hourly",
            Self::Daily => "news-digest-daily",
        }
    }
}

/// How a person wants to be told. The default: at once, at any hour, in Vietnamese.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Habits {
    /// Minutes after midnight in Vietnam: from, until. The span may go over midnight.
    pub quiet: Option<(i64, i64)>,
    pub digest: Digest,
    pub lang: Lang,
}

/// What stands above the wishes of people.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct DueRules {
    /// From this severity on nothing waits.
    pub through: Severity,
    /// Minute of the daily digest.
    pub daily_minute: i64,
}

/// When a message goes out, and whether together with others.
pub fn due(habits: &Habits, severity: Severity, rules: DueRules, now: Micros) -> (Micros, bool) {
    if severity >= rules.through {
        return (now, false);
    }
    let wished = match habits.digest {
        Digest::AtOnce => now,
        Digest::Hourly => next_hour(now),
        Digest::Daily => next_minute_of_day(rules.daily_minute, now),
    };
    let due = end_of_quiet(habits.quiet, wished).unwrap_or(wished);
    (due, due > now)
}

/// The next full hour.
pub fn next_hour(now: Micros) -> Micros {
    now - now.rem_euclid(HOUR) + HOUR
}

/// The end of quiet hours that `at` lies in.
pub fn end_of_quiet(quiet: Option<(i64, i64)>, at: Micros) -> Option<Micros> {
    let (from, until) = quiet?;
    let minute = local(at).rem_euclid(DAY) / MINUTE;
    let inside = match from.cmp(&until) {
        std::cmp::Ordering::Less => (from..until).contains(&minute),
        std::cmp::Ordering::Equal => false,
        std::cmp::Ordering::Greater => minute >= from || minute < until,
    };
    inside.then(|| next_minute_of_day(until, at))
}

/// Micros of the wall clock in Vietnam.
fn local(at: Micros) -> Micros {
    at + i64::from(VIETNAM_OFFSET_SECONDS) * SECOND
}

/// The first moment after `at` when it is this minute of the day in Vietnam.
fn next_minute_of_day(minute: i64, at: Micros) -> Micros {
    let midnight = at - local(at).rem_euclid(DAY);
    let today = midnight + minute * MINUTE;
    if today > at { today } else { today + DAY }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// 21 November 2026, 09:12 in Vietnam.
    const NOW: Micros = 1_795_227_120_000_000;
    const RULES: DueRules = DueRules { through: Severity::High, daily_minute: 420 };

    fn at(hour: i64, minute: i64) -> Micros {
        NOW - local(NOW).rem_euclid(DAY) + hour * HOUR + minute * MINUTE
    }

    #[test]
    fn quiet_hours_over_midnight_end_in_the_morning() {
        let night = Some((22 * 60, 6 * 60));
        assert_eq!(end_of_quiet(night, at(23, 30)), Some(at(30, 0)), "tomorrow at six");
        assert_eq!(end_of_quiet(night, at(5, 59)), Some(at(6, 0)));
        assert_eq!(end_of_quiet(night, at(6, 0)), None, "the end is no longer quiet");
        assert_eq!(end_of_quiet(night, at(22, 0)), Some(at(30, 0)), "the beginning is");
        assert_eq!(end_of_quiet(Some((12 * 60, 13 * 60)), at(12, 30)), Some(at(13, 0)));
        assert_eq!(end_of_quiet(Some((60, 60)), at(1, 0)), None, "an empty span is no quiet day");
    }

    #[test]
    fn what_is_urgent_waits_for_nothing() {
        let sleeper = Habits { quiet: Some((0, 23 * 60 + 59)), digest: Digest::Daily, lang: Lang::Vi };
        assert_eq!(due(&sleeper, Severity::High, RULES, NOW), (NOW, false));
        assert_eq!(due(&sleeper, Severity::Critical, RULES, NOW), (NOW, false));
        let (waits, together) = due(&sleeper, Severity::Medium, RULES, NOW);
        assert!(waits > NOW && together);
    }

    #[test]
    fn digests_go_out_at_the_hour_and_in_the_morning() {
        let hourly = Habits { digest: Digest::Hourly, ..Habits::default() };
        assert_eq!(due(&hourly, Severity::Low, RULES, NOW), (at(10, 0), true));
        let daily = Habits { digest: Digest::Daily, ..Habits::default() };
        assert_eq!(due(&daily, Severity::Low, RULES, NOW), (at(31, 0), true), "tomorrow at seven");
        assert_eq!(due(&daily, Severity::Low, RULES, at(6, 59)), (at(7, 0), true));
        assert_eq!(due(&Habits::default(), Severity::Low, RULES, NOW), (NOW, false));
        let both = Habits { quiet: Some((6 * 60, 8 * 60)), ..daily };
        assert_eq!(
            due(&both, Severity::Low, RULES, NOW),
            (at(32, 0), true),
            "a digest waits for the end of quiet hours"
        );
    }

    proptest! {
        #[test]
        fn nothing_goes_out_in_quiet_hours_nor_later_than_two_days(
            from in 0..1440_i64, until in 0..1440_i64, digest in 0..3_usize, offset in 0..DAY,
        ) {
            let habits = Habits { quiet: Some((from, until)), digest: Digest::ALL[digest], lang: Lang::Vi };
            let now = NOW + offset;
            let (when, _) = due(&habits, Severity::Low, RULES, now);
            prop_assert!(when >= now && when <= now + 2 * DAY);
            prop_assert_eq!(end_of_quiet(habits.quiet, when), None);
        }
    }
}
