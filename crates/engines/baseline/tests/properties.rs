//! What holds whatever comes: the same again, from what was kept too, and never too much.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test fails by panicking")]

extern crate luytre_baseline as baseline;

use baseline::*;
use proptest::prelude::*;

const BEGIN: Micros = 1_793_552_400_000_000;
const MOST: usize = 12;

fn detectors() -> Vec<Detector> {
    let counts =
        CountSettings { least: 3, ratio: 1.2, surprise: 1.0, margin: 1.1, forgiven: 1, small: 1.0, most_times: 5.0 };
    let methods = [
        Method::Volume(counts),
        Method::FanOut(counts),
        Method::FirstSeen(NoveltySettings { least: 3, most_known: 4, most_lately: 9 }),
        Method::Rare(RareSettings {
            least: 3,
            share: 0.5,
            quiet_days: 0,
            most_known: 4,
            most_days: 9,
            most_elsewhere: 2,
            most_seldom: 3,
        }),
        Method::TimeOfDay(HourSettings { least: 3, least_days: 1, share: 0.2 }),
        Method::Beaconing(IntervalSettings { least: 3, shortest_seconds: 1, longest_seconds: 90_000, jitter: 0.5 }),
    ];
    methods.map(|method| Detector { method, history_days: 1, most_series: MOST }).to_vec()
}

fn empty() -> Baselines {
    Baselines::new(detectors(), Rhythm::at_minutes(420))
}

type Seen = (usize, u8, u8, u8, i64);

/// Anything, mostly forward in time, sometimes late or far off.
fn observations() -> impl Strategy<Value = Vec<Seen>> {
    let step = prop_oneof![8 => 0_i64..4 * HOUR, 1 => -3 * HOUR..0_i64, 1 => -40 * DAY..40 * DAY];
    prop::collection::vec((0_usize..7, 0_u8..2, 0_u8..20, 0_u8..8, step), 0..400)
}

fn run(baselines: &mut Baselines, seen: &[Seen], from: Micros) -> (Vec<Option<Anomaly>>, Micros) {
    let mut time = from;
    let mut told = Vec::new();
    for (detector, scope, subject, value, step) in seen {
        time += step;
        let (scope, subject, value) = (format!("a{scope}"), format!("s{subject}"), format!("v{value}"));
        let seen = Observation { detector: *detector, scope: &scope, subject: &subject, value: &value, time };
        told.push(baselines.observe(seen, &|other| other > scope.as_str()));
    }
    (told, time)
}

proptest! {
    #[test]
    fn what_is_kept_and_taken_up_goes_on_as_if_nothing_had_happened(seen in observations(), cut in 0_usize..400) {
        let cut = cut.min(seen.len());
        let (before, after) = seen.split_at(cut);
        let mut whole = empty();
        let (_, time) = run(&mut whole, before, BEGIN);
        let mut again = empty();
        for row in &whole.take_changes().kept {
            prop_assert!(again.take_up(row));
        }
        prop_assert_eq!(run(&mut again, after, time).0, run(&mut whole, after, time).0);
        prop_assert_eq!(again.take_changes().kept, whole.take_changes().kept);
    }

    #[test]
    fn the_same_comes_of_the_same_and_the_bound_holds(seen in observations()) {
        let (mut one, mut other) = (empty(), empty());
        prop_assert_eq!(run(&mut one, &seen, BEGIN), run(&mut other, &seen, BEGIN));
        for detector in 0..detectors().len() {
            prop_assert!(one.len(detector) <= MOST);
        }
    }

    #[test]
    fn nothing_that_was_changed_on_the_way_is_taken_for_a_baseline(text in ".{0,200}") {
        let key = Key { detector: 0, scope: "a".into(), subject: "s".into() };
        let row = Row { key, since: 0, last: 0, cannot_judge: false, state: text };
        prop_assert!(!empty().take_up(&row));
    }
}
