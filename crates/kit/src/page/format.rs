//! Numbers, times, sizes and durations as people read them: Vietnamese 1.234,5 and English 1,234.5, dates as
//! dd/mm/yyyy HH:mm in Vietnamese time (UTC+7, which has no daylight saving).

use crate::civil::{is_midnight, local};
use crate::clock::{DAY, HOUR, MINUTE, Micros, SECOND, VIETNAM_OFFSET_SECONDS};
use crate::locale::{Argument, Lang, texts};
use jiff::Timestamp;

/// A time or a length of time in microseconds, by value or behind references (templates pass references).
pub trait When {
    fn micros(&self) -> Micros;
}

impl When for Micros {
    fn micros(&self) -> Micros {
        *self
    }
}

impl<T: When + ?Sized> When for &T {
    fn micros(&self) -> Micros {
        (**self).micros()
    }
}

/// A whole number of any kind, by value or behind references.
pub trait Quantity {
    fn quantity(&self) -> i128;
}

impl<T: Quantity + ?Sized> Quantity for &T {
    fn quantity(&self) -> i128 {
        (**self).quantity()
    }
}

macro_rules! quantities {
    ($($number:ty),*) => {
        $(impl Quantity for $number {
            fn quantity(&self) -> i128 {
                *self as i128
            }
        })*
    };
}

quantities!(u8, u16, u32, u64, usize, i32, i64, i128);

/// Formats in one language, relative to one moment.
#[derive(Debug, Clone, Copy)]
pub struct Format {
    lang: Lang,
    now: Micros,
}

impl Format {
    pub fn new(lang: Lang, now: Micros) -> Self {
        Self { lang, now }
    }

    fn text(&self, key: &str, variables: &[(&str, Argument<'_>)]) -> String {
        texts().text_with(self.lang, key, variables)
    }

    /// `1.234.567` or `1,234,567`.
    pub fn number(&self, value: impl Quantity) -> String {
        let value = value.quantity();
        let digits = value.unsigned_abs().to_string();
        let mut grouped = String::with_capacity(digits.len() + digits.len() / 3 + 1);
        if value < 0 {
            grouped.push('\u{2212}');
        }
        for (index, digit) in digits.chars().enumerate() {
            if index > 0 && (digits.len() - index).is_multiple_of(3) {
                grouped.push(self.group());
            }
            grouped.push(digit);
        }
        grouped
    }

    /// `1.234,5` with a fixed number of decimals.
    pub fn decimal(&self, value: f64, decimals: usize) -> String {
        if !value.is_finite() {
            return "–".to_owned();
        }
        let plain = format!("{:.decimals$}", value.abs());
        let (whole, fraction) = plain.split_once('.').unwrap_or((&plain, ""));
        let mut text = self.number(whole.parse::<i128>().unwrap_or_default());
        if !fraction.is_empty() {
            text.push(self.point());
            text.push_str(fraction);
        }
        let is_zero = plain.bytes().all(|byte| matches!(byte, b'0' | b'.'));
        if value < 0.0 && !is_zero { format!("\u{2212}{text}") } else { text }
    }

    /// A share of one as `71 %`, with the space that both languages' official style asks for.
    pub fn percent(&self, share: f64) -> String {
        format!("{}\u{a0}%", self.decimal(share * 100.0, 0))
    }

    /// Bytes as `1,5 GB`, in steps of 1000.
    pub fn bytes(&self, value: impl Quantity) -> String {
        let value = value.quantity();
        const UNITS: [&str; 5] = ["kB", "MB", "GB", "TB", "PB"];
        if value < 1000 {
            return format!("{value}\u{a0}B");
        }
        let mut size = value as f64;
        let mut unit = "B";
        for next in UNITS {
            if size < 999.5 {
                break;
            }
            size /= 1000.0;
            unit = next;
        }
        let decimals = usize::from(size < 99.95);
        format!("{}\u{a0}{unit}", self.decimal(size, decimals))
    }

    /// A rate as `2.150/s` or `0,4/s`.
    pub fn per_second(&self, rate: f64) -> String {
        format!("{}/s", self.decimal(rate, usize::from(rate < 10.0)))
    }

    /// `21/11/2026`.
    pub fn date(&self, at: impl When) -> String {
        let at = at.micros();
        local(at).strftime("%d/%m/%Y").to_string()
    }

    /// `14:05`.
    pub fn time(&self, at: impl When) -> String {
        let at = at.micros();
        local(at).strftime("%H:%M").to_string()
    }

    /// `21/11 14:05`, where there is little room and the year is known.
    pub fn day_time(&self, at: impl When) -> String {
        let at = at.micros();
        local(at).strftime("%d/%m %H:%M").to_string()
    }

    /// `21/11/2026 14:05`, the absolute form; Vietnamese time.
    pub fn date_time(&self, at: impl When) -> String {
        let at = at.micros();
        local(at).strftime("%d/%m/%Y %H:%M").to_string()
    }

    /// When something ends that may end with a day: `hết 21/11/2026` then (the midnight after it), else `21/11/2026 14:05`.
    pub fn end(&self, at: impl When) -> String {
        let at = at.micros();
        match is_midnight(at) {
            true => self.text("shell-end-of-day", &[("date", self.date(at - 1).into())]),
            false => self.date_time(at),
        }
    }

    /// `21/11/2026 14:05:09,123 UTC+7`, for records and for the title of a time.
    pub fn precise(&self, at: impl When) -> String {
        let at = at.micros();
        let millis = at.rem_euclid(SECOND) / 1000;
        format!("{}{}{millis:03} UTC+7", local(at).strftime("%d/%m/%Y %H:%M:%S"), self.point())
    }

    /// `3 phút trước`, `14:05, hôm nay`, `14:05, hôm qua`, `14:05, 19/11/2026`; the future likewise.
    pub fn relative(&self, at: impl When) -> String {
        let at = at.micros();
        let gap = self.now.saturating_sub(at);
        let minutes = gap.unsigned_abs() / MINUTE as u64;
        if gap.unsigned_abs() < MINUTE as u64 {
            return self.text("shell-time-now", &[]);
        }
        if minutes < 60 {
            let key = if gap > 0 { "shell-time-minutes-ago" } else { "shell-time-in-minutes" };
            return self.text(key, &[("count", minutes.into())]);
        }
        let time = self.time(at);
        let days = day_number(self.now) - day_number(at);
        match days {
            0 => self.text("shell-time-today", &[("time", time.into())]),
            1 => self.text("shell-time-yesterday", &[("time", time.into())]),
            -1 => self.text("shell-time-tomorrow", &[("time", time.into())]),
            _ => self.text("shell-time-day", &[("time", time.into()), ("date", self.date(at).into())]),
        }
    }

    /// A length of time in its two largest units: `2 giờ 05 phút`, `3 ngày 4 giờ`, `45 giây`.
    pub fn duration(&self, length: impl When) -> String {
        let length = length.micros().saturating_abs();
        let unit = |key: &str, count: Micros| self.text(key, &[("count", count.into())]);
        let (first, second) = if length < MINUTE {
            (("shell-seconds", length / SECOND), None)
        } else if length < HOUR {
            (("shell-minutes", length / MINUTE), None)
        } else if length < DAY {
            (("shell-hours", length / HOUR), Some(("shell-minutes", length % HOUR / MINUTE)))
        } else {
            (("shell-days", length / DAY), Some(("shell-hours", length % DAY / HOUR)))
        };
        let mut text = unit(first.0, first.1);
        if let Some((key, count)) = second.filter(|(_, count)| *count > 0) {
            text.push(' ');
            text.push_str(&unit(key, count));
        }
        text
    }

    /// What is left until a deadline, or by how much it is missed: `còn 3 giờ 20 phút`, `muộn 12 phút`.
    pub fn until(&self, due: impl When) -> String {
        let due = due.micros();
        let left = due.saturating_sub(self.now);
        let key = if left >= 0 { "shell-left" } else { "shell-late-by" };
        self.text(key, &[("duration", self.duration(left).into())])
    }

    fn group(&self) -> char {
        if self.lang == Lang::Vi { '.' } else { ',' }
    }

    fn point(&self) -> char {
        if self.lang == Lang::Vi { ',' } else { '.' }
    }
}

/// RFC 3339 in UTC, for `datetime` attributes. An impossible time becomes the empty string.
pub fn iso(at: Micros) -> String {
    Timestamp::from_microsecond(at).map(|time| time.to_string()).unwrap_or_default()
}

fn day_number(at: Micros) -> i64 {
    at.saturating_add(i64::from(VIETNAM_OFFSET_SECONDS) * SECOND).div_euclid(DAY)
}
