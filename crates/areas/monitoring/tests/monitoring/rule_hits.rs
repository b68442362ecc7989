//! Hits of rules as they grow old, and decisions as they are read.

use crate::centre::{NOW, RULE, migrations, settings};
use kit::clock::HOUR;
use kit::{Db, Scope};
use monitoring::rules::exceptions::service::{self, ExceptionInput};
use monitoring::rules::hits::{Hit, Span, rollup, store};
use monitoring::rules::states::{self, RuleState};
use monitoring::rules::tuning::Tuning;
use organisation::agencies;

fn hit(hours_ago: i64) -> Hit {
    Hit {
        rule_id: RULE.into(),
        hour_start: (NOW - hours_ago * HOUR).div_euclid(HOUR) * HOUR,
        entities: [("source_ip".to_owned(), "203.0.113.9".to_owned())].into(),
        detailed: true,
        alerted: 1,
        ..Hit::default()
    }
}

async fn add(db: &Db, hits: &[Hit]) {
    let scope = Scope::service("test");
    let tx = db.scoped(&scope).begin().await.unwrap();
    store::add(&tx, hits).await.unwrap();
    tx.commit().await.unwrap();
}

/// Hours, days, and matches in all.
async fn kept(db: &Db) -> (usize, usize, i64) {
    let scope = Scope::service("test");
    let hits = store::of_rule(&db.scoped(&scope).read(), RULE, 0).await.unwrap();
    let days = hits.iter().filter(|hit| hit.span == Span::Day).count();
    (hits.len() - days, days, hits.iter().map(|hit| hit.alerted).sum())
}

#[tokio::test]
async fn hours_become_days_days_end_and_nothing_in_between_is_lost() {
    test_support::on_each_database(&migrations(), kit::bus::Bus::default, |db| async move {
        let scope = Scope::service("test");
        let scoped = db.scoped(&scope);
        add(&db, &(0..40 * 24).map(hit).collect::<Vec<_>>()).await;
        // It is 09:12 of 21 November in Vietnam: three days and ten hours by the hour, 21 October to 17 November by the day.
        for _ in 0..2 {
            assert!(rollup::keep_house(&scoped, &settings().tuning.hits, NOW).await.unwrap(), "nothing is left to do");
            assert_eq!(kept(&db).await, (82, 28, 82 + 28 * 24));
        }
        // What was evaluated late joins its day.
        add(&db, &[hit(10 * 24)]).await;
        assert_eq!(kept(&db).await, (83, 28, 83 + 28 * 24));
        assert!(rollup::keep_house(&scoped, &settings().tuning.hits, NOW).await.unwrap());
        assert_eq!(kept(&db).await, (82, 28, 83 + 28 * 24));
    })
    .await;
}

#[tokio::test]
async fn decisions_are_read_again_only_where_one_was_made() {
    test_support::on_each_database(&migrations(), kit::bus::Bus::default, |db| async move {
        let scope = Scope::service("test");
        let scoped = db.scoped(&scope);
        let newer = async |have: &Tuning| have.read_newer(&scoped.read(), NOW).await.unwrap();
        let first = Tuning::read(&scoped.read(), NOW).await.unwrap();
        assert_eq!(newer(&first).await, None);
        let tx = scoped.begin().await.unwrap();
        states::service::set(&tx, RULE, RuleState::Off, "thử", NOW).await.unwrap();
        assert_eq!(newer(&first).await, None, "nothing is decided before it is committed");
        tx.commit().await.unwrap();
        let off = newer(&first).await.expect("a state");
        assert_eq!((off.state(RULE), newer(&off).await), (RuleState::Off, None));
        let tx = scoped.begin().await.unwrap();
        let input = ExceptionInput {
            reach: "centre".into(),
            field: vec!["user_name".into()],
            values: vec!["backup".into()],
            reason: "thử".into(),
            expires_on: "2026-11-30".into(),
            ..ExceptionInput::default()
        };
        let id = service::create(&tx, &settings().tuning.exceptions, RULE, &input, NOW).await.unwrap();
        tx.commit().await.unwrap();
        let excepted = newer(&off).await.expect("an exception");
        assert_eq!((excepted.exceptions(RULE).len(), newer(&excepted).await), (1, None));
        let tx = scoped.begin().await.unwrap();
        service::remove(&tx, &id, "xong", NOW).await.unwrap();
        tx.commit().await.unwrap();
        let ended = newer(&excepted).await.expect("its end");
        assert!(ended.exceptions(RULE).is_empty());
        let tx = scoped.begin().await.unwrap();
        agencies::ensure_root_agency(&tx, NOW, "Tỉnh Ví Dụ", "TINH").await.unwrap();
        tx.commit().await.unwrap();
        let grown = newer(&ended).await.expect("what exceptions of an agency reach");
        assert_eq!(newer(&grown).await, None);
    })
    .await;
}
