//! What was unusual and what normal was, in a sentence for people.

use baseline::Normal;
use kit::Lang;
use kit::locale::{Argument, texts};
use kit::page::Format;

/// Seconds to microseconds.
const SECONDS: f64 = 1_000_000.0;

/// "Lần này 812 trong một giờ; bình thường giờ này khoảng 40, cao nhất 55 (trong 15 giờ tương tự)."
pub fn sentence(normal: &Normal, lang: Lang, now: i64) -> String {
    let format = Format::new(lang, now);
    let say = |key: &str, arguments: &[(&str, Argument<'_>)]| texts().text_with(lang, key, arguments);
    match normal {
        Normal::Count { observed, median, highest, hours, weekly } => say(
            if *weekly { "early-warning-normal-count-weekly" } else { "early-warning-normal-count" },
            &[
                ("observed", format.number(*observed).into()),
                ("median", format.decimal(*median, usize::from(median.fract() > 0.0)).into()),
                ("highest", format.number(*highest).into()),
                ("hours", format.number(*hours as u64).into()),
            ],
        ),
        Normal::FirstSeen { value, known, observations, since } => say(
            "early-warning-normal-first-seen",
            &[
                ("value", value.clone().into()),
                ("known", format.number(*known as u64).into()),
                ("observations", format.number(*observations).into()),
                ("since", format.date(*since).into()),
            ],
        ),
        Normal::Rare { value, seen, observations, last } => say(
            "early-warning-normal-rare",
            &[
                ("value", value.clone().into()),
                ("seen", format.number(*seen).into()),
                ("observations", format.number(*observations).into()),
                ("last", format.date(*last).into()),
            ],
        ),
        Normal::Hour { hour, weekend, share, observations, days } => say(
            if *weekend { "early-warning-normal-hour-weekend" } else { "early-warning-normal-hour" },
            &[
                ("hour", format!("{hour:02}:00").into()),
                ("share", format!("{} %", format.decimal(share * 100.0, 1)).into()),
                ("observations", format.number(*observations).into()),
                ("days", format.number(u64::from(*days)).into()),
            ],
        ),
        Normal::Interval { seconds, jitter, contacts, since } => say(
            "early-warning-normal-interval",
            &[
                ("interval", format.duration((seconds * SECONDS) as i64).into()),
                ("jitter", format!("{} %", format.decimal(jitter * 100.0, 0)).into()),
                ("contacts", format.number(*contacts as u64).into()),
                ("since", format.date_time(*since).into()),
            ],
        ),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_kind_is_told_in_both_languages_with_its_figures() {
        let kinds = [
            Normal::Count { observed: 812, median: 40.5, highest: 55, hours: 15, weekly: false },
            Normal::Count { observed: 812, median: 40.0, highest: 55, hours: 12, weekly: true },
            Normal::FirstSeen { value: "203.0.113.9".into(), known: 812, observations: 90, since: 0 },
            Normal::Rare { value: "tool.exe".into(), seen: 812, observations: 4_000, last: 0 },
            Normal::Hour { hour: 3, weekend: false, share: 0.0, observations: 812, days: 9 },
            Normal::Hour { hour: 3, weekend: true, share: 0.001, observations: 812, days: 9 },
            Normal::Interval { seconds: 300.0, jitter: 0.04, contacts: 812, since: 0 },
        ];
        for normal in kinds {
            for lang in Lang::ALL {
                let told = sentence(&normal, lang, 0);
                assert!(told.contains("812") && !told.contains('{') && !told.starts_with("early-"), "{told}");
            }
        }
    }
}
