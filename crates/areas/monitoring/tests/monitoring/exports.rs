//! A file of many rows leaves only with a second person.

use crate::centre::{Centre, NOW, in_a_centre};
use axum::http::StatusCode;
use kit::live::Live;
use kit::scope::{Actor, Agencies};
use kit::{Capability, Scope};
use organisation::Policies;
use organisation::elevations::{self, Asked};
use sea_orm::ConnectionTrait;

const FILE: &str = "/alerts?state=all&range=all&format=csv";

fn scope(person: &str, agencies: Agencies) -> Scope {
    let actor = Actor::Person { id: person.into(), name: "Người thử".into() };
    Scope::new(actor, agencies, Capability::ALL.iter().copied(), None)
}

/// So many alerts more of the first agency.
async fn more_alerts(centre: &Centre, count: u64) {
    let copied = "rule_id, rule_title, rule_title_vi, title_fold, rule_level, first_sequence, last_sequence, source_id, \
                  system_id, system_level, agency_id, entity_kind, entity_value, severity, severity_rank, score, state, \
                  count, first_event_time, last_event_time, first_event_recorded, detected_at, updated_at, techniques, \
                  samples, damped";
    let sql = format!(
        "INSERT INTO alerts (id, group_key, {copied}) WITH RECURSIVE numbers (number) AS (SELECT 1 UNION ALL \
         SELECT number + 1 FROM numbers WHERE number < {count}) SELECT 'copy-' || CAST(number AS TEXT), \
         'copy-' || CAST(number AS TEXT), {copied} FROM alerts, numbers WHERE id = '{}'",
        centre.a.alert
    );
    let service = Scope::service("test");
    let tx = centre.db.scoped(&service).begin().await.unwrap();
    tx.execute_unprepared(&sql).await.unwrap();
    tx.commit().await.unwrap();
}

#[tokio::test]
async fn a_large_file_leads_to_the_second_person_and_leaves_once_approved() {
    in_a_centre(|centre: Centre| async move {
        let policies = Policies::embedded().unwrap();
        let most = policies.elevation.kind("export").unwrap().rows;
        assert_eq!(centre.get("0", FILE).await.status, StatusCode::OK);
        more_alerts(&centre, most).await;
        let refused = centre.get("0", FILE).await;
        assert_eq!(refused.status, StatusCode::SEE_OTHER);
        assert_eq!(refused.headers["location"], "/elevations?kind=export");
        assert!(!refused.says("copy-"), "nothing of the file comes along");
        let own = scope(&centre.a.person, Agencies::Under([centre.a.agency.clone()].into()));
        let asked = Asked {
            kind: "export".into(),
            agency_id: centre.a.agency.clone(),
            reason: "Theo công văn 12".into(),
            ..Asked::default()
        };
        let tx = centre.db.scoped(&own).begin().await.unwrap();
        let id = elevations::ask(&tx, &Live::default(), &policies, NOW, &asked).await.unwrap();
        tx.commit().await.unwrap();
        assert_eq!(centre.get("0", FILE).await.status, StatusCode::SEE_OTHER, "asking is not enough");
        let above = scope(&centre.b.person, Agencies::All);
        let tx = centre.db.scoped(&above).begin().await.unwrap();
        elevations::approve(&tx, &Live::default(), &policies, NOW, &id, "").await.unwrap();
        tx.commit().await.unwrap();
        let file = centre.get("0", FILE).await;
        assert_eq!(file.status, StatusCode::OK);
        assert!(file.says("copy-1"));
        let used = centre.value("SELECT CAST(used AS TEXT) AS value FROM elevations").await;
        assert_eq!(used, "1");
    })
    .await;
}
