//! Systems in the register: what is kept, what is refused, and that nobody reaches those of others.

use crate::house::{NOW, in_each_house, system};
use assurance::systems::store::{self, Filter};
use assurance::systems::{Hosting, NewSystem, service};
use kit::{Error, Scope};
use luytre_assurance as assurance;

#[tokio::test]
async fn every_field_of_a_system_is_kept_found_and_changed() {
    in_each_house(|house| async move {
        let scope = Scope::service("test");
        let new = NewSystem {
            operator_id: house.b.clone(),
            specialised_unit: "Trung tâm Chuyển đổi số".into(),
            users: "Người dân".into(),
            user_count: "12.000".into(),
            service_scope: "province".into(),
            personal_information: true,
            basic_subjects: "120000".into(),
            sensitive_subjects: "0".into(),
            hosting_kind: "rented_cloud".into(),
            hosting: "Đám mây Tre".into(),
            backup: "Hằng ngày\nsang nơi khác".into(),
            domains: "suckhoe.example".into(),
            network_ranges: "10.7.0.1/16".into(),
            ..system("SYT-01", &house.a)
        };
        let tx = house.db.scoped(&scope).begin().await.unwrap();
        let id = service::register(&tx, new, NOW).await.unwrap();
        tx.commit().await.unwrap();
        let view = house.db.scoped(&scope).read();
        let kept = store::find(&view, &id).await.unwrap();
        assert_eq!((kept.run_by(), kept.guarded_by()), ("Sở Giáo dục và Đào tạo", "Trung tâm Chuyển đổi số"));
        assert_eq!(
            (kept.user_count, kept.basic_subjects, kept.sensitive_subjects),
            (Some(12_000), Some(120_000), Some(0))
        );
        assert_eq!((kept.network_ranges.as_str(), kept.backup.as_str()), ("10.7.0.0/16", "Hằng ngày\nsang nơi khác"));
        for words in ["dam may", "SUCKHOE", "10.7.0", "chuyen doi so", "he thong syt"] {
            let filter = Filter { words: words.into(), ..Filter::default() };
            assert_eq!(store::list(&view, &filter).await.unwrap().len(), 1, "{words}");
        }
        let place = |hosting| Filter { hosting: Some(hosting), ..Filter::default() };
        assert_eq!(store::list(&view, &place(Hosting::RentedCloud)).await.unwrap().len(), 1);
        assert!(store::list(&view, &place(Hosting::OwnRoom)).await.unwrap().is_empty());
        let tx = house.db.scoped(&scope).begin().await.unwrap();
        let change = NewSystem { sensitive_subjects: String::new(), ..kept.clone().into() };
        service::change(&tx, &id, change.clone(), NOW).await.unwrap();
        assert_eq!(store::find(&tx, &id).await.unwrap().sensitive_subjects, None);
        let late = service::change(&tx, &id, change, NOW).await;
        assert!(matches!(late, Err(Error::Conflict("system-changed-meanwhile"))));
    })
    .await;
}

#[tokio::test]
async fn nobody_names_or_changes_what_they_do_not_reach() {
    in_each_house(|house| async move {
        let all = Scope::service("test");
        let tx = house.db.scoped(&all).begin().await.unwrap();
        let theirs = service::register(&tx, system("SGD-01", &house.b), NOW).await.unwrap();
        let run_by_b = NewSystem { operator_id: house.b.clone(), ..system("SYT-01", &house.a) };
        let own = service::register(&tx, run_by_b, NOW).await.unwrap();
        tx.commit().await.unwrap();
        let officer = house.officer(&house.a);
        let tx = house.db.scoped(&officer).begin().await.unwrap();
        let field = |done: Result<String, Error>| match done {
            Err(Error::Invalid(wrong)) => wrong.into_iter().map(|one| one.field).collect::<Vec<_>>().join(","),
            other => format!("{other:?}"),
        };
        assert_eq!(field(service::register(&tx, system("X-1", &house.b), NOW).await), "agency_id");
        let named = NewSystem { operator_id: house.b.clone(), ..system("X-2", &house.a) };
        assert_eq!(field(service::register(&tx, named, NOW).await), "operator_id");
        let named = NewSystem { specialised_unit_id: house.b.clone(), ..system("X-3", &house.a) };
        assert_eq!(field(service::register(&tx, named, NOW).await), "specialised_unit_id");
        assert!(matches!(store::find(&tx, &theirs).await, Err(Error::NotFound)));
        let change = NewSystem { version: 1, ..system("SGD-01", &house.a) };
        assert!(matches!(service::change(&tx, &theirs, change, NOW).await, Err(Error::NotFound)));
        let list = store::list(&tx, &Filter::default()).await.unwrap();
        assert_eq!(list.iter().map(|one| one.id.as_str()).collect::<Vec<_>>(), [own.as_str()]);
        // What somebody with more reach has named stays when who reaches less saves the form.
        let held = list.into_iter().next().unwrap();
        service::change(&tx, &own, held.into(), NOW).await.unwrap();
        drop(tx);
        let reader = house.reader();
        let tx = house.db.scoped(&reader).begin().await.unwrap();
        let refused = service::register(&tx, system("X-4", &house.a), NOW).await;
        assert!(matches!(refused, Err(Error::Forbidden(_))));
    })
    .await;
}

#[tokio::test]
async fn of_state_secrets_only_name_owner_and_level_are_kept_and_the_armed_forces_register_elsewhere() {
    in_each_house(|house| async move {
        let scope = Scope::service("test");
        let tx = house.db.scoped(&scope).begin().await.unwrap();
        let told = NewSystem { secret: true, backup: "ở đâu đó".into(), ..system("MAT-01", &house.a) };
        assert!(matches!(service::register(&tx, told, NOW).await, Err(Error::Invalid(_))));
        let bare = NewSystem { secret: true, ..system("MAT-01", &house.a) };
        service::register(&tx, bare, NOW).await.unwrap();
        let defence = NewSystem { defence: true, ..system("QS-01", &house.a) };
        let refused = service::register(&tx, defence, NOW).await.unwrap_err();
        assert!(refused.in_words(kit::Lang::Vi).contains("Bộ Quốc phòng"), "{refused:?}");
    })
    .await;
}
