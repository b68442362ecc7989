//! Signing in, staying in, being put out: limits by the clock, lock-out, no enumeration.

use crate::province::{NOW, PASSWORD, Province, quick_policies, service};
use axum::extract::ConnectInfo;
use axum::http::{Request, request::Parts};
use kit::bus::Bus;
use kit::clock::{DAY, HOUR, MINUTE, SECOND};
use kit::scope::Agencies;
use kit::session::{Authenticate, Session};
use kit::{Capability, Error};
use organisation::audit::{self, store::AuditFilter};
use organisation::people;
use organisation::sign_in::{Attempt, Origin, Outcome, SignIn, create_sign_in_link};
use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;
use test_support::on_each_database;

fn attempt(account: &str, password: &str, address: &str) -> Attempt {
    let address: IpAddr = address.parse().unwrap();
    let origin = Origin { address: Some(address), same_site: true, ..Origin::default() };
    Attempt { account: account.into(), password: password.into(), origin, device: None }
}

fn with_cookie(token: &str, path: &str) -> Parts {
    let request =
        Request::builder().uri(path).header("cookie", format!("theme=dark; luytre={token}")).body(()).unwrap();
    let mut parts = request.into_parts().0;
    parts.extensions.insert(ConnectInfo(SocketAddr::from(([192, 0, 2, 1], 4711))));
    parts
}

async fn enter(province: &Province, account: &str) -> String {
    match province.sign_in.attempt(&attempt(account, PASSWORD, "192.0.2.1")).await.unwrap() {
        Outcome::SignedIn { session, .. } => session.token,
        other => panic!("{account}: {other:?}"),
    }
}

async fn session(province: &Province, token: &str) -> Option<Session> {
    province.sign_in.session(&with_cookie(token, "/alerts")).await.unwrap()
}

#[tokio::test]
async fn a_session_ends_when_nobody_uses_it() {
    on_each_database(organisation::MIGRATIONS, Bus::default, |db| async move {
        let province = Province::new(db).await;
        province.person("can.bo", "Cán Bộ", &province.a, "officer").await;
        let token = enter(&province, "can.bo").await;
        for _ in 0..5 {
            province.clock.advance(14 * MINUTE);
            assert!(session(&province, &token).await.is_some(), "in use");
        }
        province.clock.advance(15 * MINUTE);
        assert!(session(&province, &token).await.is_none(), "idle for fifteen minutes");
    })
    .await;
}

#[tokio::test]
async fn what_pages_ask_by_themselves_keeps_no_session_alive() {
    on_each_database(organisation::MIGRATIONS, Bus::default, |db| async move {
        let province = Province::new(db).await;
        province.person("can.bo", "Cán Bộ", &province.a, "officer").await;
        let token = enter(&province, "can.bo").await;
        for _ in 0..14 {
            province.clock.advance(MINUTE);
            assert!(province.sign_in.session(&with_cookie(&token, "/counters")).await.unwrap().is_some());
        }
        province.clock.advance(MINUTE);
        assert!(province.sign_in.session(&with_cookie(&token, "/counters")).await.unwrap().is_none());
    })
    .await;
}

#[tokio::test]
async fn a_session_ends_after_a_shift_however_busy_and_an_administrators_sooner() {
    on_each_database(organisation::MIGRATIONS, Bus::default, |db| async move {
        let province = Province::new(db).await;
        province.person("can.bo", "Cán Bộ", &province.a, "officer").await;
        province.person("quan.tri", "Quản Trị", &province.root, "administrator").await;
        let token = enter(&province, "can.bo").await;
        for _ in 0..71 {
            province.clock.advance(10 * MINUTE);
            assert!(session(&province, &token).await.is_some());
        }
        province.clock.advance(10 * MINUTE);
        assert!(session(&province, &token).await.is_none(), "twelve hours are over");
        let token = enter(&province, "quan.tri").await;
        province.clock.advance(5 * MINUTE);
        assert!(session(&province, &token).await.is_none(), "five idle minutes of an administrator");
    })
    .await;
}

#[tokio::test]
async fn what_is_taken_away_is_gone_at_the_next_request() {
    on_each_database(organisation::MIGRATIONS, Bus::default, |db| async move {
        let province = Province::new(db).await;
        let id = province.person("can.bo", "Cán Bộ", &province.a, "officer").await;
        let token = enter(&province, "can.bo").await;
        let before = session(&province, &token).await.unwrap();
        assert_eq!(before.scope.agencies(), &Agencies::Under([province.a.clone()].into()));
        assert!(before.scope.may(Capability::ManageSystems));
        assert_eq!(before.role_key, "role-officer");
        let scope = service();
        let tx = province.db.scoped(&scope).begin().await.unwrap();
        let grant = people::grants_of(&tx, &id).await.unwrap().remove(0);
        people::revoke_role(&tx, &province.policies, NOW, &id, &grant.id).await.unwrap();
        tx.commit().await.unwrap();
        let after = session(&province, &token).await.unwrap();
        assert!(Capability::ALL.iter().all(|one| !after.scope.may(*one)));
        assert_ne!(after.scope.agencies(), &Agencies::All);
        let tx = province.db.scoped(&scope).begin().await.unwrap();
        people::disable(&tx, &province.policies, NOW, &id, "left").await.unwrap();
        tx.commit().await.unwrap();
        assert!(session(&province, &token).await.is_none());
        let again = province.sign_in.attempt(&attempt("can.bo", PASSWORD, "192.0.2.1")).await.unwrap();
        assert_eq!(again, Outcome::Refused);
    })
    .await;
}

#[tokio::test]
async fn wrong_passwords_lock_the_name_whether_it_exists_or_not() {
    on_each_database(organisation::MIGRATIONS, Bus::default, |db| async move {
        let province = Province::new(db).await;
        let id = province.person("can.bo", "Cán Bộ", &province.a, "officer").await;
        let mut answers = Vec::new();
        for (place, account) in ["can.bo", "khong.co"].into_iter().enumerate() {
            let address = format!("192.0.2.{}", place + 10);
            let mut outcomes = Vec::new();
            for number in 0..7 {
                let password = if number < 5 { "Sai-Mat-Ma.2026x" } else { PASSWORD };
                outcomes.push(province.sign_in.attempt(&attempt(account, password, &address)).await.unwrap());
            }
            answers.push(outcomes);
        }
        assert_eq!(answers[0], answers[1], "an account that exists answers like one that does not");
        let until = NOW + 12 * HOUR;
        assert_eq!(answers[0][..4], vec![Outcome::Refused; 4]);
        assert_eq!(answers[0][4..], vec![Outcome::Locked { until }; 3], "the right password no longer helps");
        province.clock.advance(12 * HOUR + SECOND);
        enter(&province, "can.bo").await;
        // Opened early by an administrator.
        for _ in 0..5 {
            province.sign_in.attempt(&attempt("can.bo", "x", "192.0.2.30")).await.unwrap();
        }
        let locked = province.sign_in.attempt(&attempt("can.bo", PASSWORD, "192.0.2.30")).await.unwrap();
        assert!(matches!(locked, Outcome::Locked { .. }));
        province.sign_in.unlock(&service(), &id).await.unwrap();
        enter(&province, "can.bo").await;
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn attempts_at_the_same_time_do_not_slip_past_the_lock() {
    on_each_database(organisation::MIGRATIONS, Bus::default, |db| async move {
        let province = Province::new(db).await;
        province.person("can.bo", "Cán Bộ", &province.a, "officer").await;
        let tries: Vec<_> = (0..20)
            .map(|number| {
                let sign_in = province.sign_in.clone();
                let wrong = format!("Sai-Mat-Ma.{number}");
                tokio::spawn(async move { sign_in.attempt(&attempt("can.bo", &wrong, "192.0.2.9")).await.unwrap() })
            })
            .collect();
        let mut refused = 0;
        for one in tries {
            refused += usize::from(one.await.unwrap() == Outcome::Refused);
        }
        assert!(refused <= 5, "{refused} passwords were tried");
        let scope = service();
        let filter = AuditFilter { action: "session.refuse".into(), ..AuditFilter::default() };
        let verified = audit::store::count(&province.db.scoped(&scope).read(), &filter).await.unwrap();
        assert!(verified <= 5, "{verified} passwords were verified");
    })
    .await;
}

#[tokio::test]
async fn an_address_that_tries_many_names_is_slowed() {
    on_each_database(organisation::MIGRATIONS, Bus::default, |db| async move {
        let province = Province::new(db).await;
        province.person("can.bo", "Cán Bộ", &province.a, "officer").await;
        for number in 0..50 {
            let outcome =
                province.sign_in.attempt(&attempt(&format!("ten.{number}"), "x", "2001:db8::1")).await.unwrap();
            assert_eq!(outcome, Outcome::Refused, "{number}");
        }
        let same_network = province.sign_in.attempt(&attempt("can.bo", PASSWORD, "2001:db8::ffff")).await.unwrap();
        assert!(matches!(same_network, Outcome::Slowed { .. }), "{same_network:?}");
        enter(&province, "can.bo").await;
        province.clock.advance(16 * MINUTE);
        let later = province.sign_in.attempt(&attempt("can.bo", PASSWORD, "2001:db8::1")).await.unwrap();
        assert!(matches!(later, Outcome::SignedIn { .. }), "{later:?}");
    })
    .await;
}

#[tokio::test]
async fn a_hash_with_old_parameters_is_renewed_at_sign_in() {
    on_each_database(organisation::MIGRATIONS, Bus::default, |db| async move {
        let province = Province::new(db).await;
        province.person("can.bo", "Cán Bộ", &province.a, "officer").await;
        let mut policies = organisation::Policies::clone(&quick_policies());
        policies.password.argon2id.memory_kib = 128;
        let newer =
            SignIn::new(province.db.clone(), Arc::new(province.clock.clone()), Arc::new(policies), false).unwrap();
        let outcome = newer.attempt(&attempt("can.bo", PASSWORD, "192.0.2.1")).await.unwrap();
        assert!(matches!(outcome, Outcome::SignedIn { .. }));
        let hash = hash_of(&province, "can.bo").await;
        assert!(hash.contains("m=128,"), "{hash}");
        assert!(hash.starts_with("$argon2id$"));
        enter(&province, "can.bo").await;
    })
    .await;
}

async fn hash_of(province: &Province, account: &str) -> String {
    use sea_orm::{ConnectionTrait, Statement};
    let scope = service();
    let view = province.db.scoped(&scope).read();
    let sql = "SELECT hash FROM passwords JOIN people ON people.id = person_id WHERE account = $1";
    let row = view
        .query_one_raw(Statement::from_sql_and_values(view.get_database_backend(), sql, [account.into()]))
        .await
        .unwrap()
        .unwrap();
    row.try_get("", "hash").unwrap()
}

#[tokio::test]
async fn a_temporary_password_allows_nothing_but_its_change() {
    on_each_database(organisation::MIGRATIONS, Bus::default, |db| async move {
        let province = Province::new(db).await;
        let id = province.person("can.bo", "Cán Bộ", &province.a, "officer").await;
        let (temporary, _) = province.sign_in.reset_password(&service(), &id).await.unwrap();
        let old = province.sign_in.attempt(&attempt("can.bo", PASSWORD, "192.0.2.1")).await.unwrap();
        assert_eq!(old, Outcome::Refused);
        let outcome = province.sign_in.attempt(&attempt("can.bo", &temporary, "192.0.2.1")).await.unwrap();
        let Outcome::SignedIn { session: made, .. } = outcome else { panic!("{outcome:?}") };
        let due = session(&province, &made.token).await.unwrap();
        assert!(Capability::ALL.iter().all(|one| !due.scope.may(*one)));
        assert_eq!(due.scope.agencies(), &Agencies::Under(Default::default()));
        let change = async |current: &str, new: &str| {
            province.sign_in.change_password(&due.scope, &made.token, current, new).await
        };
        assert!(matches!(change("wrong", "Sông-Núi.Nước-Nam.8").await, Err(Error::Invalid(_))));
        assert!(matches!(change(&temporary, "ngắn").await, Err(Error::Invalid(_))));
        assert!(matches!(change(&temporary, PASSWORD).await, Err(Error::Invalid(_))), "the one before");
        assert!(matches!(change(&temporary, &temporary).await, Err(Error::Invalid(_))), "the one now");
        change(&temporary, "Sông-Núi.Nước-Nam.8").await.unwrap();
        let free = session(&province, &made.token).await.unwrap();
        assert!(free.scope.may(Capability::ViewAlerts));
    })
    .await;
}

#[tokio::test]
async fn a_temporary_password_ends_by_itself_and_the_chosen_one_does_not() {
    on_each_database(organisation::MIGRATIONS, Bus::default, |db| async move {
        let province = Province::new(db).await;
        let id = province.person("can.bo", "Cán Bộ", &province.a, "officer").await;
        let (temporary, end) = province.sign_in.reset_password(&service(), &id).await.unwrap();
        assert_eq!(end, NOW + province.policies.password.temporary.lasts());
        province.clock.advance(end - NOW - 1);
        let outcome = province.sign_in.attempt(&attempt("can.bo", &temporary, "192.0.2.1")).await.unwrap();
        let Outcome::SignedIn { session: made, .. } = outcome else { panic!("{outcome:?}") };
        province.clock.advance(1);
        let late = province.sign_in.attempt(&attempt("can.bo", &temporary, "192.0.2.2")).await.unwrap();
        assert_eq!(late, Outcome::Refused);
        let due = session(&province, &made.token).await.unwrap();
        let changed = province.sign_in.change_password(&due.scope, &made.token, &temporary, "Sông-Núi.Nước-Nam.8");
        assert!(matches!(changed.await, Err(Error::Invalid(_))), "it proves nothing any more");
        let (next, _) = province.sign_in.reset_password(&service(), &id).await.unwrap();
        let outcome = province.sign_in.attempt(&attempt("can.bo", &next, "192.0.2.1")).await.unwrap();
        let Outcome::SignedIn { session: made, .. } = outcome else { panic!("{outcome:?}") };
        let due = session(&province, &made.token).await.unwrap();
        province.sign_in.change_password(&due.scope, &made.token, &next, "Sông-Núi.Nước-Nam.8").await.unwrap();
        province.clock.advance(40 * DAY);
        let chosen = province.sign_in.attempt(&attempt("can.bo", "Sông-Núi.Nước-Nam.8", "192.0.2.1")).await.unwrap();
        assert!(matches!(chosen, Outcome::SignedIn { .. }), "{chosen:?}");
    })
    .await;
}

#[tokio::test]
async fn an_administrators_password_falls_due() {
    on_each_database(organisation::MIGRATIONS, Bus::default, |db| async move {
        let province = Province::new(db).await;
        province.person("quan.tri", "Quản Trị", &province.root, "administrator").await;
        province.person("can.bo", "Cán Bộ", &province.a, "officer").await;
        province.clock.advance(61 * DAY);
        let token = enter(&province, "quan.tri").await;
        assert!(!session(&province, &token).await.unwrap().scope.may(Capability::Administer));
        let token = enter(&province, "can.bo").await;
        assert!(session(&province, &token).await.unwrap().scope.may(Capability::ViewAlerts));
    })
    .await;
}

#[tokio::test]
async fn changing_the_password_ends_the_other_sessions() {
    on_each_database(organisation::MIGRATIONS, Bus::default, |db| async move {
        let province = Province::new(db).await;
        province.person("can.bo", "Cán Bộ", &province.a, "officer").await;
        let (here, there) = (enter(&province, "can.bo").await, enter(&province, "can.bo").await);
        let scope = session(&province, &here).await.unwrap().scope;
        province.sign_in.change_password(&scope, &here, PASSWORD, "Sông-Núi.Nước-Nam.8").await.unwrap();
        assert!(session(&province, &here).await.is_some());
        assert!(session(&province, &there).await.is_none());
        province.sign_in.sign_out(&here).await.unwrap();
        assert!(session(&province, &here).await.is_none());
    })
    .await;
}

#[tokio::test]
async fn a_made_up_cookie_is_nobody_and_the_table_holds_no_token() {
    use sea_orm::{ConnectionTrait, Statement};
    on_each_database(organisation::MIGRATIONS, Bus::default, |db| async move {
        let province = Province::new(db).await;
        province.person("can.bo", "Cán Bộ", &province.a, "officer").await;
        let token = enter(&province, "can.bo").await;
        for wrong in ["", "x", &token[1..], &format!("{token}x"), &"y".repeat(5_000)] {
            assert!(session(&province, wrong).await.is_none());
        }
        let scope = service();
        let view = province.db.scoped(&scope).read();
        let rows = view
            .query_all_raw(Statement::from_string(view.get_database_backend(), "SELECT token_hash FROM sessions"))
            .await
            .unwrap();
        assert!(rows.iter().all(|row| row.try_get::<String>("", "token_hash").unwrap() != token));
    })
    .await;
}

#[tokio::test]
async fn a_person_has_so_many_sessions_and_no_more() {
    on_each_database(organisation::MIGRATIONS, Bus::default, |db| async move {
        let province = Province::new(db).await;
        province.person("can.bo", "Cán Bộ", &province.a, "officer").await;
        let mut tokens = Vec::new();
        for _ in 0..12 {
            province.clock.advance(SECOND);
            tokens.push(enter(&province, "can.bo").await);
        }
        assert!(session(&province, &tokens[1]).await.is_none());
        assert!(session(&province, &tokens[2]).await.is_some());
        assert!(session(&province, &tokens[11]).await.is_some());
    })
    .await;
}

#[tokio::test]
async fn only_an_administrator_makes_sign_in_links() {
    on_each_database(organisation::MIGRATIONS, Bus::default, |db| async move {
        let province = Province::new(db).await;
        let id = province.person("can.bo", "Cán Bộ", &province.a, "officer").await;
        let scope = province.scope(&id, &province.a, "officer");
        let tx = province.db.scoped(&scope).begin().await.unwrap();
        let refused = create_sign_in_link(&tx, &province.policies, NOW, &id).await;
        assert!(matches!(refused, Err(Error::Forbidden(_))));
    })
    .await;
}
