//! Entities at risk: what alerts add, how it fades, what closing takes away, and the wall.

use crate::centre::{Centre, Department, NOW, in_a_centre, settings};
use axum::http::StatusCode;
use kit::Scope;
use kit::clock::{DAY, HOUR, Micros};
use kit::page::Severity;
use monitoring::alerts::grouping::{Bundle, Owner, RuleFacts};
use monitoring::alerts::record::{Damping, write_bundles};
use monitoring::alerts::{Entity, Sample};
use monitoring::entities::store::{Filter, Ranked, by_day, ranking};
use monitoring::settings::Settings;
use std::sync::Arc;

pub(crate) async fn raise(centre: &Centre, of: &Department, rule: &str, host: &str, time: Micros) {
    let facts = RuleFacts {
        id: rule.into(),
        title: rule.into(),
        title_vi: None,
        level: Severity::High,
        techniques: Vec::new(),
        tactics: Vec::new(),
    };
    let sequence = u64::try_from(time / 1_000_000).unwrap();
    let bundle = Bundle {
        rule: Arc::new(facts),
        owner: Owner {
            source_id: of.source.as_str().into(),
            system_id: Some(of.system.as_str().into()),
            agency_id: Some(of.agency.as_str().into()),
            system_level: Some(3),
        },
        entity: Entity { kind: "host_name".into(), value: host.into() },
        first_sequence: sequence,
        match_sequence: sequence,
        last_sequence: sequence,
        first_time: time,
        last_time: time,
        first_recorded: time,
        count: 1,
        samples: vec![Sample { seq: sequence, time, fields: Vec::new() }],
        links: Vec::new(),
        suppression: None,
        imported: false,
    };
    let Settings { scoring, entity_risk, .. } = settings();
    let scope = Scope::service("test");
    let scoped = centre.db.scoped(&scope);
    let tx = scoped.begin().await.unwrap();
    let key = format!("{rule} {host} {} {time}", of.agency);
    write_bundles(&tx, vec![(key, bundle)], &scoring, &entity_risk, &mut Damping::default(), NOW).await.unwrap();
    tx.commit().await.unwrap();
}

async fn hosts(centre: &Centre) -> Vec<Ranked> {
    let scope = Scope::service("test");
    let filter = Filter { kind: Some("host_name".into()), ..Filter::default() };
    ranking(&centre.db.scoped(&scope).read(), &settings().entity_risk, &filter, NOW, 10, 0).await.unwrap()
}

#[tokio::test]
async fn what_is_new_and_lately_weighs_most_and_what_was_false_weighs_nothing() {
    in_a_centre(|centre: Centre| async move {
        let Settings { scoring, entity_risk: policy, .. } = settings();
        let score = scoring.weigh(Severity::High, Some(3)).0;
        raise(&centre, &centre.a, "r1", "may-01", NOW - HOUR).await;
        raise(&centre, &centre.a, "r1", "may-02", NOW - 5 * DAY - HOUR).await;
        raise(&centre, &centre.a, "r1", "may-03", NOW - 30 * DAY).await;
        let found = hosts(&centre).await;
        let names: Vec<_> = found.iter().map(|one| one.entity.value.as_str()).collect();
        assert_eq!(names, ["may-01", "may-02"], "what is too old is no risk");
        let new = policy.weigh(score, "host_name", true);
        let expected = [DAY / 2, 5 * DAY + DAY / 2].map(|age| new * policy.fade(age));
        for (one, expected) in found.iter().zip(expected) {
            assert!((one.risk - expected).abs() < 0.01, "{one:?} {expected}");
        }
        // The same rule again says less, another one says more.
        raise(&centre, &centre.a, "r1", "may-02", NOW - 2 * HOUR).await;
        let again = hosts(&centre).await[1].risk - found[1].risk;
        assert!((again - policy.weigh(score, "host_name", false) * policy.fade(DAY / 2)).abs() < 0.01, "{again}");
        raise(&centre, &centre.a, "r2", "may-02", NOW - 2 * HOUR).await;
        let found = hosts(&centre).await;
        assert_eq!((found[0].entity.value.as_str(), found[0].alerts, found[0].rules), ("may-02", 3, 2));
        let scope = Scope::service("test");
        let lines = by_day(&centre.db.scoped(&scope).read(), &policy, &found, NOW).await.unwrap();
        let line = &lines[&(found[0].agency_id.clone(), found[0].entity.clone())];
        assert_eq!(line.len(), usize::from(policy.days));
        let days: Vec<_> =
            line.iter().rev().enumerate().filter(|(_, points)| **points > 0).map(|(age, _)| age).collect();
        assert_eq!(days, [0, 5]);
        let close = "UPDATE alerts SET state = 'closed', close_reason = 'false-positive' WHERE entity_value = 'may-02'";
        centre.change(close).await;
        assert_eq!(hosts(&centre).await.len(), 1);
        centre.change("UPDATE alerts SET close_reason = 'handled' WHERE entity_value = 'may-02'").await;
        assert_eq!(hosts(&centre).await.len(), 2, "a real attack that was dealt with still counts");
        centre.change("UPDATE alerts SET state = 'suppressed' WHERE entity_value = 'may-01'").await;
        assert_eq!(hosts(&centre).await.len(), 1);
    })
    .await;
}

#[tokio::test]
async fn the_ranking_keeps_to_the_wall_and_tells_one_network_from_another() {
    in_a_centre(|centre: Centre| async move {
        raise(&centre, &centre.a, "r1", "may-chung", NOW - HOUR).await;
        raise(&centre, &centre.b, "r1", "may-chung", NOW - HOUR).await;
        raise(&centre, &centre.b, "r1", "may-kin", NOW - HOUR).await;
        let own = centre.get("0", "/entities").await;
        assert_eq!(own.status, StatusCode::OK, "{}", own.text);
        assert!(own.says("may-chung") && own.says("Sở Y tế") && !own.says("may-kin"), "{}", own.text);
        let json = centre.get("0", "/api/v1/entities?kind=host_name").await;
        assert!(json.says("\"total\":1") && !json.says("may-kin"), "{}", json.text);
        let all = centre.get("2", "/api/v1/entities?kind=host_name").await;
        assert!(all.says("\"total\":3"), "one name in two agencies is two entities: {}", all.text);
        assert!(centre.get("2", "/entities?q=KIN").await.says("may-kin"));
        let csv = centre.get("0", "/entities?format=csv").await;
        assert!(csv.says("host_name,may-chung,") && !csv.says("may-kin"), "{}", csv.text);
        let page = centre.get("0", &format!("/alerts/{}", centre.a.alert)).await;
        assert_eq!(page.status, StatusCode::OK, "{}", page.text);
        let mine = centre.value("SELECT id AS value FROM alerts WHERE entity_value = 'may-chung' LIMIT 1").await;
        let page = centre.get("2", &format!("/alerts/{mine}")).await;
        assert!(page.says("/entities?entity=host_name"), "{}", page.text);
    })
    .await;
}
