//! Acts on alerts and sources: what they change, what they refuse, and that nobody reaches over a wall.

use crate::centre::{NOW, in_a_centre, settings};
use kit::clock::MINUTE;
use kit::live::Live;
use kit::page::Severity;
use kit::scope::{Actor, Agencies};
use kit::{Capability, Db, Error, Scope};
use monitoring::alerts::grouping::{Bundle, Owner, RuleFacts};
use monitoring::alerts::record::{Cursor, Damping, cursor, set_cursor, write_bundles};
use monitoring::alerts::scoring::Scoring;
use monitoring::alerts::{AlertState, CloseReason, Entity, Sample, service, store};
use monitoring::settings::Settings;
use monitoring::sources;
use std::sync::Arc;

fn scope(person: &str, agency: Option<&str>) -> Scope {
    let agencies = agency.map_or(Agencies::All, |agency| Agencies::Under([agency.to_owned()].into()));
    let actor = Actor::Person { id: person.into(), name: "Nguyễn Thị Ỷ Ẫn".into() };
    Scope::new(actor, agencies, Capability::ALL.iter().copied(), None)
}

fn bundle(entity: &str, first: u64, last: u64, time: i64) -> (String, Bundle) {
    let rule = RuleFacts {
        id: "r-1".into(),
        title: "Many failed logons".into(),
        title_vi: None,
        level: Severity::High,
        techniques: vec!["T1110".into()],
        tactics: vec!["credential-access".into()],
    };
    let bundle = Bundle {
        rule: Arc::new(rule),
        owner: Owner { source_id: "s-1".into(), ..Owner::default() },
        entity: Entity { kind: "source_ip".into(), value: entity.into() },
        first_sequence: first,
        match_sequence: first,
        last_sequence: last,
        first_time: time,
        last_time: time,
        first_recorded: NOW,
        count: (last - first + 1) as i64,
        samples: vec![Sample { seq: first, time, fields: Vec::new() }],
        links: Vec::new(),
        suppression: None,
        imported: false,
    };
    (format!("key-{}", entity.replace(char::from(0), "nul")), bundle)
}

async fn write(db: &Db, bundles: Vec<(String, Bundle)>, damping: &mut Damping, scoring: &Scoring) -> (usize, usize) {
    let scope = Scope::service("test");
    let scoped = db.scoped(&scope);
    let tx = scoped.begin().await.unwrap();
    let last = bundles.iter().map(|(_, bundle)| bundle.last_sequence).max().unwrap();
    let changes = write_bundles(&tx, bundles, scoring, &settings().entity_risk, damping, NOW).await.unwrap();
    set_cursor(&tx, Cursor::Detection, last, NOW).await.unwrap();
    tx.commit().await.unwrap();
    let new = changes.iter().filter(|change| change.is_new).count();
    (new, changes.len() - new)
}

#[tokio::test]
async fn bundles_join_within_the_window_and_written_again_change_nothing() {
    in_a_centre(|centre| async move {
        let scoring = settings().scoring;
        let mut damping = Damping::default();
        let sum = "SELECT CAST(SUM(count) AS TEXT) AS value FROM alerts WHERE rule_id = 'r-1'";
        let first = vec![bundle("203.0.113.9", 100, 109, NOW)];
        assert_eq!(write(&centre.db, first.clone(), &mut damping, &scoring).await, (1, 0));
        assert_eq!(write(&centre.db, first, &mut damping, &scoring).await, (0, 0));
        let later = vec![bundle("203.0.113.9", 110, 114, NOW + 50 * MINUTE)];
        assert_eq!(write(&centre.db, later, &mut damping, &scoring).await, (0, 1));
        assert_eq!(centre.value(sum).await, "15");
        let much_later = vec![bundle("203.0.113.9", 115, 115, NOW + 200 * MINUTE)];
        assert_eq!(write(&centre.db, much_later, &mut damping, &scoring).await, (1, 0));
        let scope = Scope::service("test");
        assert_eq!(cursor(&centre.db.scoped(&scope).read(), Cursor::Detection).await.unwrap(), 115);
    })
    .await;
}

#[tokio::test]
async fn a_record_with_nul_in_it_raises_its_alert_and_stops_no_other() {
    in_a_centre(|centre| async move {
        let scoring = settings().scoring;
        let mut damping = Damping::default();
        let both = vec![bundle("ro\u{0}ot", 100, 100, NOW), bundle("203.0.113.9", 101, 101, NOW)];
        assert_eq!(write(&centre.db, both, &mut damping, &scoring).await, (2, 0));
        let sql = "SELECT entity_value AS value FROM alerts WHERE first_sequence = 100 AND rule_id = 'r-1'";
        assert_eq!(centre.value(sql).await, "ro\u{2400}ot");
    })
    .await;
}

#[tokio::test]
async fn a_correlation_that_goes_on_in_another_time_or_after_closing_opens_a_row_of_its_own() {
    in_a_centre(|centre| async move {
        let scoring = settings().scoring;
        let mut damping = Damping::default();
        let going_on = |sequence: u64, time: i64| {
            let (key, bundle) = bundle("203.0.113.9", 100, sequence, time);
            vec![(key, Bundle { match_sequence: sequence, ..bundle })]
        };
        assert_eq!(write(&centre.db, going_on(104, NOW), &mut damping, &scoring).await, (1, 0));
        assert_eq!(write(&centre.db, going_on(120, NOW + 600 * MINUTE), &mut damping, &scoring).await, (1, 0));
        assert_eq!(write(&centre.db, going_on(121, NOW + 601 * MINUTE), &mut damping, &scoring).await, (0, 1));
        let both = [going_on(130, NOW - 600 * MINUTE), going_on(131, NOW - 1_200 * MINUTE)].concat();
        assert_eq!(write(&centre.db, both, &mut damping, &scoring).await, (2, 0));
        let firsts = "SELECT CAST(SUM(first_sequence) AS TEXT) AS value FROM alerts WHERE rule_id = 'r-1'";
        assert_eq!(centre.value(firsts).await, (100 + 120 + 130 + 131).to_string());
    })
    .await;
}

#[tokio::test]
async fn a_rule_over_its_limit_is_damped_into_one_visible_row() {
    in_a_centre(|centre| async move {
        let mut scoring = Scoring::clone(&settings().scoring);
        scoring.groups_per_rule_per_minute = 3;
        let mut damping = Damping::default();
        let flood = (0..20).map(|number| bundle(&format!("198.51.100.{number}"), 200 + number, 200 + number, NOW));
        write(&centre.db, flood.collect(), &mut damping, &scoring).await;
        let text = |sql: &'static str| centre.value(sql);
        assert_eq!(text("SELECT CAST(COUNT(*) AS TEXT) AS value FROM alerts WHERE rule_id = 'r-1'").await, "4");
        assert_eq!(text("SELECT CAST(count AS TEXT) AS value FROM alerts WHERE damped").await, "17");
        assert_eq!(damping.damped_matches, 17);
    })
    .await;
}

#[tokio::test]
async fn an_alert_goes_through_its_states_and_stays_behind_its_wall() {
    in_a_centre(|centre| async move {
        let live = Live::default();
        let own = scope(&centre.a.person, Some(&centre.a.agency));
        let other = scope(&centre.b.person, Some(&centre.b.agency));
        let ids = [centre.a.alert.clone()];
        let scoped = centre.db.scoped(&other);
        let tx = scoped.begin().await.unwrap();
        assert!(matches!(service::see(&tx, &live, &ids[0], NOW).await, Err(Error::NotFound)));
        assert!(matches!(service::acknowledge(&tx, &live, &ids, NOW).await, Err(Error::NotFound)));
        assert!(matches!(service::escalate(&tx, &live, &ids, None, NOW).await, Err(Error::NotFound)));
        drop(tx);
        let scoped = centre.db.scoped(&own);
        let tx = scoped.begin().await.unwrap();
        assert_eq!(service::see(&tx, &live, &ids[0], NOW).await.unwrap().seen_at, Some(NOW));
        assert_eq!(service::acknowledge(&tx, &live, &ids, NOW + 1).await.unwrap(), 1);
        let foreign = service::assign(&tx, &live, &ids, &centre.b.person, NOW + 2).await;
        assert!(matches!(foreign, Err(Error::Invalid(_))), "{foreign:?}");
        service::assign(&tx, &live, &ids, &centre.a.person, NOW + 2).await.unwrap();
        service::close(&tx, &live, &ids, CloseReason::Benign, " bảo trì ", NOW + 3).await.unwrap();
        assert!(matches!(service::acknowledge(&tx, &live, &ids, NOW + 4).await, Err(Error::Conflict(_))));
        service::reopen(&tx, &live, &ids, NOW + 5).await.unwrap();
        let escalated = service::escalate(&tx, &live, &ids, None, NOW + 6).await.unwrap();
        assert_eq!((escalated.seen_at, escalated.agency_id.as_deref()), (NOW, Some(centre.a.agency.as_str())));
        assert!(matches!(service::reopen(&tx, &live, &ids, NOW + 7).await, Err(Error::Conflict(_))));
        tx.commit().await.unwrap();
        let alert = store::get(&centre.db.scoped(&own).read(), &ids[0]).await.unwrap();
        assert_eq!((alert.state, alert.seen_by.as_deref()), (AlertState::Escalated, Some(centre.a.person.as_str())));
        let audited = "SELECT CAST(COUNT(*) AS TEXT) AS value FROM audit_entries WHERE object_kind = 'alert'";
        assert_eq!(centre.value(audited).await, "6");
    })
    .await;
}

#[tokio::test]
async fn nobody_escalates_alerts_of_two_agencies_into_one_incident() {
    in_a_centre(|centre| async move {
        let all = Scope::service("test");
        let scoped = centre.db.scoped(&all);
        let tx = scoped.begin().await.unwrap();
        let ids = [centre.a.alert.clone(), centre.b.alert.clone()];
        let result = service::escalate(&tx, &Live::default(), &ids, None, NOW).await;
        assert!(matches!(result, Err(Error::Conflict("alert-escalate-one-agency"))), "{result:?}");
    })
    .await;
}

#[tokio::test]
async fn adoption_rights_the_past_and_only_for_those_who_see_the_sender() {
    in_a_centre(|centre| async move {
        let all = Scope::service("test");
        let source = kit::id::new_id(NOW);
        let scoped = centre.db.scoped(&all);
        let tx = scoped.begin().await.unwrap();
        for sql in [
            format!(
                "INSERT INTO sources (id, name, name_fold, name_sort, kind, state, sender_key, match_host, expected, \
                 max_silence_minutes, note, created_at, created_by, updated_at) VALUES ('{source}', 'web9', 'web9', '', \
                 'other', 'unassigned', 'syslog_tcp|10.9.9.9|web9', 'web9', FALSE, 15, '', 1, 'x', 1)"
            ),
            format!(
                "INSERT INTO source_status (source_id, rate_per_minute, events, not_understood, last_sequence) \
                 VALUES ('{source}', 0, 0, 0, 0)"
            ),
        ] {
            use sea_orm::ConnectionTrait;
            tx.execute_unprepared(&sql).await.unwrap();
        }
        let mut unowned = bundle("192.0.2.77", 900, 900, NOW);
        unowned.1.owner.source_id = source.as_str().into();
        let Settings { scoring, entity_risk, .. } = settings();
        write_bundles(&tx, vec![unowned], &scoring, &entity_risk, &mut Damping::default(), NOW).await.unwrap();
        tx.commit().await.unwrap();
        let find = format!("SELECT id AS value FROM alerts WHERE source_id = '{source}'");
        let alert = centre.value(&find).await;

        let own = scope(&centre.a.person, Some(&centre.a.agency));
        let scoped = centre.db.scoped(&own);
        assert!(matches!(store::get(&scoped.read(), &alert).await, Err(Error::NotFound)));
        let tx = scoped.begin().await.unwrap();
        let reached = sources::service::adopt(&tx, &source, &centre.a.system, None, NOW).await;
        assert!(matches!(reached, Err(Error::NotFound)), "{reached:?}");
        drop(tx);
        let scoped = centre.db.scoped(&all);
        let tx = scoped.begin().await.unwrap();
        sources::service::adopt(&tx, &source, &centre.a.system, Some("Máy chủ chín"), NOW).await.unwrap();
        tx.commit().await.unwrap();

        let scoped = centre.db.scoped(&own);
        let righted = store::get(&scoped.read(), &alert).await.unwrap();
        assert_eq!((righted.system_id.as_deref(), righted.system_level), (Some(centre.a.system.as_str()), Some(3)));
        let assignments = sources::store::assignments(&scoped.read(), &source).await.unwrap();
        assert_eq!(assignments.iter().map(|one| one.valid_from).collect::<Vec<_>>(), vec![0]);
        let other = scope(&centre.b.person, Some(&centre.b.agency));
        assert!(matches!(sources::store::get(&centre.db.scoped(&other).read(), &source).await, Err(Error::NotFound)));
        assert!(matches!(store::get(&centre.db.scoped(&other).read(), &alert).await, Err(Error::NotFound)));
    })
    .await;
}

#[tokio::test]
async fn silence_is_told_once_and_so_is_its_end() {
    in_a_centre(|centre| async move {
        let all = Scope::service("test");
        let live = Live::default();
        let settings = settings();
        // Both departments' sources are expected and were never heard.
        let check = async |now| sources::silence::check(&centre.db, &all, &live, &settings, now).await.unwrap();
        assert_eq!(check(NOW).await, (2, 0));
        assert_eq!(check(NOW + MINUTE).await, (0, 0));
        let sql = format!("UPDATE source_status SET last_live = {} WHERE source_id = '{}'", NOW, centre.a.source);
        let scoped = centre.db.scoped(&all);
        let tx = scoped.begin().await.unwrap();
        use sea_orm::ConnectionTrait;
        tx.execute_unprepared(&sql).await.unwrap();
        tx.commit().await.unwrap();
        assert_eq!(check(NOW + 2 * MINUTE).await, (0, 1));
        assert_eq!(check(NOW + 20 * MINUTE).await, (1, 0));
        let own = scope(&centre.a.person, Some(&centre.a.agency));
        let view = centre.db.scoped(&own);
        let silent =
            sources::silence::silent_sources(&view.read(), &settings.sources, NOW + 20 * MINUTE).await.unwrap();
        assert_eq!(silent.len(), 1);
        assert_eq!((silent[0].source_id.as_str(), silent[0].silent_since), (centre.a.source.as_str(), NOW));
    })
    .await;
}

#[tokio::test]
async fn an_agency_that_has_ended_gets_no_new_source() {
    in_a_centre(|centre| async move {
        let everywhere = Scope::service("test");
        let scoped = centre.db.scoped(&everywhere);
        let tx = scoped.begin().await.unwrap();
        let input = |system: &str, host: &str| sources::service::SourceInput {
            name: "Máy mới".into(),
            kind: "server".into(),
            system_id: system.into(),
            match_host: host.into(),
            ..Default::default()
        };
        let id = sources::service::register(&tx, &settings().sources, &input(&centre.b.system, "may-cu-b"), NOW)
            .await
            .unwrap();
        organisation::agencies::close(&tx, NOW, &centre.b.agency, Some(NOW)).await.unwrap();
        for (system, is_refused) in [(&centre.a.system, false), (&centre.b.system, true)] {
            let new =
                sources::service::register(&tx, &settings().sources, &input(system, &format!("may-{is_refused}")), NOW)
                    .await;
            assert_eq!(matches!(new, Err(Error::Invalid(_))), is_refused, "{new:?}");
        }
        let kept =
            sources::service::change(&tx, &settings().sources, &id, &input(&centre.b.system, "may-cu-b-2"), NOW).await;
        assert!(kept.is_ok(), "what it has stays: {kept:?}");
    })
    .await;
}

#[tokio::test]
async fn nobody_declares_what_another_agency_sends() {
    in_a_centre(|centre| async move {
        let own = scope(&centre.a.person, Some(&centre.a.agency));
        let whole = scope(&centre.a.person, None);
        let input = |host: &str, network: &str| sources::service::SourceInput {
            name: "Máy mới".into(),
            kind: "server".into(),
            system_id: centre.a.system.clone(),
            match_host: host.into(),
            match_network: network.into(),
            ..Default::default()
        };
        let scoped = centre.db.scoped(&whole);
        let tx = scoped.begin().await.unwrap();
        let theirs =
            sources::service::SourceInput { system_id: centre.b.system.clone(), ..input("may-cua-b", "10.9.0.0/16") };
        sources::service::register(&tx, &settings().sources, &theirs, NOW).await.unwrap();
        tx.commit().await.unwrap();
        let scoped = centre.db.scoped(&own);
        let tx = scoped.begin().await.unwrap();
        for (host, network) in [("May-Cua-B", ""), ("may-cua-b", "10.9.1.2"), ("", "0.0.0.0/0"), ("", "10.9.1.0/24")] {
            let refused = sources::service::register(&tx, &settings().sources, &input(host, network), NOW).await;
            assert!(matches!(refused, Err(Error::Invalid(_))), "{host} {network}: {refused:?}");
        }
        let id = sources::service::register(&tx, &settings().sources, &input("may-cua-a", "10.8.0.0/16"), NOW)
            .await
            .unwrap();
        let refused =
            sources::service::change(&tx, &settings().sources, &id, &input("may-cua-b", "10.9.1.2"), NOW).await;
        assert!(matches!(refused, Err(Error::Invalid(_))), "{refused:?}");
        sources::service::change(&tx, &settings().sources, &id, &input("may-cua-a", "10.8.1.0/24"), NOW).await.unwrap();
    })
    .await;
}
