//! Each reason alone; and plans made by chance, of which every part that was entered can be carried out on its day.

use super::merger::{Known, Merger};
use super::scheduled::{ScheduledChange, State, in_order};
use super::{Agency, Succession};
use kit::calendar::{start_of_day, vietnam_date};
use kit::clock::{DAY, HOUR, Micros};
use proptest::prelude::*;
use std::collections::BTreeMap;

const NOW: Micros = 1_795_227_120_000_000;

/// First moment of the day so many days after today, in Vietnam.
fn day(after: i64) -> Micros {
    start_of_day(vietnam_date(NOW + after * DAY))
}

fn agency(id: &str) -> Agency {
    Agency {
        id: id.into(),
        code: id.into(),
        name: id.into(),
        kind: "commune".into(),
        parent_id: Some("root".into()),
        parent_name: None,
        parent_code: None,
        valid_from: day(-100),
        valid_to: None,
        address: String::new(),
        phone: String::new(),
        email: String::new(),
        duty_hours: String::new(),
    }
}

/// A merger into `into`, or a new name without one.
fn decided(agency_id: &str, into: Option<&str>, at: Micros) -> ScheduledChange {
    ScheduledChange {
        id: format!("{agency_id}{into:?}{at}"),
        agency_id: agency_id.into(),
        agency_name: agency_id.into(),
        agency_reachable: true,
        into_id: into.map(ToOwned::to_owned),
        into_name: into.map(ToOwned::to_owned),
        into_reachable: into.is_some(),
        name: into.map_or("Xã Mới", |_| "").into(),
        at,
        basis: "NQ 9/2026".into(),
        entered_by: "Quản Trị".into(),
        state: State::Waiting.code().into(),
        refusal: String::new(),
    }
}

fn became(id: &str, at: Micros) -> Succession {
    Succession { agency_id: id.into(), agency_name: id.into(), reachable: true, at, basis: String::new() }
}

/// `a` and `b` directly below the root, `office` below `a`.
fn above() -> BTreeMap<String, Vec<String>> {
    [
        ("root", vec!["root"]),
        ("a", vec!["a", "root"]),
        ("b", vec!["b", "root"]),
        ("office", vec!["office", "a", "root"]),
    ]
    .into_iter()
    .map(|(id, chain)| (id.to_owned(), chain.into_iter().map(ToOwned::to_owned).collect()))
    .collect()
}

/// What is said of `a` that is to become part of `b` on the third day from today, carried out on the fifth, after a change of
/// that.
fn said(change: impl FnOnce(&mut Agency, &mut Agency, &mut Known)) -> Option<&'static str> {
    let (mut own, mut into) = (agency("a"), agency("b"));
    let mut known = Known { above: above(), ..Known::default() };
    change(&mut own, &mut into, &mut known);
    Merger { agency: &own, into: &into, at: day(3), known: &known }.refusal(day(5))
}

#[test]
fn what_the_registers_hold_refuses_it_for_its_own_reason() {
    assert_eq!(said(|_, _, _| ()), None);
    assert_eq!(said(|own, _, _| own.parent_id = None), Some("agency-root-stays"));
    assert_eq!(said(|_, into, _| into.id = "a".into()), Some("agency-successor-is-itself"));
    assert_eq!(said(|_, into, _| into.id = "office".into()), Some("agency-successor-below"));
    assert_eq!(said(|_, _, known| known.became.push(became("b", day(3)))), Some("agency-became-that-already"));
    assert_eq!(said(|_, _, known| known.became.push(became("c", day(2)))), Some("agency-merged-otherwise"));
    assert_eq!(said(|_, _, known| known.became.push(became("c", day(3)))), None, "it is divided");
    assert_eq!(said(|_, into, _| into.valid_from = day(4)), Some("agency-successor-begins-later"));
    assert_eq!(said(|_, into, _| into.valid_from = day(3) + HOUR), None, "it begins that day");
    assert_eq!(said(|_, into, _| into.valid_to = Some(day(3))), Some("agency-successor-ended"));
    assert_eq!(said(|_, into, _| into.valid_to = Some(day(4))), None, "it has ended since, and nothing goes over");
    let ended_since = |_: &mut Agency, into: &mut Agency, known: &mut Known| {
        into.valid_to = Some(day(4));
        known.has_below = true;
    };
    assert_eq!(said(ended_since), Some("agency-successor-ended"));
    assert_eq!(said(|own, _, _| own.valid_from = day(3) + 1), Some("agency-not-yet-by-then"));
    assert_eq!(said(|own, _, _| own.valid_to = Some(day(3) - 1)), Some("agency-ended-by-then"));
    assert_eq!(said(|own, _, _| own.valid_to = Some(day(3))), None, "it ended because of it");
}

#[test]
fn what_waits_refuses_it_for_its_own_reason() {
    let beside = |other: ScheduledChange| said(|_, _, known| known.waiting.push(other));
    for (other, key) in [
        (decided("a", Some("b"), day(3)), Some("agency-scheduled-already")),
        (decided("a", Some("b"), day(9)), Some("agency-scheduled-already")),
        (decided("a", Some("c"), day(2)), Some("agency-merges-otherwise")),
        (decided("a", Some("c"), day(4)), Some("agency-merges-otherwise")),
        (decided("a", Some("c"), day(3)), None),
        (decided("a", None, day(2)), None),
        (decided("a", None, day(3)), Some("agency-renamed-later")),
        (decided("a", None, day(4)), Some("agency-renamed-later")),
        (decided("b", None, day(3)), None),
        (decided("b", Some("c"), day(2)), Some("agency-successor-merges-first")),
        (decided("b", Some("c"), day(3)), None),
        (decided("b", Some("c"), day(4)), None),
        (decided("b", Some("a"), day(3)), Some("agency-mergers-circle")),
        (decided("b", Some("office"), day(4)), Some("agency-mergers-circle")),
        (decided("c", Some("a"), day(2)), None),
        (decided("c", Some("a"), day(3)), None),
        (decided("c", Some("a"), day(4)), Some("agency-others-merge-later")),
        (decided("c", Some("b"), day(9)), None),
    ] {
        assert_eq!(beside(other.clone()), key, "{} {:?} {}", other.agency_id, other.into_id, other.at);
    }
}

#[test]
fn a_moment_of_today_is_judged_by_its_day() {
    let (mut own, mut into) = (agency("a"), agency("b"));
    let known = Known { above: above(), ..Known::default() };
    (own.valid_to, into.valid_from) = (Some(NOW - 1), NOW + 1);
    assert_eq!(Merger { agency: &own, into: &into, at: NOW, known: &known }.refusal(NOW), None);
    own.valid_to = Some(day(0) - 1);
    let merger = Merger { agency: &own, into: &into, at: NOW, known: &known };
    assert_eq!(merger.refusal(NOW), Some("agency-ended-by-then"));
}

/// A few agencies, the first of them the root, and what was decided about them.
struct Registers {
    agencies: Vec<Agency>,
    became: Vec<Vec<Succession>>,
    waiting: Vec<ScheduledChange>,
}

impl Registers {
    /// Each hangs below one before it and begins so many days from today.
    fn new(places: &[(usize, i64)]) -> Self {
        let mut agencies = vec![Agency { parent_id: None, ..agency("0") }];
        for (number, (place, begins)) in places.iter().enumerate() {
            let parent_id = Some((place % (number + 1)).to_string());
            agencies.push(Agency { parent_id, valid_from: day(*begins), ..agency(&(number + 1).to_string()) });
        }
        Self { became: vec![Vec::new(); agencies.len()], agencies, waiting: Vec::new() }
    }

    fn chain(&self, id: &str) -> Vec<String> {
        let mut chain = vec![id.to_owned()];
        while let Some(parent) = &self.agencies[place(&chain[chain.len() - 1])].parent_id {
            assert!(!chain.contains(parent), "the tree is none any more: {chain:?} {parent}");
            chain.push(parent.clone());
        }
        chain
    }

    fn refusal(&self, id: &str, into: &str, at: Micros, now: Micros) -> Option<&'static str> {
        let living = |one: &Agency| one.valid_to.is_none_or(|end| end > now);
        let above = self.agencies.iter().map(|one| (one.id.clone(), self.chain(&one.id))).collect();
        let known = Known {
            became: self.became[place(id)].clone(),
            has_below: self.agencies.iter().any(|one| one.parent_id.as_deref() == Some(id) && living(one)),
            waiting: self.waiting.clone(),
            above,
        };
        let merger = Merger { agency: &self.agencies[place(id)], into: &self.agencies[place(into)], at, known: &known };
        merger.refusal(now)
    }

    /// What `become_part_of` does with the tree.
    fn carry_out(&mut self, id: &str, into: &str, at: Micros) {
        if self.became[place(id)].is_empty() {
            for one in &mut self.agencies {
                if one.parent_id.as_deref() == Some(id) && one.valid_to.is_none_or(|end| end > at) {
                    one.parent_id = Some(into.to_owned());
                }
            }
            let own = &mut self.agencies[place(id)];
            (own.valid_to, own.parent_id) = (Some(at), Some(into.to_owned()));
        }
        self.became[place(id)].push(became(into, at));
    }
}

fn place(id: &str) -> usize {
    id.parse().unwrap()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2_000))]

    #[test]
    fn every_merger_that_is_entered_can_be_carried_out(
        places in prop::collection::vec((0_usize..6, -3_i64..4), 2..7),
        plans in prop::collection::vec((0_usize..7, 0_usize..7, 1_i64..6), 1..12),
    ) {
        let mut registers = Registers::new(&places);
        let count = registers.agencies.len();
        for (id, into, after) in plans {
            let (id, into, at) = ((id % count).to_string(), (into % count).to_string(), day(after));
            if registers.refusal(&id, &into, at, NOW).is_none() {
                registers.waiting.push(decided(&id, Some(&into), at));
            }
        }
        registers.waiting.sort_by_key(|one| one.at);
        let entered = registers.waiting.clone();
        for next in in_order(entered.clone()) {
            registers.waiting.retain(|one| one.id != next.id);
            let into = next.into_id.clone().unwrap_or_default();
            let refusal = registers.refusal(&next.agency_id, &into, next.at, next.at);
            prop_assert_eq!(refusal, None, "{} into {} of {:?}", next.agency_id, into, entered);
            registers.carry_out(&next.agency_id, &into, next.at);
        }
    }
}
