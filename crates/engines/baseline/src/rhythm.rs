//! Hours and days as people live them: in a zone, workdays apart from the weekend.

/// Microseconds since 1970-01-01T00:00:00Z.
pub type Micros = i64;
pub(crate) const SECOND: Micros = 1_000_000;
pub const HOUR: Micros = 3_600 * SECOND;
pub const DAY: Micros = 24 * HOUR;
pub(crate) const DAY_HOURS: i64 = 24;
pub(crate) const WEEK_HOURS: i64 = 7 * DAY_HOURS;

/// Where the clock of people stands: a fixed distance from UTC.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Rhythm {
    offset: Micros,
}

impl Rhythm {
    pub fn at_minutes(minutes: i64) -> Self {
        Self { offset: minutes.saturating_mul(60 * SECOND) }
    }

    /// Number of the local hour since 1970.
    pub fn hour(self, time: Micros) -> i64 {
        time.saturating_add(self.offset).div_euclid(HOUR)
    }

    /// When that hour begins.
    pub fn begins(self, hour: i64) -> Micros {
        hour.saturating_mul(HOUR).saturating_sub(self.offset)
    }
}

/// 0 to 23.
pub(crate) fn hour_of_day(hour: i64) -> u8 {
    u8::try_from(hour.rem_euclid(DAY_HOURS)).unwrap_or_default()
}

/// Saturday or Sunday. The first day of 1970 was a Thursday.
pub(crate) fn is_weekend(hour: i64) -> bool {
    matches!(hour.div_euclid(DAY_HOURS).rem_euclid(7), 2 | 3)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_weekend_is_saturday_and_sunday_where_people_are() {
        // 2026-11-21T02:00:00Z is a Saturday, and 18:00Z is Sunday in Vietnam.
        let saturday = 1_795_226_400 * SECOND;
        let rhythm = Rhythm::at_minutes(420);
        let days: Vec<_> = (-2..4).map(|day| is_weekend(rhythm.hour(saturday + day * DAY))).collect();
        assert_eq!(days, [false, false, true, true, false, false]);
        assert_eq!(hour_of_day(rhythm.hour(saturday)), 9);
        assert_eq!(rhythm.begins(rhythm.hour(saturday)), saturday);
        assert_eq!(hour_of_day(rhythm.hour(-1)), 6, "before 1970 too");
    }
}
