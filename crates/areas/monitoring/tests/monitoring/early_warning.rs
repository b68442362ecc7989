//! Early warning on its real path: learnt over days and restarts, told with what normal was, behind the wall.

use crate::centre::{Centre, NOW, in_a_centre, migrations, settings};
use crate::stream::{figures, opened, start};
use axum::http::StatusCode;
use bytes::Bytes;
use event::{Listener, Origin, RawRecord};
use event_store::{Options, Store};
use kit::{Db, Scope};
use monitoring::pipeline::Pipeline;
use monitoring::rules::exceptions;
use monitoring::rules::exceptions::service::ExceptionInput;
use monitoring::rules::states::{self, RuleState};
use std::sync::Arc;

/// A sign-in of one account on a host of the first department, in November.
fn sign_in(day: u32, time: &str, address: &str) -> RawRecord {
    let origin = Origin { listener: Listener::SyslogTcp, peer: Some("10.0.0.5".into()), ..Origin::default() };
    let line =
        format!("<38>Nov {day:2} {time} web-SYT sshd[77]: Accepted password for lan from {address} port 4711 ssh2");
    RawRecord { bytes: Bytes::from(line), arrival: NOW, origin: Arc::new(origin), position: 0 }
}

async fn take_in(store: &Store, pipeline: &Pipeline, records: Vec<RawRecord>) {
    let count = records.len() as u64;
    let appended = store.append(records, None).await.unwrap();
    pipeline.wait_evaluated(appended.first_seq + count - 1).await.unwrap();
}

fn days(days: std::ops::RangeInclusive<u32>) -> Vec<RawRecord> {
    let times = ["08:01:00", "10:12:00", "13:30:00", "16:45:00"];
    days.flat_map(|day| times.map(|time| sign_in(day, time, "10.1.0.5"))).collect()
}

async fn found(db: &Db, detector: &str) -> (i64, i64) {
    let alerts = format!("SELECT COUNT(*) AS value FROM alerts WHERE rule_id = '{detector}'");
    let warnings = format!("SELECT COUNT(*) AS value FROM early_warnings WHERE detector = '{detector}'");
    (figures(db, &alerts).await, figures(db, &warnings).await)
}

#[tokio::test(flavor = "multi_thread")]
async fn a_sign_in_at_night_from_a_new_address_is_told_with_what_is_normal_and_to_whom_it_concerns() {
    test_support::on_each_database(&migrations(), kit::bus::Bus::default, |db| async move {
        let centre = Centre::new(db.clone()).await;
        let directory = tempfile::tempdir().unwrap();
        let store = Store::open(directory.path(), Options::default()).unwrap();
        let pipeline = start(&store, &db).await;
        take_in(&store, &pipeline, days(8..=14)).await;
        pipeline.stop().await;
        drop((pipeline, store));

        // What was learnt outlives a stop, and a kill too.
        let store = Store::open(directory.path(), Options::default()).unwrap();
        let pipeline = start(&store, &db).await;
        take_in(&store, &pipeline, days(15..=20)).await;
        pipeline.abandon();
        drop((pipeline, store));

        let store = opened(directory.path()).await;
        let pipeline = start(&store, &db).await;
        assert_eq!(figures(&db, "SELECT COUNT(*) AS value FROM early_warnings").await, 0, "a rhythm is no news");
        take_in(&store, &pipeline, vec![sign_in(21, "03:10:00", "203.0.113.77")]).await;
        assert_eq!(found(&db, "early-sign-in-address").await, (1, 1));
        assert_eq!(found(&db, "early-sign-in-hour").await, (1, 1));
        pipeline.stop().await;

        let page = centre.get("0", "/early-warning").await;
        assert_eq!(page.status, StatusCode::OK);
        assert!(page.text.contains("203.0.113.77") && page.text.contains("early-bar-marked"), "{}", page.text);
        let elsewhere = centre.get("1", "/early-warning").await;
        assert_eq!(elsewhere.status, StatusCode::OK);
        assert!(!elsewhere.text.contains("203.0.113.77"), "{}", elsewhere.text);
        let id = centre.value("SELECT id AS value FROM alerts WHERE rule_id = 'early-sign-in-address'").await;
        let alert = centre.get("0", &format!("/alerts/{id}")).await;
        // Every sign-in of two weeks was counted once: fifty-two of them, from one other address.
        assert!(alert.text.contains("trong 52 lần") && alert.text.contains("10.1.0.5"), "{}", alert.text);
        assert_eq!(centre.get("1", &format!("/alerts/{id}")).await.status, StatusCode::NOT_FOUND);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn with_less_than_a_week_nothing_is_told() {
    let database = test_support::sqlite(&migrations(), kit::bus::Bus::default()).await;
    let (db, directory) = (database.db.clone(), tempfile::tempdir().unwrap());
    let store = Store::open(directory.path(), Options::default()).unwrap();
    let pipeline = start(&store, &db).await;
    take_in(&store, &pipeline, days(16..=20)).await;
    take_in(&store, &pipeline, vec![sign_in(21, "03:10:00", "203.0.113.77")]).await;
    assert_eq!(figures(&db, "SELECT COUNT(*) AS value FROM early_warnings").await, 0);
    assert!(figures(&db, "SELECT COUNT(*) AS value FROM baselines").await > 0, "but it learns");
    pipeline.stop().await;
}

/// Whether a detector works, and what it is not to tell of, is decided like about a rule.
struct Decisions<'d> {
    db: &'d Db,
    pipeline: &'d Pipeline,
}

impl Decisions<'_> {
    async fn state(&self, detector: &str, state: RuleState) {
        let scope = Scope::service("test");
        let tx = self.db.scoped(&scope).begin().await.unwrap();
        states::service::set(&tx, detector, state, "thử", NOW).await.unwrap();
        tx.commit().await.unwrap();
        self.pipeline.refresh_tuning().await.unwrap();
    }

    async fn except(&self, detector: &str, user: &str) -> String {
        let scope = Scope::service("test");
        let tx = self.db.scoped(&scope).begin().await.unwrap();
        let input = ExceptionInput {
            reach: "centre".into(),
            field: vec!["user_name".into()],
            values: vec![user.into()],
            reason: "hay đi công tác".into(),
            expires_on: "2026-11-30".into(),
            alert: String::new(),
        };
        let id = exceptions::service::create(&tx, &settings().tuning.exceptions, detector, &input, NOW).await.unwrap();
        tx.commit().await.unwrap();
        self.pipeline.refresh_tuning().await.unwrap();
        id
    }

    async fn end(&self, exception: &str) {
        let scope = Scope::service("test");
        let tx = self.db.scoped(&scope).begin().await.unwrap();
        exceptions::service::remove(&tx, exception, "về rồi", NOW).await.unwrap();
        tx.commit().await.unwrap();
        self.pipeline.refresh_tuning().await.unwrap();
    }

    /// Matches of a detector that were left out, and those of its trial.
    async fn counted(&self, detector: &str) -> (i64, i64) {
        let sum = |column: &str| {
            let total = format!("CAST(COALESCE(SUM({column}), 0) AS BIGINT)");
            format!("SELECT {total} AS value FROM rule_hits WHERE rule_id = '{detector}'")
        };
        (figures(self.db, &sum("excepted")).await, figures(self.db, &sum("shadowed")).await)
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_detector_is_excepted_put_on_trial_and_switched_off_like_a_rule_and_learns_all_the_while() {
    test_support::on_each_database(&migrations(), kit::bus::Bus::default, |db| async move {
        let directory = tempfile::tempdir().unwrap();
        let store = Store::open(directory.path(), Options::default()).unwrap();
        let pipeline = start(&store, &db).await;
        take_in(&store, &pipeline, days(8..=20)).await;
        let decisions = Decisions { db: &db, pipeline: &pipeline };
        let (address, hour) = ("early-sign-in-address", "early-sign-in-hour");

        // Of another account: it changes nothing.
        decisions.except(address, "minh").await;
        let exception = decisions.except(address, "LAN").await;
        decisions.state(hour, RuleState::Off).await;
        take_in(&store, &pipeline, vec![sign_in(21, "03:10:00", "203.0.113.77")]).await;
        assert_eq!((found(&db, address).await, decisions.counted(address).await), ((0, 0), (1, 0)));
        assert_eq!((found(&db, hour).await, decisions.counted(hour).await), ((0, 0), (0, 0)));

        decisions.end(&exception).await;
        decisions.state(address, RuleState::Shadow).await;
        take_in(&store, &pipeline, vec![sign_in(21, "03:20:00", "203.0.113.78")]).await;
        assert_eq!((found(&db, address).await, decisions.counted(address).await), ((0, 0), (1, 1)));

        decisions.state(address, RuleState::On).await;
        take_in(&store, &pipeline, vec![sign_in(21, "03:30:00", "203.0.113.77")]).await;
        assert_eq!(found(&db, address).await, (0, 0), "it was learnt while it was excepted");
        take_in(&store, &pipeline, vec![sign_in(21, "03:40:00", "203.0.113.79")]).await;
        assert_eq!(found(&db, address).await, (1, 1));
        pipeline.stop().await;
    })
    .await;
}

/// What was found about an account of a department, with its alert.
async fn unusual(centre: &Centre) -> String {
    let a = &centre.a;
    let normal = r#"{"kind":"first-seen","value":"203.0.113.77","known":1,"observations":52,"since":0}"#;
    centre
        .change(&format!(
            "UPDATE alerts SET rule_id = 'early-sign-in-address', entity_kind = 'user_name', entity_value = 'lan' \
             WHERE id = '{}'; INSERT INTO early_warnings (id, detector, agency_id, source_id, entity_kind, entity_value, \
             sequence, time, anomaly) VALUES ('w1', 'early-sign-in-address', '{}', '{}', 'user_name', 'lan', 1, {NOW}, \
             '{{\"normal\":{normal},\"bars\":[]}}'), ('w2', 'early-volume', NULL, 'nobody', 'source', 'nobody', 2, {}, \
             '{{\"normal\":{normal},\"bars\":[]}}')",
            a.alert,
            a.agency,
            a.source,
            NOW - 1
        ))
        .await;
    a.alert.clone()
}

#[tokio::test]
async fn what_was_unusual_is_read_by_programs_within_the_walls() {
    in_a_centre(|centre: Centre| async move {
        unusual(&centre).await;
        let list = async |who: &'static str, query: &str| {
            let answer = centre.get(who, &format!("/api/v1/early-warnings{query}")).await;
            assert_eq!(answer.status, StatusCode::OK, "{}", answer.text);
            let json: serde_json::Value = serde_json::from_str(&answer.text).unwrap();
            let ids: Vec<_> = json["rows"].as_array().unwrap().iter().map(|row| row["id"].clone()).collect();
            assert!(json["total"].as_u64().unwrap() >= ids.len() as u64);
            ids
        };
        assert_eq!(list("0", "").await, ["w1"]);
        assert!(list("1", "").await.is_empty());
        assert_eq!(list("2", "").await, ["w1", "w2"], "the newest first");
        assert_eq!(list("2", "?detector=early-volume").await, ["w2"]);
        assert_eq!(list("2", "?limit=1&offset=1").await, ["w2"]);
        let one = centre.get("0", "/api/v1/early-warnings/w1").await;
        let json: serde_json::Value = serde_json::from_str(&one.text).unwrap();
        assert_eq!(json["entity"]["value"], "lan");
        assert_eq!(json["anomaly"]["normal"]["observations"], 52);
        assert_eq!(json["agency_name"], "Sở Y tế");
        assert!(json["account"].as_str().unwrap().contains("203.0.113.77"), "{json}");
        for (who, id) in [("1", "w1"), ("0", "w2"), ("2", "w3")] {
            let hidden = centre.get(who, &format!("/api/v1/early-warnings/{id}")).await;
            assert_eq!(hidden.status, StatusCode::NOT_FOUND, "{who} {id}");
        }
    })
    .await;
}

#[tokio::test]
async fn from_an_early_warning_to_an_exception_of_its_detector() {
    in_a_centre(|centre: Centre| async move {
        let alert = unusual(&centre).await;
        let link = format!("/rules/early-sign-in-address/exceptions/new?alert={alert}");
        assert!(centre.get("0", &format!("/alerts/{alert}")).await.says(&link));
        let form = centre.get("0", &link).await;
        assert_eq!(form.status, StatusCode::OK, "{}", form.text);
        assert!(
            form.says(">lan</textarea>") && form.says("/early-warning?detector=early-sign-in-address"),
            "{}",
            form.text
        );
        assert_eq!(centre.get("1", &link).await.status, StatusCode::NOT_FOUND);
        assert_eq!(centre.get("0", "/rules/early-nothing/exceptions/new").await.status, StatusCode::NOT_FOUND);
        let path = "/rules/early-sign-in-address/exceptions";
        let fields = format!(
            "act=save&reach=system%3A{}&field=user_name&values=lan&alert={alert}&expires_on=2026-12-01&reason=x",
            centre.a.system
        );
        assert_eq!(centre.post("1", path, &fields).await.status, StatusCode::NOT_FOUND);
        let saved = centre.post("0", path, &fields).await;
        assert_eq!((saved.status, saved.location()), (StatusCode::SEE_OTHER, format!("/alerts/{alert}").as_str()));
        let list = centre.get("0", "/rules/exceptions?rule=early-sign-in-address").await;
        assert!(
            list.says("user_name = lan") && list.says("/early-warning?detector=early-sign-in-address"),
            "{}",
            list.text
        );
        assert!(!centre.get("1", "/rules/exceptions").await.says("user_name = lan"));
    })
    .await;
}

#[tokio::test]
async fn who_sees_the_whole_centre_puts_a_detector_into_a_state() {
    in_a_centre(|centre: Centre| async move {
        let (page, path) = ("/early-warning?detector=early-volume", "/rules/early-volume/state");
        assert!(centre.get("2", page).await.says(path));
        assert!(!centre.get("0", page).await.says(path), "an agency decides for itself alone, by exceptions");
        let off = "state=off&reason=nhi%E1%BB%85u";
        assert_eq!(centre.post("0", path, off).await.status, StatusCode::FORBIDDEN);
        assert_eq!(centre.post("2", "/rules/early-nothing/state", off).await.status, StatusCode::NOT_FOUND);
        let unreasoned = centre.post("2", path, "state=off&reason=").await;
        assert_eq!(unreasoned.status, StatusCode::UNPROCESSABLE_ENTITY);
        assert!(unreasoned.says("href=\"#reason\"") && unreasoned.says("early-volume"), "{}", unreasoned.text);
        assert_eq!(centre.post("2", path, "state=asleep&reason=x").await.status, StatusCode::UNPROCESSABLE_ENTITY);
        let done = centre.post("2", path, off).await;
        assert_eq!((done.status, done.location()), (StatusCode::SEE_OTHER, page));
        let state = "SELECT state AS value FROM rule_states WHERE rule_id = 'early-volume'";
        assert_eq!(centre.value(state).await, "off");
        let audited = "SELECT details AS value FROM audit_entries WHERE action = 'rule.state'";
        assert!(centre.value(audited).await.contains("nhiễu"));
        assert!(centre.get("0", page).await.says("nhiễu"));
    })
    .await;
}

#[tokio::test]
async fn a_subject_that_cannot_be_judged_is_named_to_whom_it_concerns() {
    in_a_centre(|centre: Centre| async move {
        let (a, begin) = (&centre.a, NOW - 20 * kit::clock::DAY);
        centre
            .change(&format!(
                "INSERT INTO baselines (detector, scope, subject, agency_id, since, last_at, cannot_judge, state) VALUES \
                 ('early-volume', 'agency:{0}', '{1}', '{0}', {begin}, {NOW}, TRUE, '{{}}'), \
                 ('early-volume', 'agency:{0}', 'young', '{0}', {NOW}, {NOW}, TRUE, '{{}}')",
                a.agency, a.source
            ))
            .await;
        let own = centre.get("0", "/early-warning").await;
        assert!(own.says("chênh lệch quá lớn: Máy chủ SYT") && !own.says("young"), "{}", own.text);
        assert!(!centre.get("1", "/early-warning").await.says("Máy chủ SYT"));
    })
    .await;
}
