//! Roles: nobody hands out more than one holds, nobody helps oneself, and what is taken away is gone.

use crate::province::{NOW, Province, scope_of, service};
use kit::bus::Bus;
use kit::clock::DAY;
use kit::scope::Agencies;
use kit::{Capability, Error};
use organisation::people::{self, NewPerson, PersonFilter};
use test_support::on_each_database;

#[tokio::test]
async fn nobody_hands_out_more_than_one_holds() {
    on_each_database(organisation::MIGRATIONS, Bus::default, |db| async move {
        let province = Province::new(db).await;
        let officer = province.person("can.bo", "Cán Bộ A", &province.a, "officer").await;
        let leader = province.person("lanh.dao", "Lãnh Đạo A", &province.a, "leader").await;
        // Someone in A who may manage people there, with an officer's capabilities and no others.
        let role = province.policies.role("officer").unwrap();
        let capabilities = role.capabilities.iter().copied().chain([Capability::ManagePeople]);
        let local = scope_of("chief", Agencies::Under([province.a.clone()].into()), capabilities);
        let tx = province.db.scoped(&local).begin().await.unwrap();
        let grant = |person: &str, role: &str, agency: &str| {
            let (person, role, agency) = (person.to_owned(), role.to_owned(), agency.to_owned());
            let tx = &tx;
            let policies = &province.policies;
            async move { people::grant_role(tx, policies, NOW, &person, &role, &agency, NOW, None).await }
        };
        assert!(grant(&officer, "officer", &province.a_office).await.is_ok());
        for role in ["leader", "administrator", "auditor", "coordinator"] {
            let refused = grant(&officer, role, &province.a).await;
            assert!(matches!(refused, Err(Error::Forbidden(_))), "{role}: {refused:?}");
        }
        let elsewhere = grant(&officer, "officer", &province.b).await;
        assert!(matches!(elsewhere, Err(Error::Invalid(_))), "{elsewhere:?}");
        // A leader may do what this one may not: neither role nor password nor account of a leader is touched.
        assert!(matches!(grant(&leader, "officer", &province.a).await, Err(Error::Forbidden(_))));
        assert!(people::disable(&tx, &province.policies, NOW, &leader, "").await.is_err());
        drop(tx);
        assert!(province.sign_in.reset_password(&local, &leader).await.is_err());
        assert!(province.sign_in.reset_password(&local, &officer).await.is_ok());
    })
    .await;
}

#[tokio::test]
async fn nobody_gives_oneself_a_role_or_closes_the_own_account() {
    on_each_database(organisation::MIGRATIONS, Bus::default, |db| async move {
        let province = Province::new(db).await;
        let admin = province.person("quan.tri", "Quản Trị", &province.root, "administrator").await;
        let scope = province.scope(&admin, &province.root, "administrator");
        let tx = province.db.scoped(&scope).begin().await.unwrap();
        let own = people::grant_role(&tx, &province.policies, NOW, &admin, "leader", &province.root, NOW, None).await;
        assert!(matches!(own, Err(Error::Conflict("role-not-for-oneself"))), "{own:?}");
        assert!(people::disable(&tx, &province.policies, NOW, &admin, "").await.is_err());
        let grant = people::grants_of(&tx, &admin).await.unwrap().remove(0);
        assert!(people::revoke_role(&tx, &province.policies, NOW, &admin, &grant.id).await.is_err());
    })
    .await;
}

#[tokio::test]
async fn the_auditor_changes_nothing() {
    on_each_database(organisation::MIGRATIONS, Bus::default, |db| async move {
        let province = Province::new(db).await;
        let other = province.person("nguoi.khac", "Người Khác", &province.a, "officer").await;
        let auditor = province.person("kiem.tra", "Kiểm Tra", &province.root, "auditor").await;
        let scope = province.scope(&auditor, &province.root, "auditor");
        let view = province.db.scoped(&scope).read();
        assert_eq!(people::count(&view, &PersonFilter::default()).await.unwrap(), 2);
        let grant = people::grants_of(&view, &other).await.unwrap().remove(0);
        let tx = province.db.scoped(&scope).begin().await.unwrap();
        let policies = &province.policies;
        let new = NewPerson {
            account: "moi.moi".into(),
            full_name: "Mới".into(),
            agency_id: province.a.clone(),
            ..NewPerson::default()
        };
        assert!(people::create(&tx, NOW, new).await.is_err());
        assert!(people::disable(&tx, policies, NOW, &other, "").await.is_err());
        assert!(people::enable(&tx, policies, NOW, &other).await.is_err());
        assert!(people::change(&tx, policies, NOW, &other, people::PersonChange::default()).await.is_err());
        assert!(people::grant_role(&tx, policies, NOW, &other, "auditor", &province.a, NOW, None).await.is_err());
        assert!(people::revoke_role(&tx, policies, NOW, &other, &grant.id).await.is_err());
        use organisation::{agencies, api_keys, roster};
        assert!(agencies::rename(&tx, NOW, &province.a, "Khác").await.is_err());
        assert!(agencies::close(&tx, NOW, &province.a, Some(NOW)).await.is_err());
        assert!(agencies::move_under(&tx, NOW, &province.a, &province.b).await.is_err());
        assert!(agencies::change(&tx, NOW, &province.a, &agencies::AgencyChange::default()).await.is_err());
        let key = api_keys::NewKey {
            name: "k".into(),
            agency_id: province.a.clone(),
            capabilities: vec![Capability::IngestEvents],
            ..Default::default()
        };
        assert!(api_keys::create(&tx, NOW, key).await.is_err());
        let shift = roster::NewShift {
            agency_id: province.root.clone(),
            person_id: other.clone(),
            post: "analyst".into(),
            starts_at: NOW,
            ends_at: NOW + DAY,
        };
        assert!(roster::add_shift(&tx, policies, NOW, &shift).await.is_err());
        drop(tx);
        assert!(province.sign_in.reset_password(&scope, &other).await.is_err());
        assert!(province.sign_in.unlock(&scope, &other).await.is_err());
    })
    .await;
}

#[tokio::test]
async fn accounts_are_unique_whatever_their_case_and_wrong_ones_are_named() {
    on_each_database(organisation::MIGRATIONS, Bus::default, |db| async move {
        let province = Province::new(db).await;
        province.person("lan.nguyen", "Nguyễn Thị Lan", &province.a, "").await;
        let scope = service();
        let tx = province.db.scoped(&scope).begin().await.unwrap();
        let try_account = |account: &str| {
            let new = NewPerson {
                account: account.into(),
                full_name: "Tên".into(),
                agency_id: province.b.clone(),
                ..NewPerson::default()
            };
            let tx = &tx;
            async move { people::create(tx, NOW, new).await }
        };
        for account in ["Lan.Nguyen", "", "ab", "có dấu", "a b c", "a\u{202e}bc"] {
            assert!(matches!(try_account(account).await, Err(Error::Invalid(_))), "{account}");
        }
        assert!(try_account("lan.nguyen@syt.example").await.is_ok());
        let filter = PersonFilter { text: "nguyen thi LAN".into(), ..PersonFilter::default() };
        assert_eq!(people::list(&tx, &filter, 10, 0).await.unwrap().len(), 1);
    })
    .await;
}

#[tokio::test]
async fn who_may_handle_an_agencys_alerts_are_its_own_people_and_the_centres() {
    on_each_database(organisation::MIGRATIONS, Bus::default, |db| async move {
        let province = Province::new(db).await;
        let officer = province.person("can.bo.a", "Cán Bộ A", &province.a, "officer").await;
        let neighbour = province.person("can.bo.b", "Cán Bộ B", &province.b, "officer").await;
        let analyst = province.person("truc.ban", "Trực Ban", &province.root, "analyst").await;
        let scope = service();
        let view = province.db.scoped(&scope).read();
        let may = people::who_may(&view, &province.policies, Capability::HandleAlerts, &province.a_office, NOW)
            .await
            .unwrap();
        let ids: Vec<_> = may.iter().map(|(id, _)| id.clone()).collect();
        assert!(ids.contains(&officer) && ids.contains(&analyst) && !ids.contains(&neighbour), "{may:?}");
    })
    .await;
}

#[tokio::test]
async fn work_that_goes_on_without_a_person_has_the_person_s_scope_of_this_moment_or_none() {
    on_each_database(organisation::MIGRATIONS, Bus::default, |db| async move {
        let province = Province::new(db).await;
        let officer = province.person("can.bo", "Cán Bộ A", &province.a, "officer").await;
        let now = |agency: Option<String>, at: i64| {
            let (db, policies, officer) = (province.db.clone(), province.policies.clone(), officer.clone());
            async move { people::scope_of(&db, &policies, &officer, agency.as_deref(), at).await.unwrap() }
        };
        let own = now(Some(province.a.clone()), NOW).await.expect("the officer's scope");
        assert_eq!(own.agencies(), &Agencies::Under([province.a.clone()].into()));
        assert!(own.may(Capability::HandleAlerts) && !own.may(Capability::ManagePeople));
        for elsewhere in [None, Some(province.b.clone()), Some(province.a_office.clone()), Some(String::new())] {
            assert_eq!(now(elsewhere.clone(), NOW).await, None, "{elsewhere:?}");
        }
        assert_eq!(now(Some(province.a.clone()), NOW - 2 * DAY).await, None, "before the role began");
        let scope = service();
        let tx = province.db.scoped(&scope).begin().await.unwrap();
        people::disable(&tx, &province.policies, NOW, &officer, "").await.unwrap();
        tx.commit().await.unwrap();
        assert_eq!(now(Some(province.a.clone()), NOW).await, None, "the account is closed");
        let nobody = people::scope_of(&province.db, &province.policies, "nobody", None, NOW).await.unwrap();
        assert_eq!(nobody, None);
    })
    .await;
}
