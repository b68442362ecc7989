//! Those on duty hear of alerts and stories: once, in their inbox, watched until somebody takes them on.

use crate::centre::{Centre, Department, NOW, in_a_centre, settings};
use kit::clock::{HOUR, MINUTE, Micros};
use kit::live::Live;
use kit::page::Severity;
use kit::scope::{Actor, Agencies};
use kit::{Capability, Scope};
use monitoring::alerts::grouping::{Bundle, Owner, RuleFacts};
use monitoring::alerts::record::{Damping, write_bundles};
use monitoring::alerts::{Entity, Sample, notices, service};
use monitoring::settings::Settings;
use monitoring::stories::Link;
use organisation::Policies;
use organisation::roster::{self, NewShift};
use std::sync::Arc;

/// A match of a rule with a tactic on a machine of a department.
fn bundle(of: &Department, rule: &str, tactic: &str, level: Severity, sequence: u64) -> (String, Bundle) {
    let facts = RuleFacts {
        id: rule.into(),
        title: format!("Rule {rule}"),
        title_vi: Some(format!("Quy tắc {rule}")),
        level,
        techniques: Vec::new(),
        tactics: vec![tactic.into()],
    };
    let time = NOW + i64::try_from(sequence).unwrap();
    let bundle = Bundle {
        rule: Arc::new(facts),
        owner: Owner {
            source_id: of.source.as_str().into(),
            system_id: Some(of.system.as_str().into()),
            agency_id: Some(of.agency.as_str().into()),
            system_level: Some(3),
        },
        entity: Entity { kind: "host_name".into(), value: "web01".into() },
        first_sequence: sequence,
        match_sequence: sequence,
        last_sequence: sequence,
        first_time: time,
        last_time: time,
        first_recorded: NOW,
        count: 1,
        samples: vec![Sample { seq: sequence, time, fields: Vec::new() }],
        links: Vec::new(),
        suppression: None,
        imported: false,
    };
    (format!("{}-{rule}", of.agency), bundle)
}

/// Writes these and tells those on duty, in one transaction, as the pipeline does.
async fn raise(centre: &Centre, bundles: Vec<(String, Bundle)>, settings: &Settings, now: Micros) {
    let scope = Scope::service("test");
    let tx = centre.db.scoped(&scope).begin().await.unwrap();
    let Settings { scoring, entity_risk, duty, .. } = settings;
    let mut damping = Damping::default();
    let changes = write_bundles(&tx, bundles, scoring, entity_risk, &mut damping, now).await.unwrap();
    notices::tell(&tx, &Live::default(), &duty.notices, &changes, now).await.unwrap();
    tx.commit().await.unwrap();
}

/// Somebody of the centre on watch.
async fn on_watch(centre: &Centre) -> String {
    let head = centre.value("SELECT id AS value FROM agencies WHERE parent_id IS NULL").await;
    let person = centre.value(&format!("SELECT id AS value FROM people WHERE agency_id = '{head}'")).await;
    let scope = Scope::service("test");
    let tx = centre.db.scoped(&scope).begin().await.unwrap();
    let shift = NewShift {
        agency_id: head,
        person_id: person.clone(),
        post: "analyst".into(),
        starts_at: NOW - HOUR,
        ends_at: NOW + 8 * HOUR,
    };
    roster::add_shift(&tx, &Policies::embedded().unwrap(), NOW, &shift).await.unwrap();
    tx.commit().await.unwrap();
    person
}

/// Number of messages of a kind, and of escalations that nobody has ended.
async fn told(centre: &Centre, key: &str) -> (String, String) {
    let messages =
        format!("SELECT CAST(COUNT(*) AS TEXT) AS value FROM inbox_messages WHERE title_key = 'alert-message-{key}'");
    let open = format!(
        "SELECT CAST(COUNT(*) AS TEXT) AS value FROM notice_escalations \
         WHERE title_key = 'alert-message-{key}' AND acknowledged_at IS NULL"
    );
    (centre.value(&messages).await, centre.value(&open).await)
}

fn pair(messages: &str, open: &str) -> (String, String) {
    (messages.to_owned(), open.to_owned())
}

fn analyst(person: &str) -> Scope {
    let actor = Actor::Person { id: person.into(), name: "Trần Thị Trực".into() };
    Scope::new(actor, Agencies::All, Capability::ALL.iter().copied(), None)
}

#[tokio::test]
async fn an_alert_is_told_once_and_whoever_takes_it_on_ends_its_escalation() {
    in_a_centre(|centre: Centre| async move {
        let person = on_watch(&centre).await;
        let settings = settings();
        raise(&centre, vec![bundle(&centre.a, "one", "execution", Severity::High, 100)], &settings, NOW).await;
        raise(&centre, vec![bundle(&centre.a, "one", "execution", Severity::High, 101)], &settings, NOW + 1).await;
        assert_eq!(told(&centre, "raised").await, pair("1", "1"), "what grows is not told again");
        raise(&centre, vec![bundle(&centre.b, "low", "execution", Severity::Low, 102)], &settings, NOW).await;
        assert_eq!(told(&centre, "raised").await, pair("1", "1"), "what is not severe is on the list alone");
        let alert = centre.value("SELECT id AS value FROM alerts WHERE rule_id = 'one'").await;
        let link = centre.value("SELECT link AS value FROM inbox_messages").await;
        assert_eq!(link, format!("/alerts/{alert}"));
        let words = centre.value("SELECT title_arguments AS value FROM inbox_messages").await;
        assert!(words.contains("Quy tắc one") && words.contains("Sở Y tế") && !words.contains("web01"), "{words}");
        let scope = analyst(&person);
        let tx = centre.db.scoped(&scope).begin().await.unwrap();
        service::acknowledge(&tx, &Live::default(), &[alert], NOW + MINUTE).await.unwrap();
        tx.commit().await.unwrap();
        assert_eq!(told(&centre, "raised").await, pair("1", "0"));
        let noted = "SELECT CAST(COUNT(*) AS TEXT) AS value FROM inbox_messages WHERE acknowledged_at IS NOT NULL";
        assert_eq!(centre.value(noted).await, "1", "taking it on is taking note of the message");
    })
    .await;
}

#[tokio::test]
async fn what_is_held_back_or_over_is_told_to_nobody() {
    in_a_centre(|centre: Centre| async move {
        on_watch(&centre).await;
        let settings = settings();
        let (key, held) = bundle(&centre.a, "held", "execution", Severity::Critical, 100);
        let held = Bundle { suppression: Some("window".into()), ..held };
        let (other, imported) = bundle(&centre.b, "imported", "execution", Severity::Critical, 101);
        let imported = Bundle { imported: true, ..imported };
        raise(&centre, vec![(key, held), (other.clone(), imported)], &settings, NOW).await;
        assert_eq!(told(&centre, "raised").await, pair("0", "0"));
        let going_on = bundle(&centre.b, "imported", "execution", Severity::Critical, 102);
        assert_eq!(going_on.0, other);
        raise(&centre, vec![going_on], &settings, NOW).await;
        assert_eq!(told(&centre, "raised").await, pair("1", "1"), "what goes on now is news");
    })
    .await;
}

#[tokio::test]
async fn a_rise_above_the_threshold_is_told() {
    in_a_centre(|centre: Centre| async move {
        on_watch(&centre).await;
        let settings = settings();
        raise(&centre, vec![bundle(&centre.a, "one", "execution", Severity::Medium, 100)], &settings, NOW).await;
        assert_eq!(told(&centre, "raised").await, pair("0", "0"));
        raise(&centre, vec![bundle(&centre.a, "one", "execution", Severity::Critical, 101)], &settings, NOW).await;
        raise(&centre, vec![bundle(&centre.a, "one", "execution", Severity::Critical, 102)], &settings, NOW).await;
        assert_eq!(told(&centre, "raised").await, pair("1", "1"));
    })
    .await;
}

#[tokio::test]
async fn a_story_is_told_once_and_what_joins_it_is_not() {
    in_a_centre(|centre: Centre| async move {
        let person = on_watch(&centre).await;
        let settings = settings();
        let steps = ["initial-access", "execution", "credential-access", "lateral-movement"];
        for (number, tactic) in (100_u64..).zip(steps) {
            let (key, one) = bundle(&centre.a, tactic, tactic, Severity::High, number);
            let links = vec![Link { kind: "machine".into(), value: "web01".into() }];
            raise(&centre, vec![(key, Bundle { links, ..one })], &settings, NOW).await;
        }
        assert_eq!(told(&centre, "raised").await, pair("2", "2"), "before they were a story");
        assert_eq!(told(&centre, "story").await, pair("1", "1"));
        let story = centre.value("SELECT DISTINCT story_id AS value FROM alerts WHERE story_id IS NOT NULL").await;
        let link =
            centre.value("SELECT link AS value FROM inbox_messages WHERE title_key = 'alert-message-story'").await;
        assert_eq!(link, format!("/stories/{story}"));
        let last = centre.value("SELECT id AS value FROM alerts WHERE rule_id = 'lateral-movement'").await;
        let scope = analyst(&person);
        let tx = centre.db.scoped(&scope).begin().await.unwrap();
        service::acknowledge(&tx, &Live::default(), &[last], NOW + MINUTE).await.unwrap();
        tx.commit().await.unwrap();
        assert_eq!(told(&centre, "story").await, pair("1", "1"), "others as grave wait");
        let mut ids = Vec::new();
        for tactic in steps {
            ids.push(centre.value(&format!("SELECT id AS value FROM alerts WHERE rule_id = '{tactic}'")).await);
        }
        let tx = centre.db.scoped(&scope).begin().await.unwrap();
        let changed = service::acknowledge(&tx, &Live::default(), &ids, NOW + 2 * MINUTE).await.unwrap();
        tx.commit().await.unwrap();
        assert_eq!(changed, ids.len() as u64 - 1, "one is taken on already");
        assert_eq!(told(&centre, "story").await, pair("1", "0"));
    })
    .await;
}

#[tokio::test]
async fn a_storm_is_told_one_by_one_up_to_a_bound_and_then_summed_up() {
    in_a_centre(|centre: Centre| async move {
        on_watch(&centre).await;
        let mut settings = settings();
        settings.duty.notices.most_per_hour = 3;
        let storm = |from: u64, to: u64| -> Vec<_> {
            let one = |number| bundle(&centre.a, &format!("r{number}"), "execution", Severity::High, number);
            (from..to).map(one).collect()
        };
        raise(&centre, storm(100, 110), &settings, NOW).await;
        assert_eq!(told(&centre, "raised").await, pair("3", "3"));
        let (scope, live) = (Scope::service("test"), Live::default());
        let sum_up = async |now| notices::sum_up(&centre.db, &scope, &live, &settings.duty.notices, now).await.unwrap();
        assert_eq!(sum_up(NOW + MINUTE).await, 7);
        assert_eq!(sum_up(NOW + MINUTE).await, 0, "once");
        raise(&centre, storm(110, 112), &settings, NOW + 2 * MINUTE).await;
        assert_eq!(sum_up(NOW + 3 * MINUTE).await, 0, "not every minute");
        assert_eq!(sum_up(NOW + 17 * MINUTE).await, 2);
        assert_eq!(told(&centre, "more").await, pair("2", "2"));
        raise(&centre, storm(112, 113), &settings, NOW + 2 * HOUR).await;
        assert_eq!(told(&centre, "raised").await, pair("4", "4"), "the next hour has its own");
    })
    .await;
}

#[tokio::test]
async fn times_until_somebody_takes_an_alert_on_are_told_within_the_scope() {
    in_a_centre(|centre: Centre| async move {
        let scope = analyst(&centre.a.person);
        let tx = centre.db.scoped(&scope).begin().await.unwrap();
        let ids = [centre.a.alert.clone()];
        service::acknowledge(&tx, &Live::default(), &ids, NOW + 5 * MINUTE).await.unwrap();
        tx.commit().await.unwrap();
        let page = centre.get("2", "/alerts/times?range=all").await;
        assert!(page.says("Sở Y tế") && page.says("Sở Giáo dục và Đào tạo") && page.says("5 phút"), "{}", page.text);
        let own = centre.get("1", "/alerts/times?range=all").await;
        assert!(!own.says("Sở Y tế</th>") && own.says("Sở Giáo dục và Đào tạo"), "{}", own.text);
        let csv = centre.get("2", "/alerts/times?range=all&format=csv").await;
        assert!(csv.says("Sở Y tế,1,300,300,0,"), "{}", csv.text);
        let api = centre.get("2", "/api/v1/alert-times?range=all").await;
        assert!(api.says("\"median_seconds\":300") && api.says("\"open\":1"), "{}", api.text);
    })
    .await;
}
