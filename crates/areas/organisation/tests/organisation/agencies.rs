//! The tree: imported in any order, moved with all below, and always equal to its closure.

use crate::province::{NOW, Province, agency, service};
use kit::Error;
use kit::bus::Bus;
use kit::db::Db;
use organisation::agencies::{self, AgencyFilter};
use sea_orm::{ConnectionTrait, Statement};
use std::collections::{BTreeMap, BTreeSet};
use test_support::on_each_database;

/// The closure as stored, and as it follows from the parents.
async fn closures(db: &Db) -> (BTreeSet<(String, String, i64)>, BTreeSet<(String, String, i64)>) {
    let scope = service();
    let view = db.scoped(&scope).read();
    let sql = "SELECT ancestor_id, descendant_id, depth FROM agency_closure";
    let rows = view.query_all_raw(Statement::from_string(view.get_database_backend(), sql)).await.unwrap();
    let stored = rows
        .iter()
        .map(|row| {
            let text = |name| row.try_get::<String>("", name).unwrap();
            (text("ancestor_id"), text("descendant_id"), row.try_get("", "depth").unwrap())
        })
        .collect();
    let all = agencies::list(&view, &AgencyFilter::default(), 1_000, 0).await.unwrap();
    let parents: BTreeMap<_, _> = all.iter().map(|one| (one.id.clone(), one.parent_id.clone())).collect();
    let mut expected = BTreeSet::new();
    for id in parents.keys() {
        let (mut at, mut depth) = (Some(id.clone()), 0);
        while let Some(ancestor) = at {
            expected.insert((ancestor.clone(), id.clone(), depth));
            at = parents[&ancestor].clone();
            depth += 1;
        }
    }
    (stored, expected)
}

#[tokio::test]
async fn the_closure_follows_every_change_of_the_tree() {
    on_each_database(organisation::MIGRATIONS, Bus::default, |db| async move {
        let province = Province::new(db).await;
        let check = async |what: &str| {
            let (stored, expected) = closures(&province.db).await;
            assert_eq!(stored, expected, "{what}");
        };
        check("after the import").await;
        let scope = service();
        let tx = province.db.scoped(&scope).begin().await.unwrap();
        let deep = agencies::create(&tx, NOW, agency("SYT-VP-1", "Tổ một", "public-unit", "SYT-VP")).await.unwrap();
        agencies::move_under(&tx, NOW, &province.a, &province.b).await.unwrap();
        tx.commit().await.unwrap();
        check("a department under another").await;
        let view = province.db.scoped(&scope).read();
        let above: Vec<_> =
            agencies::ancestors(&view, &deep.id).await.unwrap().into_iter().map(|one| one.code).collect();
        assert_eq!(above, ["TINH", "SGD", "SYT", "SYT-VP", "SYT-VP-1"]);
        let tx = province.db.scoped(&scope).begin().await.unwrap();
        let circle = agencies::move_under(&tx, NOW, &province.a, &deep.id).await;
        assert!(matches!(circle, Err(Error::Conflict("agency-cannot-move-there"))), "{circle:?}");
        agencies::move_under(&tx, NOW, &province.a, &province.root).await.unwrap();
        tx.commit().await.unwrap();
        check("and back").await;
    })
    .await;
}

#[tokio::test]
async fn an_old_name_is_kept_and_search_needs_no_accents() {
    on_each_database(organisation::MIGRATIONS, Bus::default, |db| async move {
        let province = Province::new(db).await;
        let scope = service();
        let tx = province.db.scoped(&scope).begin().await.unwrap();
        agencies::rename(&tx, NOW, &province.b, "Sở Giáo dục").await.unwrap();
        tx.commit().await.unwrap();
        let view = province.db.scoped(&scope).read();
        let filter = AgencyFilter { text: "giao duc".into(), ..AgencyFilter::default() };
        let found = agencies::list(&view, &filter, 10, 0).await.unwrap();
        assert_eq!(found.len(), 1);
        assert_eq!(found[0].name, "Sở Giáo dục");
        assert_eq!(found[0].parent_name.as_deref(), Some("Tỉnh Ví Dụ"));
        let of_percent = AgencyFilter { text: "%".into(), ..AgencyFilter::default() };
        assert_eq!(agencies::count(&view, &of_percent).await.unwrap(), 0);
        assert_eq!(agencies::root(&view).await.unwrap().unwrap().code, "TINH");
    })
    .await;
}

#[tokio::test]
async fn an_import_with_one_wrong_row_changes_nothing() {
    on_each_database(organisation::MIGRATIONS, Bus::default, |db| async move {
        let province = Province::new(db).await;
        let scope = service();
        for wrong in [
            agency("X-2", "Xã Hai", "commune", "NOWHERE"),
            agency("X 2", "Xã Hai", "commune", ""),
            agency("X-2", "", "commune", ""),
            agency("X-2", "Xã Hai", "kingdom", ""),
        ] {
            let tx = province.db.scoped(&scope).begin().await.unwrap();
            let rows = vec![agency("X-1", "Xã Một", "commune", ""), wrong.clone()];
            assert!(agencies::import_agencies(&tx, NOW, rows).await.is_err(), "{wrong:?}");
            drop(tx);
            let view = province.db.scoped(&scope).read();
            assert_eq!(agencies::count(&view, &AgencyFilter::default()).await.unwrap(), 4);
        }
    })
    .await;
}

#[tokio::test]
async fn the_root_is_made_once() {
    on_each_database(organisation::MIGRATIONS, Bus::default, |db| async move {
        let province = Province::new(db).await;
        let scope = service();
        let tx = province.db.scoped(&scope).begin().await.unwrap();
        let again = agencies::ensure_root_agency(&tx, NOW, "Tỉnh Khác", "KHAC").await.unwrap();
        assert_eq!((again.id.as_str(), again.name.as_str()), (province.root.as_str(), "Tỉnh Ví Dụ"));
    })
    .await;
}
