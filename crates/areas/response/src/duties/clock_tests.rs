use super::*;
use crate::law::Law;
use kit::clock::MINUTE;
use proptest::prelude::*;

/// 22 November 2026, 02:00 in Vietnam, a Sunday: hours run through it.
const OCCURRED: Micros = 1_795_287_600_000_000;
const DETECTED: Micros = OCCURRED + 17 * MINUTE;

fn facts() -> Facts {
    Facts { occurred: Some(OCCURRED), detected: Some(DETECTED), seen: Some(DETECTED + 9 * MINUTE), ..Facts::default() }
}

fn table(facts: &Facts, now: Micros) -> Vec<(String, &'static str, Option<i64>)> {
    let law = Law::embedded().unwrap();
    clocks(&law.duties, &law.calendar, facts, now)
        .into_iter()
        .map(|clock| (clock.duty, clock.state.code(), clock.due_at.map(|due| (due - OCCURRED) / MINUTE)))
        .collect()
}

fn state(facts: &Facts, now: Micros, duty: &str) -> ClockState {
    let law = Law::embedded().unwrap();
    clocks(&law.duties, &law.calendar, facts, now).into_iter().find(|clock| clock.duty == duty).unwrap().state
}

fn first_notice(recipients: &[&str], sent_at: Micros, receipt_at: Option<Micros>) -> Sending {
    let recipients = recipients.iter().map(|id| (*id).to_owned()).collect();
    Sending { form: "first-notice".into(), recipients, sent_at, receipt_at }
}

#[test]
fn an_unclassified_incident_runs_every_clock_that_may_apply_the_strictest_first() {
    assert_eq!(
        table(&facts(), DETECTED + HOUR),
        [
            ("IN-24-SEED".to_owned(), "running", Some(24 * 60)),
            ("IN-24".to_owned(), "running", Some(24 * 60 + 17)),
            ("IN-24-CENTRAL".to_owned(), "running", Some(24 * 60 + 17)),
            ("IN-72".to_owned(), "running", Some(72 * 60 + 17)),
            ("IN-NOW".to_owned(), "not-applicable", Some(17)),
            ("PD-72".to_owned(), "not-applicable", Some(72 * 60 + 17)),
        ]
    );
}

#[test]
fn classification_settles_the_condition() {
    let law = Law::embedded().unwrap();
    let provisional = |facts: &Facts| {
        let clocks = clocks(&law.duties, &law.calendar, facts, DETECTED + HOUR);
        clocks.into_iter().find(|clock| clock.duty == "IN-24").map(|clock| (clock.provisional, clock.state.code()))
    };
    assert_eq!(provisional(&facts()), Some((true, "running")));
    assert_eq!(provisional(&Facts { serious: Some(true), ..facts() }), Some((false, "running")));
    assert_eq!(provisional(&Facts { serious: Some(false), ..facts() }), Some((false, "not-applicable")));
}

#[test]
fn signs_start_the_clocks_of_national_security_and_of_personal_data() {
    let signs = ["national-security-or-order".to_owned(), "personal-data-harm".to_owned()].into();
    let facts = Facts { signs, serious: Some(true), ..facts() };
    assert_eq!(state(&facts, DETECTED + MINUTE, "IN-NOW"), ClockState::Late, "at once means at once");
    assert_eq!(state(&facts, DETECTED + MINUTE, "PD-72"), ClockState::Running);
}

#[test]
fn a_notice_fulfils_the_duties_of_its_form_and_its_recipients_only() {
    let sent = DETECTED + 3 * HOUR;
    let facts = Facts { sendings: vec![first_notice(&["ministry-force"], sent, Some(sent + HOUR))], ..facts() };
    let now = sent + 2 * HOUR;
    assert_eq!(state(&facts, now, "IN-24"), ClockState::Receipt { sent_at: sent, at: sent + HOUR, late: false });
    assert_eq!(state(&facts, now, "IN-24-SEED"), ClockState::Running, "the provincial police was not told");
    assert_eq!(state(&facts, now, "IN-72"), ClockState::Running, "another form");
    assert_eq!(state(&facts, now, "IN-NOW"), ClockState::NotApplicable, "no sign asks for it");
}

#[test]
fn late_is_shown_as_late_and_stays_late() {
    let due = DETECTED + 24 * HOUR;
    assert_eq!(state(&facts(), due, "IN-24"), ClockState::Running, "the last instant is in time");
    assert_eq!(state(&facts(), due + 1, "IN-24"), ClockState::Late);
    let sent = Facts { sendings: vec![first_notice(&["ministry-force"], due + MINUTE, None)], ..facts() };
    assert_eq!(state(&sent, due + 80 * HOUR, "IN-24"), ClockState::Sent { at: due + MINUTE, late: true });
}

#[test]
fn an_unknown_occurrence_is_counted_from_detection_and_marked() {
    let law = Law::embedded().unwrap();
    let facts = Facts { occurred: None, ..facts() };
    let clocks = clocks(&law.duties, &law.calendar, &facts, DETECTED + HOUR);
    let clock = clocks.iter().find(|clock| clock.duty == "IN-24-SEED").unwrap();
    assert!(clock.assumed && clock.due_at == Some(DETECTED + 24 * HOUR));
}

#[test]
fn a_false_alarm_ends_what_was_not_sent_and_keeps_what_was() {
    let sendings = vec![first_notice(&["provincial-police"], DETECTED + HOUR, None)];
    let facts = Facts { false_alarm: true, sendings, ..facts() };
    assert_eq!(state(&facts, DETECTED + 90 * HOUR, "IN-72"), ClockState::NotApplicable);
    assert!(matches!(state(&facts, DETECTED + 90 * HOUR, "IN-24-SEED"), ClockState::Sent { late: false, .. }));
}

#[test]
fn an_old_case_runs_the_clocks_of_its_time() {
    let old = OCCURRED - 365 * 24 * HOUR;
    let facts = Facts { occurred: Some(old), detected: Some(old), ..Facts::default() };
    let duties: Vec<_> = table(&facts, old + HOUR).into_iter().map(|(duty, ..)| duty).collect();
    assert_eq!(duties, ["IN-5D-OLD"]);
}

#[test]
fn what_happened_under_the_old_law_and_is_found_today_is_reported_by_todays() {
    let facts = Facts { occurred: Some(OCCURRED - 365 * 24 * HOUR), ..facts() };
    assert!(matches!(state(&facts, DETECTED + HOUR, "IN-24-SEED"), ClockState::Late));
    assert!(table(&facts, DETECTED + HOUR).iter().all(|(duty, ..)| *duty != "IN-5D-OLD"));
}

#[test]
fn nothing_is_due_before_anything_is_known() {
    assert!(
        table(&Facts::default(), OCCURRED)
            .iter()
            .all(|(_, state, due)| { due.is_none() && matches!(*state, "not-due" | "not-applicable") })
    );
}

#[test]
fn a_clock_that_has_begun_keeps_its_duty_and_its_deadline() {
    let law = Law::embedded().unwrap();
    let begun = clocks(&law.duties, &law.calendar, &facts(), DETECTED + HOUR).into_iter().filter(|clock| clock.begun);
    let kept: Vec<_> =
        begun.map(|clock| Kept { duty: clock.terms, started_at: clock.started_at, due_at: clock.due_at }).collect();
    let ids: Vec<_> = kept.iter().map(|kept| kept.duty.id.as_str()).collect();
    assert_eq!(ids, ["IN-24-SEED", "IN-24", "IN-24-CENTRAL", "IN-72"], "what does not apply has not begun");
    let shorter: Vec<_> =
        law.duties.iter().map(|duty| Arc::new(Duty { amount: duty.amount / 2, ..(**duty).clone() })).collect();
    let due = |duties: &[Arc<Duty>], facts: &Facts, id: &str| {
        let found = clocks(duties, &law.calendar, facts, DETECTED + HOUR);
        found.into_iter().find(|clock| clock.duty == id).and_then(|clock| clock.due_at)
    };
    let old = Facts { kept, ..facts() };
    assert_eq!(due(&shorter, &facts(), "IN-24"), Some(DETECTED + 12 * HOUR), "a new incident");
    assert_eq!(due(&shorter, &old, "IN-24"), Some(DETECTED + 24 * HOUR), "one that runs");
    assert_eq!(due(&[], &old, "IN-72"), Some(DETECTED + 72 * HOUR), "a duty that is no more runs to its end");
    let signs = ["personal-data-harm".to_owned()].into();
    let ticked = Facts { signs, ..old.clone() };
    assert_eq!(due(&shorter, &ticked, "PD-72"), Some(DETECTED + 36 * HOUR), "what begins now takes what is law now");
    let corrected = Facts { occurred: Some(OCCURRED - HOUR), ..old };
    assert_eq!(due(&shorter, &corrected, "IN-24-SEED"), Some(OCCURRED + 23 * HOUR), "another start, the same period");
}

#[test]
fn a_deadline_given_stands_though_the_calendar_changes() {
    let law = Law::embedded().unwrap();
    let seed = law.duty("IN-24-SEED").unwrap();
    let slow = Arc::new(Duty { unit: Unit::WorkingDays, amount: 5, ..(**seed).clone() });
    let due = |facts: &Facts, calendar: &WorkingCalendar| {
        clocks(&[Arc::clone(&slow)], calendar, facts, DETECTED).first().and_then(|clock| clock.due_at)
    };
    // The Vietnam Culture Day of 24 November is off in the calendar of 2026 and not in one that knows nothing.
    let given = due(&facts(), &law.calendar);
    let kept = vec![Kept { duty: Arc::clone(&slow), started_at: Some(OCCURRED), due_at: given }];
    let plain = WorkingCalendar::default();
    assert_ne!(due(&facts(), &plain), given);
    assert_eq!(due(&Facts { kept, ..facts() }, &plain), given);
}

proptest! {
    /// Learning more (an earlier occurrence, a later receipt) never makes a deadline later, and knowing nothing new
    /// changes nothing.
    #[test]
    fn an_earlier_occurrence_never_moves_a_deadline_back(earlier in 0_i64..500, hours in 0_i64..100) {
        let now = DETECTED + hours * HOUR;
        let before = facts();
        let after = Facts { occurred: Some(OCCURRED - earlier * MINUTE), ..facts() };
        let law = Law::embedded().unwrap();
        let due = |facts: &Facts, duty: &str| {
            clocks(&law.duties, &law.calendar, facts, now).into_iter().find(|clock| clock.duty == duty).and_then(|clock| clock.due_at)
        };
        for duty in &law.duties {
            prop_assert!(due(&after, &duty.id) <= due(&before, &duty.id), "{}", duty.id);
        }
        prop_assert_eq!(clocks(&law.duties, &law.calendar, &before, now), clocks(&law.duties, &law.calendar, &before, now));
    }
}
