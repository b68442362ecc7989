//! When a source is to be heard: as declared, or as its own past says. Pure; what was learned is kept by `learning`.

use super::minutes::{Minutes, OF_DAY};
use super::settings::RhythmSettings;
use kit::clock::{DAY, HOUR, MINUTE, Micros, SECOND, VIETNAM_OFFSET_SECONDS};

/// Hours of a week.
pub const OF_WEEK: usize = 168;
/// Further back nobody looks for the end of a silence.
const FURTHEST: Micros = 400 * DAY;

/// How it is known when a source is to be heard.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub enum Rhythm {
    /// Around the clock.
    #[default]
    Always,
    /// In the office hours of `content/monitoring/sources.toml`.
    Office,
    /// In the hours of the week in which it was heard before.
    Learned,
}

impl Rhythm {
    pub const ALL: [Rhythm; 3] = [Self::Always, Self::Office, Self::Learned];

    pub fn code(self) -> &'static str {
        match self {
            Self::Always => "always",
            Self::Office => "office",
            Self::Learned => "learned",
        }
    }

    pub fn from_code(code: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|rhythm| rhythm.code() == code)
    }

    /// Key of the word for people.
    pub fn key(self) -> String {
        format!("source-rhythm-{}", self.code())
    }
}

/// Hours of the week; 0 begins on Monday at 00:00 in Vietnam.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct WeekHours([bool; OF_WEEK]);

/// The hour of the week of a moment.
pub fn hour_of_week(at: Micros) -> usize {
    let local = at.saturating_add(i64::from(VIETNAM_OFFSET_SECONDS) * SECOND);
    // The first day of 1970 was a Thursday.
    usize::try_from((local.div_euclid(HOUR) + 3 * 24).rem_euclid(OF_WEEK as i64)).unwrap_or_default()
}

impl WeekHours {
    pub const ALL: WeekHours = WeekHours([true; OF_WEEK]);

    fn of(holds: impl Fn(usize) -> bool) -> Self {
        Self(std::array::from_fn(holds))
    }

    pub fn office(settings: &RhythmSettings) -> Self {
        let is_day = |hour: usize| settings.office_days.iter().any(|day| usize::from(*day) == hour / 24 + 1);
        Self::of(|hour| is_day(hour) && (settings.office_from_hour..settings.office_to_hour).contains(&(hour % 24)))
    }

    /// What is expected of a source; what its past says where it says anything yet, else everything.
    pub fn expected(rhythm: Rhythm, learned: Option<&Learned>, settings: &RhythmSettings) -> Self {
        match rhythm {
            Rhythm::Always => Self::ALL,
            Rhythm::Office => Self::office(settings),
            Rhythm::Learned => learned
                .filter(|learned| learned.weeks >= settings.least_weeks)
                .map_or(Self::ALL, |learned| learned.hours),
        }
    }

    pub fn holds(&self, at: Micros) -> bool {
        self.0[hour_of_week(at)]
    }

    /// Of how many hours a week.
    pub fn count(&self) -> usize {
        self.0.iter().filter(|holds| **holds).count()
    }

    /// The minutes of a day that lie in these hours.
    pub fn of_day(&self, day: Micros) -> Minutes {
        let mut minutes = Minutes::default();
        for hour in 0..OF_DAY / 60 {
            if self.holds(day + hour as i64 * HOUR) {
                minutes = minutes.or(&Minutes::between(hour * 60, hour * 60 + 60));
            }
        }
        minutes
    }

    /// 42 hexadecimal digits.
    pub fn encode(&self) -> String {
        let digit = |four: &[bool]| four.iter().enumerate().map(|(bit, holds)| u8::from(*holds) << bit).sum::<u8>();
        self.0.chunks(4).map(|four| format!("{:x}", digit(four))).collect()
    }

    /// What is no such text expects everything.
    pub fn decode(text: &str) -> Self {
        let digits: Vec<u32> = text.chars().filter_map(|digit| digit.to_digit(16)).collect();
        if digits.len() * 4 != OF_WEEK {
            return Self::ALL;
        }
        Self::of(|hour| (digits[hour / 4] >> (hour % 4)) & 1 == 1)
    }
}

/// What the past of a source says.
#[derive(Debug, Clone, PartialEq)]
pub struct Learned {
    pub hours: WeekHours,
    /// Silence beyond this, in minutes of these hours, is unusual.
    pub max_silence_minutes: i64,
    /// Median of the events of each hour of the week.
    pub usual: Vec<f64>,
    /// Whole weeks that were looked at.
    pub weeks: i64,
}

/// One hour of the past: bit n of `minutes` is its minute n.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct PastHour {
    pub minutes: i64,
    pub events: i64,
}

/// Learns from whole weeks, each of 168 hours that begin with hour 0 of the week.
pub fn learn(weeks: &[Vec<PastHour>], settings: &RhythmSettings) -> Learned {
    let of = |week: &Vec<PastHour>, hour: usize| week.get(hour).copied().unwrap_or_default();
    let heard = |hour: usize| weeks.iter().filter(|week| of(week, hour).minutes != 0).count();
    let needed = (weeks.len() as f64 * settings.heard_share).ceil().max(1.0);
    let hours = WeekHours::of(|hour| heard(hour) as f64 >= needed);
    let usual = |hour: usize| median(weeks.iter().map(|week| of(week, hour).events as f64).collect());
    let gaps = weeks.iter().map(|week| longest_gap(week, &hours) as f64).collect();
    let silence = (median(gaps) * settings.silence_factor).ceil() as i64;
    Learned {
        hours,
        max_silence_minutes: silence.clamp(settings.least_silence_minutes, settings.most_silence_minutes),
        usual: (0..OF_WEEK).map(usual).collect(),
        weeks: i64::try_from(weeks.len()).unwrap_or_default(),
    }
}

/// The longest run of minutes of these hours in which nothing came; other hours are passed over.
fn longest_gap(week: &[PastHour], hours: &WeekHours) -> i64 {
    let (mut longest, mut gap) = (0, 0);
    for (_, past) in week.iter().enumerate().filter(|(hour, _)| hours.0.get(*hour).copied().unwrap_or_default()) {
        for minute in 0..60 {
            gap = if (past.minutes >> minute) & 1 == 1 { 0 } else { gap + 1 };
            longest = longest.max(gap);
        }
    }
    longest
}

fn median(mut values: Vec<f64>) -> f64 {
    values.sort_by(f64::total_cmp);
    values.get(values.len() / 2).copied().unwrap_or_default()
}

impl Learned {
    /// Events a minute that are usual at this time; never less than in a usual hour, so that the quiet ones are no measure.
    pub fn usual_per_minute(&self, at: Micros) -> f64 {
        let typical = median(self.usual.iter().copied().filter(|events| *events > 0.0).collect());
        self.usual.get(hour_of_week(at)).copied().unwrap_or_default().max(typical) / 60.0
    }
}

/// Spans in order that do not touch one another.
pub fn merged(mut spans: Vec<(Micros, Micros)>) -> Vec<(Micros, Micros)> {
    spans.retain(|(from, to)| from < to);
    spans.sort_unstable();
    let mut merged: Vec<(Micros, Micros)> = Vec::with_capacity(spans.len());
    for (from, to) in spans {
        match merged.last_mut() {
            Some((_, end)) if *end >= from => *end = (*end).max(to),
            _ => merged.push((from, to)),
        }
    }
    merged
}

/// How long nothing was heard of what was expected and not planned otherwise; `planned` is [`merged`].
pub fn unheard(hours: &WeekHours, planned: &[(Micros, Micros)], last: Micros, now: Micros) -> Micros {
    let mut unheard = 0;
    let mut at = last.max(now.saturating_sub(FURTHEST));
    while at < now {
        let end = ((at.div_euclid(HOUR) + 1) * HOUR).min(now);
        if hours.holds(at) {
            let over = planned.iter().map(|(from, to)| ((*to).min(end) - (*from).max(at)).max(0)).sum::<Micros>();
            unheard += end - at - over;
        }
        at = end;
    }
    unheard
}

/// Whether a source is silent for longer than it may be.
pub fn is_overdue(
    hours: &WeekHours,
    planned: &[(Micros, Micros)],
    last: Micros,
    now: Micros,
    max_silence_minutes: i64,
) -> bool {
    unheard(hours, planned, last, now) > max_silence_minutes.saturating_mul(MINUTE)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// Monday 2 November 2026, 00:00 in Vietnam.
    const MONDAY: Micros = 1_793_552_400_000_000;

    fn settings() -> RhythmSettings {
        crate::settings::Settings::embedded().expect("sound").sources.rhythm
    }

    fn office() -> WeekHours {
        WeekHours::office(&settings())
    }

    #[test]
    fn the_week_begins_on_monday_in_vietnam() {
        assert_eq!([hour_of_week(MONDAY), hour_of_week(MONDAY - 1), hour_of_week(MONDAY + 7 * DAY)], [0, 167, 0]);
        let settings = settings();
        let noon = MONDAY + 10 * HOUR;
        assert!(office().holds(noon) && !office().holds(MONDAY) && !office().holds(noon + 5 * DAY));
        let a_day = (settings.office_to_hour - settings.office_from_hour) as i64 * 60;
        assert_eq!(office().of_day(MONDAY).count(), a_day);
    }

    #[test]
    fn silence_at_night_is_none_for_who_works_by_day() {
        let settings = settings();
        let close = MONDAY + settings.office_to_hour as i64 * HOUR;
        let open = MONDAY + DAY + settings.office_from_hour as i64 * HOUR;
        assert!(!is_overdue(&office(), &[], close, open, 15));
        assert!(!is_overdue(&office(), &[], close, open + 15 * MINUTE, 15));
        assert!(is_overdue(&office(), &[], close, open + 16 * MINUTE, 15));
        assert!(is_overdue(&WeekHours::ALL, &[], close, close + 16 * MINUTE, 15));
    }

    #[test]
    fn planned_maintenance_is_no_silence_and_its_end_does_not_forgive_what_was_before() {
        let planned = merged(vec![(MONDAY + HOUR, MONDAY + 3 * HOUR), (MONDAY + 2 * HOUR, MONDAY + 4 * HOUR)]);
        assert_eq!(planned, [(MONDAY + HOUR, MONDAY + 4 * HOUR)]);
        assert_eq!(unheard(&WeekHours::ALL, &planned, MONDAY, MONDAY + 5 * HOUR), 2 * HOUR);
    }

    #[test]
    fn an_outage_in_the_past_does_not_make_silence_usual() {
        let every_five = PastHour { minutes: (0..60).step_by(5).map(|minute| 1_i64 << minute).sum(), events: 12 };
        let mut weeks = vec![vec![every_five; OF_WEEK]; 5];
        weeks[2][10..40].fill(PastHour::default());
        let learned = learn(&weeks, &settings());
        assert_eq!(learned.hours.count(), OF_WEEK);
        assert!(learned.max_silence_minutes <= 15, "{}", learned.max_silence_minutes);
        assert_eq!(learned.usual_per_minute(MONDAY + 12 * HOUR), 0.2);
    }

    #[test]
    fn too_short_a_past_asks_for_everything() {
        let learned = learn(&[vec![PastHour::default(); OF_WEEK]], &settings());
        assert_eq!(learned.hours.count(), 0);
        assert_eq!(WeekHours::expected(Rhythm::Learned, Some(&learned), &settings()), WeekHours::ALL);
        assert_eq!(WeekHours::expected(Rhythm::Learned, None, &settings()), WeekHours::ALL);
    }

    fn weeks() -> impl Strategy<Value = Vec<Vec<PastHour>>> {
        let hour = (0_i64..1 << 60, 0_i64..9_000).prop_map(|(minutes, events)| PastHour { minutes, events });
        let hour = prop_oneof![hour, Just(PastHour::default())];
        prop::collection::vec(prop::collection::vec(hour, OF_WEEK), 1..5)
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(48))]
        #[test]
        fn less_heard_never_asks_for_more_hours(weeks in weeks(), lost in 0_usize..OF_WEEK) {
            let mut fewer = weeks.clone();
            fewer.iter_mut().for_each(|week| week[lost] = PastHour::default());
            let (before, after) = (learn(&weeks, &settings()), learn(&fewer, &settings()));
            prop_assert!((0..OF_WEEK).all(|hour| before.hours.0[hour] || !after.hours.0[hour]));
        }

        #[test]
        fn the_order_of_weeks_does_not_matter_and_bounds_hold(weeks in weeks()) {
            let settings = settings();
            let learned = learn(&weeks, &settings);
            let reversed: Vec<_> = weeks.into_iter().rev().collect();
            prop_assert_eq!(&learn(&reversed, &settings), &learned);
            let bounds = settings.least_silence_minutes..=settings.most_silence_minutes;
            prop_assert!(bounds.contains(&learned.max_silence_minutes));
            prop_assert_eq!(WeekHours::decode(&learned.hours.encode()), learned.hours);
        }

        #[test]
        fn nothing_is_unheard_longer_than_time_went_by(
            last in 0_i64..20 * DAY, length in 0_i64..20 * DAY, from in 0_i64..40 * DAY, span in 0_i64..5 * DAY
        ) {
            let (planned, now) = (merged(vec![(from, from + span)]), last + length);
            let plain = unheard(&office(), &[], last, now);
            let spared = unheard(&office(), &planned, last, now);
            prop_assert!((0..=plain).contains(&spared));
            prop_assert!(plain <= length);
            prop_assert_eq!(unheard(&WeekHours::ALL, &[], last, now), length);
        }
    }
}
