//! Keys of machines: every form that real clients send, and nothing beyond what a key is for.

use crate::browser::{Browser, app, site};
use crate::province::{NOW, Province, scope_of, service};
use axum::extract::ConnectInfo;
use axum::http::Request;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use kit::bus::Bus;
use kit::clock::{DAY, MINUTE};
use kit::scope::{Actor, Agencies};
use kit::session::{Authenticate, Session};
use kit::{Capability, Error};
use organisation::api_keys::{self, NewKey};
use organisation::people;
use sea_orm::{ConnectionTrait, QueryResult, Statement};
use std::net::{IpAddr, SocketAddr};
use test_support::on_each_database;

async fn session(province: &Province, header: &str) -> Option<Session> {
    session_from(province, header, "192.0.2.1").await
}

async fn session_from(province: &Province, header: &str, address: &str) -> Option<Session> {
    let request = Request::builder().uri("/_bulk").header("authorization", header).body(()).unwrap();
    let mut parts = request.into_parts().0;
    let address: IpAddr = address.parse().unwrap();
    parts.extensions.insert(ConnectInfo(SocketAddr::from((address, 4711))));
    province.sign_in.session(&parts).await.unwrap()
}

fn ingest(province: &Province) -> NewKey {
    NewKey {
        name: "rsyslog cổng thông tin".into(),
        agency_id: province.a.clone(),
        source_id: Some("source-1".into()),
        capabilities: vec![Capability::IngestEvents],
        expires_at: Some(NOW + 30 * DAY),
        networks: String::new(),
    }
}

/// An officer of A, who makes keys.
async fn maker(province: &Province) -> String {
    province.person("can.bo", "Cán Bộ", &province.a, "officer").await
}

async fn make(province: &Province, maker: &str) -> (String, String) {
    let scope = province.scope(maker, &province.a, "officer");
    let tx = province.db.scoped(&scope).begin().await.unwrap();
    let made = api_keys::create(&tx, NOW, ingest(province)).await.unwrap();
    tx.commit().await.unwrap();
    made
}

#[tokio::test]
async fn every_form_of_the_header_is_accepted() {
    on_each_database(organisation::MIGRATIONS, Bus::default, |db| async move {
        let province = Province::new(db).await;
        let maker = maker(&province).await;
        let (id, key) = make(&province, &maker).await;
        let pair = STANDARD.encode(format!("{id}:{key}"));
        for header in
            [format!("ApiKey {pair}"), format!("ApiKey {key}"), format!("Bearer {key}"), format!("Basic {pair}")]
        {
            let session = session(&province, &header).await.unwrap_or_else(|| panic!("{header}"));
            assert!(session.api_key);
            assert_eq!(session.scope.agencies(), &Agencies::Under([province.a.clone()].into()));
            assert_eq!(
                session.scope.actor(),
                &Actor::Key { id: id.as_str().into(), name: "rsyslog cổng thông tin".into() }
            );
            assert!(session.scope.may(Capability::IngestEvents));
            assert_eq!(Capability::ALL.iter().filter(|one| session.scope.may(**one)).count(), 1);
        }
        let scope = province.scope("p", &province.a, "officer");
        let view = province.db.scoped(&scope).read();
        assert_eq!(api_keys::source_of(&view, &id).await.unwrap().as_deref(), Some("source-1"));
        assert_eq!(api_keys::find(&view, &id).await.unwrap().last_used_at, Some(NOW));
    })
    .await;
}

#[tokio::test]
async fn a_wrong_expired_or_revoked_key_is_nobody() {
    on_each_database(organisation::MIGRATIONS, Bus::default, |db| async move {
        let province = Province::new(db).await;
        let maker = maker(&province).await;
        let (id, key) = make(&province, &maker).await;
        let other = make(&province, &maker).await.0;
        for (user, password) in [(&other, &key), (&id, &format!("{key}x")), (&id, &"luytre_".to_owned()), (&key, &id)] {
            let header = format!("Basic {}", STANDARD.encode(format!("{user}:{password}")));
            assert!(session(&province, &header).await.is_none(), "{user}:{password}");
        }
        province.clock.advance(30 * DAY);
        assert!(session(&province, &format!("Bearer {key}")).await.is_none(), "expired");
        province.clock.advance(-30 * DAY);
        assert!(session(&province, &format!("Bearer {key}")).await.is_some());
        let scope = province.scope("p", &province.a, "officer");
        let tx = province.db.scoped(&scope).begin().await.unwrap();
        api_keys::revoke(&tx, NOW, &id).await.unwrap();
        assert!(matches!(api_keys::revoke(&tx, NOW, &id).await, Err(Error::Conflict(_))));
        tx.commit().await.unwrap();
        assert!(session(&province, &format!("Bearer {key}")).await.is_none(), "revoked");
    })
    .await;
}

#[tokio::test]
async fn a_key_is_used_from_its_networks_alone() {
    on_each_database(organisation::MIGRATIONS, Bus::default, |db| async move {
        let province = Province::new(db).await;
        let scope = province.scope(&maker(&province).await, &province.a, "officer");
        let tx = province.db.scoped(&scope).begin().await.unwrap();
        let bound = NewKey { networks: " 10.20.1.5,10.30.7.1/16\n2001:db8::/32".into(), ..ingest(&province) };
        let (id, key) = api_keys::create(&tx, NOW, bound).await.unwrap();
        for wrong in ["10.0.0.0/33", "máy chủ", "10.0.0.1-10.0.0.9"] {
            let wrong = NewKey { networks: wrong.into(), ..ingest(&province) };
            assert!(matches!(api_keys::create(&tx, NOW, wrong).await, Err(Error::Invalid(_))));
        }
        tx.commit().await.unwrap();
        let header = format!("Bearer {key}");
        for address in ["10.20.1.5", "10.30.255.1", "::ffff:10.30.1.1", "2001:db8:1::1"] {
            province.clock.advance(MINUTE);
            assert!(session_from(&province, &header, address).await.is_some(), "{address}");
        }
        let wrong = ["10.20.1.6", "10.31.0.1", "203.0.113.9", "2001:db9::1"];
        for _ in 0..3 {
            for address in wrong {
                assert!(session_from(&province, &header, address).await.is_none(), "{address}");
            }
        }
        let view = province.db.scoped(&scope).read();
        let sql = "SELECT origin, actor_id FROM audit_entries WHERE action = 'api-key.refuse' ORDER BY sequence";
        let refused = async || {
            let statement = Statement::from_string(view.get_database_backend(), sql);
            let rows = view.query_all_raw(statement).await.unwrap();
            let text = |row: &QueryResult, name: &str| row.try_get::<String>("", name).unwrap();
            rows.iter().map(|row| (text(row, "origin"), text(row, "actor_id"))).collect::<Vec<_>>()
        };
        assert_eq!(refused().await, wrong.map(|address| (address.to_owned(), id.clone())), "one row for each address");
        province.clock.advance(MINUTE);
        assert!(session_from(&province, &header, wrong[0]).await.is_none());
        assert_eq!(refused().await.len(), wrong.len() + 1, "again after a minute");
        let kept = api_keys::find(&view, &id).await.unwrap();
        assert_eq!(kept.networks, "10.20.1.5/32 10.30.0.0/16 2001:db8::/32");
        assert_eq!(kept.last_used_from, "2001:db8:1::1", "where it was used last, refusals apart");
    })
    .await;
}

#[tokio::test]
async fn a_key_never_may_more_than_its_maker() {
    on_each_database(organisation::MIGRATIONS, Bus::default, |db| async move {
        let province = Province::new(db).await;
        let scope = province.scope("p", &province.a, "officer");
        let tx = province.db.scoped(&scope).begin().await.unwrap();
        let beyond = NewKey { capabilities: vec![Capability::ViewAudit], ..ingest(&province) };
        assert!(matches!(api_keys::create(&tx, NOW, beyond).await, Err(Error::Forbidden("view-audit"))));
        let elsewhere = NewKey { agency_id: province.b.clone(), ..ingest(&province) };
        assert!(matches!(api_keys::create(&tx, NOW, elsewhere).await, Err(Error::Invalid(_))));
        let above = NewKey { agency_id: province.root.clone(), ..ingest(&province) };
        assert!(matches!(api_keys::create(&tx, NOW, above).await, Err(Error::Invalid(_))));
        let past = NewKey { expires_at: Some(NOW), ..ingest(&province) };
        assert!(matches!(api_keys::create(&tx, NOW, past).await, Err(Error::Invalid(_))));
        let longest = province.policies.session.api_key.longest();
        let late = NewKey { expires_at: Some(NOW + longest + 1), ..ingest(&province) };
        assert!(matches!(api_keys::create(&tx, NOW, late).await, Err(Error::Invalid(_))));
        let unsaid = NewKey { expires_at: None, ..ingest(&province) };
        let (id, _) = api_keys::create(&tx, NOW, unsaid).await.unwrap();
        assert_eq!(api_keys::find(&tx, &id).await.unwrap().expires_at, Some(NOW + longest), "none is without end");
        drop(tx);
        let viewer = scope_of("v", Agencies::All, [Capability::ViewSources]);
        let tx = province.db.scoped(&viewer).begin().await.unwrap();
        assert!(api_keys::create(&tx, NOW, ingest(&province)).await.is_err());
    })
    .await;
}

#[tokio::test]
async fn a_key_does_what_its_maker_may_do_now_and_stops_with_the_account() {
    on_each_database(organisation::MIGRATIONS, Bus::default, |db| async move {
        let province = Province::new(db).await;
        let maker = maker(&province).await;
        let given = [Capability::IngestEvents, Capability::ViewSources, Capability::ViewEvents];
        let scope = province.scope(&maker, &province.a, "officer");
        let tx = province.db.scoped(&scope).begin().await.unwrap();
        let new = NewKey { capabilities: given.to_vec(), ..ingest(&province) };
        let (id, key) = api_keys::create(&tx, NOW, new).await.unwrap();
        tx.commit().await.unwrap();
        let header = format!("Bearer {key}");
        let awake = async || {
            let session = session(&province, &header).await?;
            Some(given.into_iter().filter(|one| session.scope.may(*one)).collect::<Vec<_>>())
        };
        assert_eq!(awake().await.as_deref(), Some(given.as_slice()));
        let above = service();
        let act = async |role: Option<(&str, &str)>| {
            let tx = province.db.scoped(&above).begin().await.unwrap();
            for grant in people::grants_of(&tx, &maker).await.unwrap().iter().filter(|grant| grant.ends_at.is_none()) {
                people::revoke_role(&tx, &province.policies, province.clock_now(), &maker, &grant.id).await.unwrap();
            }
            if let Some((role, agency)) = role {
                let now = province.clock_now();
                people::grant_role(&tx, &province.policies, now, &maker, role, agency, now, None).await.unwrap();
            }
            tx.commit().await.unwrap();
            province.clock.advance(MINUTE);
        };
        act(None).await;
        assert_eq!(awake().await, Some(Vec::new()), "all of it is asleep");
        let read = async |who: &str, path: &str| {
            let mut browser = Browser::enter(&site(&app(&province, false)), who).await;
            browser.get(path).await.text
        };
        province.person("nguoi.khac", "Người Khác", &province.a, "officer").await;
        assert_eq!(read("nguoi.khac", "/api-keys").await.matches("đang ngủ</").count(), given.len());
        act(Some(("leader", province.a.as_str()))).await;
        assert_eq!(awake().await, Some(vec![Capability::ViewSources]), "what the new role has");
        act(Some(("officer", province.a_office.as_str()))).await;
        assert_eq!(awake().await, Some(Vec::new()), "a role below the agency of the key covers it not");
        act(Some(("coordinator", province.b.as_str()))).await;
        assert_eq!(awake().await.as_deref(), Some(given.as_slice()), "the whole centre");
        province.person("quan.tri", "Quản Trị", &province.root, "administrator").await;
        assert!(read("quan.tri", &format!("/people/{maker}")).await.contains("1 khóa còn hiệu lực"));
        let tx = province.db.scoped(&above).begin().await.unwrap();
        people::disable(&tx, &province.policies, province.clock_now(), &maker, "chuyển công tác").await.unwrap();
        tx.commit().await.unwrap();
        assert_eq!(awake().await, None, "a closed account");
        assert!(read("nguoi.khac", "/api-keys").await.contains("tài khoản của người lập đã khóa"));
        let tx = province.db.scoped(&above).begin().await.unwrap();
        people::enable(&tx, &province.policies, province.clock_now(), &maker).await.unwrap();
        let own = NewKey { capabilities: vec![Capability::ViewAudit], ..ingest(&province) };
        let (_, machine) = api_keys::create(&tx, NOW, own).await.unwrap();
        tx.commit().await.unwrap();
        assert_eq!(awake().await.as_deref(), Some(given.as_slice()), "{id} is awake again");
        let session = session(&province, &format!("Bearer {machine}")).await.unwrap();
        assert!(session.scope.may(Capability::ViewAudit), "made on the machine itself, it has no maker to follow");
    })
    .await;
}
