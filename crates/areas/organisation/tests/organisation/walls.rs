//! The walls: someone of agency A sees nothing of agency B, in any list, on any page, by any act, in any table.

use crate::browser::{Browser, app, site};
use crate::province::{NOW, Province, service};
use axum::http::StatusCode;
use kit::bus::Bus;
use kit::catalogue::{Cell, rows_in_scope};
use kit::clock::HOUR;
use kit::live::Live;
use kit::{Capability, Error};
use organisation::agencies::{self, AgencyFilter, scheduled};
use organisation::api_keys::{self, NewKey};
use organisation::channels::{self, ChannelInput, Settings, WebhookSettings};
use organisation::experts::{self, ExpertData, ExpertFilter};
use organisation::incumbents::{self, NewIncumbent};
use organisation::people::{self, PersonFilter};
use organisation::qualifications::{self, NewQualification, QualificationFilter};
use organisation::roster::{self, NewShift};
use test_support::on_each_database;

struct Neighbours {
    province: Province,
    b_person: String,
    b_key: String,
    b_shift: String,
    b_grant: String,
    b_expert: String,
}

/// Department A with an administrator of its own making, department B with everything that can be seen.
async fn neighbours(db: kit::Db) -> Neighbours {
    let province = Province::new(db).await;
    province.person("can.bo.a", "Cán Bộ Gần", &province.a, "officer").await;
    let b_person = province.person("can.bo.b", "Cán Bộ Xa", &province.b, "officer").await;
    let scope = service();
    let tx = province.db.scoped(&scope).begin().await.unwrap();
    let new = NewKey {
        name: "Khóa Xa".into(),
        agency_id: province.b.clone(),
        source_id: Some("source-b".into()),
        capabilities: vec![Capability::IngestEvents],
        ..NewKey::default()
    };
    let b_key = api_keys::create(&tx, NOW, new).await.unwrap().0;
    let shift = NewShift {
        agency_id: province.b.clone(),
        person_id: b_person.clone(),
        post: "analyst".into(),
        starts_at: NOW - HOUR,
        ends_at: NOW + HOUR,
    };
    let b_shift = roster::add_shift(&tx, &province.policies, NOW, &shift).await.unwrap();
    roster::hand_over(&tx, NOW, &b_shift, "Ghi chú Xa").await.unwrap();
    let b_grant = people::grants_of(&tx, &b_person).await.unwrap().remove(0).id;
    let incumbent = NewIncumbent {
        agency_id: province.b.clone(),
        person_id: b_person.clone(),
        post: "dedicated".into(),
        starts_at: NOW - HOUR,
        ..NewIncumbent::default()
    };
    incumbents::appoint(&tx, NOW, incumbent).await.unwrap();
    let certificate = NewQualification {
        person_id: b_person.clone(),
        kind: "certificate".into(),
        name: "Chứng chỉ Xa".into(),
        ..NewQualification::default()
    };
    qualifications::add(&tx, NOW, certificate).await.unwrap();
    let expert = ExpertData {
        agency_id: province.b.clone(),
        full_name: "Chuyên Gia Xa".into(),
        fields: "mã độc".into(),
        phone: "0900 000 001".into(),
        ..ExpertData::default()
    };
    let b_expert = experts::add(&tx, NOW, expert).await.unwrap();
    let channel = ChannelInput {
        agency_id: province.b.clone(),
        name: "Kênh Xa".into(),
        kinds: Vec::new(),
        settings: Settings::Webhook(WebhookSettings {
            url: "https://xa.example/hook".into(), secret: "bí mật".into()
        }),
    };
    let channel = channels::create(&tx, &province.policies.notice, NOW, &channel).await.unwrap();
    channels::queue_test(&tx, NOW, &channel).await.unwrap();
    let (name, basis) = ("Sở Vắng Xa", "Nghị quyết Xa");
    scheduled::rename_on(&tx, &Live::default(), NOW, &province.b, name, NOW + 24 * HOUR, basis).await.unwrap();
    tx.commit().await.unwrap();
    Neighbours { province, b_person, b_key, b_shift, b_grant, b_expert }
}

#[tokio::test]
async fn services_of_a_find_nothing_of_b() {
    on_each_database(organisation::MIGRATIONS, Bus::default, |db| async move {
        let Neighbours { province, b_person, b_key, b_shift, b_grant, b_expert } = neighbours(db).await;
        // Every capability there is, but at A only.
        let scope = crate::province::scope_of(
            "p",
            kit::scope::Agencies::Under([province.a.clone()].into()),
            Capability::ALL.iter().copied(),
        );
        let (policies, b) = (&province.policies, &province.b);
        let tx = province.db.scoped(&scope).begin().await.unwrap();
        let codes: Vec<_> = agencies::list(&tx, &AgencyFilter::default(), 100, 0)
            .await
            .unwrap()
            .into_iter()
            .map(|one| one.code)
            .collect();
        assert_eq!(codes, ["SYT", "SYT-VP"]);
        let under_b = AgencyFilter { under: b.clone(), ..AgencyFilter::default() };
        assert_eq!(agencies::count(&tx, &under_b).await.unwrap(), 0);
        assert!(matches!(agencies::find(&tx, b).await, Err(Error::NotFound)));
        assert!(agencies::by_code(&tx, "SGD").await.unwrap().is_none());
        assert!(agencies::ancestors(&tx, b).await.unwrap().is_empty());
        assert!(agencies::children(&tx, &province.root, NOW).await.unwrap().iter().all(|one| one.id != *b));
        assert!(matches!(agencies::rename(&tx, NOW, b, "x").await, Err(Error::NotFound)));
        assert!(matches!(agencies::close(&tx, NOW, b, None).await, Err(Error::NotFound)));
        assert!(matches!(agencies::move_under(&tx, NOW, b, &province.a).await, Err(Error::NotFound)));
        assert!(matches!(agencies::move_under(&tx, NOW, &province.a, b).await, Err(Error::NotFound)));
        assert!(matches!(agencies::change(&tx, NOW, b, &Default::default()).await, Err(Error::NotFound)));
        let names: Vec<_> = people::list(&tx, &PersonFilter::default(), 100, 0)
            .await
            .unwrap()
            .into_iter()
            .map(|one| one.account)
            .collect();
        assert_eq!(names, ["can.bo.a"]);
        assert!(matches!(people::find(&tx, &b_person).await, Err(Error::NotFound)));
        assert!(people::grants_of(&tx, &b_person).await.unwrap().is_empty());
        let may = people::who_may(&tx, policies, Capability::HandleAlerts, b, NOW).await;
        assert!(matches!(may, Err(Error::NotFound)), "{may:?}");
        assert!(api_keys::source_of(&tx, &b_key).await.unwrap().is_none());
        assert!(people::by_account(&tx, "can.bo.b").await.unwrap().is_none());
        assert!(matches!(people::disable(&tx, policies, NOW, &b_person, "").await, Err(Error::NotFound)));
        assert!(matches!(people::enable(&tx, policies, NOW, &b_person).await, Err(Error::NotFound)));
        assert!(matches!(people::revoke_role(&tx, policies, NOW, &b_person, &b_grant).await, Err(Error::NotFound)));
        let given = people::grant_role(&tx, policies, NOW, &b_person, "officer", &province.a, NOW, None).await;
        assert!(matches!(given, Err(Error::NotFound)), "{given:?}");
        assert_eq!(api_keys::count(&tx, false).await.unwrap(), 0);
        assert!(matches!(api_keys::find(&tx, &b_key).await, Err(Error::NotFound)));
        assert!(matches!(api_keys::revoke(&tx, NOW, &b_key).await, Err(Error::NotFound)));
        assert!(roster::between(&tx, NOW - 24 * HOUR, NOW + 24 * HOUR).await.unwrap().is_empty());
        assert!(roster::on_duty(&tx, NOW).await.unwrap().is_empty());
        assert!(roster::last_note(&tx).await.unwrap().is_none());
        assert!(incumbents::of_agency(&tx, b).await.unwrap().is_empty());
        assert!(incumbents::holding(&tx, NOW).await.unwrap().is_empty());
        assert_eq!(qualifications::count(&tx, &QualificationFilter::default()).await.unwrap(), 0);
        assert_eq!(experts::count(&tx, &ExpertFilter::default()).await.unwrap(), 0);
        assert!(matches!(experts::find(&tx, &b_expert).await, Err(Error::NotFound)));
        let merged = agencies::become_part_of(&tx, NOW, b, &province.a, NOW, "").await;
        assert!(matches!(merged, Err(Error::NotFound)), "{merged:?}");
        assert!(matches!(roster::remove_shift(&tx, NOW, &b_shift).await, Err(Error::NotFound)));
        assert!(matches!(roster::hand_over(&tx, NOW, &b_shift, "x").await, Err(Error::NotFound)));
        drop(tx);
        assert!(matches!(province.sign_in.reset_password(&scope, &b_person).await, Err(Error::NotFound)));
        assert!(matches!(
            province.sign_in.set_password(&scope, &b_person, crate::province::PASSWORD).await,
            Err(Error::NotFound)
        ));
        assert!(matches!(province.sign_in.unlock(&scope, &b_person).await, Err(Error::NotFound)));
        assert!(matches!(province.sign_in.reset_second_factors(&scope, &b_person).await, Err(Error::NotFound)));
    })
    .await;
}

/// The field that is wrong, and what is wrong with it.
fn wrong<T>(done: Result<T, Error>) -> (String, &'static str) {
    match done {
        Err(Error::Invalid(fields)) => fields.into_iter().map(|one| (one.field, one.key)).next().expect("a field"),
        Err(error) => panic!("{error}"),
        Ok(_) => panic!("done"),
    }
}

#[tokio::test]
async fn an_agency_beyond_reach_is_refused_alike_by_every_form() {
    on_each_database(organisation::MIGRATIONS, Bus::default, |db| async move {
        let province = Province::new(db).await;
        let person = province.person("can.bo.a", "Cán Bộ Gần", &province.a, "officer").await;
        let scope = crate::province::scope_of(
            &person,
            kit::scope::Agencies::Under([province.a.clone()].into()),
            Capability::ALL.iter().copied(),
        );
        let nowhere = kit::id::new_id(NOW);
        let tx = province.db.scoped(&scope).begin().await.unwrap();
        for (agency_id, key) in [
            (&*province.b, "field-invalid"),
            (&*nowhere, "field-invalid"),
            ("x", "field-invalid"),
            ("", "field-required"),
        ] {
            let agency_id = agency_id.to_owned();
            let expected = ("agency_id".to_owned(), key);
            assert!(!agencies::in_reach(&tx, &agency_id).await.unwrap(), "{agency_id}");
            assert_eq!(wrong(agencies::require_named(&tx, "agency_id", &agency_id).await), expected);
            let capabilities = vec![Capability::IngestEvents];
            let key = NewKey { name: "Khóa".into(), agency_id: agency_id.clone(), capabilities, ..NewKey::default() };
            assert_eq!(wrong(api_keys::create(&tx, NOW, key).await), expected);
            let shift = NewShift {
                agency_id: agency_id.clone(),
                person_id: person.clone(),
                post: "analyst".into(),
                starts_at: NOW,
                ends_at: NOW + HOUR,
            };
            assert_eq!(wrong(roster::add_shift(&tx, &province.policies, NOW, &shift).await), expected);
            let expert = ExpertData {
                agency_id: agency_id.clone(),
                full_name: "Chuyên Gia".into(),
                fields: "mã độc".into(),
                phone: "0900 000 001".into(),
                ..ExpertData::default()
            };
            assert_eq!(wrong(experts::add(&tx, NOW, expert).await), expected);
            let settings = WebhookSettings { url: "https://xa.example/hook".into(), secret: "bí mật".into() };
            let channel = ChannelInput {
                agency_id: agency_id.clone(),
                name: "Kênh".into(),
                kinds: Vec::new(),
                settings: Settings::Webhook(settings),
            };
            assert_eq!(wrong(channels::create(&tx, &province.policies.notice, NOW, &channel).await), expected);
            let new = people::NewPerson {
                account: "moi".into(),
                full_name: "Người Mới".into(),
                agency_id,
                ..people::NewPerson::default()
            };
            assert_eq!(wrong(people::create(&tx, NOW, new).await), expected);
        }
        assert!(agencies::in_reach(&tx, &province.a_office).await.unwrap(), "what lies below is within reach");
    })
    .await;
}

#[tokio::test]
async fn tables_of_the_catalogue_hold_nothing_of_b() {
    on_each_database(organisation::MIGRATIONS, Bus::default, |db| async move {
        let Neighbours { province, .. } = neighbours(db).await;
        let all = Capability::ALL.iter().copied();
        let scope = crate::province::scope_of("p", kit::scope::Agencies::Under([province.a.clone()].into()), all);
        let everything = service();
        let nothing = crate::province::scope_of("p", kit::scope::Agencies::All, [Capability::QuerySql]);
        for table in organisation::area().tables {
            let rows = rows_in_scope(&province.db.scoped(&scope).read(), &table).await.unwrap();
            let place = table.columns.iter().position(|column| Some(column.name) == table.agency_column).unwrap();
            for row in &rows {
                assert!(
                    matches!(&row[place], Cell::Text(id) if *id == province.a || *id == province.a_office),
                    "{}",
                    table.name
                );
            }
            let whole = rows_in_scope(&province.db.scoped(&everything).read(), &table).await.unwrap();
            assert!(whole.len() > rows.len(), "{} has rows of others", table.name);
            if table.capability.is_some() {
                assert!(rows_in_scope(&province.db.scoped(&nothing).read(), &table).await.is_err(), "{}", table.name);
            }
            assert!(
                table.columns.iter().all(|column| !column.name.contains("password") && !column.name.contains("csrf"))
            );
        }
    })
    .await;
}

#[tokio::test]
async fn pages_show_an_officer_of_a_nothing_of_b() {
    on_each_database(organisation::MIGRATIONS, Bus::default, |db| async move {
        let Neighbours { province, b_person, b_key, b_shift, b_grant, b_expert } = neighbours(db).await;
        let app = app(&province, false);
        let site = site(&app);
        let mut officer = Browser::enter(&site, "can.bo.a").await;
        for path in [
            "/agencies",
            "/agencies?format=csv",
            "/people",
            "/people?format=csv",
            "/api-keys",
            "/api-keys?format=csv",
            "/roster",
            "/roster?format=csv",
            "/inbox",
            "/inbox?format=csv",
            "/me",
            "/people?q=xa",
            "/incumbents",
            "/incumbents?format=csv",
            "/qualifications",
            "/qualifications?format=csv",
            "/experts?when=all",
            "/experts?when=all&format=csv",
            "/agencies?q=giao+duc",
        ] {
            let answer = officer.get(path).await;
            assert_eq!(answer.status, StatusCode::OK, "{path}");
            for secret in [
                "Cán Bộ Xa",
                "can.bo.b",
                "Khóa Xa",
                "Ghi chú Xa",
                "Chứng chỉ Xa",
                "Chuyên Gia Xa",
                "Sở Giáo dục",
                &b_person,
                &b_key,
                &b_shift,
                &province.b,
            ] {
                assert!(!answer.text.contains(secret), "{path} shows {secret}");
            }
        }
        for path in [
            format!("/agencies/{}", province.b),
            format!("/people/{b_person}"),
            format!("/people/{b_person}/qualifications"),
            format!("/agencies/{}/incumbents", province.b),
            format!("/experts/{b_expert}"),
        ] {
            assert_eq!(officer.get(&path).await.status, StatusCode::NOT_FOUND, "{path}");
        }
        for path in [
            "/audit",
            "/audit?format=csv",
            "/people/new",
            "/agencies/new",
            "/agencies/import",
            "/people/import",
            "/experts/new",
        ] {
            assert_eq!(officer.get(path).await.status, StatusCode::FORBIDDEN, "{path}");
        }
        officer.get("/me").await;
        for (path, fields) in [
            (format!("/people/{b_person}"), vec![("full_name", "x"), ("agency_id", province.a.as_str())]),
            (format!("/people/{b_person}/roles"), vec![("role", "officer"), ("role_agency_id", &province.a)]),
            (format!("/people/{b_person}/roles/{b_grant}/revoke"), vec![]),
            (format!("/people/{b_person}/disable"), vec![("reason", "x")]),
            (format!("/people/{b_person}/enable"), vec![]),
            (format!("/people/{b_person}/reset-password"), vec![]),
            (format!("/people/{b_person}/unlock"), vec![]),
            (format!("/people/{b_person}/reveal"), vec![]),
            (format!("/experts/{b_expert}/call"), vec![]),
            (format!("/experts/{b_expert}/close"), vec![]),
            (format!("/agencies/{}/become", province.b), vec![("into", province.a.as_str())]),
            (format!("/agencies/{}/incumbents", province.b), vec![("post", "head"), ("person_id", &b_person)]),
            (format!("/people/{b_person}/qualifications"), vec![("name", "x")]),
            (format!("/roster/{b_shift}/phone"), vec![]),
            (format!("/agencies/{}", province.b), vec![("name", "x")]),
            (format!("/agencies/{}/close", province.b), vec![]),
            (format!("/agencies/{}/reopen", province.b), vec![]),
            (format!("/api-keys/{b_key}/revoke"), vec![]),
            (format!("/api-keys/{b_key}/rows"), vec![("rows", "50000"), ("reason", "x")]),
            (format!("/roster/{b_shift}/remove"), vec![]),
            (format!("/roster/{b_shift}/note"), vec![("note", "x")]),
        ] {
            let answer = officer.post(&path, &fields).await;
            let refused = matches!(answer.status, StatusCode::FORBIDDEN | StatusCode::NOT_FOUND);
            assert!(refused, "{path}: {}", answer.status);
        }
        let scope = service();
        let view = province.db.scoped(&scope).read();
        let still = people::find(&view, &b_person).await.unwrap();
        assert!(still.active && still.agency_id == province.b);
        assert_eq!(agencies::find(&view, &province.b).await.unwrap().name, "Sở Giáo dục và Đào tạo");
        assert_eq!(roster::on_duty(&view, NOW).await.unwrap().len(), 1);
    })
    .await;
}
