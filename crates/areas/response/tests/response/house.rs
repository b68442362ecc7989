//! The house that the tests are played in: a province with two departments, a system, two alerts, and people.

use kit::Capability;
use kit::bus::Bus;
use kit::clock::{MINUTE, Micros};
use kit::db::Db;
use kit::live::Live;
use kit::migration::Migration;
use kit::page::Severity;
use kit::scope::{Actor, Agencies, Scope};
use luytre_response as response;
use monitoring::alerts::{AlertEscalated, Entity};
use response::incidents::store;
use sea_orm::{ConnectionTrait, Statement};

pub const NOW: Micros = 1_795_287_600_000_000; // 22 November 2026, 02:00 in Vietnam

pub fn migrations() -> Vec<Migration> {
    let mut migrations = organisation::MIGRATIONS.to_vec();
    migrations.extend(assurance::area().migrations);
    migrations.extend(monitoring::area().migrations);
    migrations.extend(response::MIGRATIONS);
    migrations
}

pub fn bus() -> Bus {
    let mut bus = Bus::default();
    response::subscribe(&mut bus, &Live::default());
    bus
}

pub struct House {
    pub root: String,
    pub health: String,
    pub schools: String,
    pub system: String,
}

/// A province with two departments, one system and two alerts.
pub async fn furnish(db: &Db) -> House {
    let scope = Scope::service("test");
    let tx = db.scoped(&scope).begin().await.expect("transaction");
    let root = organisation::agencies::ensure_root_agency(&tx, NOW, "Tỉnh Bình Lâm", "BL").await.expect("root");
    let mut departments = Vec::new();
    for (code, name) in [("SYT", "Sở Y tế"), ("SGD", "Sở Giáo dục và Đào tạo")] {
        let new = organisation::agencies::NewAgency {
            code: code.into(),
            name: name.into(),
            kind: "department".into(),
            address: "01 đường Trần Phú".into(),
            phone: "0200 000 000".into(),
            email: "van.phong@binhlam.example".into(),
            ..Default::default()
        };
        departments.push(organisation::agencies::create(&tx, NOW, new).await.expect("agency").id);
    }
    let system = assurance::systems::NewSystem {
        code: "SYT-01".into(),
        name: "Hồ sơ sức khỏe".into(),
        agency_id: departments[0].clone(),
        level: 3,
        state: "operating".into(),
        ..Default::default()
    };
    let system = assurance::systems::service::register(&tx, system, NOW).await.expect("system");
    for (id, sequence) in [("alert-1", 11_i64), ("alert-2", 12)] {
        let sql = "INSERT INTO alerts (id, rule_id, rule_title, rule_title_vi, title_fold, rule_level, group_key, \
                   first_sequence, last_sequence, source_id, system_id, system_level, agency_id, entity_kind, \
                   entity_value, severity, severity_rank, score, state, count, first_event_time, last_event_time, \
                   first_event_recorded, detected_at, updated_at, techniques, samples, damped) VALUES ($1, 'rule-1', \
                   'Web shell', 'Mã web shell', 'ma web shell', 'high', $1, $2, $2, 'source-1', $3, 3, $4, 'host_name', \
                   'web-01', 'high', 3, 80, 'new', 7, $5, $5, $5, $6, $6, 'T1505.003', $7, $8)";
        let samples = format!(
            r#"[{{"seq":{sequence},"time":{NOW},"fields":[{{"field":"url","value":"/x.php","pattern":"*.php"}}]}}]"#
        );
        let values: Vec<sea_orm::Value> = vec![
            id.into(),
            sequence.into(),
            system.as_str().into(),
            departments[0].as_str().into(),
            (NOW - 20 * MINUTE).into(),
            (NOW - 3 * MINUTE).into(),
            samples.into(),
            false.into(),
        ];
        tx.execute_raw(Statement::from_sql_and_values(tx.get_database_backend(), sql, values)).await.expect("alert");
    }
    tx.commit().await.expect("commit");
    House { root: root.id, health: departments[0].clone(), schools: departments[1].clone(), system }
}

pub async fn person(db: &Db, account: &str, name: &str, title: &str, agency_id: &str) -> String {
    let scope = Scope::service("test");
    let tx = db.scoped(&scope).begin().await.expect("transaction");
    let new = organisation::people::NewPerson {
        account: account.into(),
        full_name: name.into(),
        agency_id: agency_id.into(),
        title: title.into(),
        ..Default::default()
    };
    let person = organisation::people::create(&tx, NOW, new).await.expect("person");
    tx.commit().await.expect("commit");
    person.id
}

pub fn scope(id: &str, name: &str, agency: &str, capabilities: &[Capability]) -> Scope {
    let actor = Actor::Person { id: id.into(), name: name.into() };
    Scope::new(actor, Agencies::Under([agency.to_owned()].into()), capabilities.iter().copied(), None)
}

pub const ANALYST: &[Capability] = &[Capability::ViewAlerts, Capability::HandleAlerts, Capability::ViewIncidents];
pub const OFFICER: &[Capability] = &[
    Capability::ViewAlerts,
    Capability::ViewIncidents,
    Capability::HandleIncidents,
    Capability::SendNotices,
    Capability::ViewSystems,
];
pub const LEADER: &[Capability] = &[Capability::ViewIncidents, Capability::ApproveNotices, Capability::ViewPeople];

pub fn escalation(house: &House, alert: &str, incident_id: Option<String>) -> AlertEscalated {
    AlertEscalated {
        alert_ids: vec![alert.to_owned()],
        agency_id: Some(house.health.clone()),
        system_id: Some(house.system.clone()),
        title: "Mã web shell".into(),
        severity: Severity::High,
        first_event_time: NOW - 20 * MINUTE,
        first_event_recorded: NOW - 20 * MINUTE,
        detected_at: NOW - 3 * MINUTE,
        seen_at: NOW,
        rule_ids: vec!["rule-1".into()],
        entity: Entity { kind: "host_name".into(), value: "web-01".into() },
        by: "analyst".into(),
        by_name: "Trực ban".into(),
        at: NOW,
        incident_id,
    }
}

/// Publishes the escalation as monitoring does; gives the id of the incident.
pub async fn escalate(db: &Db, house: &House) -> String {
    let analyst = scope("analyst", "Trực ban", &house.root, ANALYST);
    let tx = db.scoped(&analyst).begin().await.expect("transaction");
    tx.publish(&escalation(house, "alert-1", None)).await.expect("published");
    tx.commit().await.expect("commit");
    let incident = store::of_alert(&db.scoped(&analyst).read(), "alert-1").await.expect("found");
    incident.expect("the alert has an incident").id
}
