//! What each detector tells, and what it does not.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test fails by panicking")]

extern crate luytre_baseline as baseline;

use baseline::*;

/// Monday 2 November 2026, 00:00 in Vietnam.
const MONDAY: Micros = 1_793_552_400_000_000;
const MINUTE: Micros = HOUR / 60;

fn counts() -> CountSettings {
    CountSettings { least: 20, ratio: 2.0, surprise: 6.0, margin: 1.25, forgiven: 1, small: 20.0, most_times: 20.0 }
}

fn one(method: Method) -> Baselines {
    Baselines::new(vec![Detector { method, history_days: 7, most_series: 100 }], Rhythm::at_minutes(420))
}

fn see(baselines: &mut Baselines, subject: &str, value: &str, time: Micros) -> Option<Anomaly> {
    baselines.observe(Observation { detector: 0, scope: "a", subject, value, time }, &alone)
}

/// Nothing of another scope is compared.
fn alone(_: &str) -> bool {
    false
}

/// So many observations spread over an hour; how many were told.
fn fill(baselines: &mut Baselines, day: i64, hour: i64, count: i64) -> Vec<Anomaly> {
    let begins = MONDAY + day * DAY + hour * HOUR;
    (0..count).filter_map(|one| see(baselines, "s", "", begins + one * HOUR / count.max(1))).collect()
}

/// Offices work from eight to five on workdays, and make a copy every night at two.
fn office(day: i64, hour: i64) -> i64 {
    let weekend = day.rem_euclid(7) >= 5;
    let jitter = (day * 7 + hour * 3) % 11 - 5;
    match hour {
        2 => 300 + jitter,
        8..17 if !weekend => 100 + jitter,
        _ => 10 + jitter / 3,
    }
}

#[test]
fn the_first_week_is_silent_and_a_steady_rhythm_stays_so() {
    let mut baselines = one(Method::Volume(counts()));
    let mut early = fill(&mut baselines, 0, 0, 5_000).len();
    for day in 0..28 {
        for hour in 1..24 {
            let told = fill(&mut baselines, day, hour, office(day, hour));
            early += told.len();
        }
    }
    assert_eq!(early, 0);
}

#[test]
fn too_many_in_an_hour_are_told_once_with_what_that_hour_has() {
    let mut baselines = one(Method::Volume(counts()));
    for day in 0..9 {
        for hour in 0..24 {
            fill(&mut baselines, day, hour, office(day, hour));
        }
    }
    // As many as in every office hour, but at eleven in the evening.
    let told = fill(&mut baselines, 9, 23, 100);
    assert_eq!(told.len(), 1);
    let Normal::Count { observed, median, weekly, hours, .. } = told[0].normal else { panic!("{told:?}") };
    assert!((8.0..12.0).contains(&median) && (20..60).contains(&observed) && hours >= 5 && !weekly, "{told:?}");
    assert_eq!(told[0].bars.len(), 25);
    assert_eq!(told[0].bars.iter().filter(|bar| bar.marked).count(), 1);
    assert_eq!(told[0].bars[24].label, Label::Time(MONDAY + 9 * DAY + 23 * HOUR));
    // The nightly copy is what it always is.
    assert!(fill(&mut baselines, 10, 2, 300).is_empty());
}

#[test]
fn a_single_wild_hour_does_not_hide_the_next() {
    let mut baselines = one(Method::Volume(counts()));
    for day in 0..11 {
        for hour in 0..24 {
            let wild = day == 8 && hour == 22;
            fill(&mut baselines, day, hour, if wild { 3_000 } else { office(day, hour) });
        }
    }
    assert_eq!(fill(&mut baselines, 11, 22, 200).len(), 1);
}

#[test]
fn what_bursts_by_nature_is_told_beyond_its_own_bursts_alone() {
    let mut baselines = one(Method::Volume(counts()));
    let bursts = |day: i64, hour: i64| if (day * 24 + hour) % 29 == 0 { 300 } else { 2 };
    let mut told = Vec::new();
    for day in 0..21 {
        for hour in 0..24 {
            told.extend(fill(&mut baselines, day, hour, bursts(day, hour)));
        }
    }
    assert!(told.is_empty(), "each burst came at an hour that had none before: {told:?}");
    assert!(fill(&mut baselines, 21, 5, 310).is_empty());
    assert_eq!(fill(&mut baselines, 21, 6, 900).len(), 1);
}

#[test]
fn whose_bursts_are_a_thousand_times_what_is_normal_cannot_be_judged() {
    let mut baselines = one(Method::Volume(counts()));
    for day in 0..10 {
        for hour in 0..24 {
            fill(&mut baselines, day, hour, if (day * 24 + hour) % 29 == 0 { 2_000 } else { 2 });
        }
    }
    assert!(fill(&mut baselines, 10, 5, 9_000).is_empty());
    assert!(baselines.take_changes().kept[0].cannot_judge);
    let mut steady = one(Method::Volume(counts()));
    for day in 0..10 {
        fill(&mut steady, day, 9, 2_000);
    }
    assert!(!steady.take_changes().kept[0].cannot_judge, "what comes every day at nine is a rhythm");
}

#[test]
fn what_arrives_late_is_counted_where_it_belongs_and_raises_nothing() {
    let mut baselines = one(Method::Volume(counts()));
    for day in 0..9 {
        for hour in 0..24 {
            fill(&mut baselines, day, hour, office(day, hour));
        }
    }
    assert!(fill(&mut baselines, 8, 22, 5_000).is_empty());
    let told = fill(&mut baselines, 9, 21, 400);
    assert!(told[0].bars.iter().any(|bar| bar.value >= 5_000.0 && !bar.marked), "{told:?}");
}

#[test]
fn many_different_destinations_are_told_and_many_contacts_of_the_same_are_not() {
    let mut baselines = one(Method::FanOut(counts()));
    for hour in 0..24 * 8 {
        for destination in 0..6 {
            let value = format!("10.0.0.{destination}");
            assert!(see(&mut baselines, "h", &value, MONDAY + hour * HOUR + destination * MINUTE).is_none());
        }
    }
    let scanned = MONDAY + 8 * DAY;
    for contact in 0..500 {
        assert!(see(&mut baselines, "h", "10.0.0.1", scanned + contact).is_none());
    }
    let told = (0..200).filter_map(|one| see(&mut baselines, "h", &format!("10.1.0.{one}"), scanned + MINUTE + one));
    assert_eq!(told.count(), 1);
}

#[test]
fn a_new_address_of_a_settled_account_is_told_and_one_of_a_wanderer_is_not() {
    let settings = NoveltySettings { least: 20, most_known: 5, most_lately: 1 };
    let mut baselines = one(Method::FirstSeen(settings));
    for day in 0..10 {
        for time in 0..4 {
            let at = MONDAY + day * DAY + (8 + time) * HOUR;
            assert!(see(&mut baselines, "lan", ["10.0.0.5", "10.0.0.6"][(time % 2) as usize], at).is_none());
            assert!(see(&mut baselines, "minh", &format!("10.9.{day}.{time}"), at).is_none());
        }
    }
    let at = MONDAY + 10 * DAY + 9 * HOUR;
    let told = see(&mut baselines, "lan", "203.0.113.9", at).expect("new to her");
    assert_eq!(
        told.normal,
        Normal::FirstSeen { value: "203.0.113.9".into(), known: 2, observations: 40, since: MONDAY + 8 * HOUR }
    );
    assert_eq!(told.bars.len(), 3);
    assert!(see(&mut baselines, "lan", "203.0.113.9", at + 1).is_none(), "told once");
    assert!(see(&mut baselines, "minh", "203.0.113.9", at).is_none());
    assert!(see(&mut baselines, "new", "203.0.113.9", at).is_none(), "nothing is normal yet");
}

fn rare() -> RareSettings {
    RareSettings {
        least: 100,
        share: 0.02,
        quiet_days: 5,
        most_known: 50,
        most_days: 2,
        most_elsewhere: 1,
        most_seldom: 3,
    }
}

/// Eight days of a machine that runs one program every hour, after it ran some others once.
fn machine(baselines: &mut Baselines, subject: &str, others: &[&str]) {
    for other in others {
        assert!(see(baselines, subject, other, MONDAY).is_none());
    }
    for hour in 0..24 * 8 {
        assert!(see(baselines, subject, "daily.exe", MONDAY + hour * HOUR).is_none());
    }
}

#[test]
fn what_is_seldom_here_and_common_elsewhere_is_not_told() {
    for (machines, told) in [(1, true), (2, true), (3, false)] {
        let mut baselines = one(Method::Rare(rare()));
        for number in 0..machines {
            machine(&mut baselines, &format!("h{number}"), &["rare.exe"]);
        }
        // What was kept and taken up knows it too.
        let mut again = one(Method::Rare(rare()));
        for row in &baselines.take_changes().kept {
            assert!(again.take_up(row));
        }
        for mut baselines in [baselines, again] {
            assert_eq!(see(&mut baselines, "h0", "rare.exe", MONDAY + 8 * DAY).is_some(), told, "{machines}");
        }
    }
}

#[test]
fn what_is_common_in_a_scope_that_is_not_compared_says_nothing() {
    let at = MONDAY + 8 * DAY;
    for (reached, told) in [("", true), ("other", false), ("others", true)] {
        let mut baselines = one(Method::Rare(rare()));
        machine(&mut baselines, "h", &["rare.exe"]);
        for number in 0..3 {
            let subject = format!("h{number}");
            let seen = Observation { detector: 0, scope: "other", subject: &subject, value: "rare.exe", time: MONDAY };
            assert!(baselines.observe(seen, &alone).is_none());
        }
        let mut again = one(Method::Rare(rare()));
        for row in &baselines.take_changes().kept {
            assert!(again.take_up(row));
        }
        let seen = Observation { detector: 0, scope: "a", subject: "h", value: "rare.exe", time: at };
        for mut baselines in [baselines, again] {
            assert_eq!(baselines.observe(seen, &|scope| scope == reached).is_some(), told, "{reached}");
        }
    }
}

#[test]
fn a_machine_that_went_counts_no_more() {
    let detector = Detector { method: Method::Rare(rare()), history_days: 7, most_series: 20 };
    let mut baselines = Baselines::new(vec![detector], Rhythm::at_minutes(420));
    for number in 0..3 {
        see(&mut baselines, &format!("gone{number}"), "rare.exe", MONDAY - DAY);
    }
    machine(&mut baselines, "h", &["rare.exe"]);
    for number in 0..17 {
        see(&mut baselines, &format!("new{number}"), "other.exe", MONDAY + 8 * DAY);
    }
    assert_eq!(baselines.forgotten(), 2, "one elsewhere is left");
    assert!(see(&mut baselines, "h", "rare.exe", MONDAY + 8 * DAY).is_some());
}

#[test]
fn a_machine_that_always_has_something_seldom_cannot_be_judged() {
    let mut baselines = one(Method::Rare(rare()));
    machine(&mut baselines, "h", &["a.exe", "b.exe", "c.exe", "d.exe"]);
    assert!(see(&mut baselines, "h", "a.exe", MONDAY + 8 * DAY).is_none());
    assert!(baselines.take_changes().kept[0].cannot_judge);
}

#[test]
fn what_came_on_several_days_comes_now_and_then() {
    let mut baselines = one(Method::Rare(rare()));
    for day in -3..0 {
        assert!(see(&mut baselines, "h", "monthly.exe", MONDAY + day * DAY).is_none());
    }
    machine(&mut baselines, "h", &[]);
    assert!(see(&mut baselines, "h", "monthly.exe", MONDAY + 8 * DAY).is_none());
}

#[test]
fn a_seldom_value_after_a_long_pause_is_told() {
    let mut baselines = one(Method::Rare(rare()));
    assert!(see(&mut baselines, "h", "rare.exe", MONDAY).is_none());
    for hour in 0..24 * 8 {
        assert!(see(&mut baselines, "h", "daily.exe", MONDAY + hour * HOUR).is_none());
    }
    let at = MONDAY + 8 * DAY;
    let told = see(&mut baselines, "h", "rare.exe", at).expect("seldom");
    assert_eq!(told.normal, Normal::Rare { value: "rare.exe".into(), seen: 1, observations: 194, last: MONDAY });
    assert!(see(&mut baselines, "h", "rare.exe", at + HOUR).is_none());
    assert!(see(&mut baselines, "h", "never.exe", at).is_none(), "what is new is told elsewhere");
}

#[test]
fn work_at_night_is_told_once_a_day_of_who_never_did() {
    let settings = HourSettings { least: 30, least_days: 5, share: 0.01 };
    let mut baselines = one(Method::TimeOfDay(settings));
    for day in 0..12 {
        for hour in 8..17 {
            assert!(see(&mut baselines, "lan", "", MONDAY + day * DAY + hour * HOUR).is_none());
        }
    }
    let night = MONDAY + 14 * DAY + 3 * HOUR;
    let told = see(&mut baselines, "lan", "", night).expect("at three");
    let Normal::Hour { hour, weekend, share, days, .. } = told.normal else { panic!("{told:?}") };
    assert_eq!((hour, weekend, share, days), (3, false, 0.0, 12));
    assert_eq!(told.bars.len(), 24);
    assert!(see(&mut baselines, "lan", "", night + MINUTE).is_none());
    assert!(see(&mut baselines, "lan", "", night + 4 * HOUR + 30 * MINUTE).is_none(), "half past seven is near eight");
    assert!(see(&mut baselines, "lan", "", night + DAY).is_none(), "what was told is known from then on");
}

#[test]
fn a_new_regular_pair_is_told_and_an_old_or_irregular_one_is_not() {
    let settings = IntervalSettings { least: 12, shortest_seconds: 5, longest_seconds: 7_200, jitter: 0.2 };
    let mut baselines = one(Method::Beaconing(settings));
    for beat in 0..24 * 9 {
        assert!(see(&mut baselines, "h → ntp", "", MONDAY + beat * HOUR).is_none());
    }
    let begins = MONDAY + 9 * DAY;
    let jitter = [0, 11, -7, 20, -16, 3, 9, -12];
    let beat = |number: i64| begins + number * 300_000_000 + jitter[number as usize % 8] * 1_000_000;
    let told: Vec<_> = (0..40).filter_map(|number| see(&mut baselines, "h → c2", "", beat(number))).collect();
    assert_eq!(told.len(), 1);
    let Normal::Interval { seconds, jitter, contacts, since } = told[0].normal else { panic!("{told:?}") };
    assert!((270.0..330.0).contains(&seconds) && jitter < 0.2 && contacts == 13 && since == beat(0), "{told:?}");
    let mut at = begins;
    for number in 0..60 {
        at += [40, 900, 10, 2_000, 130, 3_600, 65][number % 7] * 1_000_000;
        assert!(see(&mut baselines, "h → news", "", at).is_none());
    }
}

#[test]
fn subjects_of_different_scopes_are_different() {
    let settings = NoveltySettings { least: 5, most_known: 5, most_lately: 5 };
    let mut baselines = one(Method::FirstSeen(settings));
    for day in 0..10 {
        see(&mut baselines, "lan", "10.0.0.5", MONDAY + day * DAY);
    }
    let elsewhere = Observation { detector: 0, scope: "b", subject: "lan", value: "x", time: MONDAY + 10 * DAY };
    assert!(baselines.observe(elsewhere, &alone).is_none());
    assert!(baselines.observe(Observation { scope: "a", ..elsewhere }, &alone).is_some());
}

#[test]
fn beyond_the_bound_those_untouched_for_longest_go() {
    let mut baselines = one(Method::Volume(counts()));
    for subject in 0..=100 {
        see(&mut baselines, &format!("s{subject}"), "", MONDAY + subject);
    }
    assert_eq!((baselines.len(0), baselines.forgotten()), (95, 6));
    let changes = baselines.take_changes();
    assert_eq!((changes.kept.len(), changes.gone.len()), (95, 6));
    assert!(changes.gone.iter().any(|key| key.subject == "s0"));
    assert!(baselines.take_changes().is_empty());
}

#[test]
fn who_floods_loses_its_own_baselines_and_nobody_elses() {
    let mut baselines = one(Method::Volume(counts()));
    for subject in 0..10 {
        let elsewhere = format!("old{subject}");
        let seen = Observation { detector: 0, scope: "b", subject: &elsewhere, value: "", time: MONDAY };
        baselines.observe(seen, &alone);
    }
    for subject in 0..500 {
        see(&mut baselines, &format!("s{subject}"), "", MONDAY + DAY + subject);
    }
    assert!(baselines.forgotten() > 0);
    assert!(baselines.take_changes().gone.iter().all(|key| key.scope == "a"));
}
