use super::super::State;
use super::*;
use kit::page::Severity;

fn schedule(threshold: i64, group_by: Option<&str>) -> Schedule {
    Schedule {
        state: State::Active,
        stop_reason: None,
        every_minutes: 5,
        threshold,
        group_by: group_by.map(ToOwned::to_owned),
        severity: Severity::High,
        window_minutes: 60,
        quiet_minutes: 0,
        longest_delay_minutes: None,
        reach_agency_id: None,
        revision: 1,
        last_sequence: 0,
        next_run_at: 0,
        last_run_at: None,
        last_matches: None,
        last_alert_at: None,
        quiet_matches: 0,
        error_key: None,
        error_words: None,
        error_at: None,
        unread_days: None,
        unread_at: None,
    }
}

fn rule() -> Arc<RuleFacts> {
    let severity = Severity::High;
    Arc::new(RuleFacts {
        id: "r".into(),
        title: "R".into(),
        title_vi: None,
        level: severity,
        techniques: Vec::new(),
        tactics: Vec::new(),
    })
}

fn tally(source: &str, value: Option<&str>, first: u64, count: u64) -> Tally {
    Tally {
        source_id: Some(source.to_owned()),
        value: value.map(ToOwned::to_owned),
        count,
        first_seq: first,
        last_seq: first + count - 1,
        first_time: first as i64,
        last_time: (first + count) as i64,
        first_arrival: first as i64,
    }
}

/// Sources `a1` and `a2` of system A, `b1` of system B, `c1` of nobody.
fn owners() -> HashMap<String, Owner> {
    let owner = |source: &str, system: &str| {
        let owner = Owner {
            source_id: source.into(),
            system_id: Some(system.into()),
            agency_id: Some(system.into()),
            system_level: Some(3),
        };
        (source.to_owned(), owner)
    };
    [owner("a1", "A"), owner("a2", "A"), owner("b1", "B")].into()
}

fn made(schedule: &Schedule, since: &Since) -> Vec<(String, i64)> {
    let bundles = bundles(schedule, &rule(), since, &owners(), 20);
    bundles.into_iter().map(|(_, bundle)| (bundle.entity.value, bundle.count)).collect()
}

#[test]
fn the_threshold_is_reached_over_all_sources_and_each_system_has_its_own_alert() {
    let tallies = vec![
        tally("a1", Some("x"), 1, 3),
        tally("a2", Some("x"), 10, 2),
        tally("b1", Some("x"), 5, 2),
        tally("a1", Some("y"), 20, 6),
        tally("a1", None, 40, 100),
    ];
    let since = Since { tallies, ..Since::default() };
    let grouped = schedule(7, Some("user_name"));
    assert_eq!(made(&grouped, &since), [("x".to_owned(), 5), ("x".to_owned(), 2)]);
    assert_eq!(matches(&grouped, &since), 13, "those without the field do not count");
    assert_eq!(made(&schedule(8, Some("user_name")), &since), []);
}

#[test]
fn without_a_field_the_source_is_what_the_alert_is_about() {
    let tallies = vec![tally("a1", None, 1, 3), tally("b1", None, 5, 1), tally("c1", None, 7, 1)];
    let samples = vec![(1, 1, Some("a1".to_owned()), None), (5, 5, Some("b1".to_owned()), None)];
    let since = Since { tallies, samples, ..Since::default() };
    let bundles = bundles(&schedule(5, None), &rule(), &since, &owners(), 20);
    let told: Vec<_> =
        bundles.iter().map(|(_, one)| (one.entity.value.as_str(), one.owner.system_id.as_deref())).collect();
    assert_eq!(told, [("a1", Some("A")), ("b1", Some("B")), ("c1", None)]);
    let seqs = |bundle: &Bundle| bundle.samples.iter().map(|sample| sample.seq).collect::<Vec<_>>();
    let seqs: Vec<_> = bundles.iter().map(|(_, bundle)| seqs(bundle)).collect();
    assert_eq!(seqs, [vec![1], vec![5], vec![7]], "the first match stands for those that were not listed");
}

#[test]
fn samples_are_bounded_and_say_what_matched() {
    let samples = (1..=50).map(|seq| (seq, 0, Some("a1".to_owned()), Some("x".to_owned()))).collect();
    let since = Since { tallies: vec![tally("a1", Some("x"), 1, 50)], samples, ..Since::default() };
    let bundles = bundles(&schedule(1, Some("user_name")), &rule(), &since, &owners(), 3);
    let samples = &bundles[0].1.samples;
    assert_eq!((samples.len(), samples[0].fields[0].field.as_deref()), (3, Some("user_name")));
}
